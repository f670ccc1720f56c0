# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet that is measured: hosts without trouble behind the lab's WinRM server, fresh for every run."""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.com_codes import UpdateError
from ansible_collections.officefleet.c2r.tests.lab.fleet import MANAGED
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run as run_module
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

CHANNEL = "MonthlyEnterprise"
INSTALLED, TARGET = "16.0.20131.20206", "16.0.20228.20190"
SPREAD = 0.9  # the fastest host needs this share of the slowest one's time
MEAN = (1 + SPREAD) / 2  #: what the average host needs of the slowest one's time
#: Hosts are prepared, as the role `target` leaves them: management on, an hour for a download.
PREPARED: RegistryTree = {**MANAGED, keys.SERVICE_INTERNET: {"documentsynctimeout": 3_600_000}}


@dataclass(frozen=True)
class Shape:
    """What all runs of a comparison have in common. Seconds are real ones."""

    download: float  #: the slowest host's
    apply: float  #: the slowest host's
    command_seconds: float  #: what the server charges for each command, as starting PowerShell does


@dataclass
class Traffic:
    """What the WinRM server was asked."""

    commands: int = 0
    input_bytes: int = 0  #: of all commands together
    by_host: Counter[str] = field(default_factory=Counter)  #: module calls
    by_module: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Fleet:
    """One run's hosts, while their server listens."""

    hosts: Sequence[Host]
    inventory: Path
    traffic: Traffic

    def require(self, version: str) -> None:
        """RuntimeError unless every host has this version: a run that did not do the work has no figure."""
        others = [
            host.name for host in self.hosts if host.registry.text(keys.CONFIGURATION, "VersionToReport") != version
        ]
        if others:
            raise RuntimeError(f"{len(others)} of {len(self.hosts)} hosts do not run {version}, such as {others[0]}")


@contextmanager
def serving(shape: Shape, count: int, folder: Path, installed: str = INSTALLED) -> Iterator[Fleet]:
    """Give `count` hosts, the same ones every time, that nobody has looked at; the inventory goes to the folder."""
    clock = Clock(1.0)
    hosts = {host.name: host for host in (_host(number, shape, clock, installed) for number in range(1, count + 1))}
    traffic, lock, password = Traffic(), threading.Lock(), secrets.token_urlsafe()

    def answer(name: str, call: ModuleCall) -> ModuleAnswer:
        with lock:
            traffic.by_host[name] += 1
            traffic.by_module[call.name.rpartition(".")[2]] += 1
        return run_module(hosts[name], call)

    def observe(_line: str, stdin: bytes) -> None:
        traffic.commands += 1
        traffic.input_bytes += len(stdin)

    with WinrmServer(answer, password=password, command_seconds=shape.command_seconds, observe=observe) as server:
        inventory = folder / "inventory.json"
        inventory.write_text(json.dumps(_inventory(list(hosts), server.port, password)))
        yield Fleet(tuple(hosts.values()), inventory, traffic)


def _host(number: int, shape: Shape, clock: Clock, installed: str) -> Host:
    """Give a host with the share of the slowest one's time that its number has; the first one is the slowest."""
    chance = random.Random(number)
    shares = (1.0, 1.0) if number == 1 else (chance.uniform(SPREAD, 1.0), chance.uniform(SPREAD, 1.0))
    return Host(
        f"ws-{number:04d}",
        Office(installed, CHANNEL),
        clock=clock,
        registry=PREPARED,
        timings=Timings(pending=1.0, download=shares[0] * shape.download - 1.0, apply=shares[1] * shape.apply - 1.0),
        probe=lambda *_: UpdateError.OK,  # looking at a source would cost the machine, which is the controller's too
    )


def _inventory(names: Sequence[str], port: int, password: str) -> dict[str, Any]:
    variables = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
        "ansible_user": "fleet",
        "ansible_password": password,
    }
    hosts = {name: {"ansible_winrm_path": f"/wsman/{name}"} for name in names}
    return {"windows": {"hosts": hosts, "vars": variables}}
