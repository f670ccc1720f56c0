# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scenario while it is played: what happens around each command that arrives, and what it leaves behind."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.contract.scenario import Scenario, SimulatedHost
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm import payload
from ansible_collections.officefleet.c2r.tests.lab.winrm.console import Result
from ansible_collections.officefleet.c2r.tests.windows.powershell.process import Outcome, end_all
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import PowerShell
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import RegistryError
from ansible_collections.officefleet.c2r.tests.windows.powershell.timed_bridge import TimedBridge
from ansible_collections.officefleet.c2r.tests.windows.powershell.windows_registry import WindowsRegistry


@dataclass
class Stage:
    """Where the model of a host and a real PowerShell are kept in step.

    :param folder: where the raw output of each command goes.
    """

    scenario: Scenario
    simulated: SimulatedHost
    powershell: PowerShell
    registry: WindowsRegistry
    bridge: TimedBridge
    folder: Path
    troubles: list[str] = field(default_factory=list)  #: what went wrong around the calls, in words
    calls: int = 0
    _scripts: int = 0
    _stuck: bool = False
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Make Windows stand as the scenario's host does."""
        self.bridge.serve(self.simulated)
        self.registry.begin(self.simulated.host.registry)
        self.simulated.begin()

    def differences(self) -> list[str]:
        """Tell where the host is not as it should be after the last call."""
        return [
            *(f"the COM bridge: {fault!r}" for fault in self.bridge.faults),
            *self.simulated.differences(self.scenario.after),
        ]

    def end(self) -> None:
        """Give back what was borrowed."""
        self.registry.end(self.simulated.host.registry)

    def answer(self, line: str, stdin: bytes) -> Result:
        """Run one command; never raises."""
        with self._busy:
            return self._answered(line, stdin)

    def close(self) -> None:
        """Ansible is gone: what it started may not go on beside the next scenario."""
        while not self._busy.acquire(timeout=0.1):
            end_all()
        self._stuck = True
        self._busy.release()

    def _answered(self, line: str, stdin: bytes) -> Result:
        try:
            call = payload.decode(line, stdin)
        except payload.PayloadError:
            call = ModuleCall("") if stdin else payload.ShellScript(line)  # of an ansible-core not known here
        try:
            if isinstance(call, payload.ShellScript):
                self._scripts += 1
                return self._keep(f"script-{self._scripts}", self.powershell.run(line, stdin))
            return self._module(call, line, stdin)
        except RegistryError as error:
            return self._fail(f"the registry: {error}")
        except Exception as error:  # whatever it is, the scenario has failed, not the run
            return self._fail(f"{type(error).__name__}: {error}")

    def _module(self, received: ModuleCall, line: str, stdin: bytes) -> Result:
        self.calls += 1
        if self.calls > len(self.scenario.calls):
            return self._fail(f"call {self.calls}: the scenario has {len(self.scenario.calls)}")
        if self._stuck:
            return Result(b"", b"not run: an earlier call did not end by itself", 1)
        expected = self.scenario.calls[self.calls - 1]
        if received.name and received.name.rsplit(".", 1)[-1] != expected.module:
            self.troubles.append(f"call {self.calls}: {received.name} arrived instead of {expected.module}")
        self.simulated.happen_before(expected)
        self._settle()
        host = self.simulated.host
        self.registry.push(host.registry)
        self.bridge.new_call()
        name = f"call-{self.calls}-{expected.module}"
        (self.folder / f"{name}.call.json").write_text(json.dumps(asdict(received), indent=2, default=str))
        outcome = self.powershell.run(line, stdin)
        result = self._keep(name, outcome)
        if outcome.trouble:
            self._stuck = True
            self.troubles.append(f"call {self.calls} ({expected.module}): {outcome.trouble}")
        self.registry.pull(host.registry)
        return result

    def _settle(self) -> None:
        """Let the service catch up with the clock, before anybody reads what it wrote."""
        if self.simulated.host.service:
            with suppress(ComError):  # a service that COM does not reach does nothing either
                self.simulated.host.service.status()

    def _keep(self, name: str, outcome: Outcome) -> Result:
        (self.folder / f"{name}.stdout").write_bytes(outcome.stdout)
        (self.folder / f"{name}.stderr").write_bytes(outcome.stderr)
        (self.folder / f"{name}.status").write_text(f"{outcome.exit_code}\n")
        return Result(outcome.stdout, outcome.stderr, outcome.exit_code)

    def _fail(self, trouble: str) -> Result:
        self.troubles.append(trouble)
        return Result(b"", f"test-powershell: {trouble}\r\n".encode(), 1)
