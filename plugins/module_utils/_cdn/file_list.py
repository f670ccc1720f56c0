# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make up one build: the file list API's answer, or the file list in ofl.cab.

Sources: Microsoft, "Integrating manageability applications with Microsoft 365 Apps Click-to-Run installer" (both
forms); ofl.cab 1.2 to 1.10.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

#: The member of ofl.cab by architecture; Microsoft's documentation writes it with other capitals.
OFL_MEMBERS: Mapping[str, str] = {"x64": "o365client_64bit.xml", "x86": "o365client_32bit.xml"}

_API_OPTIONAL = ("languageType", "hashLocation", "hashAlgorithm")
_UNKNOWN = "?"
_NAME = r"[a-z0-9_][a-z0-9._-]{0,99}"
_PATH = re.compile(rf"office/data/(?:{_NAME}/){{0,4}}{_NAME}")
_URL = re.compile(r"https?://[a-z0-9._-]+(?::[0-9]{1,5})?(/pr/([0-9a-f-]{36}))/(.+)")  # nothing quoted, no query
_HASH_LOCATION = re.compile(rf"({_NAME}\.cab)/({_NAME}\.hash)")
_INSTALLED_STREAM = re.compile(r"stream\.x(?:64|86)\.[a-z0-9-]+\.dat")
_LANGUAGE_CABINET = re.compile(r"s(?:64|32)[1-9][0-9]*\.cab")
_STREAM = re.compile(r"stream\.x(?:64|86)\.([a-z0-9-]+)\.(?:[a-z0-9]+\.)?dat(?:\.cat)?")
_PROOFING_NAME = re.compile(r"sp(?:64|32)[0-9]+\.cab|stream\.x(?:64|86)\.[a-z0-9-]+\.proof\.dat(?:\.cat)?")


class UnknownBuildError(FeedError):
    """The API's well-formed answer to a version that it does not know: a list of no version."""


@dataclass(frozen=True)
class FileEntry:
    """One file of a build."""

    url: str  #: where it comes from
    path: str  #: where it goes, below the image's root: "office/data/16.0.…/stream.x64.x-none.dat"; lower case
    language: str | None = None  #: culture such as "en-us"; None: every installation needs it
    language_type: str | None = None  #: "core", "partial", "proofing", "proofingonly" or None
    hash_location: str | None = None  #: "s640.cab/stream.x64.x-none.hash": cabinet beside it, member; SHA-256
    optional: bool = False  #: the CDN may not have it


@dataclass(frozen=True)
class FileList:
    """All files of one build for one architecture."""

    version: str  #: in full
    architecture: str  #: "x64" or "x86"
    files: tuple[FileEntry, ...]
    list_version: tuple[int, ...] = ()  #: of ofl.cab: 1.10 is (1, 10); empty for the API

    @property
    def languages(self) -> tuple[str, ...]:
        """Give the cultures that can be installed, sorted: those with a stream that is more than proofing tools."""
        return tuple(sorted({entry.language for entry in self.files if entry.language and _is_language(entry)}))

    def select(self, languages: Sequence[str]) -> tuple[FileEntry, ...]:
        """Give the neutral files and those of the cultures asked for; InputError names option `languages`."""
        asked = {language.lower() for language in languages}
        missing = [language for language in languages if language.lower() not in self.languages]
        if missing or not asked:
            raise InputError(
                f"languages: {', '.join(missing) or 'an empty list'!r} cannot be staged for {self.version} "
                f"{self.architecture}. Valid are {', '.join(self.languages)}."
            )
        return tuple(e for e in self.files if e.language is None or (e.language in asked and _installs(e)))


