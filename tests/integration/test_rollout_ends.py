# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts that end before their time is up, since all that is left waits for moments after it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.integration.test_rollout_cores import use_core
from ansible_collections.officefleet.c2r.tests.integration.test_rollout_deployment_file import WITHOUT
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG
from ansible_collections.officefleet.c2r.tests.lab.fleet import MANAGED
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall

__all__ = ["lab", "source"]  # fixtures, found by their names

#: Longer than the lab waits for ansible-playbook: a run that does not end by itself is a failure.
LONG = 200


def hosts(lab: Lab, **downloads: float) -> dict[str, Host]:
    """Make hosts whose downloads take so many seconds of the lab's time, which passes with their answers."""
    seconds = ManualTime()
    lab.after_each = lambda: seconds.advance(3.0)
    office, clock = Office("16.0.20131.20206", CHANNEL), Clock(source=seconds)
    return {
        name: Host(name, office, clock=clock, registry=MANAGED, timings=Timings(download=time))
        for name, time in downloads.items()
    }


def roll(lab: Lab, *rings: str, limit: str = "", ends: int = 0) -> str:
    """Run a deployment of these rings whose only window opens in three days. `ends`: the exit status it has to have."""
    opens = datetime.now(UTC) + timedelta(days=3)
    deployment: dict[str, Any] = {
        "name": "monthly",
        "channel": CHANNEL,
        "version": VERSION,
        "rings": list(rings),
        "windows": [{"days": [f"{opens:%A}".lower()], "start": "10:00", "end": "12:00"}],
        "sources": [{"url": lab.source.rsplit("/", 2)[0]}],
        "hooks": [{"url": "http://127.0.0.1:9/closed", "events": ["failures"]}],
    }
    (lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
    (lab.work / "ansible.cfg").write_text(DEMO_CFG)
    file = str(lab.work / "deployments.yml")
    given: dict[str, Any] = {
        **{f"officefleet_{name}": value for name, value in WITHOUT.items()},
        "officefleet_deployments": file,
        "officefleet_timeout": LONG,
        "officefleet_pass_seconds": 0.1,
    }
    status, output = lab.rollout(limit=limit, **given)
    assert status == ends, output
    assert "Time is up" not in output
    return output


def waits(lab: Lab, *names: str) -> tuple[str, str]:
    """What the last words of a run say of these hosts: until when and why they wait."""
    records = lab.records()
    moment, reason = {(records[name]["revisit_at"], records[name]["reason"]) for name in names}.pop()
    assert {(records[name]["state"], records[name]["at_rest"]) for name in names} == {("staged", False)}
    assert reason.startswith("outside all windows; the next, ")
    return moment.replace("T", " ").replace(":00Z", "Z"), reason


@pytest.mark.parametrize("core", ["newest", "oldest"])
def test_a_run_ends_when_all_that_is_left_waits_for_later(lab: Lab, core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_core(lab, core, monkeypatch)
    lab.fleet = hosts(lab, **{"ws-001": 1.0, "ws-002": 1.0, "ws-003": 1.0})
    output = roll(lab, "pilot", "all")
    at, why = waits(lab, "ws-001")
    assert lab.records()["ws-002"]["state"] == lab.records()["ws-003"]["state"] == "waiting"
    said = f"1 host waits until {at} ({why}); 2 for the rings before theirs. Run this again at {at}."
    assert output.count(said) == 1, output

    lab.calls.clear()
    output = roll(lab, "pilot", "all", limit="ws-001")
    assert output.count(f"1 host waits until {at} ({why}). Run this again at {at}.") == 1, output
    assert lab.calls == [("ws-001", "update_info")], "one look shows it"


def test_a_run_does_not_end_while_a_host_works(lab: Lab) -> None:
    lab.fleet = hosts(lab, **{"ws-001": 1.0, "ws-002": 20.0})
    output = roll(lab, "all")
    at, why = waits(lab, "ws-001", "ws-002")
    assert output.count(f"2 hosts wait until {at} ({why}). Run this again at {at}.") == 1, output
    asked = [host for host, what in lab.calls if what == "update_info"]
    assert asked.count("ws-001") < asked.count("ws-002"), "the one that waits is left alone"


@pytest.mark.parametrize("core", ["newest", "oldest"])
def test_what_is_left_is_said_and_told_where_the_last_host_at_work_fails(
    lab: Lab, core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_core(lab, core, monkeypatch)
    lab.fleet = hosts(lab, **{"ws-001": 1.0, "ws-002": 1.0, "ws-003": 100.0})
    answer = lab.answer

    def break_late(name: str, call: ModuleCall) -> ModuleAnswer:
        if lab.calls.count(("ws-003", "update_info")) > 3 and name == "ws-003":
            return {"failed": True, "msg": "broken"}
        return answer(name, call)

    assert lab.server is not None
    monkeypatch.setattr(lab.server, "_run", break_late)
    output = roll(lab, "all", ends=2)
    at, why = waits(lab, "ws-001", "ws-002")
    assert lab.records()["ws-003"]["state"] == "failed"
    assert output.count(f"2 hosts wait until {at} ({why}). Run this again at {at}.") == 1, output
    (notes,) = (lab.work / "records").glob(".+notes-monthly-*.json")
    assert [event["event"] for event in json.loads(notes.read_text())["events"]] == ["start", "failures"]
