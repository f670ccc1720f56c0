# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a whole download takes on a host: what every installation needs, and the host's languages.

A host that can use what it has downloads less; how much less it does not say beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest

_ROOM = re.compile("([0-9]{1,4})([MG])")
_ARM = ".arm64x."  #: in the names of what Windows on Arm alone can use


@dataclass(frozen=True)
class DownloadSize:
    """Bytes on hosts of one architecture; of languages and of proofing tools by their cultures, lower case."""

    shared: int
    languages: Mapping[str, int]
    proofing_tools: Mapping[str, int]

    def on(self, languages: Iterable[str], proofing_tools: Iterable[str]) -> int:
        """Give the bytes on a host with these languages, and with the proofing tools of those. Unknown ones count 0."""
        own = sum(self.languages.get(culture, 0) for culture in languages)
        return self.shared + own + sum(self.proofing_tools.get(culture, 0) for culture in proofing_tools)


def room(text: str) -> int:
    """Read a size such as 800M or 5G, in powers of ten as disks are sold and messages say it; ValueError for others."""
    size = _ROOM.fullmatch(text)
    if size is None:
        raise ValueError(f"{text!r} is not a size on disk")
    return int(size[1]) * {"M": 10**6, "G": 10**9}[size[2]]


def of_image(manifest: Manifest) -> dict[str, DownloadSize]:
    """Add up the files of an image, by architecture."""
    return {architecture: _of(manifest.files, architecture) for architecture in manifest.architectures}


def _of(files: Iterable[ImageFile], architecture: str) -> DownloadSize:
    shared, languages, proofing_tools = 0, dict[str, int](), dict[str, int]()
    for file in files:
        if (file.architectures and architecture not in file.architectures) or _ARM in file.path:
            continue
        if file.language is None:
            shared += file.size
            continue
        kind, culture = proofing_tools if file.proofing else languages, file.language.lower()
        kind[culture] = kind.get(culture, 0) + file.size
    return DownloadSize(shared, languages, proofing_tools)
