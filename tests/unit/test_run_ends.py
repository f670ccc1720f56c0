# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts reconcile calls at rest for a run whose end is known: those that wait for moments after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment, GateRules
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import dumped
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import WEEKDAYS, Exclusion, Window
from ansible_collections.officefleet.c2r.tests.unit.transcript import (
    DOWN,
    SOURCE,
    TARGET,
    Transcript,
    answer,
    failed,
    taken,
)

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TONIGHT = NOW.replace(hour=22)
TODAY = Exclusion(date(2026, 11, 21), date(2026, 11, 21))
NIGHT = Window.from_mapping({"days": list(WEEKDAYS), "start": "22:00", "end": "04:00"})
DEPLOYMENT = Deployment(
    name="2607",
    version=TARGET,
    source=SOURCE,
    channel="MonthlyEnterprise",
    languages=frozenset({"en-us"}),
    architectures=frozenset({"x64"}),
    max_attempts=3,
    retry_delay=14 * 3600,
)
STAGED = answer("download_succeeded", updates_ready_to_apply=TARGET)
DOWNLOADS = taken("download", "download_pending")
TWO: dict[str, Any] = {
    "groups": {"all": ["p1", "b1"], "pilot": ["p1"], "broad": ["b1"]},
    "ansible_play_batch": ["p1", "b1"],
}
RINGS = replace(DEPLOYMENT, rings=("pilot", "broad"), schedule=Schedule(windows=(NIGHT,)))
SOAKING = replace(RINGS, gate=GateRules(success=100, soak=14 * 3600))


