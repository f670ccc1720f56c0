# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: from the standings of hosts to what hooks are told, each thing once."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _events
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import STATES
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment, GateRules
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import LOCAL, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import decode
from ansible_collections.officefleet.c2r.plugins.plugin_utils._events import Event, Told, news
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import Summary, hosts_by_ring, summarise
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Standing
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule

NOW = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)
GROUPS = {
    "all": ["p1", "p2", "b1", "b2", "b3", "b4", "x1"],
    "pilot": ["p1", "p2"],
    "broad": ["b1", "b2", "b3", "b4", "p1"],
}
DEPLOYMENT = Deployment(
    name="2026-12",
    version="16.0.20228.20190",
    source="http://library.example/x",
    channel="MonthlyEnterprise",
    rings=("pilot", "broad"),
    only_rings=True,
    gate=GateRules(success=100, coverage=50, stop_on=frozenset({("win32", "112")})),
)
KEY = DeploymentKey.of(DEPLOYMENT)
HALTED = replace(DEPLOYMENT, schedule=Schedule(halted=True))
DONE = dict.fromkeys(GROUPS["all"], "compliant")
DISK_FULL = decode("win32", 112)


def standing(state: str, **changes: Any) -> Standing:
    """What a host's record says."""
    found = Standing(KEY, "any", state, True, NOW - timedelta(hours=1), NOW, None)
    return replace(found, **changes)


def summary(
    states: dict[str, str], deployment: Deployment = DEPLOYMENT, now: datetime = NOW, **changed: dict[str, Any]
) -> Summary:
    """The deployment with hosts in these states; `changed` are other things in the standings of single hosts."""
    standings = {host: standing(state, **changed.get(host, {})) for host, state in states.items()}
    return summarise(deployment, GROUPS, standings, now, 60)


def story(*moments: Summary, shares: tuple[int, ...] = ()) -> list[list[str]]:
    """The events at each of several moments, as kind and ring."""
    told, told_at = Told(), []
    for moment in moments:
        events, told = news(told, moment, shares)
        told = Told.from_json(told.to_json())
        told_at.append([f"{event.kind} {event.ring or ''}".strip() for event in events])
    return told_at


def test_a_rollout_from_start_to_finish() -> None:
    pilots = {"p1": "compliant", "p2": "downloading"}
    assert story(
        summary({}),
        summary(pilots),
        summary({**pilots, "p2": "compliant"}),
        summary({**pilots, "p2": "compliant", "b1": "downloading"}),
        summary(DONE),
        summary(DONE),
    ) == [["start pilot"], [], ["gate broad"], [], ["finish"], []]


def test_hosts_are_counted_by_ring_once_each() -> None:
    now = summary({"p1": "compliant", "p2": "exhausted", "b1": "waiting"})
    assert [(ring.name, ring.open, dict(ring.counts)) for ring in now.rings] == [
        ("pilot", True, {"compliant": 1, "exhausted": 1}),
        ("broad", False, {"waiting": 1, "unvisited": 3}),
    ]
    assert now.counts == {"compliant": 1, "exhausted": 1, "waiting": 1, "unvisited": 3}
    other = {"p1": standing("compliant", deployment=replace(KEY, version="16.0.1.2"))}
    assert summarise(DEPLOYMENT, GROUPS, other, NOW, 0).counts == {"unvisited": 6}, "of another deployment"
    everyone = replace(DEPLOYMENT, rings=(), only_rings=False)
    assert hosts_by_ring(everyone, GROUPS) == {"all": GROUPS["all"]}
    assert hosts_by_ring(replace(DEPLOYMENT, only_rings=False), GROUPS)["rest"] == ["x1"]


def test_a_start_waits_for_its_time_by_utc_or_the_wall_clock() -> None:
    at_eight_utc = replace(DEPLOYMENT, schedule=Schedule(available_from=Moment(datetime(2026, 12, 1, 20, 30))))
    at_eight_local = replace(DEPLOYMENT, schedule=Schedule(available_from=Moment(datetime(2026, 12, 1, 20, 30), LOCAL)))
    assert story(summary({}, at_eight_utc)) == [[]]
    assert story(summary({}, at_eight_local)) == [["start pilot"]], "the wall clock is an hour ahead"
    late_ring = replace(DEPLOYMENT, ring_available_from={"broad": Moment(datetime(2026, 12, 2))})
    tomorrow = NOW + timedelta(days=1)
    pilots = {"p1": "compliant", "p2": "compliant"}
    assert story(summary(pilots, late_ring), summary(pilots, late_ring, tomorrow)) == [["start pilot"], ["gate broad"]]


