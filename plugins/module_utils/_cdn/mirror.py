# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another library offers: the files of its image's manifest, or those of some languages and architectures.

Needs nothing but the standard library. The manifest's hashes vouch for the files; what vouches for the manifest is
`manifest_sha256`, or else who wrote it and the way it came.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, http_local, http_standard, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    FeedError,
    InputError,
    NotInBuildError,
    TransferError,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents, Download, Offer

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Fetched


def client(source: str) -> http.ClientFactory:
    """Give what fetches from a library at this URL or path."""
    if "://" in source:
        return http_standard.Client
    return http_local.Client


def offer(request: ImageRequest, present: Contents) -> Offer:
    """Read the source's manifest; give the files in it of what is asked for, and of what is `present` already."""
    if request.source is None:
        raise ValueError("no source")
    base = f"{request.source}/{request.channel.name}/{request.version}"
    address = f"{base}/{manifest.NAME}"
    image, digest = _manifest(request, address)
    asked = Contents(
        _asked(request.architectures, image.architectures, "architectures", address),
        _asked(request.languages, image.languages, "languages", address),
        _asked(request.proofing_tools, image.proofing_tools, "proofing_tools", address),
    )
    wanted = present.with_all_of(asked)
    whole = Contents(image.architectures, image.languages, image.proofing_tools)
    _require_all(wanted, present, whole, address)
    files = [file for file in image.files if _wanted(file, wanted, whole)]
    origin = {"source": http.redact(request.source), "manifest_sha256": digest}
    required = {name: each for name, each in image.requirements.items() if name in wanted.architectures}
    return Offer(wanted, tuple(_download(file, base) for file in files), image.skipped, origin, requirements=required)


def _manifest(request: ImageRequest, address: str) -> tuple[manifest.Manifest, str]:
    name = http.redact(address)
    try:
        data = http.get(address, option="source", client=client(address))
    except NotInBuildError as error:
        raise InputError(
            f"source: there is no image of {request.version} of channel {request.channel.name} at {name}. Stage it "
            "there first, or check the address of the library."
        ) from error
    if len(data) > manifest.MOST_BYTES:
        raise FeedError(f"source: {name} is no manifest: it has more than {manifest.MOST_BYTES} bytes.")
    digest = hashlib.sha256(data).hexdigest()
    if request.manifest_sha256 not in (None, digest):
        raise InputError(
            f"manifest_sha256: {name} has the SHA-256 {digest}, not {request.manifest_sha256}. Its image was changed "
            "since, or it is another's: look at the source before you pin the new one."
        )
    try:
        image = manifest.Manifest.from_json(data.decode())
        image.require(request.channel.name, request.version)
    except (FeedError, UnicodeDecodeError) as error:
        raise FeedError(f"source: {name} is no manifest of this image: {error}") from error
    return image, digest


def _asked(asked: tuple[str, ...] | None, there: tuple[str, ...], option: str, address: str) -> tuple[str, ...]:
    if asked is None:
        return there
    lacking = [name for name in asked if name not in there]
    if lacking:
        raise InputError(
            f"{option}: {', '.join(lacking)!r} is not in the image of {http.redact(address)}, which has "
            f"{', '.join(there) or 'none'}. Add it to that image first."
        )
    return asked


def _require_all(wanted: Contents, present: Contents, whole: Contents, address: str) -> None:
    """Refuse an image that would lack a language in one of its architectures: neither has the two together."""
    for option, names, here, there in (
        ("languages", wanted.languages, present.languages, whole.languages),
        ("proofing_tools", wanted.proofing_tools, present.proofing_tools, whole.proofing_tools),
    ):
        for architecture in wanted.architectures:
            had = here if architecture in present.architectures else ()
            had += there if architecture in whole.architectures else ()
            lacking = [name for name in names if name not in had]
            if lacking:
                raise InputError(
                    f"{option}: {', '.join(lacking)!r} would be lacking for {architecture}: the image here has it for "
                    f"{', '.join(present.architectures)} alone, and that of {http.redact(address)} not at all. Add it "
                    "to that image first."
                )


def _wanted(file: manifest.ImageFile, wanted: Contents, whole: Contents) -> bool:
    if not set(file.architectures or whole.architectures).intersection(wanted.architectures):
        return False
    return file.language is None or file.language in (wanted.proofing_tools if file.proofing else wanted.languages)


def _download(file: manifest.ImageFile, base: str) -> Download:
    return Download(
        f"{base}/{file.path}",
        (file.path,),
        manifest.NONE if file.verified == manifest.NONE else manifest.MANIFEST,
        file.language,
        file.architectures,
        proofing=file.proofing,
        size=file.size,
        sha256=file.sha256,
    )


class MirrorChecks:
    """Holds files against the hashes that were known before they were fetched."""

    @staticmethod
    def holders(downloads: object) -> list[Download]:
        """Give none: no file is needed to check another."""
        del downloads
        return []

    def learn(self, downloads: object) -> None:
        """Do nothing: all is known."""

    def check(self, download: Download, path: object, fetched: Fetched) -> None:
        """Raise TransferError unless this is the file of the manifest."""
        del path
        if (fetched.size, fetched.sha256) != (download.size, download.sha256):
            raise TransferError(
                f"source: {http.redact(download.url)} is not what the manifest beside it says: {fetched.size} bytes "
                f"with the SHA-256 {fetched.sha256} instead of {download.size} with {download.sha256}. Repair the "
                "image there (image with verify: true), then run again."
            )
