# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both forms of a file list have to fulfil before anything is fetched by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_layout
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import FileEntry, FileList

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels

_UNKNOWN = "?"
_NAME = r"[a-z0-9_][a-z0-9._-]{0,99}"
_URL = re.compile(r"https?://[a-z0-9._-]+(?::[0-9]{1,5})?(/pr/([0-9a-f-]{36}))/(.+)")  # nothing quoted, no query
_HASH_LOCATION = re.compile(rf"({_NAME}\.cab)/({_NAME}\.hash)")
_STREAM = re.compile(r"stream\.x(?:64|86)\.([a-z0-9-]+)\.(?:[a-z0-9]+\.)?dat(?:\.cat)?")
_CLIENT = re.compile(r"i32([1-9][0-9]*)\.cab")


@dataclass(frozen=True)
class RawFile:
    """What both forms say about a file, before the languages are known."""

    url: str
    folder: str  # "/office/data/16.0.…/"
    name: str
    lcid: str
    language_type: str | None
    hash_location: str | None
    hash_algorithm: str | None
    optional: bool = False


def checked(
    raw: Sequence[RawFile], channel: channels.Channel | None, version: str, architecture: str, what: str
) -> FileList:
    """Give the list; FeedError, calling it `what`, if following it would not give an image or not a verified one."""
    cultures = _cultures(raw)
    files: dict[str, FileEntry] = {}
    for item in raw:
        language = _language(item, cultures)
        if language == _UNKNOWN:
            continue  # files of an LCID without any stream: nothing could be installed from them
        entry = _entry(item, language, channel, version, what)
        if files.setdefault(entry.path, entry) != entry:
            raise FeedError(f"{what} names {entry.path} twice, and not the same.")
    _descriptors(files, version, architecture, what)
    _check_folders(files, what)
    _check_complete(files, version, architecture, what)
    return FileList(version, architecture, tuple(files.values()))


def _entry(item: RawFile, language: str | None, channel: channels.Channel | None, version: str, what: str) -> FileEntry:
    path = f"{item.folder.strip('/')}/{item.name}".lower()
    if not image_layout.is_image_path(path):
        raise FeedError(f"{what} names a file outside of office/data: {path[:200]!r}.")
    _check_url(item.url, path, channel, version, what)
    location = item.hash_location.lower() if item.hash_location else None
    if path.endswith(".dat") and location is None:
        raise FeedError(f"{what} has no hashLocation for {path}; it could not be verified.")
    if location is not None:
        _check_hash_location(location, item.hash_algorithm, path, what)
    return FileEntry(item.url, path, language, item.language_type, location, item.optional)


def _check_url(url: str, path: str, channel: channels.Channel | None, version: str, what: str) -> None:
    """Refuse a URL that is not exactly the file's own on the CDN; only v64.cab comes from v64_<version>.cab."""
    source = path
    if path in ("office/data/v64.cab", "office/data/v32.cab"):
        source = path.replace(".cab", f"_{version}.cab")
    parts = _URL.fullmatch(url.lower())
    if parts is not None and channel is not None and parts[2] != channel.guid:
        raise FeedError(f"{what} names {url[:300]}, which is not in channel {channel.name} ({channel.guid}).")
    if parts is None or parts[3] != source or version not in source:
        raise FeedError(
            f"{what} names {url[:300]!r} for {path}; of version {version} it should be http://HOST/pr/CHANNEL/{source}."
        )


def _check_hash_location(location: str, algorithm: str | None, path: str, what: str) -> None:
    name = path.rpartition("/")[2]
    if (algorithm or "").lower() != "sha256":
        raise FeedError(f"{what} wants {algorithm!r} for {path}; only Sha256 is known.")
    found = _HASH_LOCATION.fullmatch(location)
    if not found or not name.endswith(".dat") or found[2] != f"{name[: -len('.dat')]}.hash":
        raise FeedError(
            f"{what} has the hashLocation {location[:200]!r} for {path}; NAME.dat should have "
            "CABINET.cab/NAME.hash, and nothing else one."
        )


def _descriptors(files: dict[str, FileEntry], version: str, architecture: str, what: str) -> None:
    """Let both names of the version descriptor come from the build's own; the channel's live one differs."""
    prefix = f"v{image_layout.BITS[architecture]}"
    own, live = f"office/data/{prefix}_{version}.cab", f"office/data/{prefix}.cab"
    known = files.get(own) or files.get(live)
    if known is None:
        raise FeedError(f"{what} does not say where {own} is; it is not the list of a complete {architecture} build.")
    files[own] = replace(known, path=own)
    files[live] = replace(known, path=live)


def _check_folders(files: Mapping[str, FileEntry], what: str) -> None:
    """Refuse a name that is a file's and a folder's: no disk could hold both."""
    for path in files:
        clash = next((str(folder) for folder in PurePosixPath(path).parents if str(folder) in files), None)
        if clash:
            raise FeedError(f"{what} names {path} below {clash}, which is itself a file.")


def _check_complete(files: Mapping[str, FileEntry], version: str, architecture: str, what: str) -> None:
    """Refuse a list without what every image has, or with a stream whose hash is in no cabinet of the same language."""
    sure = {path: entry.language for path, entry in files.items() if not entry.optional}
    missing = sorted(
        path for path in image_layout.required(version, architecture) if sure.get(path, _UNKNOWN) is not None
    )
    if missing:
        raise FeedError(f"{what} lacks {', '.join(missing)}; it is not the list of a complete {architecture} build.")
    for path, entry in files.items():
        client = _CLIENT.fullmatch(entry.name)
        if client is not None:
            # On 64-bit Windows a 32-bit Office has the 64-bit client.
            other = str(PurePosixPath(path).with_name(f"i64{client[1]}.cab"))
            if sure.get(other, _UNKNOWN) != entry.language:
                raise FeedError(f"{what} lacks {other} beside {entry.name}; without it 64-bit Windows cannot install.")
        if entry.hash_location is not None:
            _check_holder(entry, sure, architecture, what)


def _check_holder(entry: FileEntry, sure: Mapping[str, str | None], architecture: str, what: str) -> None:
    """Refuse a hash in a cabinet that is not listed for the same language or of the kind that holds such hashes."""
    cabinet = str(entry.hash_location).partition("/")[0]
    if sure.get(str(PurePosixPath(entry.path).with_name(cabinet)), _UNKNOWN) != entry.language:
        raise FeedError(
            f"{what} names {entry.hash_location} for {entry.path}, but not that cabinet itself for the same language."
        )
    kind = "sp" if entry.name.endswith(".proof.dat") else "s"
    if entry.language and not re.fullmatch(rf"{kind}{image_layout.BITS[architecture]}[1-9][0-9]*\.cab", cabinet):
        raise FeedError(f"{what} names {entry.hash_location} for {entry.path}, which is not the cabinet of a language.")


def _cultures(raw: Sequence[RawFile]) -> dict[str, str]:
    """Give LCID to culture as the streams' names have it: Microsoft's own table, unlike a locale library's."""
    found: dict[str, str] = {}
    for item in raw:
        stream = _STREAM.fullmatch(item.name.lower())
        if stream and item.lcid != "0":
            found[item.lcid] = stream[1]
    return found


def _language(item: RawFile, cultures: Mapping[str, str]) -> str | None:
    stream = _STREAM.fullmatch(item.name.lower())
    culture = stream[1] if stream else cultures.get(item.lcid, _UNKNOWN)
    return None if culture == "x-none" or (not stream and item.lcid == "0") else culture
