# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts as a PowerShell where there is none, to try the runner: the twins answer, out of a file and over COM.

    python -m ansible_collections.officefleet.c2r.tests.windows.powershell.stand_in REGISTRY [MISDEED] -NoProfile ...

REGISTRY is a file, or "wine" for that of the Wine prefix. It is called as PowerShell is called, and knows three things:
to say which PowerShell it is, to exchange the registry as registry_exchange.ps1 does, and to run a module. A misdeed
makes it fail at the last of them in one way of MISDEEDS. In the place of COM it asks the lab's bridge as com_server.c
does. It proves the runner and nothing of the modules.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService, ComError, StatusReport
from ansible_collections.officefleet.c2r.tests.lab.com_codes import REGDB_E_CLASSNOTREG, S_OK, Status
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryValue
from ansible_collections.officefleet.c2r.tests.lab.winrm import console, payload
from ansible_collections.officefleet.c2r.tests.windows import wire_text
from ansible_collections.officefleet.c2r.tests.windows.powershell import pwsh, reg_file
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import EXCHANGE, FOLDER, WineRegistry
from ansible_collections.officefleet.c2r.tests.windows.powershell.windows_registry import topmost

VERSION = "PowerShell 0.0 (stand-in), no Windows at all, 64-bit"


def main() -> int:
    """Do what the command line says."""
    own = [word for word in sys.argv[1:] if not word.startswith("-")]
    arguments = sys.argv[1:][next(place for place, word in enumerate(sys.argv[1:]) if word.startswith("-")) :]
    file, misdeed = own[0], own[1] if own[1:2] and own[1] in MISDEEDS else ""
    stdin = sys.stdin.buffer.read()
    call = payload.decode("PowerShell " + " ".join(arguments), stdin if payload.SEPARATOR in stdin else b"")
    if isinstance(call, payload.ShellScript):
        return _script(call.text, stdin, file)
    answer = _answered(call, file)
    return MISDEEDS[misdeed](call, answer) if misdeed else _print(console.module_result(call, answer))


def _script(text: str, stdin: bytes, file: str) -> int:
    if text == pwsh.DESCRIBE:
        print(VERSION)
    elif text == EXCHANGE.read_text(encoding="utf-8"):
        request = json.loads(stdin)
        with _registry(file) as registry:
            if request["import"]:
                reg_file.merge(base64.b64decode(request["import"]).decode("utf-16"), registry)
            exports = [_export(registry, key) for key in request["export"]]
        print(json.dumps({"exports": [base64.b64encode(text).decode() for text in exports]}))
    else:
        return _print(console.script_result(payload.ShellScript(text)))
    return 0


def _export(registry: Registry, key: str) -> bytes:
    prefix = key.lower() + "\\"
    tree = {each: values for each, values in registry.tree().items() if f"{each}\\".lower().startswith(prefix)}
    return reg_file.compose(tree).encode("utf-16") if tree else b""


def _answered(call: ModuleCall, file: str) -> dict[str, Any]:
    with _registry(file) as registry:
        host = Host("stand-in", None)
        host.registry = registry
        if registry.has_key(keys.CONFIGURATION):
            host.service = RemoteService(host.clock, registry, host.apps, lambda *_: 0)
            host.service.running = True
        return run(host, call)


def _print(result: console.Result) -> int:
    sys.stdout.buffer.write(result.stdout)
    sys.stderr.buffer.write(result.stderr)
    return result.exit_code


# -- misdeeds ---------------------------------------------------------------------------------------------------------


def _wrong(call: ModuleCall, answer: dict[str, Any]) -> int:
    return _print(console.module_result(call, {**answer, "version": "16.0.1.1", "changed": not answer["changed"]}))


def _garbage(call: ModuleCall, answer: dict[str, Any]) -> int:
    print("WARNING: 0024:fixme:ntdll:something that Wine says")
    return _print(console.module_result(call, answer))


def _no_answer(*_: object) -> int:
    print("Unhandled exception. System.Exception: this is all there is")
    return 0


def _crash(*_: object) -> int:
    print("wine: Unhandled page fault on read access", file=sys.stderr, flush=True)
    os.abort()


def _exit_code(call: ModuleCall, answer: dict[str, Any]) -> int:
    _print(console.module_result(call, answer))
    return 3


