# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts of more passes than one file of tasks has."""

from __future__ import annotations

from collections import Counter

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office

__all__ = ["lab", "source"]  # fixtures, found by their names

PASSES_OF_A_FILE = 5


def test_a_host_whose_ring_opens_late_is_prepared_then(lab: Lab) -> None:
    seconds = ManualTime()
    clock = Clock(source=seconds)
    office = Office("16.0.20131.20206", CHANNEL)
    timings = Timings(download=20.0, apply=20.0)
    lab.fleet = {name: Host(name, office, clock=clock, timings=timings) for name in ("ws-001", "ws-002")}
    lab.after_each = lambda: seconds.advance(3.0)  # the lab's time passes with the answers: many passes, however fast
    status, output = lab.rollout(officefleet_ring_success="100", officefleet_pass_seconds=0.1)
    assert status == 0, output
    assert {host: record["state"] for host, record in lab.records().items()} == dict.fromkeys(lab.fleet, "compliant")
    prepared = [index for index, (_, what) in enumerate(lab.calls) if what == "update_policy"]
    assert [lab.calls[index][0] for index in prepared] == ["ws-001", "ws-002"]
    before = Counter(lab.calls[: prepared[1]])
    assert before["ws-001", "update_info"] > PASSES_OF_A_FILE + 2, "the second ring opened in the first file's passes"
    assert before["ws-002", "update_info"] <= 2, "a host whose ring is closed is looked at once, and when it opens"


def test_on_a_schedule_one_pass_in_each_run_is_enough(lab: Lab) -> None:
    seconds = ManualTime()
    clock = Clock(source=seconds)
    office = Office("16.0.20131.20206", CHANNEL)
    lab.fleet = {"ws-001": Host("ws-001", office, clock=clock, timings=Timings(download=600.0, apply=600.0))}
    states, steps = [], []
    for _ in range(3):
        lab.calls.clear()
        status, output = lab.rollout(officefleet_timeout=0)
        assert status == 0, output
        states.append(lab.records()["ws-001"]["state"])
        steps.append([what for _, what in lab.calls if what.startswith("update ")])
        seconds.advance(3600.0)
    assert states == ["downloading", "applying", "compliant"]
    assert steps == [["update download"], ["update apply"], []]
    assert len(lab.calls) == 1, "a host that is compliant is asked once"
