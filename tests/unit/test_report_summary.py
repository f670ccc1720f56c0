# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary counts right, and puts first what a patch team looks at first."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Unreadable
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import parse
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.result import from_summary
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import Summary, action, natural, summarise
from ansible_collections.officefleet.c2r.tests.lab.sample_records import BEFORE, TARGET, fleet, record, stamp


def sums(documents: list[dict[str, Any]], *rings: str) -> Summary:
    """Sum documents up, in an order that must not matter."""
    shuffled = random.Random(7).sample(documents, len(documents))
    return summarise([parse(document) for document in shuffled], [], rings)


def test_states_groups_and_percent() -> None:
    documents = [record(f"a{n}") for n in range(5)]
    documents += [record("b", "ahead"), record("c", "failed"), record("d", "staged"), record("e", "waiting")]
    tally = sums(documents).tally
    assert tally.hosts == 9
    assert {state: n for state, n in tally.states.items() if n} == {
        "compliant": 5,
        "ahead": 1,
        "failed": 1,
        "staged": 1,
        "waiting": 1,
    }
    assert tally.states["unreachable"] == 0
    assert tally.groups == {"up_to_date": 6, "under_way": 1, "waiting": 1, "attention": 1}
    assert tally.percent == 66.6


def test_who_had_to_download_only_is_done_once_that_is_there() -> None:
    documents = [record("a", "staged", goal="downloaded"), record("b", "downloading", goal="downloaded")]
    tally = sums([*documents, record("c", "staged", goal="installed")]).tally
    assert (tally.up_to_date, tally.states["staged"], tally.groups["under_way"]) == (1, 2, 2)


@pytest.mark.parametrize(("good", "bad", "percent"), [(0, 0, 0.0), (0, 3, 0.0), (3, 0, 100.0), (1999, 1, 99.9)])
def test_percent_is_100_only_when_all_are_there(good: int, bad: int, percent: float) -> None:
    documents = [record(f"g{n}") for n in range(good)] + [record(f"b{n}", "blocked") for n in range(bad)]
    assert sums(documents).tally.percent == percent


def test_sources_do_not_tell_deployments_apart() -> None:
    deployment = {"name": "2607", "channel": "MonthlyEnterprise", "version": TARGET}
    documents = [record(f"ws-{n}", deployment={**deployment, "source": f"http://site-{n}/x"}) for n in range(3)]
    assert [(found.name, tally.hosts) for found, tally in sums(documents).deployments] == [("2607", 3)]


def test_attention_comes_by_urgency_then_ring_then_host() -> None:
    documents = [
        record("ws-10", "unreachable", ring="pilot"),
        record("ws-2", "unreachable", ring="pilot"),
        record("ws-1", "unreachable", ring="broad"),
        record("ws-9", "failed", ring="broad"),
        record("ws-8", "blocked", ring="pilot"),
        record("ws-7", "compliant", ring="pilot"),
        record("ws-6", "downloading", ring="broad"),
    ]
    summary = sums(documents, "pilot", "broad")
    assert [item.host for item in summary.attention] == ["ws-9", "ws-8", "ws-2", "ws-10", "ws-1"]
    assert [item.host for item in summary.others] == ["ws-6", "ws-7"]


def test_rings_come_as_they_open_then_by_name() -> None:
    documents = [record(f"h{n}", ring=ring) for n, ring in enumerate(["broad", "zeta", "alpha", "pilot", ""])]
    assert [ring.name for ring in sums(documents, "pilot", "broad", "late").rings] == [
        *("pilot", "broad", "late"),
        *("", "alpha", "zeta"),
    ]


def test_a_ring_of_two_deployments_is_two_rings() -> None:
    other = {"name": "kiosks", "channel": "Current", "version": "16.0.20326.20100"}
    summary = sums([record("a"), record("b", "failed", deployment=other)], "pilot", "broad")
    assert [
        (ring.deployment.name if ring.deployment else "", ring.name, ring.tally.percent) for ring in summary.rings
    ] == [
        ("2607", "pilot", 100.0),
        ("kiosks", "pilot", 0.0),
    ]
    assert [(deployment.name, tally.hosts) for deployment, tally in summary.deployments] == [("2607", 1), ("kiosks", 1)]


def test_versions_in_use_and_hosts_that_never_told_theirs() -> None:
    documents = [record("a"), record("b"), record("c", "failed"), record("d", "unreachable", version=None)]
    assert [(item.version, item.hosts) for item in sums(documents).versions] == [(TARGET, 2), (None, 1), (BEFORE, 1)]


def test_errors_are_put_together_by_code() -> None:
    other = {"domain": "com_status", "code": "9", "name": "eFAILED_DOWNLOAD_UPGRADE_PACKAGE", "hresult": None}
    documents = [record("a", "failed", error=other), record("b-10", "failed"), record("b-9", "failed"), record("c")]
    errors = sums(documents).errors
    assert [(item.error["name"], item.hosts) for item in errors] == [
        ("ERROR_CONNECTION_INVALID", ("b-9", "b-10")),
        ("eFAILED_DOWNLOAD_UPGRADE_PACKAGE", ("a",)),
    ]


def test_what_to_do_comes_from_the_error_or_else_from_the_state() -> None:
    failed = replace(parse(record(state="failed")), state="exhausted")
    assert failed.error is not None
    assert failed.error["hint"] != ""
    assert action(failed).startswith(failed.error["hint"])
    assert action(failed).endswith("run with reset_retries, or approve another version.")
    assert "close the applications" in action(parse(record(state="blocked")))
    assert action(parse(record(state="downloading", error=record(state="failed")["error"]))) == ""


def test_times_span_all_records() -> None:
    documents = [record(f"h{n}", updated_at=f"2026-11-2{n}T00:00:00Z") for n in (1, 0, 5)]
    summary = sums(documents)
    assert summary.oldest is not None
    assert summary.newest is not None
    assert (stamp(summary.oldest), stamp(summary.newest)) == ("2026-11-20T00:00:00Z", "2026-11-25T00:00:00Z")
    assert sums([]).newest is None


def test_numbers_in_names_count() -> None:
    names = ["ws-10", "ws-9", "WS-1", "a", "16.0.9", "16.0.10", ""]
    assert sorted(names, key=natural) == ["", "16.0.9", "16.0.10", "a", "WS-1", "ws-9", "ws-10"]


def test_the_result_adds_up() -> None:
    result = from_summary(summarise([parse(document) for document in fleet(200)], [Unreadable("x.json", "is bad")], []))
    assert result["hosts"] == sum(result["states"].values()) == 200
    assert sum(ring["hosts"] for ring in result["rings"]) == 200
    assert sum(item["hosts"] for item in result["versions"]) == 200
    needing = sum(result["states"][s] for s in ("failed", "incompatible", "com_unavailable", "blocked", "unreachable"))
    assert len(result["attention"]) == needing > 0
    assert all(item["action"] and item["reason"] for item in result["attention"])
    assert result["unreadable"] == [{"file": "x.json", "problem": "is bad"}]
