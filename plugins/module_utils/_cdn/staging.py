# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage one version of one channel into a library: look, plan, fetch, verify, publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, http, image_plan, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_files import ImageFiles
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library_once import Library
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    changed: bool
    image: manifest.Manifest
    bytes_fetched: int = 0


class Staging:
    """One run. Every error is a CdnError with a text for the user, or an OSError of the library's disk."""

    def __init__(
        self,
        request: ImageRequest,
        progress: Progress,
        patience: http.Patience = http.Patience(),  # noqa: B008  # immutable
        brief: http.Patience = http.BRIEF,
    ) -> None:
        """`patience` is for the files, `brief` for asking whether and how large they are."""
        self._request = request
        self._progress = progress
        self._patience = patience
        self._brief = brief
        self._library = Library(request.library)
        self._name = (request.channel.name, request.version)

    @property
    def path(self) -> Path:
        """Give the directory where the image is or will be."""
        return self._library.image(*self._name)

    def published(self) -> manifest.Manifest | None:
        """Give the image if it is there, without any network; InputError if it lacks something that is asked for."""
        image = self._library.published(*self._name)
        if image is None:
            return None
        request = self._request
        lacking = [language for language in request.languages if language not in image.languages]
        if lacking:
            raise InputError(
                f"languages: {', '.join(lacking)!r} is not in the image {self.path}, which has "
                f"{', '.join(image.languages)}. Images are never changed: stage into another library, or remove the "
                "image once no host needs it and stage it again with all languages."
            )
        if request.architecture not in image.architectures:
            raise InputError(
                f"architecture: {request.architecture!r} is not in the image {self.path}, which has "
                f"{', '.join(image.architectures)}. Stage into another library."
            )
        return image

    def plan(self) -> image_plan.Plan:
        """Ask the file list and the CDN what the image takes. Writes nothing."""
        return image_plan.make(self._request, self._anchors(), Downloader("cdn_url", self._brief))

    def stage(self, plan: image_plan.Plan) -> Outcome:
        """Fetch, verify and publish."""
        request = self._request
        downloader = Downloader("cdn_url", self._patience, on_bytes=self._progress.add_bytes)
        self._progress.expect(len(plan.downloads), plan.transfer_size)
        with self._library.workspace(*self._name) as folder:
            files = ImageFiles(folder, request.version, self._anchors(), downloader, self._progress)
            image = manifest.Manifest(
                channel=request.channel.name,
                version=request.version,
                architectures=(request.architecture,),
                languages=request.languages,
                files=files.fetch(plan),
                created=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                skipped=plan.skipped,
            )
            files.write_manifest(image)
            if self._library.publish(folder, *self._name):
                return Outcome(True, image, files.bytes_fetched)
        theirs = self.published()  # another run published the same image meanwhile: it stays, ours is gone
        if theirs is None:
            raise TransferError(f"library: {self.path} came and went while it was staged. Run again.")
        return Outcome(False, theirs, files.bytes_fetched)

    def _anchors(self) -> authenticode.TrustAnchors:
        if self._request.trust_anchors:
            return authenticode.TrustAnchors.from_pem(self._request.trust_anchors)
        return authenticode.TrustAnchors.microsoft()
