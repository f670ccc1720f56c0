# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images go, by the library's own rules. What a feed lists or has forgotten plays no part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library

CURRENT = "current"


@dataclass(frozen=True)
class Candidate:
    """An image to remove."""

    version: str
    size: int  #: bytes of its files


@dataclass(frozen=True)
class Kept:
    """An image beyond the newest ones that stays nevertheless."""

    version: str
    reason: str  #: such as "current", "pinned" or what its manifest does not know


@dataclass(frozen=True)
class PrunePlan:
    """What pruning a channel comes to; the highest versions first."""

    remove: tuple[Candidate, ...] = ()
    kept: tuple[Kept, ...] = ()


def plan(
    library: Library, channel: str, keep: int | None, protected: Mapping[str, str], coming: str | None = None
) -> PrunePlan:
    """Choose all but the newest `keep` images of a channel; None keeps all. Changes nothing.

    `protected` has versions that stay and why. `coming` is a version that is not there yet and counts as if it were.
    Directories that are no image are neither counted nor chosen. InputError if `current` leads nowhere.
    """
    if keep is None:
        return PrunePlan()
    reasons = dict(protected)
    current = library.current(channel)
    if current is not None:
        reasons[current] = CURRENT
    there = library.versions(channel)
    newest_first = sorted({*there, *([coming] if coming else [])}, key=office_version.parse, reverse=True)
    remove, kept = [], []
    for version in newest_first[keep:]:
        image = library.read(channel, version) if version in there else None
        if image is None:
            continue
        reason = reasons.get(version) or unknown(integrity.contents(library.image(channel, version), image).unexpected)
        if reason:
            kept.append(Kept(version, reason))
        else:
            remove.append(Candidate(version, image.size))
    return PrunePlan(tuple(remove), tuple(kept))


def apply(library: Library, channel: str, chosen: PrunePlan) -> PrunePlan:
    """Remove what the plan chose, the channel's lock held; give what was removed and all that was kept.

    An image disappears by one rename. One that has become current since, or in which there is something new, is kept.
    """
    removed, kept = [], list(chosen.kept)
    for candidate in chosen.remove:
        if library.current(channel) == candidate.version:
            kept.append(Kept(candidate.version, CURRENT))
            continue
        unexpected = library.retire(channel, candidate.version)
        if unexpected:
            kept.append(Kept(candidate.version, unknown(unexpected)))
        else:
            removed.append(candidate)
    return PrunePlan(tuple(removed), tuple(kept))


def unknown(unexpected: tuple[str, ...]) -> str:
    """Say which paths the manifest does not know; nothing if there are none."""
    if not unexpected:
        return ""
    more = f" and {len(unexpected) - 1} more" if len(unexpected) > 1 else ""
    return f"has files that its manifest does not know: {unexpected[0][:200]}{more}"
