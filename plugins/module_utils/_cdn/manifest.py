# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's manifest.json: what the image is and why each of its files is trusted.

Standard library only: distribution points read manifests without any other library.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_layout
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

NAME = "manifest.json"
SCHEMA = 1

# How a file was verified
AUTHENTICODE = "authenticode"  #: the file carries a signature that leads to a trusted root
STREAM_HASH = "stream-hash"  #: its SHA-256 stands in a cabinet so signed
MANIFEST = "manifest"  #: its SHA-256 stands in the manifest of the library it was mirrored from
NONE = "none"  #: not at all, because that was asked for

#: How an image was verified: each file as above; or MANIFEST; or NONE
FULL = "full"

MOST_BYTES = 8_000_000  #: of manifest.json; one with all languages of both architectures has less than a quarter
_MOST_SIZE = 1 << 50  # bytes of a file; no disk has as many
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBERS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


@dataclass(frozen=True)
class ImageFile:
    """One file of an image."""

    path: str  #: below the image's root
    size: int  #: bytes
    sha256: str  #: lower-case hex
    url: str  #: where it was fetched, without user, password and query
    verified: str  #: AUTHENTICODE, STREAM_HASH, MANIFEST or NONE
    language: str | None = None  #: the culture it belongs to; None: every installation needs it
    architectures: tuple[str, ...] = ()  #: those that need it; empty: all of the image's
    proofing: bool = False  #: it belongs to the culture's proofing tools


@dataclass(frozen=True)
class SkippedFile:
    """One file that the file list names and the image does not have."""

    path: str
    reason: str


@dataclass(frozen=True)
class Requirements:
    """What a build demands of a host, as numbers with dots. None: it demands nothing."""

    min_os: str | None = None  #: of Windows, such as "10.0", which any Windows 10 has
    min_client: str | None = None  #: of the Click-to-Run client

    def __post_init__(self) -> None:
        """ValueError unless these are numbers that can be compared."""
        for numbers in (self.min_os, self.min_client):
            if numbers is not None and not _NUMBERS.fullmatch(numbers):
                raise ValueError(f"{numbers[:100]!r} is not a version")


@dataclass(frozen=True)
class Manifest:
    """One image."""

    channel: str
    version: str
    architectures: tuple[str, ...]
    languages: tuple[str, ...]
    created: str  #: UTC, ISO 8601 with Z, seconds
    files: tuple[ImageFile, ...]
    skipped: tuple[SkippedFile, ...] = ()
    proofing_tools: tuple[str, ...] = ()  #: cultures of which there are proofing tools alone
    updated: str | None = None  #: as `created`: when a language, architecture or repair came later
    verification: str = FULL  #: FULL, MANIFEST or NONE
    origin: Mapping[str, str] | None = None  #: "cdn_url" or "source", "file_list": where it came from, no secrets
    requirements: Mapping[str, Requirements] = field(default_factory=dict)  #: by architecture; none: nobody knows

    @property
    def size(self) -> int:
        """Give the bytes of all files."""
        return sum(file.size for file in self.files)

    def require(self, channel: str, version: str) -> None:
        """Raise FeedError unless this is the manifest of that image, with the files without which there is none."""
        if (self.channel, self.version) != (channel, version):
            raise FeedError(
                f"{NAME} is that of channel {self.channel!r} and version {self.version!r}, not of {channel!r} and "
                f"{version!r}"
            )
        listed = {file.path for file in self.files}
        _check_paths([file.path for file in self.files])
        if not self.architectures or not self.languages or not set(self.architectures) <= image_layout.BITS.keys():
            raise FeedError(f"{NAME} names the architectures {self.architectures!r} and languages {self.languages!r}")
        for architecture in self.architectures:
            missing = sorted(image_layout.required(version, architecture, self.languages) - listed)
            if missing:
                raise FeedError(f"{NAME} does not list {', '.join(missing)}")

    def to_json(self) -> str:
        """Give the document, indented, with the schema's number first."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read the document; FeedError unless it is a manifest of this schema."""
        try:
            document = json.loads(text)
            if document["schema"] != SCHEMA:
                raise FeedError(f"{NAME} has schema {document['schema']!r}; this version reads {SCHEMA}.")
            return _manifest(document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            what = f"{type(error).__name__}: {str(error)[:200]}"
            raise FeedError(f"{NAME} does not have the form of a manifest ({what}).") from error


def read(image: Path) -> Manifest:
    """Read the manifest of the image in a directory; FeedError if it is none, FileNotFoundError if there is none."""
    if (image / NAME).is_symlink():
        raise FeedError(f"{NAME} is not a file")
    descriptor = os.open(image / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FeedError(f"{NAME} is not a file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FeedError(f"{NAME} has more than {MOST_BYTES} bytes")
    try:
        return Manifest.from_json(data.decode())
    except UnicodeDecodeError as error:
        raise FeedError(f"{NAME} is not UTF-8: {error}") from error


def _check_paths(paths: list[str]) -> None:
    """Refuse what is outside of an image, what is there twice, and a name that is a file's and a folder's."""
    listed = set(paths)
    outside = sorted(path for path in listed if not image_layout.is_image_path(path))
    if outside:
        raise FeedError(f"{NAME} lists {outside[0][:200]!r}, which is no path of an image")
    if len(listed) != len(paths):
        twice = min(path for path, count in Counter(paths).items() if count > 1)
        raise FeedError(f"{NAME} lists {twice} twice")
    clash = next((path for path in sorted(listed) if not listed.isdisjoint(map(str, PurePosixPath(path).parents))), "")
    if clash:
        raise FeedError(f"{NAME} lists {clash} below another file")


def _manifest(document: Mapping[str, Any]) -> Manifest:
    updated, origin = document.get("updated"), document.get("origin")
    return Manifest(
        channel=_text(document["channel"]),
        version=_text(document["version"]),
        architectures=_texts(document["architectures"]),
        languages=_texts(document["languages"]),
        created=_text(document["created"]),
        files=tuple(_file(file) for file in document["files"]),
        skipped=tuple(SkippedFile(_text(s["path"]), _text(s["reason"])) for s in document.get("skipped", ())),
        proofing_tools=_texts(document.get("proofing_tools", [])),
        updated=None if updated is None else _text(updated),
        verification=_text(document.get("verification", FULL)),
        origin=None if origin is None else {_text(key): _text(value) for key, value in origin.items()},
        requirements={_text(key): _required(value) for key, value in document.get("requirements", {}).items()},
    )


def _required(document: Mapping[str, Any]) -> Requirements:
    wanted = {name: document.get(name) for name in ("min_os", "min_client")}
    return Requirements(**{name: None if value is None else _text(value) for name, value in wanted.items()})


def _file(document: Mapping[str, Any]) -> ImageFile:
    size, sha256 = document["size"], _text(document["sha256"])
    if type(size) is not int or not 0 <= size < _MOST_SIZE:
        raise TypeError(f"a size is no number of bytes: {str(size)[:40]}")
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"sha256 {sha256[:100]!r} is none")
    language = document.get("language")
    return ImageFile(
        path=_text(document["path"]),
        size=size,
        sha256=sha256,
        url=_text(document.get("url", "")),
        verified=_text(document.get("verified", NONE)),
        language=None if language is None else _text(language),
        architectures=_texts(document.get("architectures", [])),
        proofing=document.get("proofing") is True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return tuple(_text(item) for item in value)