def from_api(document: bytes, version: str, architecture: str, channel: channels.Channel | None = None) -> FileList:
    """Read the API's answer; FeedError unless it is about exactly this version, architecture and (if given) channel."""
    wanted = office_version.full(version)
    what = "The file list API's answer"
    try:
        answer = json.loads(document.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FeedError(f"{what} is not JSON: {error}.") from error
    nodes = answer.get("files") if isinstance(answer, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise FeedError(f"{what} has no list 'files'.")
    if answer.get("version") != wanted:
        kind = UnknownBuildError if answer.get("version") == "" else FeedError
        raise kind(
            f"{what} is for version {str(answer.get('version'))[:100]!r}, not for {wanted!r}: the API does not know "
            "that version for this channel and architecture. Check channel and version against the release history."
        )
    if str(answer.get("architecture")).lower() != architecture:
        raise FeedError(
            f"{what} is for architecture {str(answer.get('architecture'))[:100]!r}, not for {architecture!r}."
        )
    raw = [_from_api(node, what) for node in nodes]
    return _file_list(raw, channel, wanted, architecture, what)


def from_ofl(xml: bytes, channel: channels.Channel, version: str, architecture: str) -> FileList:
    """Read a list of ofl.cab (its member OFL_MEMBERS[architecture]) for one channel and version."""
    wanted = office_version.full(version)
    what = "The file list of ofl.cab"
    root = safe_xml.parse(xml, what, "UpdateFiles")
    list_version = safe_xml.attribute(root, "version", what)
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", list_version):
        raise FeedError(f"{what} has the version {list_version!r}; it should look like '1.10'.")
    base = _base_url(root, channel, what)
    raw = [_from_ofl(node, base, wanted, what) for node in root.iterchildren("File")]
    listed = _file_list(raw, channel, wanted, architecture, what)
    return replace(listed, list_version=tuple(int(number) for number in list_version.split(".")))


@dataclass(frozen=True)
class _Raw:
    """What both forms say about a file, before the languages are known."""

    url: str
    folder: str  # "/office/data/16.0.…/"
    name: str
    lcid: str
    language_type: str | None
    hash_location: str | None
    hash_algorithm: str | None
    optional: bool = False


def _from_api(node: Mapping[str, Any], what: str) -> _Raw:
    for key in ("url", "relativePath", "name", "lcid"):
        if not isinstance(node.get(key), str if key != "lcid" else (str, int)):
            raise FeedError(f"{what} has a file without {key!r}: {json.dumps(node)[:200]}.")
    texts = {key: None if node.get(key) is None else str(node[key]) for key in _API_OPTIONAL}
    return _Raw(
        url=node["url"],
        folder=node["relativePath"],
        name=node["name"],
        lcid=str(node["lcid"]),
        language_type=texts["languageType"],
        hash_location=texts["hashLocation"],
        hash_algorithm=texts["hashAlgorithm"],
    )


def _from_ofl(node: _Element, base: str, version: str, what: str) -> _Raw:
    def filled(name: str) -> str:
        return safe_xml.attribute(node, name, what).replace("%version%", version)

    return _Raw(
        url=base + filled("relativePath") + filled("name"),
        folder=filled("relativePath"),
        name=node.get("rename") or filled("name"),
        lcid=filled("language"),
        language_type=node.get("languageType"),
        hash_location=node.get("hashLocation"),
        hash_algorithm=node.get("hashAlgo"),
        optional=(node.get("optional") or "").lower() == "true",
    )


def _base_url(root: _Element, channel: channels.Channel, what: str) -> str:
    branches: list[str] = []
    for node in root.iterchildren("baseURL"):
        branches.append(safe_xml.attribute(node, "branch", what))
        try:
            branch = channels.find(branches[-1])
        except InputError:
            continue  # a branch we do not know must not stop the others
        if branch == channel:
            return safe_xml.attribute(node, "URL", what).rstrip("/")
    raise InputError(
        f"channel: {channel.name!r} is not in ofl.cab, which knows the branches {', '.join(branches) or 'none'}. "
        "Use the file list API for this channel (file_list: api)."
    )


def required(version: str, architecture: str, languages: Iterable[str] = ()) -> frozenset[str]:
    """Give the paths without which there is no image of these cultures."""
    bits = {"x64": "64", "x86": "32"}[architecture]
    folder = f"office/data/{version}"
    neutral = {f"office/data/v{bits}.cab", f"office/data/v{bits}_{version}.cab"}
    neutral |= {f"{folder}/{name}" for name in (f"i{bits}0.cab", f"s{bits}0.cab", "i640.cab")}  # x86 takes both i*0
    return frozenset(neutral | {f"{folder}/stream.{architecture}.{c}.dat" for c in ("x-none", *languages)})


def is_image_path(path: str) -> bool:
    """Tell whether this could be the path of a file in an image."""
    return bool(_PATH.fullmatch(path))


def _file_list(
    raw: Sequence[_Raw], channel: channels.Channel | None, version: str, architecture: str, what: str
) -> FileList:
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


def _entry(item: _Raw, language: str | None, channel: channels.Channel | None, version: str, what: str) -> FileEntry:
    path = f"{item.folder.strip('/')}/{item.name}".lower()
    if not _PATH.fullmatch(path):
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
    prefix = {"x64": "v64", "x86": "v32"}[architecture]
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
    missing = sorted(path for path in required(version, architecture) if sure.get(path, _UNKNOWN) is not None)
    if missing:
        raise FeedError(f"{what} lacks {', '.join(missing)}; it is not the list of a complete {architecture} build.")
    for path, entry in files.items():
        if entry.hash_location is None:
            continue
        cabinet = entry.hash_location.partition("/")[0]
        if sure.get(str(PurePosixPath(path).with_name(cabinet)), _UNKNOWN) != entry.language:
            raise FeedError(
                f"{what} names {entry.hash_location} for {path}, but not that cabinet itself for the same language."
            )
        if entry.language and _is_language(entry) and not _LANGUAGE_CABINET.fullmatch(cabinet):
            raise FeedError(f"{what} names {entry.hash_location} for {path}, which is not the cabinet of a language.")


def _cultures(raw: Sequence[_Raw]) -> dict[str, str]:
    """Give LCID to culture as the streams' names have it: Microsoft's own table, unlike a locale library's."""
    found: dict[str, str] = {}
    for item in raw:
        stream = _STREAM.fullmatch(item.name.lower())
        if stream and item.lcid != "0":
            found[item.lcid] = stream[1]
    return found


def _language(item: _Raw, cultures: Mapping[str, str]) -> str | None:
    stream = _STREAM.fullmatch(item.name.lower())
    culture = stream[1] if stream else cultures.get(item.lcid, _UNKNOWN)
    return None if culture == "x-none" or (not stream and item.lcid == "0") else culture


def _installs(entry: FileEntry) -> bool:
    """Tell a file of the language itself from one of its proofing tools."""
    if entry.language_type is not None:
        return entry.language_type.lower() in ("core", "partial")
    return not _PROOFING_NAME.fullmatch(entry.path.rpartition("/")[2])


def _is_language(entry: FileEntry) -> bool:
    """Tell the stream of a language from all else: catalogues, other streams, proofing tools."""
    return _installs(entry) and bool(_INSTALLED_STREAM.fullmatch(entry.path.rpartition("/")[2]))
