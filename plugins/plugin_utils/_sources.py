# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host downloads from: the first source that is meant for it and has the image; and its slots there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.plugins.plugin_utils._leases import Leases

#: A host that nobody looks at for so long gives its slot to another.
SLOT_TIME = timedelta(hours=4)
UNLIMITED = 1_000_000  #: for a download that runs anyway
SLOT_PAUSE = timedelta(seconds=60)  #: until a host without a slot is looked at again


@dataclass(frozen=True)
class ImageSource:
    """One image in one library. `url` is the image's own; languages, architectures None: nobody knows (the CDN)."""

    url: str
    library: str = ""  #: URL of the library, by which its slots are counted; without it they are the image's own
    groups: tuple[str, ...] = ()  #: of the inventory; none: meant for every host
    max_active: int | None = None  #: downloads at a time over all deployments; None: as many as there are
    group_limits: Mapping[str, int] = field(default_factory=dict)
    skipped_groups: tuple[str, ...] = ()  #: hosts on slow links that do not download from here
    trickle_groups: tuple[str, ...] = ()  #: of these together `trickle` at a time
    trickle: int = 1
    languages: frozenset[str] | None = None
    proofing_tools: frozenset[str] = frozenset()
    architectures: frozenset[str] | None = None
    requirements: Mapping[str, Requirements] = field(default_factory=dict)  #: of the build, by architecture
    download_sizes: Mapping[str, DownloadSize] = field(default_factory=dict)  #: by architecture
    problem: str | None = None  #: why nothing can be downloaded from here now


@dataclass(frozen=True)
class Slot:
    """Something that only so many downloads may use at a time: a source, or a group of hosts at a source."""

    name: str
    limit: int


def choose(sources: Sequence[ImageSource], groups: Collection[str]) -> ImageSource | str:
    """Give the source for a host in these groups, or why there is none."""
    told = []
    for source in sources:
        if source.groups and not set(source.groups).intersection(groups):
            continue
        slow = sorted(set(source.skipped_groups).intersection(groups))
        if slow:
            told.append(f"{source.url}: not for the slow links of {', '.join(slow)}")
        elif source.problem:
            told.append(source.problem)
        else:
            return source
    return "; ".join(told) or "no source is meant for this host"


def slots(source: ImageSource, groups: Collection[str]) -> tuple[Slot, ...]:
    """Give what a host in these groups has to hold while it downloads."""
    place = source.library or source.url
    wanted = [] if source.max_active is None else [Slot(place, source.max_active)]
    wanted += [Slot(f"{place} {group}", limit) for group, limit in source.group_limits.items() if group in groups]
    if set(source.trickle_groups).intersection(groups):
        wanted.append(Slot(f"{place} slow links", source.trickle))
    return tuple(wanted)


def take(leases: Leases, wanted: Sequence[Slot], host: str, now: datetime) -> Slot | None:
    """Get all slots for a host, or none of them: then give the one that is not free."""
    for number, slot in enumerate(wanted):
        if not leases.acquire(slot.name, holder(host, number), slot.limit, now + SLOT_TIME, now):
            give_back(leases, wanted[:number], host)
            return slot
    return None


def keep(leases: Leases, held: Sequence[Slot], host: str, now: datetime) -> None:
    """Prolong a host's slots. One that had expired may be another's by now; the download goes on and counts again."""
    for number, slot in enumerate(held):
        name = holder(host, number)
        if not leases.renew(name, now + SLOT_TIME, now):
            leases.acquire(slot.name, name, UNLIMITED, now + SLOT_TIME, now)


def give_back(leases: Leases, held: Sequence[Slot], host: str) -> None:
    """Give up a host's slots."""
    for number, _slot in enumerate(held):
        leases.release(holder(host, number))


def holder(host: str, number: int) -> str:
    """Name who holds a slot: a store knows one lease for each name."""
    return host if number == 0 else f"{host} {number}"
