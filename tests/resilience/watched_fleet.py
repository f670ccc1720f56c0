# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet with troubles behind a WinRM server that watches what must never happen, whoever does it."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError, Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.com_codes import Status, UpdateError
from ansible_collections.officefleet.c2r.tests.lab.host import GIB, Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run as run_module
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree

CHANNEL = "MonthlyEnterprise"
OLD, TARGET, NEWER = "16.0.20131.20206", "16.0.20228.20190", "16.0.20326.20100"
SOURCE = "http://office.example"
IMAGE = f"{SOURCE}/{CHANNEL}/{TARGET}"
MANAGED: RegistryTree = {keys.UPDATE_POLICY: {"officemgmtcom": 1}}
#: Who else may manage updates, by the name that the module update_info gives it.
FOREIGN: Mapping[str, RegistryTree] = {
    "configmgr": {**MANAGED, keys.CONFIGMGR_CLIENT: {}},
    "intune": {
        keys.UPDATE_POLICY: {"officemgmtcom": 1, "updatebranch": CHANNEL},
        rf"{keys.INTUNE_PROVIDERS}\1\default\Device\office16~Policy~L_MicrosoftOfficemachine~L_Updates": {},
    },
    "cloud_update": {**MANAGED, keys.CLOUD_POLICY: {"ignoregpo": 1}},
}
DOWNLOADS = (Status.DOWNLOAD_PENDING, Status.DOWNLOADING)
MIDWAY = 10.0  #: simulated seconds after a download was asked for: it runs by then, and takes 20 at least
LOST_IN_A_ROW = 3  #: a flaky host then answers once, so that it is found in the end
LOSS = 0.2  #: share of a flaky host's calls that get lost


