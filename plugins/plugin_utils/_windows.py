# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows by the wall clock of the host itself.

What holds:

- A window belongs to the day it opens on. One whose end is not after its start goes on over midnight.
- No window opens on an excluded date, and one that began the day before ends at that date's midnight. So nothing is
  ever open on an excluded date. A window that would have begun on one does not take place, also not its part after
  midnight.
- Windows that overlap or touch are one.
- Without any window it is always open, but for the excluded dates.

A host tells its clock and its offset from UTC of that moment, not its time zone. So open and closed are exact, and a
later moment is exact as wall clock time; in UTC it is an estimate, an hour off beyond a change of daylight saving time.
In the hour that such a change repeats a window may open a second time; it is then a little longer, nothing is done
twice. A window inside the hour that a change skips would not open that day, so windows that short are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NTH = ("first", "second", "third", "fourth", "fifth", "last")
KINDS = ("days", "nth", "after_patch_tuesday", "always")
KEYS = ("days", "nth", "weekday", "after_patch_tuesday", "always", "start", "end")
MINUTES = 24 * 60  #: of a day
HORIZON = timedelta(days=200)  #: after the last exclusion; no rule is silent for longer, not even a fifth weekday
FARTHEST = timedelta(days=3 * 366)  #: whatever the exclusions: what does not open until then never opens
LONGEST_EXCLUSION = 366  #: days
_ONE_DAY = timedelta(days=1)
_CLOCK = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_SECOND_WEEK = range(8, 15)
_LONGEST_SKIP = 60  #: minutes that a change of daylight saving time skips at most
_NIGHT = (22 * 60, 29 * 60)  #: in it every such change takes place: 22:00 to 05:00


