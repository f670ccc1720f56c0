# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a verified cabinet against the version it was fetched for.

A signature alone does not tell builds apart: a mirror could answer with another build's files, all validly signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

if TYPE_CHECKING:
    from pathlib import Path


def check(path: Path, version: str) -> None:
    """Raise FeedError if the cabinet's descriptor names another version; one without a descriptor passes.

    v64_<version>.cab has VersionDescriptor.xml, s64*.cab have MasterDescriptor.<culture>.xml (as 16.0.17928.20148).
    """
    for name in cabinet.members(path):
        key = name.lower()
        if key == "versiondescriptor.xml":
            root, element, attribute = "Version", "Available", "Build"
        elif key.startswith("masterdescriptor.") and key.endswith(".xml"):
            root, element, attribute = "descriptor", ".", "version"
        else:
            continue
        document = safe_xml.parse(cabinet.read_member(path, name), name, root)
        found = document.find(element)
        named = None if found is None else found.get(attribute)
        if named != version:
            raise FeedError(f"{path.name} is signed, but its {name} is that of version {named!r}, not of {version!r}.")
