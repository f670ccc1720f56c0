# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large fleet with everything that goes wrong in one: each host ends in its right state, explained.

OFFICEFLEET_FAULT_HOSTS says how many hosts there are.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer
from ansible_collections.officefleet.c2r.tests.resilience.rollouts import PASSWORD, Rollouts, in_rings
from ansible_collections.officefleet.c2r.tests.resilience.watched_fleet import (
    FOREIGN,
    NEWER,
    OLD,
    TARGET,
    WatchedFleet,
)

HOSTS = int(os.environ.get("OFFICEFLEET_FAULT_HOSTS", "300"))
SLOTS = max(3, HOSTS // 7)  #: downloads at a time
TIMEOUT = max(300, 5 * HOSTS)  #: seconds for a run
RUNS = 8  #: of a schedule, at most, until every host has been found
LEAST = 3  #: hosts of each trouble, and of those that others manage, however small the fleet
#: Percent of the hosts; the rest is willing.
TROUBLES = {"flaky": 10, "reboots": 5, "word_open": 5, "unreachable": 3, "disk_full": 2, "ahead": 2, "current": 2}
FOREIGN_SHARE = 2
RINGS = {"pilot": 0.1, "early": 0.3, "broad": 0.6}
#: By kind of host: the state it ends in, what its reason says, the version it runs.
ENDS = {
    "willing": ("compliant", f"runs {re.escape(TARGET)}", TARGET),
    "flaky": ("compliant", f"runs {re.escape(TARGET)}", TARGET),
    "reboots": ("compliant", f"runs {re.escape(TARGET)}", TARGET),
    "current": ("compliant", f"runs {re.escape(TARGET)}", TARGET),
    "ahead": ("ahead", f"runs {re.escape(NEWER)}, newer than the target", NEWER),
    "word_open": ("blocked", "open: WINWORD", OLD),
    "unreachable": ("unreachable", r"does not answer \(connection refused\)", OLD),
    "disk_full": ("incompatible", r"0\.5 GB free on the disk of Office, 1\.7 GB needed \(min_free_disk\)", OLD),
    "configmgr": ("incompatible", "updates are managed by ConfigMgr; take_over: true overrides that", OLD),
    "intune": ("incompatible", "updates are managed by Intune; take_over: true overrides that", OLD),
    "cloud_update": ("incompatible", "updates are managed by Cloud Update .*; take_over: true overrides that", OLD),
}


def kinds(count: int) -> dict[str, str]:
    """Give each host its kind: the shares of TROUBLES, in an order that is always the same."""
    dealt = [kind for kind, percent in TROUBLES.items() for _ in range(max(LEAST, count * percent // 100))]
    dealt += [list(FOREIGN)[number % 3] for number in range(max(LEAST, count * FOREIGN_SHARE // 100))]
    dealt += ["willing"] * (count - len(dealt))
    random.Random("fleet").shuffle(dealt)
    return {f"ws-{number:04d}": kind for number, kind in enumerate(dealt, 1)}


@pytest.fixture(scope="module")
def fleet() -> WatchedFleet:
    """The hosts."""
    return WatchedFleet(kinds(HOSTS), speed=6)


@pytest.fixture(scope="module")
def rollouts(tmp_path_factory: pytest.TempPathFactory, fleet: WatchedFleet) -> Iterator[Rollouts]:
    """A workplace for them."""
    with WinrmServer(fleet.answer, password=PASSWORD) as server:
        rings = in_rings(list(fleet.hosts), RINGS)
        work = tmp_path_factory.mktemp("work")
        yield Rollouts(work, fleet, server, rings, forks=25, pass_seconds=1, timeout=TIMEOUT, slots=SLOTS)


def test_each_host_ends_in_its_state(rollouts: Rollouts, fleet: WatchedFleet) -> None:
    flaky = [name for name, kind in fleet.kinds.items() if kind == "flaky"]
    output = rollouts.run()
    told, records = fleet.told, rollouts.all_records()
    for _ in range(RUNS):  # who could not be reached when it was its turn is found by the next run, as on a schedule
        missed = [name for name in flaky if records[name].state == "unreachable"]
        if not missed:
            break
        output += rollouts.run("--limit", ",".join(missed))
        records = rollouts.all_records()

    assert not told.wrongs, told.wrongs[:10]
    assert records.keys() == fleet.hosts.keys()
    odd = [
        f"{name} ({kind}): {records[name].state}, {records[name].reason}, runs {fleet.version(name)}"
        for name, kind in fleet.kinds.items()
        if (records[name].state, fleet.version(name)) != ENDS[kind][::2]
        or not re.fullmatch(ENDS[kind][1], records[name].reason)
    ]
    assert not odd, "\n".join([*odd[:10], output[-4000:]])
    assert all(record.at_rest for record in records.values())

    # The faults were there
    assert all(told.reboots[name] == (kind == "reboots") for name, kind in fleet.kinds.items())
    assert sum(told.lost.values()) >= len(flaky)
    accepted = told.accepted
    # Each step once, and again only where a host knew nothing of it any more
    for name, kind in fleet.kinds.items():
        downloads = {"willing": 1, "flaky": 1, "word_open": 1, "reboots": 2}.get(kind, 0)
        applies = {"willing": 1, "flaky": 1, "reboots": 1}.get(kind, 0)
        assert (accepted[name, "download"], accepted[name, "apply"]) == (downloads, applies), (name, kind)
    assert all(fleet.open_apps(name) == ["WINWORD"] for name, kind in fleet.kinds.items() if kind == "word_open")
    assert SLOTS / 2 < told.most <= SLOTS, "as many as the source allows"


def test_the_next_run_asks_once_and_changes_nothing(rollouts: Rollouts, fleet: WatchedFleet) -> None:
    told = fleet.told
    told.calls.clear()
    before = told.accepted
    rollouts.run("--limit", "pilot")
    assert told.accepted == before
    asked = Counter(name for name, _ in told.calls)
    settled = [name for name, kind in fleet.kinds.items() if name in asked and kind not in ("flaky", "word_open")]
    assert {asked[name] for name in settled} == {1}