class Run:
    """A run of several passes, and the clock."""

    def __init__(self, records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.records = records
        self.now = NOW
        self.started = NOW
        self.ends: datetime | None = NOW + timedelta(hours=2)
        self.ring_waits = False  #: what the last look said of it
        monkeypatch.setattr(reconcile, "_now", lambda: self.now)

    def look(
        self, deployment: Deployment, *answers: Any, host: str = "p1", first: bool = True, **variables: Any
    ) -> tuple[bool, bool, str | None]:
        """Visit a host; give whether it is at rest, whether it is looked at again and the moment it waits for."""
        options: dict[str, Any] = {"rules": dumped(deployment), "records": str(self.records)}
        options["run_started"] = None if first else self.started.timestamp()
        options["run_ends"] = None if self.ends is None else self.ends.timestamp() + 0.7
        play = Transcript(reconcile.ActionModule, options)
        result = play.run(list(answers), inventory_hostname=host, **{"groups": {"all": ["p1"]}, **variables})
        self.ring_waits = result["ring_waits"]
        return result["at_rest"], result["revisit"], result["until"]

    def record(self, host: str = "p1") -> Record:
        """What is remembered of the host."""
        record = DirectoryStore(str(self.records)).load(host)
        assert record is not None
        return record


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(tmp_path / "records", monkeypatch)


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def scheduled(**times: Any) -> Deployment:
    return replace(DEPLOYMENT, schedule=Schedule(**times))


LATER = Moment(TONIGHT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("deployment", "seen", "until"),
    [
        (scheduled(windows=(NIGHT,)), STAGED, TONIGHT),
        (scheduled(windows=(NIGHT,), downloads_in_windows=True), answer(), TONIGHT),
        (scheduled(exclusions=(TODAY,)), STAGED, NOW.replace(day=22, hour=0)),
        (scheduled(available_from=LATER), answer(), TONIGHT),
        (replace(DEPLOYMENT, ring_available_from={"all": LATER}), answer(None), TONIGHT),
        (scheduled(windows=(NIGHT,), deadline=Moment(datetime(2026, 11, 21, 20)), after_deadline="apply"), STAGED,
         TONIGHT.replace(hour=20)),
        (DEPLOYMENT, failed("download_failed", 9), TONIGHT),
    ],
    ids=["window", "downloads in windows", "excluded date", "available", "ring available", "deadline", "retry"],
)  # fmt: skip
def test_a_host_that_waits_for_a_moment_after_the_end_is_at_rest(
    run: Run, deployment: Deployment, seen: dict[str, Any], until: datetime
) -> None:
    if seen["status"] == "download_failed":
        assert run.look(deployment, answer(), DOWNLOADS) == (False, True, None)
    assert run.look(deployment, seen) == (True, False, at(until))
    assert not run.record().at_rest, "that is for this run"
    assert run.look(deployment, first=False) == (True, False, at(until)), "also without asking it again"
    for ends in (until, until + timedelta(hours=1), run.now, run.now - timedelta(hours=1), None):
        run.ends = ends
        assert run.look(deployment, first=False) == (False, True, at(until)), ends
    run.now, run.ends = until, until + timedelta(hours=2)
    assert run.look(deployment, answer(version=TARGET), first=False) == (True, False, None)


def test_a_host_that_works_or_may_be_heard_of_at_any_time_is_looked_at_again(run: Run) -> None:
    run.ends = NOW + timedelta(seconds=30)  # before the pauses of hosts that are away or lack a slot are over
    assert run.look(DEPLOYMENT, answer(), DOWNLOADS) == (False, True, None)
    assert run.look(DEPLOYMENT, answer("downloading")) == (False, True, None)
    assert run.look(DEPLOYMENT, DOWN)[:2] == (True, True), "as ever: it does not keep a run going"
    assert run.look(DEPLOYMENT, {**STAGED, "blocking_apps": ["WINWORD"]})[:2] == (True, True)
    put_off = replace(
        scheduled(deadline=Moment(datetime(2026, 11, 20)), after_deadline="force"),
        apps=Apps(close="after_deadline", defer=2, wait=14 * 3600),
    )
    assert run.look(put_off, {**STAGED, "blocking_apps": ["WINWORD"]})[:2] == (True, True), "Word may be closed sooner"
    assert run.look(DEPLOYMENT, answer(scenario="REPAIR")) == (False, True, None)


def test_a_host_without_a_slot_may_get_one_at_any_time(run: Run) -> None:
    run.ends = NOW + timedelta(seconds=30)
    limited = replace(DEPLOYMENT, slots=(Slot(SOURCE, 1),))
    leases = DirectoryStore(str(run.records)).leases
    assert leases.acquire(SOURCE, "of another run", 1, NOW + timedelta(hours=1), NOW)
    for answers in ([answer()], []):
        assert run.look(limited, *answers, first=bool(answers))[:2] == (False, True)


def test_what_another_run_is_at_may_change(run: Run) -> None:
    nightly = scheduled(windows=(NIGHT,))
    run.look(nightly, STAGED)
    with DirectoryStore(str(run.records)).locked("p1"):
        assert run.look(nightly) == (False, True, None)


@pytest.mark.parametrize("others", [{}, {"source": f"{SOURCE}/elsewhere"}], ids=["rules", "rules and source"])
def test_what_another_run_waits_for_by_its_own_rules_is_not_waited_for(run: Run, others: dict[str, Any]) -> None:
    applies = taken("apply", "apply_pending", updates_ready_to_apply=TARGET)
    run.look(DEPLOYMENT, answer(scenario="REPAIR"))
    nightly = replace(scheduled(windows=(NIGHT,)), **others)
    assert run.look(nightly, STAGED) == (True, False, at(TONIGHT))
    assert run.look(DEPLOYMENT, STAGED, applies, first=False) == (False, True, None)
    run.look(nightly, STAGED)
    with DirectoryStore(str(run.records)).locked("p1"):
        assert run.look(DEPLOYMENT, first=False) == (False, True, None)


def test_a_ring_waits_while_one_before_it_works(run: Run) -> None:
    run.look(RINGS, answer(), DOWNLOADS, **TWO)
    run.look(RINGS, answer(), host="b1", **TWO)
    assert run.look(RINGS, host="b1", first=False, **TWO) == (False, True, None)


def test_a_ring_rests_with_the_one_before_it(run: Run) -> None:
    yesterday = "what an earlier run left may have changed"
    run.look(RINGS, STAGED, **TWO)
    assert run.look(RINGS, answer(), host="b1", **TWO) == (False, True, None), yesterday
    assert run.look(RINGS, host="b1", first=False, **TWO) == (True, True, None)
    assert not run.record("b1").at_rest
    run.ends = TONIGHT + timedelta(hours=1)
    assert run.look(RINGS, host="b1", first=False, **TWO) == (False, True, None), "the window comes within the run"


def test_a_ring_does_not_wait_for_a_host_of_another_deployment(run: Run) -> None:
    three = {"all": ["p1", "p2", "b1"], "pilot": ["p1", "p2"], "broad": ["b1"]}
    fleet: dict[str, Any] = {"groups": three, "ansible_play_batch": three["all"]}
    current = replace(DEPLOYMENT, name="current", channel="Current")
    assert run.look(current, answer("downloading", channel="Current"), host="p2", **fleet) == (False, True, None)
    run.look(RINGS, STAGED, **fleet)
    assert run.look(RINGS, answer("downloading", channel="Current"), host="p2", **fleet)[:2] == (True, False)
    run.look(RINGS, answer(), host="b1", **fleet)
    assert run.record("p2").deployment.name == "current"
    assert run.look(RINGS, host="b1", first=False, **fleet) == (True, True, None)


def test_hosts_of_an_earlier_ring_that_another_run_sees_to_keep_no_run_going(run: Run) -> None:
    run.look(RINGS, answer(), DOWNLOADS, **TWO)
    alone = {**TWO, "ansible_play_batch": ["b1"]}
    run.look(RINGS, answer(), host="b1", **alone)
    assert run.look(RINGS, host="b1", first=False, **alone) == (True, True, None)


def test_a_ring_rests_while_the_one_before_it_soaks(run: Run) -> None:
    run.look(SOAKING, answer(), DOWNLOADS, **TWO)
    assert run.look(SOAKING, answer(), host="b1", **TWO) == (False, True, None)
    run.look(SOAKING, answer(version=TARGET), first=False, **TWO)
    assert run.look(SOAKING, host="b1", first=False, **TWO) == (True, True, at(TONIGHT)), "told by the gate"
    run.started, run.now = NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)
    assert run.look(SOAKING, answer(), host="b1", **TWO) == (True, False, at(TONIGHT)), "told by its record"
    run.ends = TONIGHT + timedelta(hours=1)
    assert run.look(SOAKING, host="b1", first=False, **TWO) == (False, True, at(TONIGHT))


