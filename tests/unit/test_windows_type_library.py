# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# of `update_info: diagnose`: compiled as Windows PowerShell 5.1 would. tests/windows runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.windows.type_library import UTIL, compile_program, source

needs_mcs = pytest.mark.skipif(shutil.which("mcs") is None, reason="Mono's C# compiler (mcs) is not installed")


def test_only_the_framework_is_used() -> None:
    namespaces = set(re.findall(r"^using (?:\w+ = )?([\w.]+);$", source(), re.MULTILINE))
    assert {"System", "System.Collections.Generic", "System.Runtime.InteropServices"} < namespaces
    other = {name for name in namespaces if not name.startswith(("System.Runtime.InteropServices", "System"))}
    assert other == set()
    assert not any(name.startswith("System.Linq") for name in namespaces)  # Add-Type of 5.1 does not refer to it


def test_it_is_compiled_only_when_asked_for() -> None:
    util = UTIL.read_text(encoding="utf-8")
    module = UTIL.parents[1].joinpath("modules", "update_info.ps1").read_text(encoding="utf-8")
    assert util.count("Add-Type -TypeDefinition ") == 1
    assert "    if ($diagnose) {\n        $module.Result.diagnosis = Get-ComDiagnosis\n" in module.replace("\r", "")
    assert "Add-Type -TypeDefinition " in util.split("function Get-ComDiagnosis {")[1]


@needs_mcs
def test_compiles_as_csharp_5_without_a_warning(tmp_path: Path) -> None:
    assert compile_program(tmp_path, source()).exists()


@needs_mcs
@pytest.mark.parametrize("fault", ['string newer = $"{1}";', "int unused = 1;"], ids=["C# 6", "a warning"])
def test_compiler_would_find_a_fault(tmp_path: Path, fault: str) -> None:
    broken = source().replace("ITypeLib library;", f"{fault}\n            ITypeLib library;", 1)
    assert broken != source()
    with pytest.raises(subprocess.CalledProcessError):
        compile_program(tmp_path, broken)
