# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# that shows messages to users, run by .NET in Wine: the calling convention and the last error are Windows' own.

Wine's wtsapi32 knows no sessions, so the scripted functions stand in its place.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence

import pytest

from ansible_collections.officefleet.c2r.tests.windows.client import Windows
from ansible_collections.officefleet.c2r.tests.windows.notice_checks import *  # noqa: F403 - the shared tests
from ansible_collections.officefleet.c2r.tests.windows.notice_program import FUNCTIONS, NoticeProgram, build_program
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import windows_path


@pytest.fixture(scope="module")
def notice(windows: Windows) -> NoticeProgram:
    """The program under .NET, with the functions as a DLL in the system directory of this Windows."""
    folder = windows.folder / "notice"
    folder.mkdir()
    # Only there: the product's code looks nowhere else.
    library = windows.prefix.directory / "prefix" / "drive_c" / "windows" / "system32" / "wtsapi32.dll"
    library.unlink(missing_ok=True)
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        ["x86_64-w64-mingw32-gcc", *warnings, "-O1", "-shared", "-static-libgcc", "-o", str(library), str(FUNCTIONS)],
        check=True,
    )
    program = build_program(folder)
    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    config = program.with_suffix(".runtimeconfig.json")
    config.write_text(json.dumps({"runtimeOptions": {"framework": framework}}))
    overrides = f"{windows.prefix.environment['WINEDLLOVERRIDES']};wtsapi32=n"

    def start(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
        with (windows.prefix.directory / "notice.log").open("ab") as log:
            return subprocess.run(
                ["wine", windows_path(windows.dotnet), windows_path(program), *arguments],
                env={**windows.prefix.environment, **environment, "WINEDLLOVERRIDES": overrides},
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="ascii",
                timeout=60,
            ).stdout

    return NoticeProgram(start, folder, windows_path)
