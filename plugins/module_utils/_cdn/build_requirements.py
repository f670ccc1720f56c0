# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build demands of a host: the Prereq element of VersionDescriptor.xml in its own v64_<version>.cab.

Seen in build 16.0.17928.20148, the same for x64 and x86: Windows 10.0, client 15.0.4446.1000. Each product of the list
below it names the oldest Windows once more; so far never another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, image_layout, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.version_descriptor import MEMBER

if TYPE_CHECKING:
    from pathlib import Path


def of_image(image: Path, version: str, architecture: str) -> Requirements:
    """Read it from the cabinet in an image, verified before; FeedError if it is damaged there."""
    name = f"v{image_layout.BITS[architecture]}_{version}.cab"
    try:
        return parse(cabinet.read_member(image / "office" / "data" / name, MEMBER))
    except FeedError as error:
        raise FeedError(
            f"library: {name} of the image does not tell what the build demands of a host. {error} Run again with "
            "verify: true."
        ) from error


def parse(xml: bytes) -> Requirements:
    """Read VersionDescriptor.xml. A build without Prereq, or without one of the two in it, does not demand it.

    FeedError where it demands what is no version: nobody could tell then which hosts the build is for.
    """
    root = safe_xml.parse(xml, MEMBER, "Version")
    found = {}
    for element, name in (("MinOSVersion", "min_os"), ("MinClientVersion", "min_client")):
        node = root.find(f"Prereq/{element}")
        found[name] = None if node is None else (node.get("Build") or "").strip() or None
    try:
        return Requirements(**found)
    except ValueError as error:
        raise FeedError(f"{MEMBER}: in Prereq, {error}.") from error
