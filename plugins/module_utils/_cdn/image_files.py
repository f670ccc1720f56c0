# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch and verify the files of an image into a folder."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    build_identity,
    cabinet,
    hash_file,
    http,
    manifest,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    FeedError,
    SignatureError,
    TransferError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Download, Plan
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader


class ImageFiles:
    """The files of one image below `folder`."""

    def __init__(
        self,
        folder: Path,
        version: str,
        anchors: authenticode.TrustAnchors,
        downloader: Downloader,
        progress: Progress,
    ) -> None:
        self._folder = folder
        self._version = version
        self._anchors = anchors
        self._downloader = downloader
        self._progress = progress
        self._hashes: dict[str, str] = {}  # SHA-256 by URL
        self.bytes_fetched = 0

    def fetch(self, plan: Plan) -> tuple[manifest.ImageFile, ...]:
        """Give all files, verified and safely on disk: first the cabinets that hold hashes, then the largest first."""
        holders = {download.hash_holder[0] for download in plan.downloads if download.hash_holder}
        largest_first = sorted(plan.downloads, key=lambda download: download.size or 0, reverse=True)
        first = [download for download in largest_first if holders.intersection(download.paths)]
        urls = {path: http.redact(download.url) for download in first for path in download.paths}
        rest = [download for download in largest_first if not holders.intersection(download.paths)]
        groups = self._downloader.each(self._one, first)
        for download in rest:
            if download.hash_holder is not None:
                holder, member = download.hash_holder
                self._hashes[download.url] = self._demanded_hash(self._folder / holder, member, urls[holder])
        groups += self._downloader.each(self._one, rest)
        self.bytes_fetched = sum(group[0].size for group in groups)
        return tuple(sorted((file for group in groups for file in group), key=lambda file: file.path))

    def write_manifest(self, image: manifest.Manifest) -> None:
        """Write manifest.json, safely on disk."""
        with (self._folder / manifest.NAME).open("wb") as file:
            file.write(image.to_json().encode())
            file.flush()
            os.fsync(file.fileno())

    def _one(self, download: Download) -> list[manifest.ImageFile]:
        target = self._folder / download.paths[0]
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched = self._downloader.fetch(download.url, target)
        if download.hash_location is None:
            self._check_cabinet(download, target)
        elif fetched.sha256 != self._hashes[download.url]:
            raise TransferError(
                f"cdn_url: {http.redact(download.url)} was damaged or altered on the way: its SHA-256 is "
                f"{fetched.sha256}, the signed {download.hash_location} demands {self._hashes[download.url]}. "
                "Run again; if it happens again, look at the proxy or mirror in between."
            )
        for path in download.paths[1:]:
            _copy(target, self._folder / path)
        self._progress.add_file()
        url = http.redact(download.url)
        return [
            manifest.ImageFile(path, fetched.size, fetched.sha256, url, download.verified) for path in download.paths
        ]

    def _check_cabinet(self, download: Download, path: Path) -> None:
        url = http.redact(download.url)
        try:
            authenticode.verify(path, self._anchors, url)
            build_identity.check(path, build_identity.Claim(path.name, self._version, download.language))
        except SignatureError as error:
            raise SignatureError(f"cdn_url: {error}") from error
        except FeedError as error:
            raise FeedError(f"cdn_url: {url} is not used: {error}") from error

    def _demanded_hash(self, holder: Path, member: str, url: str) -> str:
        """Read a stream's SHA-256 from its verified cabinet, which came from `url`."""
        try:
            digest = hash_file.parse(cabinet.read_member(holder, member))
        except FeedError as error:
            raise FeedError(f"cdn_url: {url} is not used: {error}") from error
        if len(digest) != 64:
            raise FeedError(
                f"cdn_url: {url} is not used: its {member} holds {digest!r}, which is no SHA-256; "
                f"{self._version} is not staged."
            )
        return digest


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, target.open("wb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
