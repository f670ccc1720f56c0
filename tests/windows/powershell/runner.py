# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays scenarios one after the other through the real modules, real Ansible and a given PowerShell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.contract.scenario import Scenario, SimulatedHost, differences
from ansible_collections.officefleet.c2r.tests.lab.winrm.console import Result
from ansible_collections.officefleet.c2r.tests.windows.powershell import controller, table
from ansible_collections.officefleet.c2r.tests.windows.powershell.command_server import CommandServer
from ansible_collections.officefleet.c2r.tests.windows.powershell.needs import WHY, needs
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import PowerShell
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import RegistryAccess, RegistryError
from ansible_collections.officefleet.c2r.tests.windows.powershell.stage import Stage
from ansible_collections.officefleet.c2r.tests.windows.powershell.timed_bridge import TimedBridge
from ansible_collections.officefleet.c2r.tests.windows.powershell.windows_registry import WindowsRegistry


@dataclass(frozen=True)
class SetUp:
    """What scenarios are played with.

    :param com_server: the DLL that asks the bridge, as Windows names it; None: there is none.
    :param shared: see WindowsRegistry.
    :param reasons: why something that scenarios need is not there, in words that say more than WHY does.
    """

    powershell: PowerShell
    access: RegistryAccess
    controller: controller.Controller
    bridge: TimedBridge
    com_server: str | None
    shared: bool
    folder: Path
    reasons: dict[str, str]

    def lacking(self, scenario: Scenario) -> str:
        """Why it cannot be played here; empty when it can."""
        given = {"com"} if self.com_server else set()
        missing = [need for need in needs(scenario) if need not in given]
        return "; ".join(f"needs {need}: {self.reasons.get(need, WHY[need])}" for need in missing)


class Runner:
    """Plays, and tells of each scenario as soon as it is over."""

    def __init__(self, set_up: SetUp, tell: Callable[[str], None]) -> None:
        self._set_up, self._tell = set_up, tell
        self._stage: Stage | None = None

    def play(self, scenarios: Sequence[Scenario]) -> list[table.Row]:
        """Play all that can be."""
        hosts = [SimulatedHost("scenario", scenario.host) for scenario in scenarios]
        keys = {key for host in hosts for key in host.host.registry.tree()}
        keys |= {place for scenario in scenarios for place in scenario.after if "\\" in place}
        rows: list[table.Row] = []
        set_up = self._set_up
        registry = WindowsRegistry(set_up.access, sorted(keys), com_server=set_up.com_server, shared=set_up.shared)
        with registry, CommandServer(self._answer) as server:
            for number, (scenario, host) in enumerate(zip(scenarios, hosts, strict=True), 1):
                row = self._row(number, scenario, host, registry, server)
                rows.append(row)
                self._tell(row.line())
        return rows

    def _answer(self, host: str, line: str, stdin: bytes) -> Result:
        del host  # there is one
        if self._stage is None:
            return Result(b"", b"no scenario is being played", 1)
        return self._stage.answer(line, stdin)

    def _row(
        self, number: int, scenario: Scenario, host: SimulatedHost, registry: WindowsRegistry, server: CommandServer
    ) -> table.Row:
        modules = tuple(dict.fromkeys(call.module for call in scenario.calls))
        lacking = self._set_up.lacking(scenario) or registry.refusal(host.host.registry)
        if lacking:
            return table.Row(scenario.name, modules, table.NOT_PLAYABLE, 0.0, (lacking,))
        folder = self._set_up.folder / table.file_name(number, scenario.name)
        folder.mkdir()
        started = time.monotonic()
        stage = Stage(scenario, host, self._set_up.powershell, registry, self._set_up.bridge, folder)
        why = self._played(stage, server)
        (folder / "why.txt").write_text("".join(f"{line}\n" for line in why))
        result = table.FAILED if why else table.PASSED
        return table.Row(scenario.name, modules, result, time.monotonic() - started, tuple(why), str(folder))

    def _played(self, stage: Stage, server: CommandServer) -> list[str]:
        """Tell what is wrong."""
        try:
            stage.begin()
            self._stage = stage
            played = self._set_up.controller.play(stage.scenario, server, stage.folder, self._set_up.powershell.seconds)
            stage.close()
            return [*stage.troubles, *_wrong_answers(stage.scenario, played), *stage.differences()]
        except (RegistryError, ValueError) as error:  # a value that a .reg file cannot carry
            return [*stage.troubles, f"the registry: {error}"]
        finally:
            self._stage = None
            stage.close()
            stage.end()


def _wrong_answers(scenario: Scenario, played: controller.Played) -> list[str]:
    wrong = [played.trouble] if played.trouble else []
    for number, (call, answer) in enumerate(zip(scenario.calls, played.answers, strict=False), 1):
        name = f"call {number} ({call.module})"
        lines = differences(call.answer, answer, name)
        if answer.get("failed") and not call.answer.get("failed"):
            wrong.append(f"{name} failed: {controller.summary(answer)}")
        wrong += lines
    if len(played.answers) < len(scenario.calls):
        wrong.append(f"{len(played.answers)} of {len(scenario.calls)} calls were answered")
    return wrong
