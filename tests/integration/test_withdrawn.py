# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build that Microsoft withdraws between two runs, as in July 2022 and 2024: nothing new begins with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import NEWEST
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG

__all__ = ["lab", "source"]  # fixtures, found by their names

SMALL: dict[str, Any] = {"languages": ("en-us",), "proofing": (), "payload_bytes": 1000, "language_bytes": 1000}
BUILD = Build(CHANNEL, VERSION, "2607", NEWEST, **SMALL)
WEEKS_AGO = NEWEST - timedelta(days=21)
EARLIER = tuple(Build(CHANNEL, f"16.0.20131.{number}", "2606", WEEKS_AGO, **SMALL) for number in (3, 2, 1))
PILOT = ("ws-001", "ws-002")
WITHOUT = dict.fromkeys(
    ("channel", "version", "source", "ring_success", "retry_delay", "max_attempts", "document_sync_timeout"), ""
)


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    """The CDN that lists the build, until it is withdrawn."""
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD, *EARLIER)) as lab:
        yield lab


class Fleet:
    """A controller that keeps release histories; its cache is an hour old in each run."""

    def __init__(self, lab: Lab, cdn: LabCdn) -> None:
        self.lab, self.cdn, self.run = lab, cdn, 0
        cdn.next_feed((BUILD, *EARLIER))
        (lab.work / "ansible.cfg").write_text(DEMO_CFG)  # as the README has it, with warnings

    def roll(self, *extra: str, limit: str = "", playbook: str = "officefleet.c2r.rollout", **variables: Any) -> str:
        """Run the playbook rollout, or another; give the output on one line."""
        self.run += 1
        self.lab.calls.clear()
        known: dict[str, Any] = {
            "refresh_feeds": "always",
            "release_history": self.cdn.release_history_url,
            "trust_anchors": [str(self.cdn.anchors)],
            "feeds": str(self.lab.work / "feeds"),
            "cache": str(self.lab.work / f"cache{self.run}"),
            "timeout": 25,
        }
        given = {f"officefleet_{name}": value for name, value in {**known, **variables}.items()}
        status, output = self.lab.rollout(*extra, limit=limit, playbook=playbook, **given)
        assert status == 0, output
        return " ".join(output.split())

    def from_file(self, limit: str = "", playbook: str = "officefleet.c2r.rollout", **keys: Any) -> str:
        """Do so with a deployment file that has these keys."""
        deployment = {
            "name": "monthly",
            "channel": CHANNEL,
            "version": VERSION,
            "rings": ["all"],
            "sources": [{"url": self.lab.source.rsplit("/", 2)[0]}],
            "retries": {"max_attempts": 2, "retry_delay": "1m"},
            **keys,
        }
        file = self.lab.work / "deployments.yml"
        file.write_text(yaml.safe_dump({"deployments": [deployment]}))
        return self.roll(limit=limit, playbook=playbook, **WITHOUT, deployments=str(file))

    def submitted(self) -> set[str]:
        """Give the hosts that the last run had begin anything."""
        return {host for host, what in self.lab.calls if what in ("update download", "update apply", "update_policy")}


def test_a_withdrawal_between_two_runs_stops_the_rest_of_the_fleet(lab: Lab, cdn: LabCdn) -> None:
    fleet = Fleet(lab, cdn)
    output = fleet.roll(limit="pilot")
    assert "was withdrawn" not in output
    before = {host: record["state"] for host, record in lab.records().items()}
    assert set(before) == set(PILOT)
    assert "compliant" in before.values()

    cdn.withdraw(BUILD)
    output = fleet.roll()
    said = f"{VERSION} was withdrawn: seen in {CHANNEL} on "
    assert said in output
    assert output.count("Nothing new begins with") == 1, "once, not for each host"
    assert "officefleet.c2r.rollback" in output
    assert fleet.submitted() == set()
    records = lab.records()
    assert {host: records[host]["state"] for host in PILOT} == before
    states = Counter(record["state"] for record in records.values())
    assert states["halted"] >= 4
    for host, record in records.items():
        if record["state"] == "halted":
            assert record["reason"].startswith(said), host
        if record["state"] == "compliant":
            assert record["reason"] == f"runs {VERSION}, which was withdrawn", host


def test_the_deployment_file_may_say_why_it_goes_on(lab: Lab, cdn: LabCdn) -> None:
    fleet = Fleet(lab, cdn)
    fleet.roll("--check")
    cdn.withdraw(BUILD)
    output = fleet.from_file(playbook="officefleet.c2r.forecast")
    assert f"{VERSION} was withdrawn: seen in" in output
    assert " halted, " in output
    assert not (lab.work / "records").exists()
    output = fleet.from_file(limit="pilot")
    assert fleet.submitted() == set()
    assert {record["state"] for record in lab.records().values()} <= {"halted", "compliant"}

    output = fleet.from_file(limit="pilot", ignore_withdrawn="nobody has Access here")
    assert "'monthly' goes on all the same (ignore_withdrawn): nobody has Access here" in output
    assert fleet.submitted() <= set(PILOT)
    assert "compliant" in {record["state"] for record in lab.records().values()}
