# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the files of an image into its workspace, each checked before it gets its name."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Fetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Download
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader

_BLOCK = 1 << 20


class Checks(Protocol):
    """What vouches for the files of one image."""

    def holders(self, downloads: Sequence[Download], /) -> list[Download]:
        """Give those that have to be there before the others can be checked."""

    def learn(self, downloads: Iterable[Download], /) -> None:
        """Read from the holders what vouches for these."""

    def check(self, download: Download, path: Path, fetched: Fetched, /) -> None:
        """Raise a CdnError unless the file at `path` is what it has to be."""


@dataclass(frozen=True)
class Taken:
    """The files that a run looked at or fetched."""

    files: tuple[manifest.ImageFile, ...] = ()
    bytes_fetched: int = 0
    bytes_reused: int = 0  #: of files and parts of files that were on the disk


class ImageFiles:
    """The files of one image below `folder`, where what an earlier run left is used if it is right."""

    def __init__(self, folder: Path, checks: Checks, downloader: Downloader, progress: Progress) -> None:
        self._folder = folder
        self._checks = checks
        self._downloader = downloader
        self._progress = progress

    def take(self, plan: Plan) -> Taken:
        """Give all files that do not just stay: first those that others are checked with, then the largest first."""
        sizes = [download.size for download in plan.downloads]
        total = sum(size for size in sizes if size is not None)
        self._progress.phase("fetching", len(sizes), None if None in sizes else total)
        largest_first = sorted(plan.downloads, key=lambda download: download.size or 0, reverse=True)
        first = self._checks.holders(largest_first)
        rest = [download for download in largest_first if download not in first]
        taken = self._downloader.each(self._one, first)
        self._checks.learn(rest)
        taken += self._downloader.each(self._one, rest)
        return Taken(
            tuple(file for one in taken for file in one.files),
            sum(one.bytes_fetched for one in taken),
            sum(one.bytes_reused for one in taken),
        )

    def write_manifest(self, image: manifest.Manifest) -> None:
        """Write manifest.json; publishing makes it durable."""
        (self._folder / manifest.NAME).write_bytes(image.to_json().encode())

    def _one(self, download: Download) -> Taken:
        target = self._folder / download.paths[0]
        fetched = self._found(download, target)
        if fetched is None:
            target.parent.mkdir(parents=True, exist_ok=True)
            fetched = self._downloader.fetch(
                download.url,
                target,
                size=download.size,
                check=lambda part, whole: self._checks.check(download, part, whole),
            )
        for path in download.paths[1:]:
            _copy(target, self._folder / path)
        self._progress.add_file()
        files = [
            manifest.ImageFile(
                path=path,
                size=fetched.size,
                sha256=fetched.sha256,
                url=http.redact(download.url),
                verified=download.verified,
                language=download.language,
                architectures=download.architectures,
                proofing=download.proofing,
            )
            for path in download.paths
        ]
        return Taken(tuple(files), fetched.size - fetched.reused, fetched.reused)

    def _found(self, download: Download, target: Path) -> Fetched | None:
        """Give the file if it is there and as it has to be."""
        if not target.is_file():
            return None
        digest = hash_of(target, self._progress.add_bytes)
        size = target.stat().st_size
        found = Fetched(size, digest, reused=size)
        try:
            self._checks.check(download, target, found)
        except CdnError:
            self._progress.add_bytes(-size)
            return None
        return found


def hash_of(path: Path, on_bytes: Callable[[int], object]) -> str:
    """Give the SHA-256 of a file in lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
            on_bytes(len(block))
    return digest.hexdigest()


def _copy(source: Path, target: Path) -> None:
    """Copy, by way of another name: under its own a file is whole, and may be a link to a published one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partly = target.with_name(f"{target.name}.copy")
    shutil.copyfile(source, partly)
    partly.replace(target)