class StoppingClock(Clock):
    """A clock that can stand still: what happens at a moment then needs nobody to be there in time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.speed)
        self.stop_at: float | None = None

    @property
    def stands(self) -> bool:
        """Whether its moment has come."""
        return self.stop_at is not None and super().now() >= self.stop_at

    def now(self) -> float:
        """Simulated seconds, no further than the moment it stops at."""
        now = super().now()
        return now if self.stop_at is None else min(now, self.stop_at)


@dataclass
class Told:
    """What the hosts saw of the controller."""

    calls: list[tuple[str, str]] = field(default_factory=list)  #: host, and what was asked of it
    began: list[tuple[str, str]] = field(default_factory=list)  #: host and step, in their order
    lost: Counter[str] = field(default_factory=Counter)
    reboots: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)  #: what must never happen
    most: int = 0  #: downloads at a time

    @property
    def accepted(self) -> Counter[tuple[str, str]]:
        """How often each step began, by host and step."""
        return Counter(self.began)


class WatchedFleet:
    """The hosts by name; `answer` is what a WinrmServer asks.

    :param kinds: by host; one of "willing", "flaky" (one call in five gets lost, before or after it has been worked
        on), "reboots" (once, in the middle of its download), "word_open", "unreachable", "disk_full", "ahead",
        "current", or a name in FOREIGN.
    :param speed: how much faster than real time downloads and installations are.
    """

    def __init__(self, kinds: Mapping[str, str], *, speed: float) -> None:
        self.kinds = kinds
        clock = Clock(speed)
        self.hosts = {name: self._host(name, kind, number, clock) for number, (name, kind) in enumerate(kinds.items())}
        self.told = Told()
        self._at: tuple[int, Callable[[], object]] = (0, lambda: None)
        self._lock = threading.Lock()
        self._downloading: set[str] = set()
        self._dice = {name: random.Random(f"flaky {name}") for name, kind in kinds.items() if kind == "flaky"}
        self._lost_in_a_row = Counter[str]()

    @staticmethod
    def _host(name: str, kind: str, number: int, clock: Clock) -> Host:
        chance = random.Random(name)
        if kind == "reboots":
            clock = StoppingClock(clock)
        installed = {"ahead": NEWER, "current": TARGET}.get(kind, OLD)
        # Where an application is open the service may not be restarted, so management has been on there before
        managed = MANAGED if kind == "word_open" or number % 2 == 0 else {}
        return Host(
            name,
            Office(installed, CHANNEL, languages=(("en-us",), ("en-us", "de-de"))[number % 2]),
            clock=clock,
            apps=[OpenApp("WINWORD")] if kind == "word_open" else [],
            registry=FOREIGN.get(kind, managed),
            timings=Timings(download=chance.uniform(20, 40), apply=chance.uniform(20, 40)),
            probe=_probe,
            reachable=kind != "unreachable",
            # What the download of one that reboots in its middle leaves behind takes the room for a whole one
            free_disk_bytes={"disk_full": GIB // 2, "reboots": 1_800_000_000}.get(kind, 60 * GIB),
            download_size=1_700_000_000,
            utc_offset_minutes=(0, 60, -300)[number % 3],
        )

    def at(self, call: int, tell: Callable[[], object]) -> None:
        """Have it told when the call of this number comes, before it is worked on."""
        self._at = (call, tell)

    def answer(self, name: str, call: ModuleCall) -> ModuleAnswer:
        """Answer for a host, unless the call or its answer gets lost."""
        step = str(call.params.get("_step", "")) if call.name.endswith(".update") else ""
        what = call.name.rpartition(".")[2] + (f" {step}" if step else "")
        self._reboot_in_time(name)
        loses = self._loses(name)
        with self._lock:
            self.told.calls.append((name, what))
            number = len(self.told.calls)
            self.told.lost[name] += loses is not None
        moment, tell = self._at
        if number == moment:
            tell()
        if loses == "the call":
            raise Drop
        host = self.hosts[name]
        with host.lock:
            before = self._look(host)
            answer = run_module(host, call)
            self._judge(host, step, call, answer, before)
        if step == "download":
            self._count()
        if loses:
            raise Drop
        return answer

    def _loses(self, name: str) -> str | None:
        dice = self._dice.get(name)
        if dice is None or dice.random() >= LOSS or self._lost_in_a_row[name] >= LOST_IN_A_ROW:
            self._lost_in_a_row[name] = 0
            return None
        self._lost_in_a_row[name] += 1
        return dice.choice(("the call", "the answer"))

    def _reboot_in_time(self, name: str) -> None:
        """Restart a host whose clock stands in the middle of its download."""
        host = self.hosts[name]
        with host.lock:
            if not isinstance(host.clock, StoppingClock) or not host.clock.stands:
                return
            if self._look(host) == Status.DOWNLOADING:
                host.reboot()
                with self._lock:
                    self.told.reboots[name] += 1
            host.clock.stop_at = None

    def _judge(self, host: Host, step: str, call: ModuleCall, answer: ModuleAnswer, before: Status | None) -> None:
        """Write down what begins, and what must never happen. The host is locked."""
        if not step:
            return
        with self._lock:
            if answer.get("refused"):
                self.told.wrongs.append(f"{host.name}: {step} was refused, {answer['refused']}")
            if call.params.get("force_app_shutdown"):
                self.told.wrongs.append(f"{host.name}: {step} may close applications")
            if not answer.get("submitted"):
                return
            self.told.began.append((host.name, step))
            if before in DOWNLOADS or before in (Status.APPLY_PENDING, Status.APPLYING):
                self.told.wrongs.append(f"{host.name}: {step} while it is at {before}")
            if self.kinds[host.name] in ("ahead", "current"):
                self.told.wrongs.append(f"{host.name}: {step} where nothing is to be done")
            if step == "download":
                self._downloading.add(host.name)
                if isinstance(host.clock, StoppingClock) and not self.told.reboots[host.name]:
                    host.clock.stop_at = host.clock.now() + MIDWAY

    def _count(self) -> None:
        """Count the downloads that run. One that ends meanwhile may be missed, none is counted that began later."""
        with self._lock:
            known = set(self._downloading)
        running = set()
        for name in known:
            with self.hosts[name].lock:
                if self._look(self.hosts[name]) in DOWNLOADS:
                    running.add(name)
        with self._lock:
            self._downloading -= known - running
            self.told.most = max(self.told.most, len(running))

    @staticmethod
    def _look(host: Host) -> Status | None:
        with suppress(ComError):  # management is not turned on yet
            return host.service.status().status if host.service else None
        return None

    def version(self, name: str) -> str | None:
        """Give what a host runs now."""
        return self.hosts[name].registry.text(keys.CONFIGURATION, "VersionToReport")

    def open_apps(self, name: str) -> list[str]:
        """Give what its user still has open."""
        host = self.hosts[name]
        return host.apps.names(host.clock.now())


def _probe(base_url: str, version: str, architecture: str, languages: Sequence[str]) -> int:  # noqa: ARG001
    """Let nothing be downloaded but the image of the deployment."""
    return UpdateError.OK if (base_url, version) == (IMAGE, TARGET) else UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE
