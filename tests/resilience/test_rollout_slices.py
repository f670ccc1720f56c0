# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight runs at once, each for its slice of the fleet, with their records in PostgreSQL: the same as one run.

They are started by ansible-runner, as AWX starts its jobs, each with an inventory of its part of the hosts alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.tests.integration.stores import postgresql
from ansible_collections.officefleet.c2r.tests.lab.postgresql import PostgresqlServer
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer
from ansible_collections.officefleet.c2r.tests.resilience.rollouts import PASSWORD, Rollouts, in_rings
from ansible_collections.officefleet.c2r.tests.resilience.watched_fleet import FOREIGN, WatchedFleet

__all__ = ["postgresql"]  # a fixture, found by its name

SLICES = 8
SLOTS = 3
ROUNDS = 6  #: of a schedule, at most, until everything is at rest: a slice does not wait for the pilots of the others
TROUBLES = ("current", "ahead", "word_open", "unreachable", "disk_full", "reboots", *FOREIGN)
KINDS = ["willing"] * 7 + [kind for trouble in TROUBLES for kind in (trouble, "willing")]
HOSTS = {f"ws-{number:03d}": kind for number, kind in enumerate(KINDS, 1)}
RINGS = in_rings(list(HOSTS), {"pilot": 0.25, "broad": 0.75})
NEEDED = 0.6  #: share of the pilots, see Rollouts


@contextmanager
def rollout(work: Path, records: str) -> Iterator[Rollouts]:
    """A fleet and its workplace, as they are before anything has been done."""
    fleet = WatchedFleet(HOSTS, speed=20)
    work.mkdir()
    with WinrmServer(fleet.answer, password=PASSWORD) as server:
        yield Rollouts(work, fleet, server, RINGS, forks=5, pass_seconds=0.5, timeout=300, slots=SLOTS, records=records)


def run_slice(rollouts: Rollouts, launch: int, number: int) -> str:
    """Run the playbook for every eighth host, through ansible-runner; give what it said."""
    private = rollouts.work / f"slice-{number}"
    (private / "env").mkdir(parents=True, exist_ok=True)
    rollouts.write_part(private / "inventory.yml", sorted(HOSTS)[number::SLICES])
    job = launch * 100
    awx = {"awx_workflow_job_id": job, "awx_job_id": job + 1 + number, "awx_inventory_id": 1}
    (private / "env" / "extravars").write_text(json.dumps({**awx, "officefleet_slices": SLICES}))
    command = ["ansible-runner", "run", str(private), "--playbook", "officefleet.c2r.rollout"]
    command += ["--inventory", str(private / "inventory.yml"), "--forks", "5"]
    return rollouts.finish(command)


def remembered(record: Record) -> dict[str, object]:
    """What a record says, but for times and what came before."""
    fields = (
        "state",
        "reason",
        "ring",
        "deployment",
        "version",
        "status",
        "attempts",
        "staged",
        "submitted",
        "at_rest",
    )
    return {name: getattr(record, name) for name in (*fields, "products", "languages", "blocking_apps")}


def pilots_before_the_others(rollouts: Rollouts) -> None:
    """Hold the order of what began against the gate: its share of all pilots, whichever slice they are in."""
    began = rollouts.fleet.told.began
    first = next(place for place, (host, _) in enumerate(began) if host in RINGS["broad"])
    done = {host for host, step in began[:first] if step == "apply"}
    current = {host for host in RINGS["pilot"] if HOSTS[host] == "current"}
    assert len(done | current) >= NEEDED * len(RINGS["pilot"])


def test_slices_do_what_one_run_does(
    postgresql: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in postgresql.environment.items():
        monkeypatch.setenv(name, value)
    with rollout(tmp_path / "whole", postgresql.address(postgresql.database())) as whole:
        whole.run()
        expected = {host: remembered(record) for host, record in whole.all_records().items()}
        assert not whole.fleet.told.wrongs

    with rollout(tmp_path / "sliced", postgresql.address(postgresql.database())) as sliced:
        for launch in range(ROUNDS):
            with ThreadPoolExecutor(SLICES) as pool:
                said = list(pool.map(run_slice, [sliced] * SLICES, [launch + 1] * SLICES, range(SLICES)))
            records = sliced.all_records()
            if not any(record.state == "waiting" for record in records.values()):
                break
        told = sliced.fleet.told
        assert {host: remembered(record) for host, record in records.items()} == expected, said
        assert not told.wrongs, told.wrongs
        assert told.accepted == whole.fleet.told.accepted, "each step as often as in one run"
        assert told.most == SLOTS, "as many downloads over all slices as the source allows, and not one more"
        pilots_before_the_others(sliced)
        assert sliced.slots_held() == ()
