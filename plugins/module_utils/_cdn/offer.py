# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source of images offers: the files of one, each with its address and how it will be verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest


@dataclass(frozen=True)
class Contents:
    """What an image is made for; its languages are there in each of its architectures."""

    architectures: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    proofing_tools: tuple[str, ...] = ()

    def with_all_of(self, other: Contents) -> Contents:
        """Give both together, this one's first."""
        return Contents(
            tuple(dict.fromkeys(self.architectures + other.architectures)),
            tuple(dict.fromkeys(self.languages + other.languages)),
            tuple(dict.fromkeys(self.proofing_tools + other.proofing_tools)),
        )


@dataclass(frozen=True)
class Download:
    """One file and where it goes."""

    url: str
    paths: tuple[str, ...]  #: below the image's root; more than one if the image has the file under several names
    verified: str  #: how it will be verified, as the manifest has it
    language: str | None = None
    architectures: tuple[str, ...] = ()
    proofing: bool = False  #: it belongs to the language's proofing tools
    hash_location: str | None = None  #: "s640.cab/stream.x64.x-none.hash": cabinet beside it, member
    optional: bool = False
    size: int | None = None  #: bytes; None: the server does not say
    sha256: str | None = None  #: what it has to have, where that is known beforehand

    @property
    def hash_holder(self) -> tuple[str, str] | None:
        """Give the path of the cabinet that holds the file's hash, and the member."""
        if self.hash_location is None:
            return None
        name, _slash, member = self.hash_location.partition("/")
        return str(PurePosixPath(self.paths[0]).with_name(name)), member


@dataclass(frozen=True)
class Offer:
    """All files of an image of these contents."""

    contents: Contents
    downloads: tuple[Download, ...]
    skipped: tuple[manifest.SkippedFile, ...]
    origin: Mapping[str, str]  #: for the manifest: where all this comes from, without secrets
    file_list: Mapping[str, str] = field(default_factory=dict)  #: "form", "source" and "reason"; empty for a library
    requirements: Mapping[str, manifest.Requirements] = field(default_factory=dict)  #: as far as known beforehand
