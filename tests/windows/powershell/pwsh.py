# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell under test: how it is started, and what of Ansible's command lines it is given."""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.windows.powershell import process

_LINE = re.compile(r'\s*"?(?:[^"\s]*[\\/])?(?:powershell|pwsh)(?:\.exe)?"?\s+([^"]*)', re.IGNORECASE)
_ENCODED = re.compile(r"^(.*\s)?-EncodedCommand\s+([A-Za-z0-9+/]+=*)\s*$", re.IGNORECASE | re.DOTALL)
DEBIANS_WINE = Path("/usr/lib/wine")  # where Debian has wine64, outside of PATH
START_SECONDS = 120.0  # the first start in a fresh prefix is slow
DESCRIBE = (
    '$v = $PSVersionTable; "PowerShell $($v.PSVersion) ($($v.PSEdition)), $([Environment]::OSVersion.VersionString), '
    '$([IntPtr]::Size * 8)-bit"'
)


class UnusableError(Exception):
    """What was given cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class PowerShell:
    """A command that runs Windows PowerShell or PowerShell on Windows, Wine's or a real one."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    directory: Path
    seconds: float  #: how long one command may take
    prefix: Path | None  #: of Wine; None for anything else

    def run(self, line: str, stdin: bytes) -> process.Outcome:
        """Run a command line that was meant for a PowerShell of a Windows host."""
        arguments = arguments_of(line)
        if arguments is None:
            trouble = f"not a command line of PowerShell: {line[:200]}"
            return process.Outcome(b"", trouble.encode(), 1, trouble)
        return self.start(arguments, stdin)

    def run_script(self, script: str, stdin: bytes = b"", seconds: float | None = None) -> process.Outcome:
        """Run a script of ours."""
        encoded = base64.b64encode(script.encode("utf-16-le")).decode()
        arguments = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted", "-EncodedCommand", encoded]
        return self.start(arguments, stdin, seconds)

    def start(self, arguments: list[str], stdin: bytes, seconds: float | None = None) -> process.Outcome:
        """Run it with these arguments."""
        return process.run(
            [*self.argv, *arguments],
            stdin,
            environment=self.environment,
            directory=self.directory,
            seconds=seconds or self.seconds,
        )

    def describe(self) -> str:
        """Ask which one it is; UnusableError when it does not say."""
        outcome = self.run_script(DESCRIBE, seconds=START_SECONDS)
        said = outcome.stdout.decode(errors="replace").strip()
        if outcome.exit_code or not said.startswith("PowerShell "):
            raise UnusableError(
                f"{shlex.join(self.argv)} does not act as a PowerShell (exit status {outcome.exit_code}).\n"
                f"  asked: {DESCRIBE}\n  it wrote: {said[:500] or 'nothing'}\n"
                f"  its errors: {outcome.stderr.decode(errors='replace').strip()[:1500] or 'none'}"
            )
        return said.splitlines()[0]


def find(command: str, seconds: float, directory: Path, variables: Mapping[str, str]) -> PowerShell:
    """Make sense of the command as a person gave it; UnusableError when there is no such program."""
    argv = split(command)
    wine = Path(argv[0]).name.startswith("wine")
    program = shutil.which(argv[0]) or (wine and shutil.which(Path(argv[0]).name, path=str(DEBIANS_WINE)))
    if not program:
        raise UnusableError(f"PWSH: there is no program {argv[0]!r}")
    environment = {"POWERSHELL_UPDATECHECK": "Off", "POWERSHELL_TELEMETRY_OPTOUT": "1", **os.environ, **variables}
    prefix = environment.get("WINEPREFIX")
    if wine and not prefix:
        raise UnusableError("WINEPREFIX: not set. Name the Wine prefix that may be written to, it is not guessed")
    if prefix and not Path(prefix, "drive_c").is_dir():
        raise UnusableError(f"WINEPREFIX: {prefix} is no Wine prefix, it has no drive_c")
    if prefix:
        environment = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mshtml=", **environment}
    elif "WSL_DISTRO_NAME" in environment:  # Windows programs are handed no other variables of ours
        shared = ":".join(filter(None, [environment.get("WSLENV"), *variables]))
        environment["WSLENV"] = shared
    return PowerShell(
        (str(Path(program).absolute()), *argv[1:]),
        environment,
        directory,
        seconds,
        Path(prefix).absolute() if prefix else None,
    )


def split(command: str) -> list[str]:
    r"""Split at white space outside of quotes; a backslash is a backslash (C:\pwsh\pwsh.exe)."""
    words = shlex.shlex(command, posix=True, punctuation_chars=False)
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    try:
        return list(words)
    except ValueError as error:
        raise UnusableError(f"PWSH: {command!r} does not split into words: {error}") from None


def arguments_of(line: str) -> list[str] | None:
    """Give what follows the program's name; None when the line calls no PowerShell.

    Up to 2.18 ansible-core has a PowerShell start a second one. That is undone here, so that the one under test is
    the one that runs, under whatever name it has.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    encoded = _ENCODED.match(found[1])
    if encoded:
        try:
            inner = base64.b64decode(encoded[2]).decode("utf-16-le")
        except ValueError:
            inner = ""
        nested = arguments_of(inner)
        if nested is not None and _ENCODED.match(" ".join(nested)):
            return nested
    return found[1].split()