def test_a_halt_is_told_again_when_it_was_lifted_and_nothing_opens_meanwhile() -> None:
    assert story(summary({}, HALTED), summary({}, HALTED), summary({}), summary(DONE, HALTED), summary(DONE)) == [
        ["halt"],
        [],
        ["start pilot"],
        ["halt", "finish"],
        ["gate broad"],
    ]


def test_an_error_that_stops_is_told_once_though_it_comes_and_goes_with_attempts() -> None:
    states = {"p1": "exhausted", "p2": "compliant"}
    stopped, trying = summary(states, p1={"error": DISK_FULL}), summary(states)
    assert story(stopped, trying, stopped) == [["start pilot", "halt pilot"], [], []]
    events, _told = news(Told(opened=("pilot",)), stopped, ())
    assert events[0].hosts == ("p1",)
    assert events[0].reason == "p1 has 0x80070070 ERROR_DISK_FULL, which stop_on names, so ring broad stays closed"
    last = summary(DONE | {"b1": "exhausted"}, b1={"error": DISK_FULL})
    assert story(last)[0] == ["start pilot", "gate broad", "finish"], "no ring comes after it"


@pytest.mark.parametrize(
    ("states", "finished"),
    [
        ({}, True),
        ({"b1": "exhausted", "b2": "incompatible", "b3": "ahead", "b4": "waived"}, True),
        ({"b1": "failed", "b2": "unreachable", "b3": "unreachable"}, True),  # half of the ring is enough
        ({"b1": "unreachable", "b2": "unreachable", "b3": "unreachable"}, False),
        ({"b1": "blocked"}, False),
        ({"b1": "restart_pending"}, False),
        ({"b1": "waiting"}, False),
        ({"b1": "staged"}, False),
        ({"b1": "halted"}, False),
        ({"b1": "no_source"}, False),
    ],
)
def test_a_finish_comes_when_nothing_is_left_to_do(states: dict[str, str], finished: bool) -> None:
    events, told = news(Told(opened=("pilot", "broad")), summary({**DONE, **states}), ())
    assert told.finished is finished
    assert [event.kind for event in events] == ["finish"] * finished
    if finished:
        assert set(events[0].hosts) == {host for host, state in states.items() if state not in ("ahead", "waived")}


def test_who_is_away_counts_as_last_seen() -> None:
    gone = dict.fromkeys(DONE, "unreachable")
    seen: dict[str, Any] = {host: {"seen_as": state} for host, state in DONE.items()}
    at_night = summary(gone, **seen)
    assert (at_night.counts, at_night.ended, at_night.lacking) == ({"unreachable": 6}, True, ())
    assert summary(gone, **seen | {"b1": {"seen_as": "exhausted"}}).failed == ("b1",)
    assert summary(gone, **seen | {"b1": {"seen_as": "downloading"}}).ended, "as if it had never been reached"
    assert not summary(DONE | {"b1": "downloading"}).ended


def test_what_is_only_downloaded_is_finished_where_that_is_the_goal() -> None:
    downloads = replace(DEPLOYMENT, goal="downloaded")
    staged = summary(dict.fromkeys(DONE, "staged"), downloads)
    assert story(staged) == [["start pilot", "gate broad", "finish"]]
    assert staged.lacking == ()


def test_nobody_there_is_no_finish_whatever_the_coverage() -> None:
    any_coverage = replace(DEPLOYMENT, gate=GateRules(success=0, coverage=0))
    assert not summary(dict.fromkeys(DONE, "unreachable"), any_coverage).ended


