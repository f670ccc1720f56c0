# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Contract scenarios: how a host stands, what a module is asked, what it answers and how the host stands then.

They are data (scenarios/*.yml) and say nothing of who plays the host, so that the lab's twins and the real PowerShell
modules can be held to the same ones. A file is a list of scenarios:

    - name: unique, a sentence
      host: see HostBefore; what is left out is a managed host with the older build and nothing open
      calls:
        - module: update_info
          params: {...}
          check_mode: false
          after_seconds: seconds that pass before the call
          opens: [applications that a user opens before the call, after those seconds]
          reboot: true when Windows restarts before the call, after all that
          answer: what has to be in the answer; of a mapping only the keys named, of a list everything
      after: registry values by place, open_apps, and notices, the messages that users saw; null: not there.
        `registry: as_before`: all of it, keys, names and values, is as it was before the first call
      needs: of NEEDS, what a real machine has to have beyond a registry, as far as it does not follow from the rest
        (tests/windows/powershell/needs.py); it is not played there where that is missing

A place in the registry is one of PLACES or the path of a key such as HKLM\SOFTWARE\Microsoft.

`{matches: REGEX}` stands for a text in which the expression is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.com_codes import UpdateError
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree
from ansible_collections.officefleet.c2r.tests.lab.sessions import Session

FOLDER = Path(__file__).parent / "scenarios"
PLACES = {
    "click_to_run": keys.CLICK_TO_RUN,
    "configuration": keys.CONFIGURATION,
    "updates": keys.UPDATES,
    "policy": keys.UPDATE_POLICY,
    "cloud_policy": keys.CLOUD_POLICY,
    "windows": keys.WINDOWS,
    "update_status": keys.UPDATE_STATUS,
    "internet": keys.SERVICE_INTERNET,
    "officefleet": keys.OFFICEFLEET,
}

NEEDS = ("com", "service", "processes", "sessions", "cim", "machine")


@dataclass(frozen=True)
class Call:
    """One module call and what it has to answer."""

    module: str
    params: dict[str, Any] = field(default_factory=dict)
    check_mode: bool = False
    diff: bool = False
    after_seconds: float = 0.0
    opens: tuple[str, ...] = ()
    reboot: bool = False
    answer: dict[str, Any] = field(default_factory=dict)

    def as_module_call(self) -> ModuleCall:
        """Give the call as it arrives at a host."""
        return ModuleCall(f"officefleet.c2r.{self.module}", self.params, self.check_mode, self.diff)


@dataclass(frozen=True)
class HostBefore:
    """How the host stands at first.

    management: "registered" (policy on, class there), "unset" (never said), "off" (policy off), "pending" (policy on,
    service not restarted since), "first_interface" (only IUpdateNotify's class is registered), "broken" (policy
    on, but the class registers only after management has been turned off and on) and "beyond_repair" (it never does).
    service: "running", "stopped", or "missing" as it is for a minute while it updates itself.
    log: the lines of the newest log of Click-to-Run; left out: there is none.
    pending_seconds: how long the service leaves an action queued.
    content: whether the source has what the host needs, "complete" or "missing".
    """

    office: dict[str, Any] | None = field(default_factory=dict)
    management: str = "registered"
    service: str = "running"
    elevated: bool = True
    apps: tuple[dict[str, Any] | str, ...] = ()
    sessions: tuple[dict[str, Any], ...] = ()
    download_errors: tuple[int, ...] = ()
    pending_seconds: float = 2.0
    content: str = "complete"
    registry: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Scenario:
    """A host, calls, and the host after them."""

    name: str
    calls: tuple[Call, ...]
    host: HostBefore = field(default_factory=HostBefore)
    after: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.needs).difference(NEEDS):
            raise ValueError(f"{self.name}: needs {', '.join(unknown)}, of which nothing is known")


def load() -> list[Scenario]:
    """Read all scenarios; a key that no scenario has is a TypeError."""
    return [_scenario(entry) for path in sorted(FOLDER.glob("*.yml")) for entry in yaml.safe_load(path.read_text())]


def _scenario(entry: Mapping[str, Any]) -> Scenario:
    values = dict(entry)
    host = HostBefore(**_tuples(values.pop("host", {})))
    calls = tuple(Call(**_tuples(call)) for call in values.pop("calls"))
    return Scenario(calls=calls, host=host, **_tuples(values))


class SimulatedHost:
    """A scenario's host, played by the lab; its time passes only between the calls."""

    def __init__(self, name: str, before: HostBefore) -> None:
        self._time = ManualTime()
        values = {_key(place): names for place, names in before.registry.items()}
        if before.management == "registered":
            values[keys.UPDATE_POLICY] = {"officemgmtcom": 1, **values.get(keys.UPDATE_POLICY, {})}
        elif before.management == "off":
            values[keys.UPDATE_POLICY] = {"officemgmtcom": 0, **values.get(keys.UPDATE_POLICY, {})}
        office = None if before.office is None else Office(**{"version": "16.0.20131.20206", **_tuples(before.office)})
        complete = before.content == "complete"
        self.host = Host(
            name,
            office,
            clock=Clock(source=self._time, sleep=self._time.advance),
            apps=[OpenApp(app) if isinstance(app, str) else OpenApp(**app) for app in before.apps],
            sessions=[Session(**session) for session in before.sessions],
            registry=values,
            download_errors=before.download_errors,
            timings=Timings(pending=before.pending_seconds),
            elevated=before.elevated,
            log=before.log,
            probe=lambda *_: UpdateError.OK if complete else UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE,
        )
        if before.management in ("pending", "first_interface", "broken", "beyond_repair"):
            self.host.registry.set(keys.UPDATE_POLICY, "officemgmtcom", 1)
        if before.management == "first_interface":
            self.host.registry.create(keys.UPDATE_NOTIFY_1)
        if self.host.service:
            self.host.service.registers = {"broken": "after_off", "beyond_repair": "never"}.get(
                before.management, "always"
            )
        if before.management in ("broken", "beyond_repair"):
            self.host.registry.delete_key(keys.UPDATE_NOTIFY_1)
            self.host.registry.delete_key(keys.UPDATE_NOTIFY_2)
        if before.service != "running" and self.host.service:
            self.host.service.stop()
            self.host.service.exists = before.service != "missing"
        self.begin()

    def answer(self, call: Call, received: ModuleCall | None = None) -> ModuleAnswer:
        """Let happen what comes before the call, then answer it, or what arrived of it."""
        self.happen_before(call)
        return run(self.host, received or call.as_module_call())

    def happen_before(self, call: Call) -> None:
        """Let time pass, users open applications and Windows restart, as it is said of a call."""
        self.pass_time(call.after_seconds)
        for app in call.opens:
            self.host.apps.open(app)
        if call.reboot:
            self.host.reboot()

    def pass_time(self, seconds: float) -> None:
        """Let time pass on the host."""
        self._time.advance(seconds)

    def begin(self) -> None:
        """Take the registry as it is now for the one before the first call."""
        self._registry_before = self.host.registry.tree()

    def differences(self, after: Mapping[str, Any]) -> list[str]:
        """Tell where the host is not as it should be after the last call."""
        wrong: list[str] = []
        for place, expected in after.items():
            if place == "open_apps":
                wrong += differences(expected, self.host.apps.names(self.host.clock.now()), place)
            elif place == "notices":
                wrong += differences(expected, self.host.sessions.seen(), place)
            elif place == "registry":
                wrong += tree_differences(self._registry_before, self.host.registry.tree())
            else:
                found = {name: self.host.registry.get(_key(place), name) for name in expected}
                wrong += differences(expected, found, place)
        return wrong


def answer_differences(call: Call, answer: ModuleAnswer, where: str) -> list[str]:
    """Tell where an answer is not what the scenario asks for; a failure that it does not ask for is one."""
    wrong = differences(call.answer, answer, where)
    if answer.get("failed") and not call.answer.get("failed"):
        wrong.append(f"{where} failed: {answer.get('msg')}")
    return wrong


def differences(expected: Any, found: Any, where: str = "answer") -> list[str]:
    """Tell where `found` is not what the scenario asks for."""
    if isinstance(expected, Mapping):
        if set(expected) == {"matches"}:
            return [] if re.search(expected["matches"], str(found)) else [f"{where}: {found!r} lacks {expected}"]
        if not isinstance(found, Mapping):
            return [f"{where}: {found!r} is no mapping"]
        if not expected and found:
            return [f"{where}: {found!r} is not empty"]
        return [
            line
            for key, value in expected.items()
            for line in (
                differences(value, found[key], f"{where}.{key}") if key in found else [f"{where}.{key} is missing"]
            )
        ]
    same = type(found) is type(expected) and found == expected
    return [] if same else [f"{where}: {found!r} is not {expected!r}"]


def _key(place: str) -> str:
    return place if "\\" in place else PLACES[place]


def tree_differences(before: RegistryTree, after: RegistryTree) -> list[str]:
    """Tell which keys and values are not as they were."""
    wrong = [f"registry: {key} was not there" for key in after.keys() - before.keys()]
    for key, values in before.items():
        found = after.get(key)
        if found != values:
            wrong.append(f"registry: {key} holds {found}, before {values}")
    return wrong


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for key, value in values.items()
    }
