# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases bound the downloads that run from one source at a time, however many runs there are.

A lease says that a host may download from a source until a moment. It is no lock: nobody holds it open, so it survives
the process that got it, and one that nobody renews or releases is free again when its moment has come. A store of
records keeps them (`RecordStore.leases`); all of its controllers share them, and their clocks should agree within a
small part of a lease's length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Lease:
    """What one host holds. `until` is UTC."""

    source: str
    until: datetime


class Leases(Protocol):
    """The leases of one store. A host holds one at most. Times carry their zone and count in whole seconds.

    RecordError when the store fails.
    """

    def acquire(self, source: str, host: str, max_active: int, until: datetime, now: datetime) -> bool:
        """Let `host` download from `source` until then; False, and nothing changes, while `max_active` others do.

        A host that holds a lease of this source already has it renewed, also where `max_active` was lowered since. A
        lease of another source is given up for the new one, when that is given.
        """

    def renew(self, host: str, until: datetime, now: datetime) -> bool:
        """Prolong what the host holds; False when it holds nothing any more: another may have its place, so acquire."""

    def release(self, host: str) -> None:
        """Give up what the host holds, if anything."""

    def active(self, source: str, now: datetime) -> tuple[str, ...]:
        """Name the hosts that hold a lease of `source`, in order."""


def checked(until: datetime, now: datetime) -> datetime:
    """Give `until` with whole seconds. A lease over before it begins is a mistake in the program: ValueError."""
    whole = until.replace(microsecond=0)
    if whole <= now:
        raise ValueError(f"a lease until {until} is over at {now}")
    return whole


def granted(
    held: Mapping[str, Lease], source: str, host: str, max_active: int, until: datetime, now: datetime
) -> dict[str, Lease] | None:
    """Give all leases, by host, as they are after `host` got one; None when there is no place. The expired are gone."""
    valid = {holder: lease for holder, lease in held.items() if lease.until > now}
    holders = {holder for holder, lease in valid.items() if lease.source == source}
    if host not in holders and len(holders) >= max_active:
        return None
    return {**valid, host: Lease(source, until)}
