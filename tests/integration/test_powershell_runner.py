# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test-powershell` with a stand-in for the PowerShell: real Ansible, the server, processes, comparing, the table.

The stand-in answers through the twins, so nothing here says anything of the .ps1 files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "ansible_collections.officefleet.c2r.tests.windows.powershell"
ROOT = Path(__file__).resolve().parents[5]
FORBIDDEN = (
    "aiohttp",
    "cabarchive",
    "tree_sitter",
    "tree_sitter_powershell",
    "libarchive",
    "lxml",
    "tabulate",
    "asn1crypto",
)


@dataclass(frozen=True)
class Ended:
    """The runner after its end."""

    status: int
    text: str
    output: Path
    registry: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads((self.output / "results.json").read_text())
        return rows

    @property
    def row(self) -> dict[str, Any]:
        (row,) = self.rows
        return row

    def kept(self, pattern: str) -> str:
        (file,) = Path(self.row["folder"]).glob(pattern)
        return file.read_text(errors="replace")


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PWSH", "WINEPREFIX")}
    environment = {**kept, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", PACKAGE, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def play(folder: Path, only: str, misdeed: str = "", *arguments: str, com: bool = True) -> Ended:
    registry, output = folder / "registry.json", folder / "output"
    library = folder / "OfficeC2RCom.dll"
    library.touch()
    stand_in = f"{sys.executable} -m {PACKAGE}.stand_in {registry} {misdeed}"
    options = ["--pwsh", stand_in, "--output", str(output), "--only", only, "--allow-registry-writes"]
    if com:
        options += ["--com-server", str(library)]
    done = start(*options, *arguments)
    return Ended(done.returncode, done.stdout + done.stderr, output, registry)


def test_without_a_powershell_one_line_says_so() -> None:
    done = start()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "test-powershell: skipped: no PowerShell given (PWSH='command that starts one')\n"


def test_a_scenario_passes_and_leaves_its_raw_output_and_no_trace(tmp_path: Path) -> None:
    ended = play(tmp_path, "a staged build is installed and then reported")
    assert ended.status == 0, ended.text
    assert "PowerShell 0.0 (stand-in)" in ended.text
    assert "1 scenarios: 1 passed, 0 FAILED, 0 not playable here" in ended.text
    assert (ended.row["result"], ended.row["why"]) == ("passed", [])
    assert json.loads(ended.kept("call-1-update.stdout"))["call"]["method"] == "Apply"
    assert json.loads(ended.kept("call-1-update.call.json"))["params"]["_step"] == "apply"
    assert "a staged build is installed" in (ended.output / "table.txt").read_text()
    left = json.loads(ended.registry.read_text())
    assert [key for key, values in left.items() if values] == []


def test_what_modules_write_is_read_back(tmp_path: Path) -> None:
    ended = play(tmp_path, "brings the earlier one back")
    assert ended.status == 0, ended.text


def test_what_cannot_be_played_is_counted_and_is_no_success(tmp_path: Path) -> None:
    ended = play(tmp_path, "the time-out is set once", com=False)
    assert ended.status == 1
    assert ended.row["result"] == "not playable here"
    assert ended.row["why"] == ["needs com: none: outside of Wine, --com-server has to name one"]
    assert "0 passed, 0 FAILED, 1 not playable here" in ended.text
    assert "Nothing was played, so nothing is proven." in ended.text


def test_time_passes_for_a_module_that_waits(tmp_path: Path) -> None:
    ended = play(tmp_path, "waiting ends soon")
    assert ended.status == 0, ended.text


def test_a_wrong_answer_fails_readably(tmp_path: Path) -> None:
    ended = play(tmp_path, "a managed host tells everything about itself", "wrong")
    assert ended.status == 1
    assert ended.row["result"] == "FAILED"
    assert ended.row["why"] == [
        "call 1 (update_info).changed: True is not False",
        "call 1 (update_info).version: '16.0.1.1' is not '16.0.20131.20206'",
    ]
    assert (
        "FAILED: a managed host tells everything about itself\n    call 1 (update_info).changed: True is" in ended.text
    )
    assert f"see {ended.row['folder']}" in ended.text


def test_garbage_around_the_answer_is_no_failure(tmp_path: Path) -> None:
    ended = play(tmp_path, "32-bit Office is told apart", "garbage")
    assert ended.status == 0, ended.text
    assert "fixme:ntdll" in ended.kept("call-1-*.stdout")


@pytest.mark.parametrize(
    ("misdeed", "why"),
    [
        ("no_answer", "this is all there is"),
        ("crash", "Unhandled page fault"),
        ("hang", "no end within 8 s: killed"),
    ],
)
def test_a_module_that_does_not_answer_fails_with_what_it_said(tmp_path: Path, misdeed: str, why: str) -> None:
    ended = play(tmp_path, "a second download is not asked for while one runs", misdeed, "--command-seconds", "8")
    assert ended.status == 1
    assert any(why in line for line in ended.row["why"]), ended.row["why"]
    assert "Traceback" not in ended.text
    if misdeed == "hang":
        assert (
            "not run: an earlier call did not end by itself" in (Path(ended.row["folder"]) / "answers.json").read_text()
        )


@pytest.mark.parametrize("misdeed", ["leave", "exit_code"])
def test_what_ansible_takes_for_an_answer_is_one(tmp_path: Path, misdeed: str) -> None:
    ended = play(tmp_path, "32-bit Office is told apart", misdeed)
    assert ended.status == 0, ended.text
    assert ended.kept("call-1-*.status") == ("3\n" if misdeed == "exit_code" else "0\n")


def test_an_interrupted_run_is_cleaned_up_by_the_next(tmp_path: Path) -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun"
    office = {key + r"\Configuration": {"VersionToReport": "16.0.1.1"}}
    mark = {r"HKLM\SOFTWARE\officefleet.c2r.tests": {"0": key}}
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps(office | mark))
    assert play(tmp_path, "a time-out is required").status == 0
    registry.write_text(json.dumps(office))
    ended = play(tmp_path, "a time-out is required")
    assert (ended.status, json.loads(registry.read_text())) == (1, office)
    assert "there is an Office (Click-to-Run) in this Windows: nothing was touched" in ended.text


def test_a_registry_is_not_written_to_unasked(tmp_path: Path) -> None:
    done = start("--pwsh", sys.executable, "--output", str(tmp_path / "output"))
    assert done.returncode == 1
    assert "say --allow-registry-writes" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--pwsh", "/no/such/pwsh"], "PWSH: there is no program '/no/such/pwsh'"),
        (["--pwsh", sys.executable, "--only", "no such scenario"], "--only: no scenario's name holds"),
        (
            ["--pwsh", sys.executable, "--allow-registry-writes", "--python", "/usr/bin/false"],
            "PYTHON: /usr/bin/false needs",
        ),
        (["--pwsh", f"{sys.executable} -c pass", "--allow-registry-writes"], "does not act as a PowerShell"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    done = start(*arguments, "--output", str(tmp_path / "output"))
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_somebody_else_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    done = start("--pwsh", sys.executable, "--output", str(tmp_path))
    assert (done.returncode, (tmp_path / "precious").exists()) == (1, True)
    assert "holds something that is not an earlier output" in done.stderr


def test_nothing_but_ansible_and_pywinrm_is_imported() -> None:
    script = f"import sys, {PACKAGE}.session; print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "yaml" in loaded
    assert loaded.isdisjoint(FORBIDDEN)