THREE: dict[str, Any] = {
    "groups": {"all": ["p1", "p2", "b1"], "pilot": ["p1", "p2"], "broad": ["b1"]},
    "ansible_play_batch": ["p1", "p2", "b1"],
}
BROKEN = failed("download_failed", 9)


@pytest.mark.parametrize(
    ("gate", "other_pilot", "waits"),
    [
        (GateRules(success=100), STAGED, True),
        (GateRules(success=100, soak=3600), STAGED, True),
        (GateRules(success=50), BROKEN, True),
        (GateRules(success=100), BROKEN, False),
        (GateRules(success=50, stop_on=frozenset({("com_status", "9")})), BROKEN, False),
    ],
    ids=["all wait", "soaks after that", "enough wait", "too few wait", "stop_on"],
)
def test_a_ring_waits_for_earlier_ones_where_what_they_wait_for_can_open_it(
    run: Run, gate: GateRules, other_pilot: dict[str, Any], waits: bool
) -> None:
    rules = replace(RINGS, gate=gate, max_attempts=1)
    run.look(rules, STAGED, host="p1", **THREE)
    run.look(rules, answer(), DOWNLOADS, host="p2", **THREE)
    run.look(rules, answer(), host="b1", **THREE)
    assert not run.ring_waits, "not known before all have been looked at"
    run.look(rules, host="b1", first=False, **THREE)
    assert not run.ring_waits, "a pilot is at work"
    run.look(rules, other_pilot, host="p2", first=False, **THREE)
    assert run.look(rules, host="b1", first=False, **THREE) == (True, True, None)
    assert run.ring_waits == waits
    run.look(rules, host="p1", first=False, **THREE)
    assert not run.ring_waits, "it waits for a moment"


def test_a_ring_waits_through_those_between(run: Run) -> None:
    groups = {"all": ["p1", "e1", "b1"], "pilot": ["p1"], "early": ["e1"], "broad": ["b1"]}
    fleet: dict[str, Any] = {"groups": groups, "ansible_play_batch": groups["all"]}
    rules = replace(RINGS, rings=("pilot", "early", "broad"))
    for host, seen in (("p1", STAGED), ("e1", answer()), ("b1", answer())):
        run.look(rules, seen, host=host, **fleet)
    run.look(rules, host="b1", first=False, **fleet)
    assert run.ring_waits


def test_a_ring_whose_pilots_are_done_waits_for_none(run: Run) -> None:
    run.look(replace(RINGS, max_attempts=1), answer(), DOWNLOADS, **TWO)
    run.look(replace(RINGS, max_attempts=1), BROKEN, **TWO)
    run.look(RINGS, answer(), host="b1", **TWO)
    assert run.look(RINGS, host="b1", first=False, **TWO)[0]
    assert not run.ring_waits


@pytest.mark.parametrize("first", [True, False])
def test_a_host_of_no_ring_waits_for_none(run: Run, first: bool) -> None:
    alone = replace(RINGS, rings=("pilot",), only_rings=True)
    run.look(alone, STAGED, **TWO)
    assert run.look(alone, host="b1", first=first, **TWO) == (True, False, None)
    assert not run.ring_waits
