# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: each kind by example, all by random rules, and changes of daylight saving time."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import (
    NTH,
    WEEKDAYS,
    Exclusion,
    Window,
    WindowState,
    window_state,
)

NIGHTS = {"days": ["saturday", "sunday"], "start": "22:00", "end": "04:00"}
MINUTE = timedelta(minutes=1)


def state(now: str, *rules: dict[str, Any], exclusions: tuple[str, ...] = (), offset: int = 0) -> WindowState:
    return window_state(
        [Window.from_mapping(rule) for rule in rules],
        [Exclusion.from_text(text) for text in exclusions],
        datetime.fromisoformat(now),
        offset,
    )


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        # 5 December 2026 is a Saturday
        ("2026-12-05 21:59:59", "2026-12-05 22:00", "2026-12-06 04:00"),
        ("2026-12-05 22:00:00", None, "2026-12-06 04:00"),
        ("2026-12-06 03:59:59", None, "2026-12-06 04:00"),
        ("2026-12-06 04:00:00", "2026-12-06 22:00", "2026-12-07 04:00"),
        ("2026-12-07 03:00:00", None, "2026-12-07 04:00"),
        ("2026-12-07 04:00:00", "2026-12-12 22:00", "2026-12-13 04:00"),
    ],
)
def test_weekly_and_over_midnight(now: str, opens: str | None, closes: str) -> None:
    found = state(now, NIGHTS)
    assert (found.open, found.opens_at, found.closes_at) == (opens is None, at(opens), at(closes))


@pytest.mark.parametrize(
    ("nth", "weekday", "now", "opens"),
    [
        ("first", "tuesday", "2026-12-02 00:00", "2027-01-05 09:00"),
        ("second", "tuesday", "2026-12-02 00:00", "2026-12-08 09:00"),
        ("third", "sunday", "2026-12-02 00:00", "2026-12-20 09:00"),
        ("fourth", "tuesday", "2026-12-02 00:00", "2026-12-22 09:00"),
        ("fifth", "saturday", "2026-12-02 00:00", "2027-01-30 09:00"),  # December has only four
        ("last", "saturday", "2026-12-02 00:00", "2026-12-26 09:00"),
        ("last", "thursday", "2026-12-02 00:00", "2026-12-31 09:00"),
        ("last", "sunday", "2027-02-01 00:00", "2027-02-28 09:00"),
        ("last", "tuesday", "2026-12-02 00:00", "2026-12-29 09:00"),  # the fifth
    ],
)
def test_a_weekday_of_the_month(nth: str, weekday: str, now: str, opens: str) -> None:
    assert state(now, {"nth": nth, "weekday": weekday, "start": "09:00", "end": "17:00"}).opens_at == at(opens)


@pytest.mark.parametrize(
    ("after", "now", "opens"),
    [
        (0, "2026-12-02 00:00", "2026-12-08 18:00"),
        (3, "2026-12-02 00:00", "2026-12-11 18:00"),
        (5, "2026-12-02 00:00", "2026-12-13 18:00"),
        (27, "2026-12-02 00:00", "2026-12-07 18:00"),  # of November's, the 10th
        (27, "2026-12-08 00:00", "2027-01-04 18:00"),
        (0, "2026-09-02 00:00", "2026-09-08 18:00"),  # September begins on a Tuesday
    ],
)
def test_days_after_patch_tuesday(after: int, now: str, opens: str) -> None:
    assert state(now, {"after_patch_tuesday": after, "start": "18:00", "end": "23:00"}).opens_at == at(opens)


def test_without_windows_and_with_always_it_is_open_at_any_time() -> None:
    for rules in ((), ({"always": True},)):
        found = state("2026-12-05 12:00", *rules)
        assert (found.open, found.opens_at, found.closes_at) == (True, None, None)
        before = state("2026-12-05 12:00", *rules, exclusions=("2026-12-24",))
        assert (before.open, before.closes_at) == (True, at("2026-12-24 00:00"))
        held = state("2026-12-24 12:00", *rules, exclusions=("2026-12-24",))
        assert (held.open, held.opens_at) == (False, at("2026-12-25 00:00"))
        assert "2026-12-24 is excluded" in held.reason


