# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a verified cabinet against the file and the version it was fetched for.

A signature alone tells neither: a mirror could answer with another build's files, or with any other cabinet that the
same publisher signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, hash_file, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

if TYPE_CHECKING:
    from pathlib import Path

_VERSION_CABINET = re.compile(r"v(?:64|32)(?:_.*)?\.cab")
_STREAM_CABINET = re.compile(r"s(p?)(?:64|32)[0-9]+\.cab")


@dataclass(frozen=True)
class Claim:
    """What a cabinet is taken for."""

    name: str  #: of the file in an image, such as "s641031.cab"
    version: str  #: in full
    culture: str | None = None  #: None: it belongs to no language
    proofing: bool = False  #: it holds proofing tools


def check(path: Path, claim: Claim) -> None:
    """Raise FeedError unless the members of the cabinet at `path`, whatever its name there, say what is claimed.

    Every cabinet has a hash member with its own name (v64.hash in v64_<version>.cab) whose second line is the version;
    v64*.cab have VersionDescriptor.xml besides, s64*.cab of a culture (None: the neutral one) have exactly
    MasterDescriptor.<culture>.xml, sp64*.cab MasterDescriptor.<culture>.proof.xml. Seen so in build 16.0.17928.20148;
    the same with 32 for x86.
    """
    members = {name.lower(): name for name in cabinet.members(path)}
    _check_hash_member(path, members, claim)
    descriptors = {key for key in members if key.startswith("masterdescriptor.")}
    expected = _master_descriptors(claim)
    if expected and descriptors not in [{name} for name in expected]:
        raise FeedError(
            f"{claim.name} is signed, but it is another file: it should have the member "
            f"{' or '.join(map(repr, expected))} and has {', '.join(sorted(descriptors)) or 'none of that kind'}."
        )
    if _VERSION_CABINET.fullmatch(claim.name) and "versiondescriptor.xml" not in members:
        raise FeedError(f"{claim.name} is signed, but it is another file: it has no member 'VersionDescriptor.xml'.")
    for key, member in members.items():
        if key == "versiondescriptor.xml":
            _check_descriptor(path, member, ("Version", "Available", "Build"), claim)
        elif key in descriptors:
            _check_descriptor(path, member, ("descriptor", ".", "version"), claim)


def _check_hash_member(path: Path, members: dict[str, str], claim: Claim) -> None:
    stem = claim.name.rpartition(".")[0].lower()
    wanted = [f"{name}.hash" for name in dict.fromkeys((stem, stem.partition("_")[0]))]
    found = [members[key] for key in wanted if key in members]
    if not found:
        raise FeedError(
            f"{claim.name} is signed, but it is another file: it has no member {' or '.join(map(repr, wanted))}."
        )
    _check_version(claim, found[0], hash_file.version(cabinet.read_member(path, found[0])))


def _master_descriptors(claim: Claim) -> tuple[str, ...]:
    """Give the members of which a cabinet of that name has to have one; none if its kind is not known to have any."""
    kind = _STREAM_CABINET.fullmatch(claim.name.lower())
    if kind is None:
        return ()
    language = f"masterdescriptor.{claim.culture or 'x-none'}.xml"
    proofing = f"masterdescriptor.{claim.culture or 'x-none'}.proof.xml"
    if kind[1]:
        return (proofing,)
    # Of a language that exists as proofing tools alone, s64<lcid>.cab holds those; no such cabinet has been seen.
    return (language, proofing) if claim.proofing else (language,)


def _check_descriptor(path: Path, member: str, place: tuple[str, str, str], claim: Claim) -> None:
    root, element, attribute = place
    document = safe_xml.parse(cabinet.read_member(path, member), member, root)
    found = document.find(element)
    _check_version(claim, member, None if found is None else found.get(attribute))


def _check_version(claim: Claim, member: str, named: str | None) -> None:
    if named != claim.version:
        raise FeedError(
            f"{claim.name} is signed, but its {member} is that of version {named!r}, not of {claim.version!r}."
        )
