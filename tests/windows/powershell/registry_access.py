# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to the registry that the PowerShell under test sees. Windows' own reg.exe does the work, in Wine too."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree
from ansible_collections.officefleet.c2r.tests.windows.powershell import process, reg_file
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import DEBIANS_WINE, PowerShell, UnusableError

EXCHANGE = Path(__file__).with_name("registry_exchange.ps1")
SECONDS = 120.0
FOLDER = "officefleet-c2r-tests"  # on drive C: of a Wine prefix


class RegistryAccess(Protocol):
    """Imports a .reg text, if any, then reads whole keys; those that do not exist are left out."""

    def exchange(self, change: str, keys: Sequence[str]) -> RegistryTree: ...


class RegistryError(Exception):
    """The registry could not be read or written."""


class WineRegistry:
    """By one batch file of reg.exe's per exchange: starting a program costs more than what it does."""

    def __init__(self, powershell: PowerShell, prefix: Path, folder: str = FOLDER) -> None:
        self._powershell = powershell
        self._wine = wine_program(powershell)
        self.folder = prefix / "drive_c" / folder
        self.folder.mkdir(exist_ok=True, parents=True)
        self._at = f"C:\\{folder}\\"

    def boot(self) -> None:
        """Start this Windows and let it stay for a while: each command would otherwise start it anew.

        Whatever program comes first boots it. An explicit wineboot would start its services a second time.
        """
        server = _beside(self._wine, "wineserver")
        for command in ([server, "-p60"] if server else [], [self._wine, "cmd", "/c", "exit"]):
            if command:  # a server that runs already refuses, which is as good
                subprocess.run(
                    command,
                    env=dict(self._powershell.environment),
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # never a pipe: what stays behind would hold it open
                    stderr=subprocess.DEVNULL,
                    timeout=SECONDS,
                )

    def exchange(self, change: str, keys: Sequence[str]) -> RegistryTree:
        """See RegistryAccess."""
        at = self._at
        lines = ["@echo off"]
        if change:
            (self.folder / "change.reg").write_text(change, encoding="utf-16", newline="")
            lines.append(f'reg import "{at}change.reg" /reg:64')
        files = [self.folder / f"export-{number}.reg" for number in range(len(keys))]
        for key, file in zip(keys, files, strict=True):
            file.unlink(missing_ok=True)
            lines.append(f'reg export "{key}" "{at}{file.name}" /y /reg:64')
        (self.folder / "exchange.cmd").write_text("\r\n".join([*lines, ""]), newline="")
        self._run(["cmd", "/c", f"{at}exchange.cmd"])
        tree: RegistryTree = {}
        for file in files:
            if file.exists():
                tree.update(_parsed(file.read_bytes()))
        return tree

    def _run(self, command: list[str]) -> None:
        powershell = self._powershell
        outcome = process.run(
            [self._wine, *command],
            b"",
            environment=powershell.environment,
            directory=powershell.directory,
            seconds=SECONDS,
        )
        if outcome.trouble:
            raise RegistryError(f"wine {' '.join(command)}: {outcome.trouble}")


class PowerShellRegistry:
    """By the PowerShell under test itself, wherever it runs."""

    def __init__(self, powershell: PowerShell) -> None:
        self._powershell = powershell

    def exchange(self, change: str, keys: Sequence[str]) -> RegistryTree:
        """See RegistryAccess."""
        imported = base64.b64encode(change.encode("utf-16")).decode() if change else ""
        request = json.dumps({"import": imported, "export": list(keys)})
        outcome = self._powershell.run_script(EXCHANGE.read_text(encoding="utf-8"), request.encode(), SECONDS)
        try:
            exports = json.loads(outcome.stdout)["exports"]
            texts = [base64.b64decode(text) for text in exports]
        except (ValueError, TypeError, LookupError):
            said = (outcome.stderr or outcome.stdout).decode(errors="replace").strip()
            raise RegistryError(f"{EXCHANGE.name} failed (exit status {outcome.exit_code}): {said[:1500]}") from None
        tree: RegistryTree = {}
        for text in filter(None, texts):
            tree.update(_parsed(text))
        return tree


def wine_program(powershell: PowerShell) -> str:
    """The Wine that belongs to the prefix: the one of the command, else the one installed."""
    first = powershell.argv[0]
    program = first if Path(first).name.startswith("wine") else None
    program = program or shutil.which("wine64") or shutil.which("wine")
    if not program:
        raise UnusableError("WINEPREFIX is set, but neither wine64 nor wine is installed")
    return program


def _beside(program: str, name: str) -> str | None:
    folders = [str(Path(program).parent), str(DEBIANS_WINE)]
    return next(filter(None, (shutil.which(name, path=folder) for folder in folders)), None) or shutil.which(name)


def _parsed(data: bytes) -> RegistryTree:
    try:
        return reg_file.parse(data.decode("utf-16"))
    except ValueError as error:
        raise RegistryError(f"an export of reg.exe: {error}") from None
