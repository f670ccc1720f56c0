# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of an image come from: Microsoft's CDN, or another library.

What reads lists, fetches and verifies is imported where it is used: most runs find the image as it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, http
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_files import Checks
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents, Download, Offer


class Source(Protocol):
    """What a run asks of either."""

    def require(self) -> None:
        """RequirementError if this machine lacks what fetching from there takes."""

    def distrusted(self, image: manifest.Manifest, /) -> frozenset[str]:
        """Give the values of `verified` of which the image's files have to be checked anew."""

    def offer(self, present: Contents, /) -> Offer:
        """Give what an image takes that holds what is asked for and what is present."""

    def sized(self, downloads: Sequence[Download], /) -> Sequence[Download]:
        """Give these with their sizes, without those that are not there and need not be."""

    def checks(self, folder: Path, /) -> Checks:
        """Give what vouches for the files of the image being made in the folder."""

    def downloader(self, patience: http.Patience, on_bytes: Callable[[int], None], /) -> Downloader:
        """Give what fetches the files."""

    def requirements(self, plan: Plan, folder: Path, /) -> Mapping[str, manifest.Requirements]:
        """Give what the image in the folder demands of hosts, by architecture, once all its files are there."""


def of(request: ImageRequest, brief: http.Patience) -> Source:
    """Give the source that a request names; `brief` is the patience with questions about sizes."""
    return CdnSource(request, brief) if request.source is None else LibrarySource(request)


class CdnSource:
    """Microsoft's CDN or a mirror of it, where file lists, signatures and hashes decide."""

    def __init__(self, request: ImageRequest, brief: http.Patience) -> None:
        self._request = request
        self._brief = brief

    def distrusted(self, image: manifest.Manifest) -> frozenset[str]:
        """Give what neither a signature nor a hash in a signed cabinet vouched for."""
        del image
        return frozenset((manifest.NONE, manifest.MANIFEST) if self._request.verified else ())

    def require(self) -> None:
        """Import what fetching and verifying takes; RequirementError if a library is missing."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_libraries

        image_libraries.require()

    def offer(self, present: Contents) -> Offer:
        """Read the file lists; RequirementError before that if a library is missing."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cdn_offer

        self.require()
        return cdn_offer.offer(self._request, present.with_all_of(self._request.contents), self._anchors())

    def sized(self, downloads: Sequence[Download]) -> Sequence[Download]:
        """Ask the CDN; what it lacks is an error here already."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cdn_offer

        return cdn_offer.sized(downloads, self._request, self._downloader(self._brief, lambda _count: None))

    def checks(self, folder: Path) -> Checks:
        """Give the chain of trust."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.cdn_checks import CdnChecks

        return CdnChecks(folder, self._request.version, self._anchors())

    def downloader(self, patience: http.Patience, on_bytes: Callable[[int], None]) -> Downloader:
        """Give what fetches the files."""
        return self._downloader(patience, on_bytes)

    def requirements(self, plan: Plan, folder: Path) -> Mapping[str, manifest.Requirements]:
        """Read it from the image's own descriptors."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import build_requirements

        return {
            architecture: build_requirements.of_image(folder, self._request.version, architecture)
            for architecture in plan.contents.architectures
        }

    def _downloader(self, patience: http.Patience, on_bytes: Callable[[int], None]) -> Downloader:
        return Downloader(
            "cdn_url",
            patience,
            connections=self._request.connections,
            bytes_per_second=self._request.bytes_per_second,
            on_bytes=on_bytes,
        )

    def _anchors(self) -> authenticode.TrustAnchors | None:
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode

        if not self._request.verified:
            return None
        if self._request.trust_anchors:
            return authenticode.TrustAnchors.from_pem(self._request.trust_anchors)
        return authenticode.TrustAnchors.microsoft()


class LibrarySource:
    """Another library, whose manifest decides. Standard library only."""

    def __init__(self, request: ImageRequest) -> None:
        self._request = request

    def require(self) -> None:
        """Nothing: the standard library will do."""

    def distrusted(self, image: manifest.Manifest) -> frozenset[str]:
        """Give what another manifest than the pinned one vouched for, if one is pinned."""
        pin = self._request.manifest_sha256
        if pin is None or (image.origin or {}).get("manifest_sha256") == pin:
            return frozenset()
        return frozenset((manifest.NONE, manifest.MANIFEST))

    def offer(self, present: Contents) -> Offer:
        """Read the manifest."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import mirror

        return mirror.offer(self._request, present)

    def sized(self, downloads: Sequence[Download]) -> Sequence[Download]:
        """Give them as they are: the manifest has the sizes."""
        return downloads

    def checks(self, folder: Path) -> Checks:
        """Give the manifest's hashes."""
        del folder
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import mirror

        return mirror.MirrorChecks()

    def downloader(self, patience: http.Patience, on_bytes: Callable[[int], None]) -> Downloader:
        """Give what fetches the files."""
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import mirror

        return Downloader(
            "source",
            patience,
            client=mirror.client(self._request.source or ""),
            connections=self._request.connections,
            bytes_per_second=self._request.bytes_per_second,
            on_bytes=on_bytes,
        )

    def requirements(self, plan: Plan, folder: Path) -> Mapping[str, manifest.Requirements]:
        """Give what the manifests say: this host may have nothing that reads cabinets."""
        del folder
        return plan.requirements
