# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout killed (SIGKILL) at any moment goes on with the next run, to the same end as one that nobody killed.

OFFICEFLEET_ROLLOUT_KILLS says at how many moments.
"""

from __future__ import annotations

import os
import random
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer
from ansible_collections.officefleet.c2r.tests.resilience.rollouts import PASSWORD, Rollouts, in_rings
from ansible_collections.officefleet.c2r.tests.resilience.watched_fleet import (
    NEWER,
    OLD,
    TARGET,
    WatchedFleet,
)

MOMENTS = int(os.environ.get("OFFICEFLEET_ROLLOUT_KILLS", "50"))
AT_ONCE = os.cpu_count() or 1
KILLS = 8  #: of one rollout
CALLS = 25  #: a run is killed at one of its first so many calls, or soon after
SLOTS = 3
PILOTS = ("willing", "willing", "current")
OTHERS = ("reboots", "willing", "word_open", "willing", "unreachable", "willing", "ahead")
HOSTS = {f"ws-{number:03d}": kind for number, kind in enumerate(PILOTS + OTHERS, 1)}
RINGS = {"pilot": 0.3, "broad": 0.7}

#: By host: state, version, and how many downloads and installations began.
Ends = dict[str, tuple[str, str | None, int, int]]


@contextmanager
def rollout(work: Path) -> Iterator[Rollouts]:
    """A fleet and its workplace, as they are before anything has been done."""
    fleet = WatchedFleet(HOSTS, speed=30)
    work.mkdir()
    with WinrmServer(fleet.answer, password=PASSWORD) as server:
        rings = in_rings(list(HOSTS), RINGS)
        yield Rollouts(work, fleet, server, rings, forks=10, pass_seconds=0.2, timeout=300, slots=SLOTS)


def ends(rollouts: Rollouts) -> Ends:
    """How everything stands, which has to be at rest; nothing that must never happen has happened."""
    fleet, records = rollouts.fleet, rollouts.all_records()
    assert not fleet.told.wrongs, fleet.told.wrongs
    assert fleet.told.most <= SLOTS
    assert all(record.at_rest for record in records.values())
    began = fleet.told.accepted
    return {
        name: (records[name].state, fleet.version(name), began[name, "download"], began[name, "apply"])
        for name in fleet.hosts
    }


def killed_once(rollouts: Rollouts, dice: random.Random) -> bool:
    """Begin a run and kill it at a random call, before it is worked on or soon after. False: it ended before."""
    moment, come = len(rollouts.fleet.told.calls) + dice.randint(1, CALLS), threading.Event()
    pause, workers = dice.choice((0.0, 0.0, 0.05, 0.5)), dice.random() < 0.5
    rollouts.fleet.at(moment, come.set)
    running = rollouts.begin()
    while not come.wait(0.02) and running.process.poll() is None:
        pass
    with suppress(subprocess.TimeoutExpired):
        running.process.wait(pause)
    killed = running.process.poll() is None
    if killed:
        running.kill(workers)
    return killed


class Kills:
    """Counts them; each rollout has a number, which makes its moments."""

    def __init__(self) -> None:
        self._left = MOMENTS
        self._begun = 0
        self._lock = threading.Lock()

    def next_rollout(self) -> tuple[int, int]:
        """Give the number of the next rollout, and how often it is to be killed: 0 where there have been enough."""
        with self._lock:
            self._begun += 1
            mine = min(KILLS, self._left)
            self._left -= mine
            return self._begun, mine

    def give_back(self, kills: int) -> None:
        """Leave to others what a rollout ended without."""
        with self._lock:
            self._left += kills


def killed_often(home: Path, kills: Kills, reference: Ends) -> None:
    """Let rollouts be killed until there were enough kills. Each comes to the same end."""
    while True:
        number, mine = kills.next_rollout()
        if mine == 0:
            return
        dice, here = random.Random(number), 0
        with rollout(home / f"rollout-{number}") as rollouts:
            while here < mine and killed_once(rollouts, dice):
                here += 1
            output = rollouts.run()
            assert ends(rollouts) == reference, f"rollout {number}, killed {here} times\n{output[-3000:]}"
        kills.give_back(mine - here)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    """How everything ends where nobody is killed."""
    with rollout(tmp_path_factory.mktemp("reference") / "work") as rollouts:
        rollouts.run()
        return ends(rollouts)


def test_killed_at_any_moment_it_ends_as_unkilled(reference: Ends, tmp_path: Path) -> None:
    assert {kind: reference[name] for name, kind in HOSTS.items()} == {
        "willing": ("compliant", TARGET, 1, 1),
        "current": ("compliant", TARGET, 0, 0),
        "reboots": ("compliant", TARGET, 2, 1),
        "word_open": ("blocked", OLD, 1, 0),
        "unreachable": ("unreachable", OLD, 0, 0),
        "ahead": ("ahead", NEWER, 0, 0),
    }
    kills = Kills()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each in [pool.submit(killed_often, tmp_path, kills, reference) for _ in range(AT_ONCE)]:
            each.result()
