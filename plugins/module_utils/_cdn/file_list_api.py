# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file list API's answer: the list of a build as Microsoft's service gives it today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_list_checks
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import FileList

#: What an answer calls each: asked with Arch=x86, the service answers "x32".
_ARCHITECTURES: Mapping[str, tuple[str, ...]] = {"x64": ("x64",), "x86": ("x86", "x32")}
_OPTIONAL = ("languageType", "hashLocation", "hashAlgorithm")


class UnknownBuildError(FeedError):
    """The API's well-formed answer to a version that it does not know: a list of no version."""


def read(document: bytes, version: str, architecture: str, channel: channels.Channel | None = None) -> FileList:
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
    if str(answer.get("architecture")).lower() not in _ARCHITECTURES[architecture]:
        raise FeedError(
            f"{what} is for architecture {str(answer.get('architecture'))[:100]!r}, not for {architecture!r}. "
            "In the path of a local copy {architecture} stands for either."
        )
    raw = [_raw_file(node, what) for node in nodes]
    return file_list_checks.checked(raw, channel, wanted, architecture, what)


def _raw_file(node: Mapping[str, Any], what: str) -> file_list_checks.RawFile:
    for key in ("url", "relativePath", "name", "lcid"):
        if not isinstance(node.get(key), str if key != "lcid" else (str, int)):
            raise FeedError(f"{what} has a file without {key!r}: {json.dumps(node)[:200]}.")
    texts = {key: None if node.get(key) is None else str(node[key]) for key in _OPTIONAL}
    return file_list_checks.RawFile(
        url=node["url"],
        folder=node["relativePath"],
        name=node["name"],
        lcid=str(node["lcid"]),
        language_type=texts["languageType"],
        hash_location=texts["hashLocation"],
        hash_algorithm=texts["hashAlgorithm"],
    )
