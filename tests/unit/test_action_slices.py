# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of a run, each with its part of the inventory: plan, gates and hooks go by the hosts of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile, rollout_events, rollout_plan
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import loaded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice
from ansible_collections.officefleet.c2r.tests.lab.hook_sink import HookSink, hook_sink
from ansible_collections.officefleet.c2r.tests.unit.transcript import SOURCE, TARGET, Transcript, answer, taken

CHANNEL = "MonthlyEnterprise"
#: What each slice has: the pilots are in different ones.
PARTS = [
    {"all": ["ws-001", "ws-003"], "pilot": ["ws-001"], "broad": ["ws-003"]},
    {"all": ["ws-002", "ws-004"], "pilot": ["ws-002"], "broad": ["ws-004"]},
]


@pytest.fixture
def sink() -> Iterator[HookSink]:
    """A hook that runs."""
    with hook_sink() as sink:
        yield sink


class Fleet:
    """A run of two slices at one store of records."""

    def __init__(self, work: Path) -> None:
        self.records = str(work / "records")
        self.store = DirectoryStore(self.records)
        self.manifest = work / "manifest.json"
        self.manifest.write_text(Manifest(CHANNEL, TARGET, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", ()).to_json())
        self.rules: dict[str, Any] = {}

    def plan(self, number: int, *, check_mode: bool = False, **changes: Any) -> dict[str, Any]:
        """Plan a slice of job 100; keep its rules."""
        options = {
            "channel": CHANNEL,
            "version": TARGET,
            "source": SOURCE,
            "manifest_url": str(self.manifest),
            "records": self.records,
            "rings": ["pilot", "broad"],
            "ring_success": 100,
            "slices": 2,
            **changes,
        }
        awx = {"awx_job_id": 101 + number, "awx_workflow_job_id": 100, "awx_inventory_id": 4}
        result = Transcript(rollout_plan.ActionModule, options, check_mode=check_mode).run(
            [], groups=PARTS[number], **awx
        )
        self.rules = result.get("run", {}).get("rules", {})
        return result

    def visit(self, number: int, host: str, *answers: Any) -> dict[str, Any]:
        """Take a pass at a host as its slice does."""
        options = {"rules": self.rules, "records": self.records}
        play = Transcript(reconcile.ActionModule, options)
        return play.run(list(answers), groups=PARTS[number], inventory_hostname=host, ansible_play_batch=[host])

    def record(self, host: str, state: str, ring: str = "pilot") -> None:
        """Write down what another slice found."""
        now = datetime.now(UTC).replace(microsecond=0)
        key = DeploymentKey.of(loaded(self.rules))
        self.store.save(Record(host, ring, key, state=state, updated_at=now, at_rest=True))

    def tell_hooks(self, number: int, url: str) -> list[str]:
        """Tell what is new, as a slice sees it."""
        kinds = ["start", "gate", "finish", "failures"]
        hook = {"url": url, "token": None, "events": kinds, "failure_share": 60}
        events = {"hooks": [hook], "bulletin": None, "expedite": None}
        options = {"rules": self.rules, "events": events, "records": self.records}
        result = Transcript(rollout_events.ActionModule, options).run([], groups=PARTS[number])
        return [event["event"] for event in result["events"]]


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path)


def test_a_gate_waits_for_the_slices_and_then_for_their_pilots(fleet: Fleet) -> None:
    fleet.plan(0)
    fleet.record("ws-001", "compliant")
    visit = fleet.visit(0, "ws-003", answer())
    assert (visit["state"], visit["ring_closed"], visit["at_rest"]) == ("waiting", True, True)
    assert visit["reason"] == "1 of 2 slices have told their hosts yet, so ring broad stays closed"
    fleet.plan(1)
    visit = fleet.visit(0, "ws-003", answer())
    assert visit["reason"] == "ring pilot: 1 of 2 compliant, 2 needed to open ring broad"
    fleet.record("ws-002", "compliant")
    visit = fleet.visit(0, "ws-003", answer(), taken("download", "download_pending"))
    assert visit["state"] == "downloading"


def test_the_first_ring_waits_for_nobody(fleet: Fleet) -> None:
    fleet.plan(0)
    assert fleet.visit(0, "ws-001", answer(), taken("download", "download_pending"))["state"] == "downloading"


def test_a_failure_among_the_pilots_of_another_slice_keeps_the_gate_closed(fleet: Fleet) -> None:
    fleet.plan(0)
    fleet.plan(1)
    fleet.record("ws-001", "compliant")
    fleet.record("ws-002", "failed")
    assert fleet.visit(0, "ws-003", answer())["ring_closed"]


def test_a_whole_run_goes_by_its_inventory(fleet: Fleet) -> None:
    fleet.plan(0, slices=1)
    assert fleet.rules["sliced"] is None
    fleet.record("ws-001", "compliant")
    visit = fleet.visit(0, "ws-003", answer(), taken("download", "download_pending"))
    assert visit["state"] == "downloading", "the inventory has no pilot but this one"
    fleet.plan(0, slices="")
    assert not list(Path(fleet.records).glob(".+slices*")), "and tells nobody"


def test_check_mode_tells_nobody(fleet: Fleet) -> None:
    fleet.plan(0, check_mode=True)
    assert fleet.rules["sliced"] is not None
    assert not Path(fleet.records).exists()


def test_rules_keep_the_slice(fleet: Fleet) -> None:
    fleet.plan(1)
    assert loaded(fleet.rules).sliced == Slice(2, "100", "102", "4")


def test_more_slices_than_were_said_are_refused(fleet: Fleet) -> None:
    fleet.plan(0)
    fleet.plan(1)
    result = fleet.plan(0, slices=3)
    assert result["failed"]
    assert result["msg"].startswith("slices: 3 slices cannot be: 1 others of this run, of 2, have told their hosts")


def test_a_store_that_cannot_be_written_is_named(fleet: Fleet) -> None:
    fleet.plan(0)
    fleet.store.roll_calls.path(DeploymentKey.of(loaded(fleet.rules))).write_text("[")
    result = fleet.plan(1)
    assert result["failed"]
    assert result["msg"].startswith(f"records: {fleet.records}/.+slices-")


def test_hooks_hear_of_the_whole_fleet_alone(fleet: Fleet, sink: HookSink) -> None:
    fleet.plan(0)
    for host, ring in (("ws-001", "pilot"), ("ws-003", "broad")):
        fleet.record(host, "compliant", ring)
    assert fleet.tell_hooks(0, sink.url) == [], "its own part is done, of the other nothing is known"
    fleet.plan(1)
    assert fleet.tell_hooks(0, sink.url) == ["start"], "its ring broad would be open by its own pilots"
    fleet.record("ws-002", "compliant")
    fleet.record("ws-004", "failed", "broad")
    assert fleet.tell_hooks(0, sink.url) == ["gate", "finish"], "1 of 4 has failed, not 1 of 2"


def test_a_whole_fleet_in_which_too_many_failed_is_told_by_any_slice(fleet: Fleet, sink: HookSink) -> None:
    fleet.plan(0)
    fleet.plan(1)
    for host in ("ws-001", "ws-002", "ws-004"):
        fleet.record(host, "failed")
    assert "failures" in fleet.tell_hooks(0, sink.url), "3 of 3 that were tried"
