# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several hosts that share a source, through the action reconcile with records in memory: slots are never exceeded.

Each history is made from its number alone, so one that fails is repeated by that number:
    OFFICEFLEET_HISTORY=4711 pytest tests/unit/test_reconcile_histories.py
"""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import repeat
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _leases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import StepAnswer
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_link import HungError, LostError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._leases import Lease
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot
from ansible_collections.officefleet.c2r.tests.unit import test_decide_histories as single

ONLY = os.environ.get("OFFICEFLEET_HISTORY")
HISTORIES, CHUNK = 400, 10
VISITS, ROUNDS = 200, 400  #: while anything happens; of all hosts, until they have come to rest
SOURCE, SLOW = "http://library.example/x", "http://library.example/x slow links"


class MemoryLeases:
    """Leases without a store."""

    def __init__(self) -> None:
        self.held: Mapping[str, Lease] = {}

    def acquire(self, source: str, host: str, max_active: int, until: datetime, now: datetime) -> bool:
        """See Leases."""
        after = _leases.granted(self.held, source, host, max_active, _leases.checked(until, now), now)
        self.held = self.held if after is None else after
        return after is not None

    def renew(self, host: str, until: datetime, now: datetime) -> bool:
        """See Leases."""
        own = self.held.get(host)
        if own is None or own.until <= now:
            return False
        self.held = {**self.held, host: Lease(own.source, until)}
        return True

    def release(self, host: str) -> None:
        """See Leases."""
        self.held = {holder: lease for holder, lease in self.held.items() if holder != host}


class MemoryStore:
    """The records of one history."""

    def __init__(self) -> None:
        self.leases = MemoryLeases()
        self.records: dict[str, Record] = {}

    def load(self, host: str) -> Record | None:
        """See RecordStore."""
        return self.records.get(host)

    def save(self, record: Record) -> None:
        """See RecordStore."""
        self.records[record.host] = record

    def locked(self, host: str) -> AbstractContextManager[bool]:  # noqa: ARG002
        """See RecordStore."""
        return nullcontext(True)


class Link:
    """The way to one host; questions and answers get lost."""

    user = "fleet"

    def __init__(self, world: World, name: str) -> None:
        self.world, self.host, self.dice = world, world.hosts[name], world.dice

    def ask(self, module: str, options: Mapping[str, Any], patience: float = 0.0) -> dict[str, Any]:  # noqa: ARG002
        """Answer as the module does; HostState.from_result takes it as it is."""
        if not self.host.answers:
            raise LostError("connection refused", midway=False)
        if module == "user_notice":
            return {"sessions": []}
        answer = StepAnswer(False)
        lost = self.world.chaos and self.dice.random() < 0.15
        if module == "update":
            if lost and self.dice.random() < 0.5:
                raise LostError("connection broken", midway=True)
            answer = self.host.submit(options["_step"])
            self.world.check()
        if lost:
            raise self.dice.choice((LostError("connection broken", midway=True), HungError(120)))
        return {"seen": self.host.look(), "submitted": answer.submitted, "call": {"hresult": hex(answer.hresult)}}

    ask_twice = ask

    def reconnect(self) -> None:
        """There is nothing to drop."""


class World:
    """One history."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.store, self.now, self.chaos = dice, MemoryStore(), single.START, True
        self.hosts = {f"ws-{number:03d}": single.RandomHost(dice) for number in range(1, dice.randint(3, 6))}
        self.limit = dice.randint(1, 3)
        self.deployment = single.random_deployment(dice)

    def slots(self, name: str) -> tuple[Slot, ...]:
        """Every other host is on a slow link."""
        slow = (Slot(SLOW, 1),) if name[-1] in "13579" else ()
        return (Slot(SOURCE, self.limit), *slow)

    def visit(self, name: str, started: float | None) -> None:
        """One pass for one host."""
        action: Any = SimpleNamespace(
            _task=SimpleNamespace(check_mode=False),
            _display=SimpleNamespace(display=lambda *_, **__: None, warning=lambda _: None),
        )
        deployment: Deployment = replace(self.deployment, slots=self.slots(name))
        store: Any = self.store
        link: Any = Link(self, name)
        variables = {"inventory_hostname": name, "groups": {"all": list(self.hosts)}, "ansible_play_batch": self.hosts}
        reconcile.Visit(action, deployment, store, link, variables).run(False, started, None)

    def downloading(self) -> list[str]:
        """Name the hosts whose download of ours runs."""
        return [
            name
            for name, host in self.hosts.items()
            if host.status in ("download_pending", "downloading") and host.fetching == single.TARGET
        ]

    def check(self) -> None:
        """What must hold at any moment."""
        running = self.downloading()
        assert len(running) <= self.limit, f"{running} download, {self.limit} may"
        slow = [name for name in running if len(self.slots(name)) > 1]
        assert len(slow) <= 1, f"{slow} download over slow links"


def test_slots_are_never_exceeded() -> None:
    if ONLY:
        assert chunk(int(ONLY), 1) is None
        return
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        failures = [found for found in pool.map(chunk, range(0, HISTORIES, CHUNK), repeat(CHUNK)) if found is not None]
    assert not failures, failures[0]


def chunk(first: int, count: int) -> str | None:
    """Live through histories; give what is wrong with the first that fails."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(HostState, "from_result", staticmethod(lambda answer: answer["seen"]))
        for number in range(first, first + count):
            world = World(random.Random(number))
            patches.setattr(reconcile, "_now", lambda world=world: world.now)
            try:
                live(world)
            except AssertionError as error:
                return f"history {number}: {error}"
    return None


def live(world: World) -> None:
    """Anything may happen for a while, in less time than slots last; then all hosts come to rest."""
    dice = world.dice
    for _ in range(VISITS):
        world.now += timedelta(seconds=dice.choice((1, 5, 60)))
        name = dice.choice(list(world.hosts))
        world.hosts[name].drift(chaos=True)
        world.visit(name, dice.choice((None, single.START.timestamp())))
    world.chaos = False
    started = world.now.timestamp()
    for _ in range(ROUNDS):
        world.now += timedelta(seconds=61)
        for name, host in world.hosts.items():
            host.calm()
            host.drift(chaos=False)
            world.visit(name, started)
        records = list(world.store.records.values())
        if all(record.at_rest for record in records):
            break
        moments = [record.revisit_at for record in records if record.revisit_at is not None and not record.at_rest]
        world.now = max(world.now, min(moments, default=world.now))
    else:
        raise AssertionError(f"it never ends: {[(record.state, record.reason) for record in records]}")
    for holder in world.store.leases.held:
        record = world.store.records[holder.partition(" ")[0]]
        assert record.submitted == "download", f"{holder} keeps a slot and is {record.state}, {record.reason}"
