# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments and spans of time as the deployment file has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

UTC = "utc"
LOCAL = "local"
_SPAN = re.compile("([0-9]{1,4})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_FARTHEST_BEHIND = timedelta(hours=12)  #: of all local times, the last to reach a moment
_FARTHEST_AHEAD = timedelta(hours=14)


@dataclass(frozen=True)
class Moment:
    """A date and time in UTC, or by the wall clock of each host. `at` carries no zone either way."""

    at: datetime
    clock: str = UTC  #: UTC or LOCAL

    def in_utc(self, utc_offset_minutes: int) -> datetime:
        """Give it in UTC for a host with this offset; for a local moment an estimate, as of a window."""
        offset = timedelta(minutes=utc_offset_minutes) if self.clock == LOCAL else timedelta()
        return (self.at - offset).replace(tzinfo=timezone.utc)

    def reached(self, now: datetime, utc_offset_minutes: int) -> bool:
        """Tell whether it has come on a host with this offset; `now` has a zone."""
        return self.in_utc(utc_offset_minutes) <= now

    def later(self, length: int) -> Moment:
        """Give the moment so many seconds later."""
        return Moment(self.at + timedelta(seconds=length), self.clock)

    def passed_everywhere(self, now: datetime) -> bool:
        """Tell whether it has come on every host of the world."""
        return self.latest() <= now

    def earliest(self) -> datetime:
        """Give the moment in UTC at which it comes on the first host."""
        return self.in_utc(int(_FARTHEST_AHEAD.total_seconds()) // 60)

    def latest(self) -> datetime:
        """Give the moment in UTC at which it has come on every host."""
        return self.in_utc(-int(_FARTHEST_BEHIND.total_seconds()) // 60)

    def surely_before(self, other: Moment) -> bool:
        """Tell whether it comes before the other on every host."""
        return self.at < other.at if self.clock == other.clock else self.latest() < other.earliest()

    def __str__(self) -> str:
        """Give it for reasons, "2026-12-01 08:00 UTC"."""
        if self == ASAP:
            return "as soon as possible"
        return f"{self.at:%Y-%m-%d %H:%M} {'UTC' if self.clock == UTC else 'local time'}"


ASAP = Moment(datetime(2000, 1, 1))  #: a moment that has always come


def moment(text: str, clock: str) -> Moment:
    """Read "asap", "2026-12-01", "2026-12-01T08:00" or the same with Z, which is UTC whatever the clock.

    :raises ValueError: there is no such date or time.
    """
    if text == "asap":
        return ASAP
    at = datetime.fromisoformat(text.removesuffix("Z"))
    if not 2000 <= at.year < 3000:
        raise ValueError(text)
    return Moment(at, UTC if text.endswith("Z") else clock)


def seconds(text: str) -> int:
    """Read a span such as 90m, 36h, 7d or 2w; ValueError otherwise.

    Options of the lookup release know no minutes (module_utils/_cdn/duration.py): who gives 7m there means months.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * _SECONDS[match[2]]


def span(length: int) -> str:
    """Give seconds as a span in the largest unit that fits."""
    unit = next((name for name in "wdhm" if length and length % _SECONDS[name] == 0), "m")
    return f"{length // _SECONDS[unit]}{unit}"
