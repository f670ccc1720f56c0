# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a verified cabinet against the file and the version it was fetched for.

A signature alone tells neither: a mirror could answer with another build's files, or with any other cabinet that the
same publisher signed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, hash_file, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

if TYPE_CHECKING:
    from pathlib import Path

_VERSION_CABINET = re.compile(r"v(?:64|32)(?:_.*)?\.cab")
_STREAM_CABINET = re.compile(r"s(p?)(?:64|32)[0-9]+\.cab")


def check(path: Path, version: str, culture: str | None = None) -> None:
    """Raise FeedError unless the cabinet's members say that it is the file `path.name` of the version.

    Every cabinet has a hash member with its own name (v64.hash in v64_<version>.cab) whose second line is the version;
    v64*.cab have VersionDescriptor.xml besides, s64*.cab of a culture (None: the neutral one) have exactly
    MasterDescriptor.<culture>.xml, sp64*.cab MasterDescriptor.<culture>.proof.xml. Seen so in build 16.0.17928.20148.
    """
    members = {name.lower(): name for name in cabinet.members(path)}
    _check_hash_member(path, members, version)
    descriptors = {key for key in members if key.startswith("masterdescriptor.")}
    expected = _master_descriptor(path.name, culture)
    if expected is not None and descriptors != {expected}:
        raise FeedError(
            f"{path.name} is signed, but it is another file: it should have the member {expected!r} and has "
            f"{', '.join(sorted(descriptors)) or 'none of that kind'}."
        )
    if _VERSION_CABINET.fullmatch(path.name) and "versiondescriptor.xml" not in members:
        raise FeedError(f"{path.name} is signed, but it is another file: it has no member 'VersionDescriptor.xml'.")
    for key, name in members.items():
        if key == "versiondescriptor.xml":
            _check_descriptor(path, name, ("Version", "Available", "Build"), version)
        elif key in descriptors:
            _check_descriptor(path, name, ("descriptor", ".", "version"), version)


def _check_hash_member(path: Path, members: dict[str, str], version: str) -> None:
    stem = path.name.rpartition(".")[0].lower()
    wanted = [f"{name}.hash" for name in dict.fromkeys((stem, stem.partition("_")[0]))]
    found = [members[key] for key in wanted if key in members]
    if not found:
        raise FeedError(
            f"{path.name} is signed, but it is another file: it has no member {' or '.join(map(repr, wanted))}."
        )
    named = hash_file.version(cabinet.read_member(path, found[0]))
    if named != version:
        raise FeedError(f"{path.name} is signed, but its {found[0]} is that of version {named!r}, not of {version!r}.")


def _master_descriptor(name: str, culture: str | None) -> str | None:
    """Give the one such member a cabinet of that name has to have, None if it is of no kind that is known to."""
    kind = _STREAM_CABINET.fullmatch(name.lower())
    if kind is None:
        return None
    return f"masterdescriptor.{culture or 'x-none'}{'.proof' if kind[1] else ''}.xml"


def _check_descriptor(path: Path, name: str, place: tuple[str, str, str], version: str) -> None:
    root, element, attribute = place
    document = safe_xml.parse(cabinet.read_member(path, name), name, root)
    found = document.find(element)
    named = None if found is None else found.get(attribute)
    if named != version:
        raise FeedError(f"{path.name} is signed, but its {name} is that of version {named!r}, not of {version!r}.")
