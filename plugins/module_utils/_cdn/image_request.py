# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module `image` is asked for, checked before anything else happens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bandwidth, channels, http, image_more_info
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents

CDN_URL = "https://officecdn.microsoft.com"
ARCHITECTURES = ("x64", "x86")
MOST_CONNECTIONS = 64

#: What says where files come from and how they are verified; an image out of another library brings its own.
_OF_THE_CDN = ("file_list", "file_list_url", "cdn_url", "trust_anchors", "verification", "more_info_url")


@dataclass(frozen=True)
class ImageRequest:
    """One image, where it comes from and goes to, and what becomes of the library's others."""

    channel: channels.Channel
    version: str  #: in full
    library: Path
    architectures: tuple[str, ...] | None = ("x64",)  #: None: all that the source has
    languages: tuple[str, ...] | None = None  #: cultures, lower case, each once; None: all that the source has
    proofing_tools: tuple[str, ...] | None = ()  #: likewise
    source: str | None = None  #: another library, http(s) without a slash at the end or an absolute path; None: the CDN
    manifest_sha256: str | None = None  #: what the source's manifest has to have
    file_list: str = "auto"
    file_list_url: str | None = None  #: URL, or path of a local file; None: Microsoft's
    cdn_url: str = CDN_URL  #: http(s), without a slash at the end
    trust_anchors: tuple[Path, ...] = ()
    verified: bool = True  #: signatures are checked
    recheck: bool = False  #: hash what is there
    current: bool = False  #: the channel's `current` is to lead to this version
    keep: int | None = None  #: versions of the channel to keep; None: all
    protected: Mapping[str, str] = field(default_factory=dict)  #: version to the reason why it is not removed
    connections: int = 8
    bytes_per_second: int | None = None

    @property
    def contents(self) -> Contents:
        """Give what is asked for by name."""
        return Contents(self.architectures or (), self.languages or (), self.proofing_tools or ())

    def is_met_by(self, there: Contents) -> bool:
        """Tell whether an image with these contents has all; what only the source knows is never met."""
        if None in (self.architectures, self.languages, self.proofing_tools):
            return False
        return there.with_all_of(self.contents) == there

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> ImageRequest:
        """Read the module's options (None: not given); InputError names the option, its value and what is valid."""
        given = {name: value for name, value in options.items() if value is not None}
        if "source" in given:
            _refuse_beside_source(given)
        elif "manifest_sha256" in given:
            raise InputError("manifest_sha256: it pins the manifest of a source; give source, or leave it out.")
        given = dict(image_more_info.filled_in(given))
        mirrored = "source" in given
        return cls(
            channel=channels.find(str(_required(given, "channel"))),
            version=office_version.full(str(_required(given, "version")).strip()),
            library=_absolute(str(given["library"]), "library"),
            architectures=_architectures(given, mirrored),
            languages=_languages(given, mirrored),
            proofing_tools=None if mirrored and "proofing_tools" not in given else _cultures(given, "proofing_tools"),
            source=_source(str(given["source"])) if mirrored else None,
            manifest_sha256=_sha256(given.get("manifest_sha256")),
            file_list=str(given.get("file_list", "auto")),
            file_list_url=given.get("file_list_url"),
            cdn_url=_http_url(str(given.get("cdn_url", CDN_URL)), "cdn_url", f" The default is {CDN_URL}."),
            trust_anchors=tuple(Path(path) for path in given.get("trust_anchors", ())),
            verified=given.get("verification", "full") != "none",
            recheck=bool(given.get("verify", False)),
            current=bool(given.get("current", False)),
            keep=_number(given, "keep", 1, None),
            protected=_protected(given),
            connections=_number(given, "connections", 1, MOST_CONNECTIONS) or 8,
            bytes_per_second=bandwidth.bytes_per_second(given.get("bandwidth_limit"), "bandwidth_limit"),
        )


def _refuse_beside_source(given: Mapping[str, Any]) -> None:
    beside = [name for name in _OF_THE_CDN if given.get(name)]
    if beside:
        raise InputError(
            f"source: {http.redact(str(given['source']))!r} is another library, whose manifest says what belongs to "
            f"the image and vouches for it; leave out {' and '.join(beside)}, or source."
        )


def _required(given: Mapping[str, Any], name: str) -> object:
    if not str(given.get(name, "")).strip():
        raise InputError(f"{name}: it is not given. Give it, or more_info_url with an address that names it.")
    return given[name]


def _architectures(given: Mapping[str, Any], mirrored: bool) -> tuple[str, ...] | None:
    asked = tuple(dict.fromkeys(str(name).strip().lower() for name in given.get("architectures", ())))
    if not set(asked) <= set(ARCHITECTURES):
        raise InputError(f"architectures: {list(given['architectures'])!r} has others than x64 and x86.")
    return asked or (None if mirrored else ("x64",))


def _languages(given: Mapping[str, Any], mirrored: bool) -> tuple[str, ...] | None:
    asked = _cultures(given, "languages")
    if not asked and not mirrored:
        raise InputError(
            f"languages: {list(given.get('languages', ()))!r} names no language. Give cultures such as [en-us, de-de]."
        )
    return asked or None


def _cultures(given: Mapping[str, Any], option: str) -> tuple[str, ...]:
    cultures = tuple(dict.fromkeys(str(culture).strip().lower() for culture in given.get(option, ())))
    if not all(cultures):
        raise InputError(f"{option}: {list(given[option])!r} has an empty one. Give cultures such as [en-us, de-de].")
    return cultures


def _absolute(text: str, option: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise InputError(f"{option}: {text!r} is not an absolute path; give one such as /srv/office.")
    return path


def _source(text: str) -> str:
    if "://" in text:
        return _http_url(text, "source", " Give another library's address, such as http://dp-1.example.com/office.")
    return str(_absolute(text, "source"))


def _http_url(text: str, option: str, remedy: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        valid = False
    if not valid:
        raise InputError(f"{option}: {http.redact(text)!r} is not an http(s) URL.{remedy}")
    if "?" in text or "#" in text:
        raise InputError(
            f"{option}: the address {http.redact(text)} goes on with a query (?) or a fragment (#); paths of files are "
            f"put behind it, so leave them out.{remedy}"
        )
    return text.rstrip("/")


def _sha256(text: str | None) -> str | None:
    if text is None:
        return None
    digest = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InputError(
            f"manifest_sha256: {text!r} is no SHA-256; it has 64 hexadecimal digits. The result of the run that staged "
            "the source's image has it."
        )
    return digest


def _number(given: Mapping[str, Any], option: str, least: int, most: int | None) -> int | None:
    if option not in given:
        return None
    number = int(given[option])
    if number < least or (most is not None and number > most):
        limits = f"at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{option}: {number} is out of range; give a number {limits}.")
    return number


def _protected(given: Mapping[str, Any]) -> Mapping[str, str]:
    """Give what is not removed whatever its age, with the reason."""
    pinned: Sequence[Any] = given.get("pinned", ())
    wanted: Mapping[str, Any] = given.get("_wanted", {})
    return {
        **{office_version.full(str(version).strip(), "records"): str(reason) for version, reason in wanted.items()},
        **{office_version.full(str(version).strip(), "pinned"): "pinned" for version in pinned},
    }
