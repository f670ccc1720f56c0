# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module `image` is asked for, checked before anything else happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

CDN_URL = "https://officecdn.microsoft.com"
FILE_LIST_URLS: Mapping[str, str] = {
    "api": "https://clients.config.office.net/releases/v1.0/filelist",
    "ofl": f"{CDN_URL}/pr/wsus/ofl.cab",
}


@dataclass(frozen=True)
class ImageRequest:
    """One image, and where it comes from and goes to."""

    channel: channels.Channel
    version: str  #: in full
    architecture: str
    languages: tuple[str, ...]  #: cultures, lower case, each once
    library: Path
    file_list: str  #: "api" or "ofl"
    file_list_url: str  #: URL, or path of a local file
    cdn_url: str  #: http(s), without a slash at the end
    trust_anchors: tuple[Path, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> ImageRequest:
        """Read the module's options; InputError names the option, its value and what would be valid."""
        languages = tuple(dict.fromkeys(str(language).strip().lower() for language in options["languages"]))
        if not languages or not all(languages):
            raise InputError(
                f"languages: {list(options['languages'])!r} names no language. Give cultures such as [en-us, de-de]."
            )
        form = str(options["file_list"])
        return cls(
            channel=channels.find(str(options["channel"])),
            version=office_version.full(str(options["version"]).strip()),
            architecture=str(options["architecture"]),
            languages=languages,
            library=_library(str(options["library"])),
            file_list=form,
            file_list_url=str(options["file_list_url"] or FILE_LIST_URLS[form]),
            cdn_url=_http_url(str(options["cdn_url"]), "cdn_url"),
            trust_anchors=tuple(Path(path) for path in options["trust_anchors"] or ()),
        )


def _library(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or "\0" in text:
        raise InputError(f"library: {text!r} is not an absolute path; give one such as /srv/office.")
    return path


def _http_url(text: str, option: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        valid = False
    if not valid:
        raise InputError(f"{option}: {http.redact(text)!r} is not an http(s) URL. The default is {CDN_URL}.")
    if "?" in text or "#" in text:
        raise InputError(
            f"{option}: the address {http.redact(text)} goes on with a query (?) or a fragment (#); paths of files are "
            f"put behind it, so leave them out. The default is {CDN_URL}."
        )
    return text.rstrip("/")
