# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: finds out what there is to play with, plays, and prints."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.contract.scenario import load
from ansible_collections.officefleet.c2r.tests.windows import com_build
from ansible_collections.officefleet.c2r.tests.windows.powershell import pwsh, table
from ansible_collections.officefleet.c2r.tests.windows.powershell.controller import Controller
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import (
    FOLDER,
    PowerShellRegistry,
    RegistryAccess,
    RegistryError,
    WineRegistry,
)
from ansible_collections.officefleet.c2r.tests.windows.powershell.runner import Runner, SetUp
from ansible_collections.officefleet.c2r.tests.windows.powershell.timed_bridge import TimedBridge

UNUSABLE = (pwsh.UnusableError, RegistryError)
COMPILER = "x86_64-w64-mingw32-gcc"


def play(options: argparse.Namespace, output: Path) -> int:
    """Play the chosen scenarios; the exit status."""
    scenarios = [scenario for scenario in load() if options.only.lower() in scenario.name.lower()]
    if not scenarios:
        raise pwsh.UnusableError(f"--only: no scenario's name holds {options.only!r}")
    work = output / "ansible"
    work.mkdir()
    controller = Controller(options.python, work)
    bridge = TimedBridge()
    with bridge:
        variables = {"OFFICEFLEET_LAB_PORT": str(bridge.port)}
        powershell = pwsh.find(options.pwsh, options.command_seconds, output, variables)
        if powershell.prefix is None and not options.allow_registry_writes:
            raise pwsh.UnusableError(
                "this is no Wine prefix (WINEPREFIX is not set), so keys of Office and its policies would be written "
                "into the registry of the machine that runs it. If that machine may be used for tests, say "
                "--allow-registry-writes"
            )
        print(f"Ansible:     {controller.describe()}", flush=True)
        access, com_server, why_not = _windows(powershell, options.com_server)
        print(f"PowerShell:  {powershell.describe()}")
        print(f"COM server:  {com_server or why_not}")
        print(f"Raw output:  {output}\n\n{table.heading()}", flush=True)
        shared = powershell.prefix is not None
        reasons = {"com": why_not} if why_not else {}
        set_up = SetUp(powershell, access, controller, bridge, com_server, shared, output, reasons)
        lines: list[str] = [table.heading()]

        def tell(line: str) -> None:
            lines.append(line)
            print(line, flush=True)

        rows = Runner(set_up, tell).play(scenarios)
    ending = table.summary(rows)
    print(ending)
    table.write(rows, "\n".join([*lines, ending]), output)
    return 0 if table.succeeded(rows) else 1


def _windows(powershell: pwsh.PowerShell, dll: Path | None) -> tuple[RegistryAccess, str | None, str]:
    """The way to the registry, the COM server as Windows names it, and why there is none."""
    if dll is not None and not dll.is_file():
        raise pwsh.UnusableError(f"--com-server: there is no file {dll}")
    if powershell.prefix is not None:
        wine = WineRegistry(powershell, powershell.prefix)
        wine.boot()
        server = wine.folder / com_build.SERVER_NAME
        if dll is not None:
            shutil.copyfile(dll, server)
        elif shutil.which(COMPILER):
            try:
                com_build.build_server(wine.folder)
            except RuntimeError as error:
                return wine, None, f"none: {error}"
        else:
            return wine, None, f"none: {COMPILER} is not installed, and --com-server does not name one"
        return wine, f"C:\\{FOLDER}\\{server.name}", ""
    access = PowerShellRegistry(powershell)
    if dll is None:
        return access, None, "none: outside of Wine, --com-server has to name one"
    return access, _windows_path(dll), ""


def _windows_path(path: Path) -> str:
    """A path of this machine as Windows has it; one that WSL does not know is taken as it is."""
    if shutil.which("wslpath") is None:
        return str(path)
    return subprocess.run(
        ["wslpath", "-w", str(path.absolute())], check=True, capture_output=True, text=True
    ).stdout.strip()