def test_failures_are_told_once_until_they_are_fewer_again() -> None:
    failed = {**DONE, "b1": "exhausted", "b2": "failed"}
    one = {**DONE, "b1": "exhausted"}
    moments = [summary(states) for states in (DONE, one, failed, failed, one, failed)]
    assert [[kind for kind in kinds if kind == "failures"] for kinds in story(*moments, shares=(20, 20))] == [
        [],
        [],
        ["failures"],
        [],
        [],
        ["failures"],
    ]
    events, _told = news(Told(opened=("pilot", "broad"), finished=True), moments[2], (5, 20, 34))
    assert [(event.share, event.hosts) for event in events] == [(5, ("b1", "b2")), (20, ("b1", "b2"))]
    assert events[0].reason == "2 of 6 hosts have failed, which is more than 5 %"


def test_a_share_is_of_the_hosts_that_the_deployment_has_come_to() -> None:
    untried = dict.fromkeys(("b1", "b2", "b3"), "waiting") | {"b4": "unreachable"}
    assert summary({"p1": "exhausted", "p2": "compliant", **untried}).failure_share == 50
    assert summary({}).failure_share == 0
    events, _told = news(Told(), summary({"p1": "exhausted", "p2": "compliant"}), (50,))
    assert "failures" not in [event.kind for event in events], "more than the share, not as much"


def test_each_host_that_waits_for_a_restart_is_told_once_until_it_was_restarted() -> None:
    hook, notice = {"restart_told": "hook"}, {"restart_told": "notice"}
    states = {"p1": "restart_pending", "p2": "restart_pending"}
    one = summary(states, p1=hook, p2=notice)
    away = summary({**states, "p1": "unreachable"}, p1=hook, p2=notice)
    both = summary(states, p1=hook, p2=hook)
    told, named = Told(opened=("pilot",)), []
    for moment in (one, away, one, both, summary(states, p2=hook), both):
        events, told = news(told, moment, ())
        named.append([host for event in events for host in event.hosts])
    assert named == [["p1"], [], [], ["p2"], [], ["p1"]]


def test_many_restarts_are_all_named() -> None:
    hosts = tuple(f"h{number}" for number in range(120))
    events, _told = news(Told(finished=True), Summary(NOW, (), (), restarts=hosts), ())
    assert [len(event.hosts) for event in events] == [50, 50, 20]
    assert tuple(host for event in events for host in event.hosts) == hosts


def test_the_message() -> None:
    now = summary({**DONE, "b1": "exhausted"})
    event = Event("failures", None, "too many", tuple(f"h{number}" for number in range(52)), 5)
    extra = {"bulletin": "MS26-12", "expedite": {"reason": "x", "approved_by": "anna", "second_approver": "bela"}}
    message = _events.message(event, "the-id", now, KEY, extra)
    assert message == {
        "schema": 1,
        "id": "the-id",
        "event": "failures",
        "at": "2026-12-01T20:00:00Z",
        "deployment": "2026-12",
        "channel": "MonthlyEnterprise",
        "version": "16.0.20228.20190",
        **extra,
        "ring": None,
        "reason": "too many",
        "counts": {"compliant": 5, "exhausted": 1},
        "rings": [
            {"ring": "pilot", "open": True, "counts": {"compliant": 2}},
            {"ring": "broad", "open": True, "counts": {"compliant": 3, "exhausted": 1}},
        ],
        "hosts": [f"h{number}" for number in range(50)],
        "hosts_omitted": 2,
    }


def test_nothing_is_told_twice_in_any_history() -> None:
    dice = random.Random(7)
    for _history in range(300):
        told, seen, halted = Told(), Counter[str](), False
        for _moment in range(12):
            deployment = dice.choice((DEPLOYMENT, DEPLOYMENT, HALTED))
            states = {host: dice.choice((*STATES, "compliant", "compliant")) for host in DONE}
            now = summary(states, deployment)
            events, told = news(told, now, (10, 50))
            seen.update(f"{event.kind} {event.ring}" for event in events if event.kind in ("start", "gate", "finish"))
            halts = [event for event in events if event.kind == "halt"]
            assert bool(halts) == (deployment is HALTED and not halted)
            halted = deployment is HALTED
            assert news(told, now, (10, 50)) == ([], told), "the same moment again has no news"
        assert set(seen.values()) <= {1}
        assert sum(count for kind, count in seen.items() if kind.startswith("start")) <= 1