def test_no_window_opens_on_an_excluded_date_and_one_of_the_day_before_ends_there() -> None:
    christmas = "2026-12-20..2027-01-06"  # a Sunday to a Wednesday
    saturday = state("2026-12-19 23:00", NIGHTS, exclusions=(christmas,))
    assert (saturday.open, saturday.closes_at) == (True, at("2026-12-20 00:00"))
    sunday = state("2026-12-20 00:00", NIGHTS, exclusions=(christmas,))
    assert (sunday.open, sunday.opens_at) == (False, at("2027-01-09 22:00"))
    assert christmas in sunday.reason


def test_a_window_of_an_excluded_date_does_not_open_after_its_midnight() -> None:
    found = state("2026-12-06 01:00", NIGHTS, exclusions=("2026-12-05",))
    assert (found.open, found.opens_at) == (False, at("2026-12-06 22:00"))
    assert "2026-12-05" in found.reason


def test_windows_that_touch_or_overlap_are_one() -> None:
    friday = {"days": ["friday"], "start": "20:00", "end": "24:00"}
    weekend = {"days": ["saturday", "sunday"], "start": "00:00", "end": "24:00"}
    monday = {"days": ["sunday"], "start": "22:00", "end": "05:00"}
    assert state("2026-12-04 19:00", friday, weekend, monday).closes_at == at("2026-12-07 05:00")
    assert state("2026-12-06 12:00", friday, weekend, monday).closes_at == at("2026-12-07 05:00")
    whole_week = {"days": list(WEEKDAYS), "start": "00:00", "end": "24:00"}
    assert state("2026-12-04 19:00", whole_week).closes_at is None


def test_the_earlier_of_two_windows_of_a_day_is_the_next() -> None:
    evening = {"days": ["friday"], "start": "20:00", "end": "24:00"}
    noon = {"days": ["friday"], "start": "12:00", "end": "13:00"}
    assert state("2026-12-04 08:00", evening, noon).opens_at == at("2026-12-04 12:00")
    assert state("2026-12-04 13:00", evening, noon).opens_at == at("2026-12-04 20:00")


def test_the_end_of_a_long_exclusion_is_found() -> None:
    found = state("2026-12-05 12:00", NIGHTS, exclusions=("2026-12-05..2027-12-03",))
    assert found.opens_at == at("2027-12-04 22:00")


def test_what_never_opens_says_so() -> None:
    found = state(
        "2026-12-05 12:00", NIGHTS, exclusions=tuple(f"{year}-01-01..{year}-12-31" for year in range(2026, 2031))
    )
    assert (found.open, found.opens_at, found.closes_at) == (False, None, None)
    assert "no window opens any more" in found.reason


