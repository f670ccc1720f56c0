# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the CDN's files against the signatures and hashes that vouch for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    build_identity,
    cabinet,
    hash_file,
    http,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    FeedError,
    SignatureError,
    TransferError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Download
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Fetched


class CdnChecks:
    """The chain of trust of one image being made in `folder`: signed cabinets, the hashes in them, the streams.

    Without anchors the cabinets are taken as they are; streams are held against the hashes in them all the same, which
    finds damage and nothing worse.
    """

    def __init__(self, folder: Path, version: str, anchors: authenticode.TrustAnchors | None) -> None:
        self._folder = folder
        self._version = version
        self._anchors = anchors
        self._hashes: dict[str, str] = {}  # SHA-256 by URL

    @staticmethod
    def holders(downloads: Sequence[Download]) -> list[Download]:
        """Give those that have to be there before the others can be checked."""
        paths = {download.hash_holder[0] for download in downloads if download.hash_holder}
        return [download for download in downloads if paths.intersection(download.paths)]

    def learn(self, downloads: Iterable[Download]) -> None:
        """Read the hashes of these streams from their cabinets, which are in the folder by now."""
        for download in downloads:
            if download.hash_holder is not None:
                holder, member = download.hash_holder
                url = http.redact(download.url.rpartition("/")[0] + "/" + holder.rpartition("/")[2])
                self._hashes[download.url] = self._demanded(self._folder / holder, member, url)

    def check(self, download: Download, path: Path, fetched: Fetched) -> None:
        """Raise SignatureError, FeedError or TransferError unless the file at `path` is what it has to be."""
        if download.hash_location is None:
            self._check_cabinet(download, path)
        elif fetched.sha256 != self._hashes[download.url]:
            raise TransferError(
                f"cdn_url: {http.redact(download.url)} was damaged or altered on the way: its SHA-256 is "
                f"{fetched.sha256}, {'the signed' if self._anchors else 'the unsigned'} {download.hash_location} "
                f"demands {self._hashes[download.url]}. "
                "Run again; if it happens again, look at the proxy or mirror in between."
            )

    def _check_cabinet(self, download: Download, path: Path) -> None:
        if self._anchors is None:
            return
        url = http.redact(download.url)
        name = download.paths[0].rpartition("/")[2]
        claim = build_identity.Claim(name, self._version, download.language, proofing=download.proofing)
        try:
            authenticode.verify(path, self._anchors, url)
            build_identity.check(path, claim)
        except SignatureError as error:
            raise SignatureError(f"cdn_url: {error}") from error
        except FeedError as error:
            raise FeedError(f"cdn_url: {url} is not used: {error}") from error

    def _demanded(self, holder: Path, member: str, url: str) -> str:
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
