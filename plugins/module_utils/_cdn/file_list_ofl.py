# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file lists of ofl.cab: one list for all versions, its versions 1.2 to 1.10."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, file_list_checks, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import FileList


class UnlistedChannelError(InputError):
    """A channel that ofl.cab does not know."""


def read(xml: bytes, channel: channels.Channel, version: str, architecture: str) -> FileList:
    """Read a list of ofl.cab (its member file_list.OFL_MEMBERS[architecture]) for one channel and version."""
    wanted = office_version.full(version)
    what = "The file list of ofl.cab"
    root = safe_xml.parse(xml, what, "UpdateFiles")
    list_version = safe_xml.attribute(root, "version", what)
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}", list_version):
        raise FeedError(f"{what} has the version {list_version!r}; it should look like '1.10'.")
    base = _base_url(root, channel, what)
    raw = [_raw_file(node, base, wanted, what) for node in root.iterchildren("File")]
    listed = file_list_checks.checked(raw, channel, wanted, architecture, what)
    return replace(listed, list_version=tuple(int(number) for number in list_version.split(".")))


def _raw_file(node: _Element, base: str, version: str, what: str) -> file_list_checks.RawFile:
    def filled(name: str) -> str:
        return safe_xml.attribute(node, name, what).replace("%version%", version)

    return file_list_checks.RawFile(
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
    raise UnlistedChannelError(
        f"channel: {channel.name!r} is not in ofl.cab, which knows the branches {', '.join(branches) or 'none'}. "
        "Use the file list API for this channel (file_list: api)."
    )