def test_moments_in_utc_are_estimated_with_the_offset_of_now() -> None:
    found = state("2026-12-05 12:00", NIGHTS, offset=330)
    assert found.opens_at_utc == datetime(2026, 12, 5, 16, 30, tzinfo=UTC)
    assert found.closes_at_utc == datetime(2026, 12, 5, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize("now", [datetime(1970, 1, 1), datetime(9999, 12, 31), datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_clock_that_cannot_be_is_refused(now: datetime) -> None:
    with pytest.raises(InputError, match=r"now: .* clock of the host"):
        window_state([], [], now, 0)


# What holds for all rules


def is_open(rules: list[Window], exclusions: list[Exclusion], moment: datetime) -> bool:
    """Tell by the words of the documentation, without looking at how the product does it."""

    def free(day: date) -> bool:
        return not any(exclusion.first <= day <= exclusion.last for exclusion in exclusions)

    today, yesterday = moment.date(), moment.date() - timedelta(days=1)
    minute = moment.hour * 60 + moment.minute
    if not free(today):
        return False
    return any(
        (rule.opens_on(today) and rule.start <= minute < rule.end)
        or (free(yesterday) and rule.opens_on(yesterday) and minute + 1440 < rule.end)
        for rule in rules or [Window(always=True)]
    )


def some_rule(chance: random.Random) -> Window:
    start = chance.randrange(24 * 60)
    end = (start + chance.randrange(61, 24 * 60)) % (24 * 60)
    times = {"start": f"{start // 60:02}:{start % 60:02}", "end": f"{end // 60:02}:{end % 60:02}"}
    kind = chance.randrange(10)
    if kind == 0:
        return Window.from_mapping({"always": True})
    if kind < 4:
        return Window.from_mapping({"days": chance.sample(WEEKDAYS, chance.randrange(1, 4)), **times})
    if kind < 7:
        return Window.from_mapping({"nth": chance.choice(NTH), "weekday": chance.choice(WEEKDAYS), **times})
    return Window.from_mapping({"after_patch_tuesday": chance.randrange(28), **times})


def some_exclusion(chance: random.Random, around: date) -> Exclusion:
    first = around + timedelta(days=chance.randrange(-3, 20))
    return Exclusion(first, first + timedelta(days=chance.choice([0, 0, 1, 7, 40])))


@pytest.mark.parametrize("seed", range(60))
def test_random_rules(seed: int) -> None:
    chance = random.Random(seed)
    rules = [some_rule(chance) for _ in range(chance.randrange(4))]
    now = datetime(2026, 1, 1) + chance.randrange(3 * 365 * 1440) * MINUTE
    exclusions = [some_exclusion(chance, now.date()) for _ in range(chance.randrange(4))]
    found = window_state(rules, exclusions, now, 0)
    assert found.open == is_open(rules, exclusions, now)
    if not found.open and found.opens_at is not None:
        first = found.opens_at
        assert first == next(
            now + n * MINUTE for n in range(1, 400 * 1440) if is_open(rules, exclusions, now + n * MINUTE)
        )
        assert window_state(rules, exclusions, first, 0).open
        now = first
    if found.closes_at is not None:
        assert found.closes_at == next(
            now + n * MINUTE for n in range(1, 400 * 1440) if not is_open(rules, exclusions, now + n * MINUTE)
        )


# Changes of daylight saving time: the host tells another offset from one minute to the next

CHANGES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Europe/Lisbon", date(2027, 3, 28)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Los_Angeles", date(2027, 3, 14)),
    ("America/Havana", date(2027, 3, 14)),  # at midnight
    ("Atlantic/Azores", date(2027, 3, 28)),
    ("America/Nuuk", date(2027, 3, 27)),  # at 23:00 or later
    ("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour
]


def looks(zone: str, day: date) -> list[tuple[datetime, int]]:
    """Give each minute from the day before to the day after as the host sees it: wall clock and offset."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=12)
    moments = [(begin + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(2 * 1440 + 720)]
    return [(m.replace(tzinfo=None), int((m.utcoffset() or timedelta()).total_seconds() // 60)) for m in moments]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_window_opens_on_a_day_of_change_and_only_inside_itself(zone: str, day: date) -> None:
    seen = looks(zone, day)
    assert len({offset for _, offset in seen}) == 2, "the clocks change"
    chance = random.Random(zone)
    for _ in range(8):
        start = chance.randrange(24 * 60)
        length = chance.choice([61, 75, 90, 240])
        end = (start + length) % 1440
        rule = {"days": [WEEKDAYS[day.weekday()]], "start": f"{start // 60:02}:{start % 60:02}"}
        window = Window.from_mapping({**rule, "end": f"{end // 60:02}:{end % 60:02}"})
        opened = [wall for wall, offset in seen if window_state([window], [], wall, offset).open]
        assert opened, f"{window} never opens"
        assert all(is_open([window], [], wall) for wall in opened)
        assert len(opened) <= length + 60, "a repeated hour makes it no longer than that hour"


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Berlin", date(2026, 10, 25)), ("America/New_York", date(2026, 11, 1))]
)
def test_an_hour_that_comes_twice_is_open_twice_by_the_wall_clock(zone: str, day: date) -> None:
    around = {"Europe/Berlin": ("01:00", "02:30", "03:00"), "America/New_York": ("00:00", "01:30", "02:00")}
    start, end, again = around[zone]
    window = Window.from_mapping({"days": ["sunday"], "start": start, "end": end})
    opened = [window_state([window], [], wall, offset).open for wall, offset in looks(zone, day)]
    runs = [first for first, before in zip(opened[1:], opened, strict=False) if first and not before]
    assert len(runs) == 2
    assert sum(opened) == 120, "half an hour more than the wall clock's ninety minutes"
    longer = Window.from_mapping({"days": ["sunday"], "start": start, "end": again})
    opened = [window_state([longer], [], wall, offset).open for wall, offset in looks(zone, day)]
    runs = [first for first, before in zip(opened[1:], opened, strict=False) if first and not before]
    assert len(runs) == 1


def test_a_window_that_the_change_skips_partly_opens_right_after_it() -> None:
    window = Window.from_mapping({"nth": "last", "weekday": "sunday", "start": "02:00", "end": "04:00"})
    opened = [
        wall
        for wall, offset in looks("Europe/Berlin", date(2027, 3, 28))
        if window_state([window], [], wall, offset).open
    ]
    assert opened[0] == datetime(2027, 3, 28, 3, 0)
    assert len(opened) == 60


@pytest.mark.parametrize(
    ("start", "end"), [("02:00", "03:00"), ("01:30", "02:15"), ("00:00", "01:00"), ("23:30", "00:30")]
)
def test_a_window_that_a_change_could_skip_is_refused(start: str, end: str) -> None:
    with pytest.raises(InputError, match="daylight saving time can skip"):
        Window.from_mapping({"days": ["sunday"], "start": start, "end": end})


def test_short_windows_by_day_are_fine() -> None:
    assert state("2026-12-04 12:30", {"days": ["friday"], "start": "12:00", "end": "13:00"}).open


# What cannot be read


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("saturday", ["windows: 'saturday'", "start"]),
        ({"day": ["friday"], "start": "22:00", "end": "04:00"}, ["windows.day:", "Did you mean 'days'?"]),
        ({"start": "22:00", "end": "04:00"}, ["does not say when", "after_patch_tuesday"]),
        ({**NIGHTS, "always": True}, ["days and always", "exactly one"]),
        ({"always": False}, ["windows.always: False"]),
        ({"always": True, "start": "22:00"}, ["windows.start", "beside always"]),
        ({**NIGHTS, "start": "24:00"}, ["empty"]),
        ({**NIGHTS, "start": "04:00"}, ["empty", "'24:00'"]),
        ({**NIGHTS, "start": 1320}, ["windows.start: 1320", "quotes"]),
        ({**NIGHTS, "start": "22"}, ["windows.start: '22'", "24:00"]),
        ({**NIGHTS, "end": "24:01"}, ["windows.end: '24:01'"]),
        ({"days": ["friday"], "start": "22:00"}, ["windows.end is missing"]),
        ({**NIGHTS, "days": []}, ["windows.days: []"]),
        ({**NIGHTS, "days": "friday"}, ["windows.days: 'friday'", "[saturday, sunday]"]),
        ({**NIGHTS, "days": ["fri"]}, ["windows.days: 'fri'", "Did you mean 'friday'?"]),
        ({"nth": 2, "weekday": "tuesday", "start": "22:00", "end": "04:00"}, ["windows.nth: 2", "second"]),
        ({"nth": "second", "start": "22:00", "end": "04:00"}, ["windows.weekday is missing", "monday"]),
        ({"after_patch_tuesday": 28, "start": "22:00", "end": "04:00"}, ["after_patch_tuesday: 28", "0 to 27"]),
        ({"after_patch_tuesday": True, "start": "22:00", "end": "04:00"}, ["after_patch_tuesday: True"]),
    ],
)
def test_windows_that_are_none(rule: Any, says: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        Window.from_mapping(rule)
    for words in says:
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("24.12.2026", "is not a date"),
        ("20261224", "is not a date"),
        ("2026-W52-4", "is not a date"),
        ("2026-02-30", "is not a date"),
        ("2026-12-24..", "is not a date"),
        ("2026-12-24..2026-12-25..2026-12-26", "is not a date"),
        (None, "is not a date"),
        ("2027-01-06..2026-12-20", "ends before it begins"),
        ("2026-12-20..2028-01-06", "366 days"),
    ],
)
def test_exclusions_that_are_none(text: Any, says: str) -> None:
    with pytest.raises(InputError, match="exclusions: ") as refused:
        Exclusion.from_text(text)
    assert says in str(refused.value)


def test_an_exclusion_may_be_a_date_that_yaml_has_read() -> None:
    assert Exclusion.from_text(date(2026, 12, 24)) == Exclusion.from_text("2026-12-24")
