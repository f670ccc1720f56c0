# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make up one build, and which of them an image of some languages takes.

Sources: Microsoft, "Integrating manageability applications with Microsoft 365 Apps Click-to-Run installer"; ofl.cab
1.2 to 1.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

_STREAM = re.compile(r"stream\.(x64|x86)\.[a-z0-9-]+(?:\.proof)?\.dat")
_PROOFING_NAME = re.compile(r"sp(?:64|32)[0-9]+\.cab|stream\.x(?:64|86)\.[a-z0-9-]+\.proof\.dat(?:\.cat)?")

#: The member of ofl.cab by architecture; Microsoft's documentation writes it with other capitals.
OFL_MEMBERS: Mapping[str, str] = {"x64": "o365client_64bit.xml", "x86": "o365client_32bit.xml"}


@dataclass(frozen=True)
class FileEntry:
    """One file of a build."""

    url: str  #: where it comes from
    path: str  #: where it goes, below the image's root: "office/data/16.0.…/stream.x64.x-none.dat"; lower case
    language: str | None = None  #: culture such as "en-us"; None: every installation needs it
    language_type: str | None = None  #: "core", "partial", "proofing", "proofingonly" or None
    hash_location: str | None = None  #: "s640.cab/stream.x64.x-none.hash": cabinet beside it, member; SHA-256
    optional: bool = False  #: the CDN may not have it

    @property
    def name(self) -> str:
        """Give the last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def proofs(self) -> bool:
        """Tell a file of proofing tools alone from one that a language is installed from."""
        if self.language_type is not None:
            return self.language_type.lower() not in ("core", "partial")
        return bool(_PROOFING_NAME.fullmatch(self.name))


@dataclass(frozen=True)
class FileList:
    """All files of one build for one architecture."""

    version: str  #: in full
    architecture: str  #: "x64" or "x86"
    files: tuple[FileEntry, ...]
    list_version: tuple[int, ...] = ()  #: of ofl.cab: 1.10 is (1, 10); empty for the API

    @property
    def languages(self) -> tuple[str, ...]:
        """Give the cultures that can be installed, sorted: those with a stream that is more than proofing tools."""
        return self._cultures(proofing=False)

    @property
    def proofing_languages(self) -> tuple[str, ...]:
        """Give the cultures whose proofing tools can be installed by themselves, sorted."""
        return self._cultures(proofing=True)

    def select(self, languages: Sequence[str], proofing_tools: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        """Give the neutral files, those of the cultures asked for, and those of the proofing tools asked for.

        InputError names option `languages` or `proofing_tools`: a culture without its stream cannot be staged.
        """
        if not languages:
            raise InputError(self._refusal("languages", "an empty list", self.languages))
        installed = self._asked("languages", languages, self.languages)
        proofing = self._asked("proofing_tools", proofing_tools, self.proofing_languages)
        return tuple(e for e in self.files if e.language is None or e.language in (proofing if e.proofs else installed))

    def _cultures(self, *, proofing: bool) -> tuple[str, ...]:
        found = set()
        for entry in self.files:
            stream = _STREAM.fullmatch(entry.name)
            if entry.language and stream and stream[1] == self.architecture and entry.proofs == proofing:
                found.add(entry.language)
        return tuple(sorted(found))

    def _asked(self, option: str, cultures: Iterable[str], valid: tuple[str, ...]) -> set[str]:
        missing = [culture for culture in cultures if culture.lower() not in valid]
        if missing:
            raise InputError(self._refusal(option, ", ".join(missing), valid))
        return {culture.lower() for culture in cultures}

    def _refusal(self, option: str, what: str, valid: tuple[str, ...]) -> str:
        return (
            f"{option}: {what!r} cannot be staged for {self.version} {self.architecture}. "
            f"Valid are {', '.join(valid) or 'none'}."
        )
