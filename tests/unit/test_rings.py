# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rings: which one a host belongs to, and what keeps one closed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _rings
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate

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
    ring_success=100,
)


def gate(ring: str, states: dict[str, str], in_run: Collection[str] = (), deployment: Deployment = DEPLOYMENT) -> Gate:
    """Judge `ring` by hosts in these states; those in "compliant" to "unreachable" are at rest, the others are not."""
    key = DeploymentKey.of(deployment)
    moving = ("waiting", "downloading", "applying")
    records = {
        host: Record(host, "any", key, state=state, at_rest=state not in moving) for host, state in states.items()
    }
    return _rings.gate(deployment, ring, GROUPS, records.get, frozenset(in_run))


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
    half = replace(DEPLOYMENT, ring_success=50)
    assert gate("early", {"p1": "compliant", "p2": "failed"}, deployment=half) == OPEN
    assert gate("early", {"p2": "failed"}, deployment=half).reason == (
        "ring pilot: 0 of 2 compliant, 1 needed to open ring early"
    )
    assert gate("early", {}, deployment=replace(DEPLOYMENT, ring_success=0)) == OPEN
    most = replace(DEPLOYMENT, ring_success=51)
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
        DEPLOYMENT, "early", GROUPS, lambda host: Record(host, "pilot", old, state="compliant", at_rest=True), ["p1"]
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
