# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles what runs in Wine: the COM server with mingw, the client and its driver as Windows PowerShell 5.1 would."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENT = HERE.parents[1] / "plugins" / "module_utils" / "_UpdateNotify.cs"
SERVER_NAME = "OfficeC2RCom.dll"

COMPILERS = {"mcs": "mono-mcs", "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64"}  # and Debian's packages


def build_server(directory: Path) -> Path:
    """Compile the COM server into the directory."""
    server = directory / SERVER_NAME
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
    libraries = ["-lole32", "-loleaut32", "-luuid", "-lws2_32"]
    source = str(HERE / "com_server.c")
    _compile(
        ["x86_64-w64-mingw32-gcc", *warnings, "-O2", "-shared", "-static-libgcc", "-o", str(server), source, *libraries]
    )
    return server


def build_driver(directory: Path, *, name: str = "Driver", client: Path = CLIENT) -> Path:
    """Compile the driver with a client into the directory, where the server has to be as well."""
    driver = directory / f"{name}.exe"
    rules = ["-langversion:5", "-warnaserror", "-warn:4"]
    _compile(["mcs", *rules, f"-out:{driver}", str(HERE / "Driver.cs"), str(client)])
    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    config = directory / f"{name}.runtimeconfig.json"
    config.write_text(json.dumps({"runtimeOptions": {"framework": framework}}))
    return driver


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
