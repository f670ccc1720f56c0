# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollout with a deployment file: windows, slots, waivers, halted; and a file with mistakes."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds, build_fleet

__all__ = ["lab", "source"]  # fixtures, found by their names

COUNT = 14
NEVER = {"nth": "fifth", "weekday": "sunday", "start": "10:00", "end": "12:00"}
DOWNLOADING = (1, 2)
RUNS = 6
WITHOUT = dict.fromkeys(
    ("channel", "version", "source", "ring_success", "retry_delay", "max_attempts", "document_sync_timeout"), ""
)


class Fleet:
    """A lab whose hosts, but for the usual troubles, are willing; and how many downloaded at a time."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.fleet = {host.name: host for host in build_fleet(COUNT, channel=CHANNEL, speed=40)}
        kinds = dict(zip(lab.fleet, assign_kinds(COUNT), strict=True))
        self.willing = sorted(host for host, kind in kinds.items() if kind.name == "willing")
        self.most = 0
        lab.after_each = self.watch

    def watch(self) -> None:
        """See how many hosts download."""
        running = 0
        for host in self.lab.fleet.values():
            with host.lock, suppress(ComError):  # management is not turned on yet
                running += host.service is not None and int(host.service.status().status) in DOWNLOADING
        self.most = max(self.most, running)

    def roll(self, waivers: list[dict[str, Any]] | None = None, **keys: Any) -> tuple[Counter[str], str]:
        """Write the file with these keys, run the playbook; give how many hosts are in which state, and the output."""
        deployment = {
            "name": "monthly",
            "channel": CHANNEL,
            "version": VERSION,
            "rings": ["all"],
            "available_from": "asap",
            "deadline": "none",
            "sources": [{"url": self.lab.source.rsplit("/", 2)[0], "max_active": 2}],
            "retries": {"max_attempts": 2, "retry_delay": "1m"},
            **keys,
        }
        (self.lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
        given: dict[str, Any] = {f"officefleet_{name}": value for name, value in WITHOUT.items()}
        given["officefleet_deployments"] = str(self.lab.work / "deployments.yml")
        if waivers is not None:
            (self.lab.work / "waivers.yml").write_text(yaml.safe_dump({"waivers": waivers}))
            given["officefleet_waivers"] = str(self.lab.work / "waivers.yml")
        self.status, output = self.lab.rollout(**given, officefleet_timeout=25)
        return Counter(record["state"] for record in self.lab.records().values()), output

    def states(self) -> dict[str, str]:
        """What the records of the willing hosts say."""
        records = self.lab.records()
        return {host: records[host]["state"] for host in self.willing}


def test_downloads_take_turns_and_applies_wait_for_their_window(lab: Lab) -> None:
    fleet = Fleet(lab)
    waived = fleet.willing[0]
    waivers = [{"host": waived, "reason": "an old add-in", "owner": "lab", "expires": "2999-01-31"}]
    for _ in range(RUNS):  # a run ends by its timeout, which a busy machine may need more than once
        _counts, output = fleet.roll(waivers, windows=[NEVER])
        assert fleet.status == 0, output
        states = fleet.states()
        assert states.pop(waived) == "waived"
        if set(states.values()) == {"staged"}:
            break
    assert set(states.values()) == {"staged"}, output
    record = lab.records()[fleet.willing[1]]
    assert "the next, fifth sunday of the month 10:00 to 12:00, opens" in record["reason"]
    assert fleet.most == 2, "as many as the source allows, and not one more"
    assert not [call for call in lab.calls if call[1] == "update apply"]

    _counts, output = fleet.roll(waivers, windows=[{"always": True}])
    assert fleet.status == 0, output
    assert set(fleet.states().values()) == {"compliant", "waived"}, output
    assert (waived, "update download") not in lab.calls


def test_halted_begins_nothing(lab: Lab) -> None:
    fleet = Fleet(lab)
    counts, output = fleet.roll(halted=True)
    assert fleet.status == 0, output
    assert set(fleet.states().values()) == {"halted"}
    assert counts["compliant"] == 1, "what is there is there"
    assert {what for _host, what in lab.calls} == {"update_info"}, "not even a policy is set"


def test_all_mistakes_are_told_with_their_lines_and_no_host_is_visited(lab: Lab) -> None:
    fleet = Fleet(lab)
    _counts, output = fleet.roll(rings=["pilt"], gates={"soak_tme": "1d"})
    assert fleet.status == 2
    assert "gates.soak_tme: there is no such key. Did you mean 'soak_time'?" in output
    assert "'pilt' is not a group of the inventory." in output
    assert lab.calls == []
