# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who would get a download slot now, and behind how many downloads the others wait. How long one takes nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot, holder


@dataclass(frozen=True)
class Turn:
    """A host that waits: `after` downloads that use `slot` have to end first, at least. `active` run at present."""

    slot: Slot
    after: int
    active: int


def turns(wanted: Mapping[str, Sequence[Slot]], active: Callable[[str], Collection[str]]) -> dict[str, Turn]:
    """Give the hosts that get no slot now. `wanted`: the slots of each host, in the order in which hosts are asked.

    `active` names those who hold a slot. A host whose slots are all free takes them; another holds none and waits for
    the first that is not, behind those that wait for the same.
    """
    names = {slot.name for slots in wanted.values() for slot in slots}
    holding = {name: frozenset(active(name)) for name in names}
    taken = Counter({name: len(holders) for name, holders in holding.items()})
    waiting: Counter[str] = Counter()
    found: dict[str, Turn] = {}
    for host, slots in wanted.items():
        missing = [slot for number, slot in enumerate(slots) if holder(host, number) not in holding[slot.name]]
        full = next((slot for slot in missing if taken[slot.name] >= slot.limit), None)
        if full is None:
            taken.update(slot.name for slot in missing)
            continue
        waiting[full.name] += 1
        after = taken[full.name] - full.limit + waiting[full.name]
        found[host] = Turn(full, after, len(holding[full.name]))
    return found
