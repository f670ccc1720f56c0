# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminal table: nothing wider than the terminal, the hosts that need a person first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Unreadable
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import parse
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import summarise
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.table import duration, render
from ansible_collections.officefleet.c2r.tests.lab.sample_records import BEFORE, NOW, TARGET, fleet, record


def text(documents: list[dict[str, Any]], table: str = "auto", width: int = 120) -> str:
    """Render documents as the report does."""
    summary = summarise([parse(document) for document in documents], [], ["pilot", "broad"])
    return render(summary, table=table, width=width, now=NOW)


def test_headline_rings_attention_then_the_rest() -> None:
    lines = text([record("ws-1"), record("ws-2", "blocked", ring="broad"), record("ws-3", "waiting")]).splitlines()
    assert lines[:2] == [
        "1 of 3 hosts up to date (33.3 %), 0 under way, 1 waiting, 1 need a person",
        f"2607: MonthlyEnterprise {TARGET}",
    ]
    order = [
        next(n for n, line in enumerate(lines) if line.startswith(word)) for word in ("pilot", "ws-2", "ws-3", "ws-1")
    ]
    assert order == sorted(order)
    assert lines[order[1]].split()[:6] == ["ws-2", "broad", "!", "blocked", BEFORE, "5"]
    assert "applications are open: Word, Outlook" in lines[order[1]]
    assert "50 %  █████░░░░░" in lines[order[0]]


def test_damaged_records_are_named() -> None:
    """Not every screen shows warnings."""
    unreadable = [
        Unreadable("ws-7.json", "is not JSON"),
        Unreadable("x.json", "has no field 'host'"),
        Unreadable("y.json", "z"),
    ]
    summary = summarise([parse(record("ws-1"))], unreadable, [])
    assert "\n\n3 damaged records: ws-7.json is not JSON; x.json has no field 'host'; y.json z\n\n" in render(
        summary, table="all", width=120, now=NOW
    )
    one = summarise([parse(record("ws-1"))], unreadable[:1], [])
    assert "1 damaged record: ws-7.json is not JSON" in render(one, table="attention", width=120, now=NOW)
    many = summarise([], [Unreadable(f"bad-{number}.json", "is not JSON") for number in range(99)], [])
    lines = render(many, table="all", width=80, now=NOW).splitlines()
    assert (len(lines), lines[-1][-1]) == (5, "…")
    assert "damaged" not in text([record("ws-1")])


def test_a_small_fleet_is_listed_whole_and_a_large_one_by_need() -> None:
    small, large = text(fleet(60)), text(fleet(61))
    assert all(document["host"] in small for document in fleet(60))
    listed = [document["state"] for document in fleet(61) if document["host"] in large]
    assert set(listed) <= {"failed", "incompatible", "com_unavailable", "blocked", "unreachable"}
    assert len(listed) > 0
    assert f"{61 - len(listed)} more hosts need nobody." in large


def test_what_to_list_can_be_told() -> None:
    documents = [record("ws-1"), record("ws-2", "failed")]
    assert "ws-1" in text(documents, "all")
    assert "ws-1" not in text(documents, "attention")
    assert "ws-2" in text(documents, "attention")


@pytest.mark.parametrize("width", [79, 100, 133, 200])
@pytest.mark.parametrize("several", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, several: bool) -> None:
    documents = fleet(60)
    documents[3].update(host="h" * 200, ring="r" * 90, reason="x" * 500, state="failed")
    documents[4].update(ring="long ring " * 9, version="16.0.99999.99999-and-more-than-anyone-expects")
    documents[30].update(state="com_unavailable", host="a-host-with-a-very-long.name.example.com")
    if several:
        documents[5]["deployment"] = {"name": "n" * 70, "channel": "Current", "version": TARGET}
    lines = text(documents, "all", width).splitlines()
    # The line that names a deployment is shown whole: its name is the team's own.
    assert max(len(line) for line in lines if not line.startswith("nnn")) <= width


def test_a_long_reason_is_wrapped_and_then_cut() -> None:
    page = text([record("ws-1", "failed", reason="word " * 200)], width=79)
    lines = page[page.index("ws-1") :].splitlines()
    assert [line.strip()[-6:] for line in lines] == ["d word", "d word", "word …"]


def test_reasons_are_readable_in_the_narrowest_terminal() -> None:
    assert "download of the" in text([record("ws-017.corp.example.com", "failed", ring="broad")], width=79)
    assert "nothing to be said about it at all" in text(
        [record("ws-1", "failed", reason="nothing to be said about it at all")], width=79
    )


def test_several_deployments_are_told_apart() -> None:
    other = {"name": "kiosks", "channel": "Current", "version": "16.0.20326.20100"}
    page = text([record("ws-1", "failed"), record("ws-2", deployment=other)])
    assert "2607: MonthlyEnterprise 16.0.20228.20190: 0 of 1" in page
    assert "kiosks: Current 16.0.20326.20100: 1 of 1" in page
    assert next(line for line in page.splitlines() if line.startswith("ws-2")).split()[1] == "kiosks"


def test_a_deployment_without_a_name_of_its_own_is_named_once() -> None:
    deployment = {"name": TARGET, "channel": "Current", "version": TARGET}
    assert text([record(deployment=deployment)]).splitlines()[1] == f"Current {TARGET}"


def test_no_record_at_all() -> None:
    assert text([]).startswith("No host has a record yet.")


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (90000, "1 d"), (864000, "10 d")],
)
def test_durations(seconds: int, printed: str) -> None:
    assert duration(timedelta(seconds=seconds)) == printed
