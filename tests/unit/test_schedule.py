# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment's times allow on a host, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, LOCAL, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Permission, Schedule, permission
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import WEEKDAYS, Exclusion, Window

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NIGHT = Window.from_mapping({"days": list(WEEKDAYS), "start": "22:00", "end": "04:00"})
TODAY = Exclusion(NOW.date(), NOW.date())
SEVEN = datetime(2026, 11, 21, 7)


def test_without_any_time_everything_is_allowed_and_nothing_forced() -> None:
    assert permission(Schedule(), NOW, 0) == Permission(True, True)


def test_halted_is_stronger_than_all() -> None:
    halted = Schedule(halted=True, deadline=ASAP, after_deadline="force")
    assert permission(halted, NOW, 0) == Permission(False, False, reason="the deployment is halted")
    withdrawn = replace(halted, halted=False, withdrawn="16.0.1.2 was withdrawn")
    assert permission(withdrawn, NOW, 0) == Permission(False, False, reason="16.0.1.2 was withdrawn")


@pytest.mark.parametrize(("minutes", "allowed"), [(0, False), (119, False), (120, True), (-300, False)])
def test_a_local_moment_comes_by_the_wall_clock(minutes: int, allowed: bool) -> None:
    schedule = Schedule(available_from=Moment(datetime(2026, 11, 21, 10), LOCAL))
    judged = permission(schedule, NOW, minutes)
    assert (judged.download, judged.apply) == (allowed, allowed)
    if not allowed:
        assert judged.until == NOW + timedelta(hours=2) - timedelta(minutes=minutes)
        assert judged.reason == "available from 2026-11-21 10:00 local time"


def test_a_closed_window_stops_applies_and_downloads_only_when_told() -> None:
    closed = permission(Schedule(windows=(NIGHT,)), NOW, 60)
    assert (closed.download, closed.apply, closed.until) == (True, False, datetime(2026, 11, 21, 21, tzinfo=UTC))
    closed = permission(Schedule(windows=(NIGHT,), downloads_in_windows=True), NOW, 60)
    assert (closed.download, closed.apply) == (False, False)
    assert permission(Schedule(windows=(NIGHT,)), NOW, 14 * 60).apply


@pytest.mark.parametrize(
    ("after", "apply", "force"), [("wait", False, False), ("apply", True, False), ("force", True, True)]
)
def test_after_the_deadline(after: str, apply: bool, force: bool) -> None:
    schedule = Schedule(windows=(NIGHT,), deadline=Moment(SEVEN), after_deadline=after)
    judged = permission(schedule, NOW, 0)
    assert (judged.apply, judged.force) == (apply, force)
    before = permission(schedule, NOW - timedelta(hours=1, seconds=1), 0)
    assert (before.apply, before.force) == (False, False), "one second before"
    local = Schedule(windows=(NIGHT,), deadline=Moment(SEVEN, LOCAL), after_deadline=after)
    assert not permission(local, NOW, -61).apply, "its wall clock shows 06:59"


def test_a_deadline_before_the_next_window_is_what_is_waited_for() -> None:
    evening = datetime(2026, 11, 21, 18)
    waiting = permission(Schedule(windows=(NIGHT,), deadline=Moment(evening, LOCAL), after_deadline="apply"), NOW, 60)
    assert waiting.until == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert waiting.reason.endswith("the deadline, 2026-11-21 18:00 local time, comes before")
    opens = datetime(2026, 11, 21, 22, tzinfo=UTC)
    for rules in (
        {"deadline": Moment(evening), "after_deadline": "wait"},
        {"deadline": Moment(datetime(2026, 11, 21, 23)), "after_deadline": "apply"},
        {"deadline": Moment(evening), "after_deadline": "apply", "exclusions": (TODAY,)},
    ):
        judged = permission(Schedule(windows=(NIGHT,), **rules), NOW, 0)  # type: ignore[arg-type]
        midnight = datetime(2026, 11, 22, tzinfo=UTC)
        assert judged.until == (midnight if "exclusions" in rules else opens), "the excluded date holds nevertheless"


def test_in_its_window_an_overdue_host_that_waits_is_not_forced() -> None:
    schedule = Schedule(windows=(NIGHT,), deadline=ASAP, after_deadline="wait")
    assert permission(schedule, NOW, 15 * 60) == Permission(True, True)


def test_an_excluded_date_holds_whatever_the_deadline_says() -> None:
    judged = permission(Schedule(exclusions=(TODAY,), deadline=ASAP, after_deadline="force"), NOW, 0)
    assert (judged.download, judged.apply, judged.force) == (True, False, False)
    assert judged.until == datetime(2026, 11, 22, tzinfo=UTC)
