# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's manifest.json: what the image is and why each of its files is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_list
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

NAME = "manifest.json"
SCHEMA = 1

AUTHENTICODE = "authenticode"  #: the file carries a signature that leads to a trusted root
STREAM_HASH = "stream-hash"  #: its SHA-256 stands in a cabinet so signed


@dataclass(frozen=True)
class ImageFile:
    """One file of an image."""

    path: str  #: below the image's root
    size: int  #: bytes
    sha256: str  #: lower-case hex
    url: str  #: where it was fetched
    verified: str  #: AUTHENTICODE or STREAM_HASH


@dataclass(frozen=True)
class SkippedFile:
    """One file that the file list names and the image does not have."""

    path: str
    reason: str


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
        outside = sorted(path for path in listed if not file_list.is_image_path(path))
        if outside:
            raise FeedError(f"{NAME} lists {outside[0][:200]!r}, which is no path of an image")
        if not self.architectures or not self.languages or not set(self.architectures) <= {"x64", "x86"}:
            raise FeedError(f"{NAME} names the architectures {self.architectures!r} and languages {self.languages!r}")
        for architecture in self.architectures:
            missing = sorted(file_list.required(version, architecture, self.languages) - listed)
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
            return cls._from_document(document)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise FeedError(f"{NAME} does not have the form of a manifest: {error!r}.") from error

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Manifest:
        return cls(
            channel=str(document["channel"]),
            version=str(document["version"]),
            architectures=tuple(str(name) for name in document["architectures"]),
            languages=tuple(str(name) for name in document["languages"]),
            created=str(document["created"]),
            files=tuple(
                ImageFile(str(f["path"]), int(f["size"]), str(f["sha256"]), str(f.get("url")), str(f.get("verified")))
                for f in document["files"]
            ),
            skipped=tuple(SkippedFile(str(s["path"]), str(s["reason"])) for s in document.get("skipped", ())),
        )
