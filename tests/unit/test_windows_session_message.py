# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# that shows messages to users: compiled as Windows PowerShell 5.1 would, run with Mono.

Mono on Linux has no wtsapi32; scripted functions of the same form stand in for it. That shows what arrives there, what
becomes of memory and threads, and how long it takes; no message on a screen.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.unit import powershell_rules as rules
from ansible_collections.officefleet.c2r.tests.unit import powershell_syntax as syntax
from ansible_collections.officefleet.c2r.tests.windows.notice_checks import *  # noqa: F403 - the shared tests
from ansible_collections.officefleet.c2r.tests.windows.notice_program import (
    FUNCTIONS,
    SOURCE,
    NoticeProgram,
    build_program,
)

MODULE = SOURCE.parents[1] / "modules" / "user_notice.ps1"
NAMESPACE = "ansible_collections.officefleet.c2r.plugins.module_utils._SessionMessage"

needs_mcs = pytest.mark.skipif(shutil.which("mcs") is None, reason="Mono's C# compiler (mcs) is not installed")


@pytest.fixture(scope="module")
def notice(tmp_path_factory: pytest.TempPathFactory) -> NoticeProgram:
    """The program under Mono, with the functions as a shared object."""
    for tool, package in (("mcs", "Mono's C# compiler (mcs)"), ("mono", "Mono"), ("gcc", "a C compiler (gcc)")):
        if shutil.which(tool) is None:
            pytest.skip(f"{package} is not installed")
    folder = tmp_path_factory.mktemp("notice")
    library = folder / "libwtsapi32.so"
    warnings = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *warnings, "-O1", "-shared", "-fPIC", "-o", str(library), str(FUNCTIONS)], check=True)
    program = build_program(folder)
    # Mono's own way to say where a library of Windows is found.
    map_to = f'<configuration><dllmap dll="wtsapi32.dll" target="{library}"/></configuration>\n'
    Path(f"{program}.config").write_text(map_to)

    def start(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
        return subprocess.run(
            ["mono", str(program), *arguments],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            encoding="ascii",
            timeout=60,
        ).stdout

    return NoticeProgram(start, folder)


def test_namespace_is_the_one_that_ansible_asks_for() -> None:
    assert f"namespace {NAMESPACE}\n" in SOURCE.read_text()


def test_only_the_framework_is_used() -> None:
    usings = re.findall(r"^using (.+);$", SOURCE.read_text(), re.MULTILINE)
    assert usings == ["System", "System.Collections.Generic", "System.Runtime.InteropServices", "System.Threading"]


def test_every_function_comes_from_the_system_directory() -> None:
    source = SOURCE.read_text()
    imports = source.count('[DllImport("wtsapi32.dll", ExactSpelling = true')
    assert imports == source.count("[DllImport(") == 4
    assert source.count("[DefaultDllImportSearchPaths(DllImportSearchPath.System32)]") == imports


@needs_mcs
def test_compiles_as_csharp_5_without_a_warning(tmp_path: Path) -> None:
    subprocess.run(
        [
            "mcs",
            "-langversion:5",
            "-warnaserror",
            "-warn:4",
            "-target:library",
            f"-out:{tmp_path / 'm.dll'}",
            str(SOURCE),
        ],
        check=True,
    )


def test_module_asks_for_the_util_that_it_uses() -> None:
    source = MODULE.read_bytes()
    assert f"[{NAMESPACE}.SessionMessage]::" in syntax.code_only(source)
    assert rules.required_utils(source) == {"_SessionMessage"}


def test_results_are_documented_as_they_are_returned() -> None:
    returned = yaml.safe_load(MODULE.with_suffix(".yml").read_text())["RETURN"]
    code = MODULE.read_text()
    assert set(re.findall(r"\$module\.Result\.(\w+) =", code)) - {"changed"} == set(returned)
    tables = [
        set(syntax.hash_entries(node))
        for node in syntax.walk(syntax.parse(MODULE.read_bytes()))
        if node.type == "hash_literal_expression"
    ]
    session = returned["sessions"]["contains"]
    assert set(session) in tables
    assert set(session["error"]["contains"]) in tables


def test_answers_are_documented() -> None:
    session = yaml.safe_load(MODULE.with_suffix(".yml").read_text())["RETURN"]["sessions"]["contains"]
    in_code = set(re.findall(r'(?:return|Answer =) (?:postpone \? )?"(\w+)"(?: : "(\w+)")?', SOURCE.read_text()))
    answers = {answer for pair in in_code for answer in pair if answer}
    assert answers == {"ok", "postpone", "timeout", "shown", "not_shown", "failed"}
    assert [answer for answer in answers if f"V({answer})" not in " ".join(session["answer"]["description"])] == []
