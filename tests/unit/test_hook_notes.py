# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept for hooks between runs: nothing lost, nothing twice, a hook that refuses is left alone for a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _hook_notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Hook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import Halt, RingView, Summary
from ansible_collections.officefleet.c2r.plugins.plugin_utils._hook_notes import Notebook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey
from ansible_collections.officefleet.c2r.plugins.plugin_utils._webhook import HookError

NOW = datetime(2026, 12, 1, 20, 0, tzinfo=UTC)
KEY = DeploymentKey("2026-12", "MonthlyEnterprise", "16.0.20228.20190", "http://library.example/x")
EVERYTHING = Hook("env:ALL", ("start", "gate", "halt", "finish"), "var:token")
ALERTS = Hook("https://alerts.example/secret", ("failures",), failure_share=5)
OTHERS = Hook("https://other.example/secret", ("failures", "halt"), failure_share=50)
HOOKS = (EVERYTHING, ALERTS, OTHERS)
EXTRA = {"bulletin": None, "expedite": {"reason": "CVE", "approved_by": "anna", "second_approver": "bela"}}
STARTED = Summary(NOW, (RingView("pilot", True, {"compliant": 9, "failed": 1}),), (), tried=10, failed=("p1",))
STOPPED = Summary(NOW, STARTED.rings, (Halt("the deployment is halted"),), tried=10, failed=("p1",))


class Taking:
    """Takes what it is sent, unless the hook refuses."""

    def __init__(self, *refusing: Hook) -> None:
        self.refusing = refusing
        self.taken: list[tuple[str, str]] = []

    def __call__(self, hook: Hook, message: Mapping[str, Any]) -> None:
        """Take a message."""
        if hook in self.refusing:
            raise HookError("it answered 500")
        self.taken.append((hook.url, message["event"]))


def kept(notebook: Notebook) -> Notebook:
    """The notebook after it was in a store."""
    return Notebook.from_json(json.loads(json.dumps(notebook.to_json())))


def send(notebook: Notebook, taking: Taking, run_started: datetime = NOW, now: datetime = NOW) -> list[str]:
    """Send; give the warnings."""
    return [warning for warning in notebook.send(HOOKS, taking, run_started, now) if warning]


def test_each_hook_is_told_what_it_asked_for() -> None:
    notebook, taking = Notebook(), Taking()
    for summary in (STARTED, STOPPED):
        notebook.note(summary, KEY, HOOKS, EXTRA)
    assert send(notebook, taking) == []
    assert taking.taken == [
        ("env:ALL", "start"),
        ("env:ALL", "halt"),
        ("https://alerts.example/secret", "failures"),
        ("https://other.example/secret", "halt"),
    ]
    again = kept(notebook)
    assert again == notebook
    assert again.note(STOPPED, KEY, HOOKS, EXTRA) == []
    assert send(again, taking) == []
    assert len(taking.taken) == 4


def test_what_is_refused_is_told_in_order_by_the_next_run() -> None:
    notebook, taking = Notebook(), Taking(EVERYTHING)
    notebook.note(STARTED, KEY, HOOKS, EXTRA)
    notebook.note(STOPPED, KEY, HOOKS, EXTRA)
    (warning,) = send(notebook, taking)
    assert warning == (
        "hooks: env:ALL: it answered 500. The next run of this deployment tells it again (2 not told yet, first the "
        "event start)."
    )
    assert taking.taken == [
        ("https://alerts.example/secret", "failures"),
        ("https://other.example/secret", "halt"),
    ], "the others are told"
    notebook = kept(notebook)
    patient = Taking()
    assert send(notebook, patient, now=NOW + timedelta(minutes=1)) == []
    assert patient.taken == [], "this run leaves it alone"
    assert send(kept(notebook), patient, run_started=NOW + timedelta(hours=1)) == []
    assert patient.taken == [("env:ALL", "start"), ("env:ALL", "halt")]


def test_a_message_that_was_taken_has_left_when_the_next_is_sent() -> None:
    notebook = Notebook()
    notebook.note(STARTED, KEY, HOOKS, EXTRA)
    notebook.note(STOPPED, KEY, HOOKS, EXTRA)
    sending = notebook.send(HOOKS, Taking(), NOW, NOW)
    before = len(notebook.unsent)
    next(sending)
    assert len(kept(notebook).unsent) == before - 1, "what a run keeps that is killed now"


def test_each_event_has_an_id_that_all_hooks_get() -> None:
    notebook = Notebook()
    notebook.note(STOPPED, KEY, HOOKS, EXTRA)
    ids = {(entry["message"]["event"], entry["message"]["id"]) for entry in notebook.unsent}
    assert {event for event, _id in ids} == {"halt", "failures", "start"}
    assert len({number for _event, number in ids}) == len(ids) == 3


def test_notes_hold_no_address_and_who_expedited() -> None:
    notebook = Notebook()
    notebook.note(STARTED, KEY, HOOKS, EXTRA)
    text = json.dumps(notebook.to_json())
    assert "secret" not in text
    assert "env:ALL" not in text
    assert notebook.log[0] == {
        "at": "2026-12-01T20:00:00Z",
        "event": "start",
        "ring": "pilot",
        "reason": "ring pilot is open",
        "expedite": EXTRA["expedite"],
    }
    assert notebook.unsent[0]["message"]["expedite"]["second_approver"] == "bela"


def test_a_hook_that_is_gone_is_not_kept_for_and_the_rest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook()
    notebook.note(STARTED, KEY, HOOKS, EXTRA)
    notebook.note(STARTED, KEY, (ALERTS,), EXTRA)
    assert [entry["message"]["event"] for entry in notebook.unsent] == ["failures"]
    monkeypatch.setattr(_hook_notes, "UNSENT", 1)
    notebook.note(STOPPED, KEY, HOOKS, EXTRA)
    assert [entry["message"]["event"] for entry in notebook.unsent] == ["halt"], "the oldest go"


@pytest.mark.parametrize(
    "document",
    [
        {"schema": 2},
        {"schema": 1, "told": {"opened": "pilot"}},
        {"schema": 1, "told": {}, "unsent": [{}]},
        {"schema": 1, "told": {}, "unsent": [{"hook": "x", "message": {}}]},
        {"schema": 1, "told": {}, "refused": [{"hook": "x", "at": "now"}]},
    ],
)
def test_damaged_notes_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(DamagedError):
        Notebook.from_json(document)