@dataclass(frozen=True)
class Window:
    """One rule. `start` and `end` are minutes from the midnight of the day it opens on, so `end` may exceed a day."""

    start: int = 0
    end: int = MINUTES
    days: tuple[str, ...] = ()
    nth: str | None = None
    weekday: str | None = None
    after_patch_tuesday: int | None = None
    always: bool = False

    @classmethod
    def from_mapping(cls, value: Any, option: str = "windows") -> Window:
        """Read a window as the deployment file has it; InputError begins with `option` and the key."""
        if not isinstance(value, Mapping):
            raise InputError(f"{option}: {value!r} is not a window. Write its keys: {', '.join(KEYS)}.")
        unknown = next((str(key) for key in value if key not in KEYS), None)
        if unknown is not None:
            raise InputError(f"{option}.{unknown}: there is no such key. {_spelling.remedy(unknown, KEYS)}")
        kinds = [kind for kind in KINDS if value.get(kind) is not None]
        if len(kinds) != 1:
            said = f"has {' and '.join(kinds)}" if kinds else "does not say when it opens"
            raise InputError(f"{option}: the window {said}. Give exactly one of {', '.join(KINDS)}.")
        if kinds == ["always"]:
            return _always(value, option)
        start, end = (_minutes(value.get(key), f"{option}.{key}") for key in ("start", "end"))
        if start in (end, MINUTES):
            raise InputError(f"{option}.start: the window is empty. For a whole day write '00:00' to '24:00'.")
        end += MINUTES if end < start else 0
        _refuse_what_may_be_skipped(start, end, option)
        if kinds == ["days"]:
            return cls(start, end, days=_days(value["days"], f"{option}.days"))
        if kinds == ["nth"]:
            nth = _one_of(value["nth"], NTH, f"{option}.nth")
            return cls(start, end, nth=nth, weekday=_one_of(value.get("weekday"), WEEKDAYS, f"{option}.weekday"))
        after = value["after_patch_tuesday"]
        if isinstance(after, bool) or not isinstance(after, int) or after not in range(28):
            raise InputError(f"{option}.after_patch_tuesday: {after!r} is not a number of days from 0 to 27.")
        return cls(start, end, after_patch_tuesday=after)

    def opens_on(self, day: date) -> bool:
        """Tell whether the rule names this day."""
        if self.always:
            return True
        if self.days:
            return WEEKDAYS[day.weekday()] in self.days
        if self.after_patch_tuesday is not None:
            released = day - timedelta(days=self.after_patch_tuesday)
            return WEEKDAYS[released.weekday()] == "tuesday" and released.day in _SECOND_WEEK
        if WEEKDAYS[day.weekday()] != self.weekday:
            return False
        if self.nth == "last":
            return (day + timedelta(days=7)).month != day.month
        return self.nth == NTH[(day.day - 1) // 7]

    def __str__(self) -> str:
        """Give it in a few words, for reasons: "saturday, sunday 22:00 to 04:00"."""
        if self.always:
            return "always"
        if self.days:
            when = ", ".join(self.days)
        elif self.after_patch_tuesday is not None:
            when = f"Patch Tuesday + {self.after_patch_tuesday}" if self.after_patch_tuesday else "Patch Tuesday"
        else:
            when = f"{self.nth} {self.weekday} of the month"
        end = self.end - MINUTES if self.end > MINUTES else self.end
        return f"{when} {_clock(self.start)} to {_clock(end)}"


@dataclass(frozen=True)
class Exclusion:
    """Dates on which nothing is open, both included."""

    first: date
    last: date

    @classmethod
    def from_text(cls, value: Any, option: str = "exclusions") -> Exclusion:
        """Read "2026-12-24" or "2026-12-20..2027-01-06"; a date that YAML has read already is one, too. InputError."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return cls(value, value)
        parts = value.split("..") if isinstance(value, str) else []
        try:
            first, last = (_date(part.strip()) for part in (parts * 2 if len(parts) == 1 else parts))
        except ValueError:
            raise InputError(
                f"{option}: {value!r} is not a date. Write '2026-12-24', or '2026-12-20..2027-01-06' for a range."
            ) from None
        if last < first:
            raise InputError(f"{option}: {value!r} ends before it begins. Write the earlier date first.")
        if (last - first).days >= LONGEST_EXCLUSION:
            raise InputError(f"{option}: {value!r} is longer than {LONGEST_EXCLUSION} days. Check the year.")
        return cls(first, last)

    def holds(self, day: date) -> bool:
        """Tell whether the day is excluded."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        """Give it as the deployment file has it."""
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True)
class WindowState:
    """Whether something may be applied now, and when that changes.

    `opens_at`: the first open minute after now, None where it is open or nothing opens any more. `closes_at`: the end
    of the window that is open or else opens next, None where it has none. Both are the host's wall clock, without a
    zone. The fields with `_utc` are the same with the offset of now: estimates, see the head of this file.
    """

    open: bool
    reason: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    opens_at_utc: datetime | None = None
    closes_at_utc: datetime | None = None


@dataclass(frozen=True)
class _Span:
    """One opening, from its first minute to the one after its last."""

    begin: datetime
    end: datetime
    window: Window

    def holds(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


ALWAYS = Window(always=True)


def window_state(
    rules: Sequence[Window], exclusions: Sequence[Exclusion], local_now: datetime, utc_offset_minutes: int
) -> WindowState:
    """Tell whether it is open at `local_now`, the host's wall clock without a zone, and when that changes.

    :raises InputError: the clock shows no year from 2000 to 2999.
    """
    if local_now.tzinfo is not None or not 2000 <= local_now.year < 3000:
        raise InputError(f"now: {local_now.isoformat()} is no wall clock time. Look at the clock of the host.")
    rules = rules or (ALWAYS,)
    today = local_now.date()
    running = [span for span in _around(rules, exclusions, today) if span.holds(local_now)]
    if running:
        span = max(running, key=lambda each: each.end)
        closes = _end(rules, exclusions, span)
        until = f", until {closes:%Y-%m-%d %H:%M} local time" if closes else ""
        reason = f"in the window {span.window}{until}"
        return _state(reason, None, closes, utc_offset_minutes)
    why = _why_closed(rules, exclusions, local_now)
    following = _next(rules, exclusions, local_now)
    if following is None:
        return WindowState(open=False, reason=f"{why}; no window opens any more")
    reason = f"{why}; the next, {following.window}, opens {following.begin:%Y-%m-%d %H:%M} local time"
    return _state(reason, following.begin, _end(rules, exclusions, following), utc_offset_minutes)


def _state(reason: str, opens: datetime | None, closes: datetime | None, offset: int) -> WindowState:
    return WindowState(opens is None, reason, opens, closes, _in_utc(opens, offset), _in_utc(closes, offset))


def _in_utc(local: datetime | None, offset: int) -> datetime | None:
    return None if local is None else (local - timedelta(minutes=offset)).replace(tzinfo=timezone.utc)


def _excluded(exclusions: Sequence[Exclusion], day: date) -> Exclusion | None:
    return next((exclusion for exclusion in exclusions if exclusion.holds(day)), None)


def _spans(rules: Sequence[Window], exclusions: Sequence[Exclusion], day: date) -> list[_Span]:
    """Give what opens on a day."""
    if _excluded(exclusions, day):
        return []
    midnight = datetime.combine(day, time())
    longest = MINUTES if _excluded(exclusions, day + _ONE_DAY) else 2 * MINUTES
    return [
        _Span(midnight + timedelta(minutes=rule.start), midnight + timedelta(minutes=min(rule.end, longest)), rule)
        for rule in rules
        if rule.opens_on(day)
    ]


def _around(rules: Sequence[Window], exclusions: Sequence[Exclusion], day: date) -> list[_Span]:
    """Give all that may be open at some time of a day: no window lasts longer than to the next day's end."""
    return [*_spans(rules, exclusions, day - _ONE_DAY), *_spans(rules, exclusions, day)]


def _horizon(exclusions: Sequence[Exclusion], day: date) -> date:
    last = max((exclusion.last for exclusion in exclusions if exclusion.last > day), default=day)
    return min(last, day + FARTHEST - HORIZON) + HORIZON


def _next(rules: Sequence[Window], exclusions: Sequence[Exclusion], now: datetime) -> _Span | None:
    day = now.date()
    last = _horizon(exclusions, day)
    while day <= last:
        spans = [span for span in _spans(rules, exclusions, day) if span.begin > now]
        if spans:
            return min(spans, key=lambda span: span.begin)
        day += _ONE_DAY
    return None


def _end(rules: Sequence[Window], exclusions: Sequence[Exclusion], span: _Span) -> datetime | None:
    """Follow windows that overlap or touch to the end of the last; None where they never end."""
    day = span.begin.date()
    if span.window.always and not any(exclusion.last > day for exclusion in exclusions):
        return None
    last = _horizon(exclusions, day)
    end = span.end
    while end.date() <= last:
        longer = max((each.end for each in _around(rules, exclusions, end.date()) if each.begin <= end), default=end)
        if longer <= end:
            return end
        end = longer
    return None


def _why_closed(rules: Sequence[Window], exclusions: Sequence[Exclusion], now: datetime) -> str:
    today = now.date()
    exclusion = _excluded(exclusions, today)
    if exclusion is not None:
        return f"{today} is excluded ({exclusion})"
    if any(span.holds(now) for span in _around(rules, (), today)):
        return f"{today - _ONE_DAY}, on which the window would have opened, is excluded"
    return "outside all windows"


def _always(value: Mapping[str, Any], option: str) -> Window:
    if value["always"] is not True:
        raise InputError(f"{option}.always: {value['always']!r} is not true. Leave the window out instead.")
    more = next((key for key in value if key != "always"), None)
    if more is not None:
        raise InputError(f"{option}.{more}: it says nothing beside always. Leave one of the two out.")
    return ALWAYS


def _refuse_what_may_be_skipped(start: int, end: int, option: str) -> None:
    first, last = _NIGHT
    at_night = end <= last - MINUTES or (first <= start and end <= last)
    if at_night and end - start <= _LONGEST_SKIP:
        raise InputError(
            f"{option}.end: {_clock(start)} to {_clock(end % MINUTES)} is at night and not longer than an hour, which "
            "a change to daylight saving time can skip. Make it longer."
        )


def _minutes(value: Any, option: str) -> int:
    if value is None:
        raise InputError(f"{option} is missing; it takes a time such as '22:00'.")
    if isinstance(value, int) and not isinstance(value, bool):
        raise InputError(
            f"{option}: {value} is a number, which YAML takes some times for. Write it in quotes, '22:00'."
        )
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InputError(f"{option}: {value!r} is not a time of day from '00:00' to '24:00'.")
    return int(match[1]) * 60 + int(match[2]) if match[1] else MINUTES


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _days(value: Any, option: str) -> tuple[str, ...]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence) or not value:
        raise InputError(f"{option}: {value!r} is not a list of weekdays, such as [saturday, sunday].")
    days = tuple(_one_of(day, WEEKDAYS, option) for day in value)
    return tuple(day for day in WEEKDAYS if day in days)


def _one_of(value: Any, known: Sequence[str], option: str) -> str:
    if value is None:
        raise InputError(f"{option} is missing. Valid are {', '.join(known)}.")
    if value not in known:
        raise InputError(f"{option}: {value!r} is not known. {_spelling.remedy(str(value), known)}")
    return str(value)


def _date(text: str) -> date:
    """Read one form only: Python 3.11 and later take others for dates, too."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)
