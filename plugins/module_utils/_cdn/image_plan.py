# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new image takes: the files to fetch, how each will be verified, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    file_list,
    http,
    manifest,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    FeedError,
    InputError,
    NotInBuildError,
    SignatureError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader


@dataclass(frozen=True)
class Download:
    """One file to fetch and where it goes."""

    url: str
    paths: tuple[str, ...]  #: below the image's root; more than one if the image has the file under several names
    language: str | None = None
    hash_location: str | None = None  #: "s640.cab/stream.x64.x-none.hash"; None: the file itself is signed
    optional: bool = False
    size: int | None = None  #: bytes; None: the server does not say

    @property
    def verified(self) -> str:
        """Give how the file will be verified, as the manifest has it."""
        return manifest.STREAM_HASH if self.hash_location else manifest.AUTHENTICODE

    @property
    def hash_holder(self) -> tuple[str, str] | None:
        """Give the path of the cabinet that holds the file's hash, and the member."""
        if self.hash_location is None:
            return None
        name, _slash, member = self.hash_location.partition("/")
        return str(PurePosixPath(self.paths[0]).with_name(name)), member


@dataclass(frozen=True)
class Plan:
    """All that a new image takes."""

    downloads: tuple[Download, ...]
    skipped: tuple[manifest.SkippedFile, ...] = ()

    @property
    def size(self) -> int | None:
        """Give the bytes of the whole image, None if the server does not say."""
        return _sum(None if d.size is None else d.size * len(d.paths) for d in self.downloads)

    @property
    def transfer_size(self) -> int | None:
        """Give the bytes to fetch, None if the server does not say."""
        return _sum(d.size for d in self.downloads)


def make(request: ImageRequest, anchors: authenticode.TrustAnchors, downloader: Downloader) -> Plan:
    """Ask the file list and the CDN; writes nothing. A file that the CDN lacks is an error already here."""
    listed = _api(request) if request.file_list == "api" else _ofl(request, anchors)
    downloads, skipped = _sort_out(listed.select(request.languages), request.cdn_url)
    sized: list[Download | None] = []
    # Neutral files first: if they are missing, it is the version that is wrong and not a language.
    for group in ([d for d in downloads if d.language is None], [d for d in downloads if d.language is not None]):
        sized += downloader.each(lambda download: _sized(download, request, downloader), group)
    found = tuple(download for download in sized if download is not None)
    present = {download.url for download in found}
    skipped += [
        manifest.SkippedFile(path, "optional, and the CDN does not have it")
        for download in downloads
        if download.url not in present
        for path in download.paths
    ]
    return Plan(found, tuple(skipped))


def _api(request: ImageRequest) -> file_list.FileList:
    url = request.file_list_url
    if "://" in url:
        query = {
            "Channel": request.channel.name,
            "Version": request.version,
            "Arch": request.architecture,
            "AllLanguages": "True",  # so that an error can name the valid ones
        }
        url += ("&" if "?" in url else "?") + urlencode(query)
    document = http.read_source(url, "file_list_url")
    if document.startswith(b"MSCF"):
        raise InputError(
            f"file_list: 'api' reads an answer of the file list API, but file_list_url {http.redact(url)} is a "
            "cabinet. If it is an ofl.cab, set file_list: ofl."
        )
    try:
        return file_list.from_api(document, request.version, request.architecture, request.channel)
    except file_list.UnknownBuildError as error:
        raise InputError(
            f"version: {request.version!r} is not a build of channel {request.channel.name} that the file list "
            f"API knows for {request.architecture}. Microsoft's release history lists the builds; "
            f"lookup('officefleet.c2r.release', '{request.channel.name}') gives the latest."
        ) from error
    except FeedError as error:
        raise FeedError(f"file_list_url: {http.redact(url)}: {error}") from error


def _ofl(request: ImageRequest, anchors: authenticode.TrustAnchors) -> file_list.FileList:
    data = http.read_source(request.file_list_url, "file_list_url")
    name = http.redact(request.file_list_url)
    if data[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        raise InputError(
            f"file_list: 'ofl' reads a cabinet such as ofl.cab, but file_list_url {name} is a JSON document. If it is "
            "an answer of the file list API, set file_list: api."
        )
    try:
        authenticode.verify(data, anchors, name)
        xml = cabinet.read_member(data, file_list.OFL_MEMBERS[request.architecture])
        return file_list.from_ofl(xml, request.channel, request.version, request.architecture)
    except SignatureError as error:
        raise SignatureError(f"file_list_url: {error}") from error
    except FeedError as error:
        raise FeedError(f"file_list_url: {name}: {error}") from error


def _sort_out(
    entries: Sequence[file_list.FileEntry], cdn_url: str
) -> tuple[list[Download], list[manifest.SkippedFile]]:
    """Join entries of the same source, lead them to `cdn_url`, and leave out what nothing vouches for."""
    downloads: dict[str, Download] = {}
    skipped = []
    for entry in entries:
        if entry.path.endswith(".cat"):
            # Installations work without them, and nothing here could vouch for them.
            skipped.append(
                manifest.SkippedFile(entry.path, "a catalogue: not covered by any hash, not needed to install")
            )
            continue
        if not entry.path.endswith(".dat" if entry.hash_location else ".cab"):
            raise FeedError(
                f"file_list_url: the file list has {entry.hash_location or 'no hash'} for {entry.path}, so it could "
                "not be verified: streams have a hash in a cabinet, cabinets are signed."
            )
        download = Download(
            cdn_url + urlsplit(entry.url).path, (entry.path,), entry.language, entry.hash_location, entry.optional
        )
        known = downloads.get(download.url)
        if known is not None:
            if replace(known, paths=download.paths) != download:
                raise FeedError(
                    f"file_list_url: the file list wants {entry.url} both as {known.paths[0]} and {entry.path}."
                )
            download = replace(known, paths=(*known.paths, entry.path))
        downloads[download.url] = download
    sure = {path for download in downloads.values() for path in download.paths if not download.optional}
    for download in downloads.values():
        if download.hash_holder and download.hash_holder[0] not in sure:
            raise FeedError(
                f"file_list_url: the file list has the hash of {download.paths[0]} in {download.hash_holder[0]}, "
                "which is not part of the image."
            )
    return list(downloads.values()), skipped


def _sized(download: Download, request: ImageRequest, downloader: Downloader) -> Download | None:
    """Give the download with its size; None if the CDN lacks the file and may lack it."""
    try:
        return replace(download, size=downloader.size(download.url))
    except NotInBuildError as error:
        if download.optional:
            return None
        build = f"{request.version} of channel {request.channel.name}"
        what = f"version: {build} is not on the CDN, or not all of it"
        if download.language:
            what = f"languages: {download.language!r} is not in {build} on the CDN"
        raise InputError(
            f"{what}: {str(error).removeprefix('cdn_url: ')} Choose another, or check that cdn_url leads to a "
            "server that has this channel."
        ) from error


def _sum(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
