# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# in plugins/module_utils/_ComDiagnosis.psm1, which Add-Type compiles on a host for a diagnosis."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
UTIL = HERE.parents[1] / "plugins" / "module_utils" / "_ComDiagnosis.psm1"
START, END = "$script:TypeLibrarySource = @'\n", "\n'@\n"


def source() -> str:
    """Give the text between the quotes."""
    return UTIL.read_text(encoding="utf-8").split(START)[1].split(END)[0] + "\n"


def compile_program(directory: Path, csharp: str) -> Path:
    """Compile a text in the place of that C#, with TypeLibraryProgram.cs; CalledProcessError where it is unsound."""
    text = directory / "TypeLibrary.cs"
    text.write_text(csharp, encoding="utf-8")
    program = directory / "TypeLibraryProgram.exe"
    rules = ["-langversion:5", "-warnaserror", "-warn:4"]
    subprocess.run(
        ["mcs", *rules, f"-out:{program}", str(HERE / program.with_suffix(".cs").name), str(text)], check=True
    )
    return program