def _hang(*_: object) -> int:
    print("I start a child that holds my output and wait for ever", flush=True)
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    time.sleep(600)
    return 0


def _leave(call: ModuleCall, answer: dict[str, Any]) -> int:
    """End, but leave something behind that holds the pipes."""
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    return _print(console.module_result(call, answer))


MISDEEDS: dict[str, Callable[[ModuleCall, dict[str, Any]], int]] = {
    "wrong": _wrong,
    "garbage": _garbage,
    "no_answer": _no_answer,
    "crash": _crash,
    "exit_code": _exit_code,
    "hang": _hang,
    "leave": _leave,
}


# -- what a Windows has -----------------------------------------------------------------------------------------------


class StoredRegistry(Registry):
    """A registry in a file, for as long as the block lasts for this process alone."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def __enter__(self) -> StoredRegistry:
        self._handle = self._file.open("a+")
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._handle.seek(0)
        self.merge(json.loads(self._handle.read() or "{}"))
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.seek(0)
        self._handle.truncate()
        json.dump(self.tree(), self._handle, indent=1)
        self._handle.close()


class PrefixRegistry(Registry):
    """The registry of the Wine prefix that WINEPREFIX names, as far as Click-to-Run is concerned."""

    def __init__(self) -> None:
        super().__init__()
        prefix = Path(os.environ["WINEPREFIX"])
        powershell = pwsh.PowerShell(("stand-in",), os.environ, prefix, 60, prefix)
        self._access = WineRegistry(powershell, prefix, f"{FOLDER}-stand-in")

    def __enter__(self) -> PrefixRegistry:
        constants = [each if isinstance(each, tuple) else (each,) for each in vars(keys).values()]
        known = [key for each in constants for key in each if str(key).startswith(("HKLM\\", "HKU\\"))]
        self._before = self._access.exchange("", topmost(known))
        self.merge(self._before)
        return self

    def __exit__(self, *_: object) -> None:
        after = self.tree()
        changes: dict[str, dict[str, RegistryValue | None]] = {}
        for key, values in after.items():
            old = self._before.get(key)
            if old != values:
                changes[key] = {**dict.fromkeys(old or ()), **values}
        removed = [key for key in self._before if key not in after]
        if changes or removed:
            self._access.exchange(reg_file.compose(changes, removed=removed), [])


def _registry(name: str) -> StoredRegistry | PrefixRegistry:
    return PrefixRegistry() if name == "wine" else StoredRegistry(Path(name))


class RemoteService(ClickToRunService):
    """A service whose COM interface is answered by the lab's bridge; the registry here is that of this machine."""

    def download(self, parameters: str = "", *, elevated: bool = True) -> int:
        del elevated  # the bridge knows
        return self._ask("Download", wire_text.put(parameters))[0]

    def apply(self, parameters: str = "", *, elevated: bool = True) -> int:
        del elevated
        return self._ask("Apply", wire_text.put(parameters))[0]

    def cancel(self) -> int:
        return self._ask("Cancel")[0]

    def status(self) -> StatusReport:
        _, status, error, content_id = self._ask("Status")
        return StatusReport(Status(status), error, content_id)

    def blocking_apps(self) -> str | None:
        return self._ask("GetBlockingApps")[3]

    def deployment_data(self, kind: int, name: str) -> str | None:
        return self._ask("GetOfficeDeploymentData", str(kind), wire_text.put(name))[3]

    def _ask(self, *words: str) -> tuple[int, int, int, str | None]:
        if self._registry.text(keys.UPDATE_NOTIFY_2 + r"\InProcServer32", "") is None:
            raise ComError(REGDB_E_CLASSNOTREG)
        activated = _line("Activate")[0]
        if activated != S_OK:
            raise ComError(activated)
        return _line(*words)


def _line(*words: str) -> tuple[int, int, int, str | None]:
    """One question to the bridge, see com_server.c."""
    port = int(os.environ["OFFICEFLEET_LAB_PORT"])
    with socket.create_connection(("127.0.0.1", port)) as lab, lab.makefile("rw", encoding="ascii") as lines:
        lines.write(" ".join(words) + "\n")
        lines.flush()
        hresult, status, error, text = lines.readline().split()
    return int(hresult, 16), int(status), int(error), wire_text.get(text)


if __name__ == "__main__":
    sys.exit(main())
