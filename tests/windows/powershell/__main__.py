# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The contract scenarios through the real .ps1 files, real Ansible over WinRM, and whatever PowerShell is given.

    python -m ansible_collections.officefleet.c2r.tests.windows.powershell --pwsh 'wine64 C:\pwsh\pwsh.exe'

Exit status 0: nothing failed and something was played, or no PowerShell was given. 1: all else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NEEDED = "ansible-core >= 2.16, pywinrm >= 0.3 and pytest"


def main() -> int:
    """Parse the command line and play."""
    parser = argparse.ArgumentParser(prog="test-powershell", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--pwsh",
        default=os.environ.get("PWSH", ""),
        help="command that starts the PowerShell (default: $PWSH); with Wine, WINEPREFIX names the prefix",
    )
    parser.add_argument("--python", default=sys.executable, help=f"interpreter with {NEEDED} (default: this one)")
    parser.add_argument("--output", type=Path, help="folder for raw output and table; it is emptied first")
    parser.add_argument("--only", default="", metavar="TEXT", help="play only scenarios whose name holds this text")
    parser.add_argument("--command-seconds", type=float, default=180.0, help="time for one command (default: 180)")
    parser.add_argument("--com-server", type=Path, metavar="DLL", help="built from tests/windows/com_server.c already")
    parser.add_argument(
        "--allow-registry-writes",
        action="store_true",
        help="needed without Wine: keys of Office and its policies are written on the machine of that PowerShell",
    )
    options = parser.parse_args()
    if not options.pwsh.strip():
        print("test-powershell: skipped: no PowerShell given (PWSH='command that starts one')")
        return 0
    if sys.version_info < OLDEST_PYTHON:
        return _fail(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed")
    try:
        from ansible_collections.officefleet.c2r.tests.windows.powershell import session
    except ModuleNotFoundError as error:
        return _fail(f"PYTHON: {sys.executable} has no {error.name}; it needs {NEEDED}")
    output: Path = (options.output or Path.cwd() / "powershell-output").absolute()
    if not _emptied(output):
        return _fail(f"--output: {output} holds something that is not an earlier output of this; name another folder")
    try:
        return session.play(options, output)
    except session.UNUSABLE as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted")


def _emptied(folder: Path) -> bool:
    mark = folder / ".test-powershell"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()
    return True


def _fail(text: str) -> int:
    print(f"test-powershell: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
