# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rings: which one a host belongs to, and what keeps one closed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _rings
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, Memory, recorded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment, GateRules
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import decode
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record, Transition
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
GROUPS = {
    "all": ["p1", "p2", "e1", "e2", "b1", "x1"],
    "ungrouped": ["x1"],
    "pilot": ["p1", "p2"],
    "early": ["e1", "e2", "p1"],
    "broad": ["b1", "e1"],
    "empty": [],
}
DEPLOYMENT = Deployment(
    name="2607",
    version="16.0.20228.20190",
    source="http://library.example/x",
    channel="MonthlyEnterprise",
    rings=("pilot", "early", "broad"),
    gate=GateRules(success=100),
)


def gate(ring: str, states: dict[str, str], in_run: Collection[str] = (), deployment: Deployment = DEPLOYMENT) -> Gate:
    """Judge `ring` by hosts in these states; those in "compliant" to "unreachable" are at rest, the others are not."""
    key = DeploymentKey.of(deployment)
    moving = ("waiting", "downloading", "applying")
    records = {
        host: reached(Record(host, "any", key, state=state, at_rest=state not in moving)).standing
        for host, state in states.items()
    }
    return _rings.gate(deployment, ring, GROUPS, records.get, frozenset(in_run), NOW)


def reached(record: Record) -> Record:
    """The record of a host that has been in its state for an hour and was seen five minutes ago."""
    history = (Transition(NOW - timedelta(hours=1), record.state, None, ""),)
    seen_at = None if record.state == "unreachable" else NOW - timedelta(minutes=5)
    return replace(record, history=history, seen_at=seen_at)


@pytest.mark.parametrize(
    ("host", "ring"), [("p1", "pilot"), ("p2", "pilot"), ("e1", "early"), ("b1", "broad"), ("x1", "rest")]
)
def test_a_host_belongs_to_its_first_ring(host: str, ring: str) -> None:
    assert _rings.ring_of(DEPLOYMENT, GROUPS, host) == ring


def test_without_rings_everyone_starts() -> None:
    deployment = replace(DEPLOYMENT, rings=())
    ring = _rings.ring_of(deployment, GROUPS, "p1")
    assert ring == "all"
    assert gate(ring, {}, deployment=deployment) == OPEN


def test_the_groups_all_and_ungrouped_are_rings_as_any_other() -> None:
    deployment = replace(DEPLOYMENT, rings=("pilot", "all"))
    assert [_rings.ring_of(deployment, GROUPS, host) for host in ("p1", "b1", "x1")] == ["pilot", "all", "all"]
    pilots = {"p1": "compliant", "p2": "compliant"}
    assert gate("all", pilots, deployment=deployment) == OPEN, "its hosts do not wait for themselves"
    deployment = replace(DEPLOYMENT, rings=("ungrouped", "broad"))
    assert _rings.ring_of(deployment, GROUPS, "x1") == "ungrouped"
    assert gate("broad", {"x1": "compliant"}, deployment=deployment) == OPEN


