# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CDN has for an image, by its file lists: one per architecture, made into one set of files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_list_source, http, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError, NotInBuildError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents, Download, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, file_list
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader


def offer(request: ImageRequest, contents: Contents, anchors: authenticode.TrustAnchors | None) -> Offer:
    """Ask the file lists for an image of these contents. Without anchors nothing counts as verified."""
    listed = [
        file_list_source.read(
            request.channel,
            request.version,
            architecture,
            form=request.file_list,
            url=request.file_list_url,
            anchors=anchors,
        )
        for architecture in contents.architectures
    ]
    entries = [
        (one.files.architecture, entry)
        for one in listed
        for entry in one.files.select(contents.languages, contents.proofing_tools)
    ]
    downloads, skipped = sort_out(entries, request.cdn_url, verified=anchors is not None)
    first = listed[0]
    return Offer(
        contents,
        tuple(downloads),
        tuple(skipped),
        {"cdn_url": http.redact(request.cdn_url), "file_list": first.source},
        {"form": first.form, "source": first.source, "reason": first.reason},
    )


def sort_out(
    entries: Iterable[tuple[str, file_list.FileEntry]], cdn_url: str, *, verified: bool = True
) -> tuple[list[Download], list[manifest.SkippedFile]]:
    """Join entries of the same source, lead them to `cdn_url`, and leave out what nothing vouches for.

    Entries come with the architecture whose list has them; what two lists have is one file.
    """
    downloads: dict[str, Download] = {}
    skipped: dict[str, manifest.SkippedFile] = {}
    for architecture, entry in entries:
        if entry.path.endswith(".cat"):
            # Installations work without them, and nothing here could vouch for them.
            skipped[entry.path] = manifest.SkippedFile(
                entry.path, "a catalogue: not covered by any hash, not needed to install"
            )
            continue
        if not entry.path.endswith(".dat" if entry.hash_location else ".cab"):
            raise FeedError(
                f"file_list_url: the file list has {entry.hash_location or 'no hash'} for {entry.path}, so it could "
                "not be verified: streams have a hash in a cabinet, cabinets are signed."
            )
        download = _download(entry, architecture, cdn_url, verified=verified)
        known = downloads.get(download.url)
        downloads[download.url] = download if known is None else _joined(known, download, entry)
    _check_holders(downloads.values())
    return list(downloads.values()), list(skipped.values())


def _download(entry: file_list.FileEntry, architecture: str, cdn_url: str, *, verified: bool) -> Download:
    how = manifest.STREAM_HASH if entry.hash_location else manifest.AUTHENTICODE
    return Download(
        cdn_url + urlsplit(entry.url).path,
        (entry.path,),
        how if verified else manifest.NONE,
        entry.language,
        (architecture,),
        proofing=entry.language is not None and entry.proofs,
        hash_location=entry.hash_location,
        optional=entry.optional,
    )


def _joined(known: Download, other: Download, entry: file_list.FileEntry) -> Download:
    if replace(known, paths=other.paths, architectures=other.architectures) != other:
        raise FeedError(f"file_list_url: the file list wants {entry.url} both as {known.paths[0]} and {entry.path}.")
    return replace(
        known,
        paths=tuple(dict.fromkeys(known.paths + other.paths)),
        architectures=tuple(dict.fromkeys(known.architectures + other.architectures)),
    )


def _check_holders(downloads: Iterable[Download]) -> None:
    """Refuse a stream whose hash is in a cabinet that may be missing: nothing could vouch for it."""
    downloads = list(downloads)
    sure = {path for download in downloads for path in download.paths if not download.optional}
    for download in downloads:
        if download.hash_holder and download.hash_holder[0] not in sure:
            raise FeedError(
                f"file_list_url: the file list has the hash of {download.paths[0]} in {download.hash_holder[0]}, "
                "which is not part of the image."
            )


def sized(downloads: Iterable[Download], request: ImageRequest, downloader: Downloader) -> list[Download]:
    """Ask the CDN how large these files are; those that it lacks and may lack are left out.

    InputError names the version or the language if it lacks another.
    """
    downloads = list(downloads)
    found: list[Download | None] = []
    # Neutral files first: if they are missing, it is the version that is wrong and not a language.
    for neutral in (True, False):
        group = [download for download in downloads if (download.language is None) == neutral]
        found += downloader.each(lambda download: _sized(download, request, downloader), group)
    return [download for download in found if download is not None]


def _sized(download: Download, request: ImageRequest, downloader: Downloader) -> Download | None:
    try:
        return replace(download, size=downloader.size(download.url))
    except NotInBuildError as error:
        if download.optional:
            return None
        build = f"{request.version} of channel {request.channel.name}"
        what = f"version: {build} is not on the CDN, or not all of it"
        if download.language:
            option = "proofing_tools" if download.proofing else "languages"
            what = f"{option}: {download.language!r} is not in {build} on the CDN"
        raise InputError(
            f"{what}: {str(error).removeprefix('cdn_url: ')} Choose another, or check that cdn_url leads to a "
            "server that has this channel."
        ) from error
