# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows of its own in a folder: a Wine prefix that is thrown away."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType

TIMEOUT_SECONDS = 120
SERVER_LINGERS_SECONDS = 60  # after its last process, should nobody end it


class WinePrefix:
    """A context manager: Windows 10 as Wine plays it, with its registry, until the block ends.

    :param directory: an existing empty folder. Everything that Wine writes goes there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WINE") and name != "DISPLAY"}
        self.environment = kept | {
            "WINEPREFIX": str(directory / "prefix"),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # no HTML engine, whose installer would ask questions; mscoree stays on, .NET's programs are started with it
            "WINEDLLOVERRIDES": "mshtml=",
            "HOME": str(directory),  # Wine links a user's folders into the prefix
            "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
        }

    def __enter__(self) -> WinePrefix:
        (self.directory / "prefix").mkdir()
        # Kept between commands: each would otherwise boot this Windows anew.
        self._run("wineserver", f"-p{SERVER_LINGERS_SECONDS}")
        try:
            # The first program to run boots it. An explicit wineboot would start the services twice: with Wine 8.0
            # there is no RpcSs then, and COM takes 3 to 10 s to find that a class is not registered.
            self.import_registry({r"HKEY_CURRENT_USER\Software\Wine": {"Version": "win10"}})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(self, *command: str) -> None:
        """Run a Windows program to its end; CalledProcessError when it fails."""
        self._run("wine", *command)

    def import_registry(self, keys: dict[str, dict[str, str] | None]) -> None:
        """Set text values by key path ("" is a key's default value); None removes a key."""
        lines = ["Windows Registry Editor Version 5.00"]
        for key, values in keys.items():
            lines += ["", f"[{key}]" if values is not None else f"[-{key}]"]
            for name, value in (values or {}).items():
                lines.append(f"{_quoted(name) if name else '@'}={_quoted(value)}")
        path = self.directory / "import.reg"
        path.write_text("\n".join([*lines, ""]), encoding="utf-16")
        self.run("regedit", "/S", windows_path(path))

    def _end(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it has ended by itself when nothing ran for a while
            self._run("wineserver", "-k")  # of this prefix only

    def _run(self, *command: str) -> None:
        # To a file: what stays behind in the prefix would keep a pipe open.
        with (self.directory / "wine.log").open("ab") as log:
            subprocess.run(
                command,
                env=self.environment,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=TIMEOUT_SECONDS,
            )


def windows_path(path: Path) -> str:
    """The path as Windows programs see it: Wine has the root at Z:."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