@pytest.mark.parametrize(
    ("ring", "message"),
    [
        ("pilt", "rings: 'pilt' is not a group of the inventory. Make one of that name, or use all, broad, early, emp"),
        ("rest", "rings: 'rest' stands for the hosts in none of the rings"),
    ],
)
def test_a_ring_that_cannot_be_one_is_named(ring: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        _rings.ring_of(replace(DEPLOYMENT, rings=("pilot", ring)), {**GROUPS, "rest": []}, "p1")
    assert message in str(caught.value)


def test_the_first_ring_is_open() -> None:
    assert gate("pilot", {}) == OPEN


def test_every_earlier_ring_counts_not_just_the_last() -> None:
    closed = gate("broad", {"p1": "blocked", "p2": "compliant", "e1": "compliant", "e2": "compliant"}, GROUPS["all"])
    assert closed == Gate(False, True, "ring pilot: 1 of 2 compliant, 2 needed to open ring broad")
    both = {"p1": "blocked", "p2": "compliant", "e1": "downloading", "e2": "failed"}
    assert gate("broad", both, GROUPS["all"]).reason.startswith("ring pilot"), "the first that is not far enough"
    states = {"p1": "compliant", "p2": "compliant", "e1": "downloading", "e2": "compliant"}
    closed = gate("broad", states, GROUPS["all"])
    assert closed == Gate(False, False, "ring early: 1 of 2 compliant, 2 needed to open ring broad")
    assert gate("broad", {**states, "e1": "compliant"}) == OPEN
    assert not gate("rest", {**states, "e1": "compliant"}).open, "broad comes before those in no ring"


def test_a_host_counts_in_its_first_ring_only() -> None:
    states = {"p1": "compliant", "p2": "compliant", "e1": "compliant"}
    closed = gate("broad", states)
    assert closed.reason.startswith("ring early: 1 of 2 ")
    assert gate("rest", {**states, "e2": "compliant"}).reason.startswith("ring broad: 0 of 1 ")


def test_empty_rings_are_passed_over() -> None:
    deployment = replace(DEPLOYMENT, rings=("empty", "pilot", "early"))
    assert gate("pilot", {}, deployment=deployment) == OPEN
    deployment = replace(DEPLOYMENT, rings=("pilot", "empty", "early"))
    assert not gate("early", {"p1": "compliant"}, deployment=deployment).open


def test_how_many_are_needed() -> None:
    half = replace(DEPLOYMENT, gate=GateRules(success=50))
    assert gate("early", {"p1": "compliant", "p2": "failed"}, deployment=half) == OPEN
    assert gate("early", {"p2": "failed"}, deployment=half).reason == (
        "ring pilot: 0 of 2 compliant, 1 needed to open ring early"
    )
    assert gate("early", {}, deployment=replace(DEPLOYMENT, gate=GateRules(success=0))) == OPEN
    most = replace(DEPLOYMENT, gate=GateRules(success=51))
    assert gate("early", {"p1": "compliant"}, deployment=most).reason.endswith(
        "1 of 2 compliant, 2 needed to open ring early"
    )


def test_hosts_ahead_show_nothing() -> None:
    assert gate("early", {"p1": "ahead", "p2": "compliant"}) == OPEN
    assert gate("early", {"p1": "ahead", "p2": "ahead"}) == OPEN
    assert gate("early", {"p1": "ahead", "p2": "failed"}).reason.startswith("ring pilot: 0 of 1 ")


def test_what_is_staged_counts_where_that_is_the_goal() -> None:
    states = {"p1": "staged", "p2": "compliant"}
    assert not gate("early", states).open
    assert gate("early", states, deployment=replace(DEPLOYMENT, goal="downloaded")) == OPEN


def test_records_of_another_deployment_show_nothing() -> None:
    old = DeploymentKey.of(replace(DEPLOYMENT, name="2606"))
    closed = _rings.gate(
        DEPLOYMENT,
        "early",
        GROUPS,
        lambda host: Record(host, "pilot", old, state="compliant", at_rest=True).standing,
        ["p1"],
        NOW,
    )
    assert closed == Gate(False, False, "ring pilot: 0 of 2 compliant, 2 needed to open ring early")


@pytest.mark.parametrize(
    ("states", "in_run", "settled"),
    [
        ({}, ["p1", "b1"], False),  # p1 has not been looked at
        ({}, ["b1"], True),  # nobody of the ring is in this run
        ({"p1": "failed", "p2": "downloading"}, ["p1", "p2"], False),
        ({"p1": "failed", "p2": "downloading"}, ["p1"], True),
        ({"p1": "failed", "p2": "unreachable"}, ["p1", "p2"], True),
    ],
)
def test_a_closed_ring_is_settled_when_this_run_cannot_open_it(
    states: dict[str, str], in_run: list[str], settled: bool
) -> None:
    closed = gate("early", states, in_run)
    assert (closed.open, closed.settled) == (False, settled)


ENDS = NOW + timedelta(hours=2)  #: a run


@pytest.mark.parametrize(
    ("moments", "in_run", "rests"),
    [
        ((3, 4), ["p1", "p2"], True),
        ((3, 1), ["p1", "p2"], False),  # p2 goes on within the run
        ((3, None), ["p1", "p2"], False),  # p2 is under way
        ((3, None), ["p1"], True),  # which another run sees to
        ((3,), ["p1", "p2"], True),  # p2 is another deployment's
    ],
)
def test_a_closed_ring_rests_when_it_can_only_be_opened_after_the_end_of_the_run(
    moments: tuple[float | None, ...], in_run: list[str], rests: bool
) -> None:
    records = {host: waits(host, hours).standing for host, hours in zip(("p1", "p2"), moments)}  # noqa: B905 - p2 may be missing
    closed = _rings.gate(DEPLOYMENT, "early", GROUPS, records.get, in_run, NOW, ENDS)
    assert (closed.open, closed.settled, closed.rests) == (False, False, rests)
    assert not _rings.gate(DEPLOYMENT, "early", GROUPS, records.get, in_run, NOW).rests, "nobody knows when it ends"


def waits(host: str, hours: float | None) -> Record:
    """A record of a host that waits so long; None: one that downloads."""
    state = "downloading" if hours is None else "staged"
    moment = NOW + timedelta(hours=hours or 0)
    return Record(host, "pilot", DeploymentKey.of(DEPLOYMENT), state=state, updated_at=NOW, revisit_at=moment)


@pytest.mark.parametrize(("soak", "other", "rests"), [(4, 9, True), (2, 9, False), (4, 1, False)])
def test_a_soaking_ring_rests_by_when_it_opens_and_by_who_is_left_in_it(soak: int, other: float, rests: bool) -> None:
    soaking = rules(success=50, soak=soak * 3600)
    good = replace(reached(waits("p1", None)), state="compliant", at_rest=True)
    good = replace(good, history=(Transition(NOW - timedelta(hours=1), "compliant", None, ""),))
    records = {"p1": good.standing, "p2": waits("p2", other).standing}
    closed = _rings.gate(soaking, "early", GROUPS, records.get, ["p1", "p2"], NOW, ENDS)
    assert (closed.open, closed.rests) == (False, rests)
    assert closed.until == (NOW + timedelta(hours=soak - 1) if other > 2 else None)


def rules(**given: Any) -> Deployment:
    """The deployment with these rules for its rings."""
    return replace(DEPLOYMENT, gate=GateRules(**given))


def test_waived_hosts_show_nothing() -> None:
    assert gate("early", {"p1": "waived", "p2": "compliant"}) == OPEN


@pytest.mark.parametrize("states", [{"p1": "waived", "p2": "waived"}, {"p1": "waived", "p2": "ahead"}])
def test_a_ring_without_a_host_that_counts_is_not_waited_for(states: dict[str, str]) -> None:
    strict = rules(success=100, coverage=100, soak=86400)
    assert gate("early", states, deployment=strict) == OPEN
    assert gate("early", states, in_run=["p1", "p2"], deployment=strict) == OPEN
    assert gate("early", {}, deployment=replace(strict, rings=("empty", "early"))) == OPEN
    assert not gate("early", {"p1": "waived"}, deployment=strict).open, "nobody knows of p2 yet"


def test_coverage_counts_who_was_reached_and_success_those() -> None:
    half = rules(success=100, coverage=50)
    assert gate("early", {"p1": "compliant", "p2": "unreachable"}, deployment=half) == OPEN
    assert gate("early", {"p1": "compliant"}, deployment=half) == OPEN, "a host without a record was not reached"
    assert gate("early", {"p1": "failed", "p2": "unreachable"}, deployment=half).reason.startswith(
        "ring pilot: 0 of 1 "
    )
    most = rules(success=100, coverage=51)
    assert gate("early", {"p1": "compliant", "p2": "unreachable"}, deployment=most).reason == (
        "ring pilot: 1 of 2 reached, 2 needed to open ring early"
    )


def night(deployment: Deployment, there: dict[str, str], gone: dict[str, str]) -> Gate:
    """Judge ring early by pilots that answer, others that do not and were last seen so, and one never reached."""
    key = DeploymentKey.of(deployment)
    away = Decision("none", "unreachable", "does not answer", at_rest=True, memory=Memory())
    seen = {host: reached(Record(host, "pilot", key, state=state, at_rest=True)) for host, state in there.items()}
    for host, state in gone.items():
        known = replace(reached(Record(host, "pilot", key, state=state, at_rest=True)), updated_at=NOW)
        seen[host] = recorded(recorded(known, away, None, NOW), away, None, NOW)
    standings = {host: record.standing for host, record in seen.items()}
    return _rings.gate(deployment, "early", {**GROUPS, "pilot": [*seen, "p0"]}, standings.get, (), NOW)


def pilots(state: str, first: int, last: int) -> dict[str, str]:
    """The states of pilots with these numbers."""
    return {f"p{number}": state for number in range(first, last + 1)}


@pytest.mark.parametrize("there", [18, 6, 0])
@pytest.mark.parametrize("given", [{"success": 100, "coverage": 90, "soak": 1800}, {"success": 90}])
def test_a_gate_that_has_opened_stays_open_when_hosts_are_switched_off(there: int, given: dict[str, int]) -> None:
    by_day, at_home = pilots("compliant", 1, there), pilots("compliant", there + 1, 18)
    assert night(rules(**given), by_day, at_home) == OPEN


def test_hosts_that_went_away_count_as_they_were_last_seen() -> None:
    half = rules(success=100, coverage=50)
    assert night(half, {}, {"p1": "ahead", "p2": "waived", "p3": "compliant"}) == OPEN
    assert night(half, pilots("compliant", 1, 2), {"p3": "exhausted"}).reason.startswith(
        "ring pilot: 2 of 3 compliant, 3 needed"
    )
    assert not night(half, {}, {"p1": "staged"}).open
    assert night(replace(half, goal="downloaded"), {}, {"p1": "staged"}) == OPEN


SOAK = 55 * 60  #: seconds; hosts that were last seen after an hour less five minutes have just done it


@pytest.mark.parametrize("given", [{"success": 100, "coverage": 90}, {"success": 90}])
def test_good_hosts_that_went_away_before_the_end_of_their_soak_time_open_nothing(given: dict[str, int]) -> None:
    away = pilots("compliant", 1, 18)  # of 19
    assert night(rules(**given, soak=SOAK), {}, away) == OPEN
    assert night(rules(**given), {}, away) == OPEN, "without a soak time they have shown enough"
    closed = night(rules(**given, soak=SOAK + 1), {}, away)
    assert (closed.open, closed.until) == (False, None)
    assert closed.reason.startswith("ring pilot: 0 of 19 ")
    assert closed.reason.endswith("to open ring early; 18 went away before the end of their soak time")


def test_coverage_says_how_many_may_go_away_before_the_end_of_their_soak_time() -> None:
    key = DeploymentKey.of(DEPLOYMENT)
    good = Record("p", "pilot", key, state="compliant", at_rest=True, seen_at=NOW - timedelta(days=2))
    good = replace(good, history=(Transition(NOW - timedelta(days=2), "compliant", None, ""),))
    left = replace(good, state="unreachable", seen_as="compliant")
    groups = {**GROUPS, "pilot": [f"p{number}" for number in range(10)]}

    def judged(away: int) -> Gate:
        records = {host: (left if place < away else good).standing for place, host in enumerate(groups["pilot"])}
        soaking = rules(success=100, coverage=80, soak=86400)
        return _rings.gate(soaking, "early", groups, records.get, (), NOW)

    assert judged(2) == OPEN, "nobody has looked at the others since they soaked; their last look was good"
    assert judged(3).reason.startswith("ring pilot: 7 of 10 reached, 8 needed")


def test_when_a_host_was_seen_last_has_to_be_known() -> None:
    away = Record("p1", "pilot", DeploymentKey.of(DEPLOYMENT), state="unreachable", seen_as="compliant")
    away = replace(away, history=(Transition(NOW - timedelta(days=2), "compliant", None, ""),))
    groups = {**GROUPS, "pilot": ["p1"]}
    soaking = rules(success=100, coverage=90, soak=60)
    assert not _rings.gate(soaking, "early", groups, {"p1": away.standing}.get, (), NOW).open
    unknown = replace(away.standing, since=None, seen_at=NOW)
    assert not _rings.gate(soaking, "early", groups, {"p1": unknown}.get, (), NOW).open
    at_once = rules(success=100, coverage=90)
    assert _rings.gate(at_once, "early", groups, {"p1": away.standing}.get, (), NOW) == OPEN, "only to soaking"


@pytest.mark.parametrize("state", ["waiting", "downloading", "staged", "blocked"])
def test_who_went_away_in_the_middle_is_missed_as_far_as_coverage_allows(state: str) -> None:
    most = rules(success=100, coverage=80)  # 8 of 10
    assert night(most, pilots("compliant", 1, 8), {"p9": state}) == OPEN
    closed = night(most, pilots("compliant", 1, 2), pilots("downloading", 3, 9))
    assert closed.reason.startswith("ring pilot: 2 of 8 compliant, 8 needed")


@pytest.mark.parametrize("state", ["applying", "restart_pending"])
def test_who_went_away_while_it_was_installed_counts_as_not_good(state: str) -> None:
    closed = night(rules(success=100, coverage=80), pilots("compliant", 1, 8), {"p9": state})
    assert closed.reason.startswith("ring pilot: 8 of 9 compliant, 9 needed")
    assert night(rules(success=85, coverage=80), pilots("compliant", 1, 8), {"p9": state}) == OPEN


def test_a_ring_soaks_from_the_moment_it_was_far_enough() -> None:
    soaking = rules(success=50, soak=2 * 3600)
    key = DeploymentKey.of(soaking)

    def judged(now: datetime, **hours: float) -> Gate:
        records = {
            host: replace(
                Record(host, "pilot", key, state="compliant", at_rest=True, seen_at=NOW),
                history=(Transition(NOW - timedelta(hours=since), "compliant", None, ""),),
            ).standing
            for host, since in hours.items()
        }
        return _rings.gate(soaking, "early", GROUPS, records.get, frozenset(), now)

    closed = judged(NOW, p1=1)
    ripe = NOW + timedelta(hours=1)
    assert closed == Gate(
        False, False, "ring pilot: 1 of 2 compliant, ring early opens at 2026-11-21 09:00Z", until=ripe
    )
    assert judged(NOW + timedelta(hours=1), p1=1) == OPEN
    assert judged(NOW, p1=3, p2=0.5) == OPEN, "the last ones start nothing anew"


@pytest.mark.parametrize(("domain", "code"), [("com_status", "10"), ("hresult", "0x80070005")])
def test_one_error_in_stop_on_is_enough(domain: str, code: str) -> None:
    stopping = rules(success=0, stop_on=frozenset({(domain, code)}))
    record = Record("p1", "pilot", DeploymentKey.of(stopping), state="exhausted", at_rest=True, seen_at=NOW)
    failed = replace(record, error=decode(domain, code))
    closed = _rings.gate(stopping, "early", GROUPS, {"p1": failed.standing}.get, ["p1"], NOW)
    assert (closed.open, closed.settled) == (False, True)
    assert closed.reason.startswith(f"ring pilot: p1 has {code}")
    assert closed.reason.endswith("so ring early stays closed")
    other = replace(record, error=decode("com_status", 9))
    assert _rings.gate(stopping, "early", GROUPS, {"p1": other.standing}.get, ["p1"], NOW) == OPEN


def test_a_ring_may_have_rules_of_its_own() -> None:
    strict = replace(rules(success=0), ring_gates={"early": GateRules(success=100)})
    assert gate("early", {}, deployment=strict) == OPEN
    assert gate("broad", {}, deployment=strict).reason.startswith("ring early: 0 of 2 compliant")
