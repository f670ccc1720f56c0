# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the PowerShell under test is found, started and ended."""

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.lab.winrm import payload
from ansible_collections.officefleet.c2r.tests.windows.powershell import process, pwsh

FIXTURES = sorted((Path(payload.__file__).parent / "fixtures").glob("*.gz"))
FLAGS = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Unrestricted", "-EncodedCommand"]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (r"wine64 C:\pwsh\pwsh.exe", ["wine64", r"C:\pwsh\pwsh.exe"]),
        (
            r'wine "C:\Program Files\PowerShell\7\pwsh.exe" -X',
            ["wine", r"C:\Program Files\PowerShell\7\pwsh.exe", "-X"],
        ),
        ("'/mnt/c/a b/powershell.exe' # no comment", ["/mnt/c/a b/powershell.exe", "#", "no", "comment"]),
    ],
)
def test_a_backslash_is_a_backslash(command: str, words: list[str]) -> None:
    assert pwsh.split(command) == words


def test_an_open_quote_is_named() -> None:
    with pytest.raises(pwsh.UnusableError, match=r"PWSH: .*does not split"):
        pwsh.split('wine "C:\\pwsh')


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_each_ansible_core_starts_one_powershell(path: Path) -> None:
    cases = json.loads(gzip.decompress(path.read_bytes()))["cases"]
    lines = [command["command_line"] for case in cases for command in case["commands"]]
    assert lines
    for line in lines:
        arguments = pwsh.arguments_of(line)
        assert arguments is not None
        assert arguments[:-1] == FLAGS
        inner = base64.b64decode(arguments[-1]).decode("utf-16-le")
        assert "-EncodedCommand" not in inner or not inner.lower().startswith("powershell")


def test_a_powershell_in_a_powershell_is_opened() -> None:
    inner = " ".join(["PowerShell", *FLAGS, encoded("'the script'")])
    assert pwsh.arguments_of(" ".join(["powershell.exe", *FLAGS, encoded(inner)])) == [*FLAGS, encoded("'the script'")]
    other = encoded("PowerShell is a word here")
    assert pwsh.arguments_of(" ".join(["pwsh", *FLAGS, other])) == [*FLAGS, other]
    assert pwsh.arguments_of("cmd /c dir") is None


def test_wine_without_a_prefix_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "wine64"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.delenv("WINEPREFIX", raising=False)
    with pytest.raises(pwsh.UnusableError, match="WINEPREFIX: not set"):
        pwsh.find(f"{program} pwsh.exe", 1, tmp_path, {})
    monkeypatch.setenv("WINEPREFIX", str(tmp_path))
    with pytest.raises(pwsh.UnusableError, match="has no drive_c"):
        pwsh.find(f"{program} pwsh.exe", 1, tmp_path, {})
    (tmp_path / "drive_c").mkdir()
    found = pwsh.find(f"{program} pwsh.exe", 1, tmp_path, {"A": "b"})
    assert (found.argv, found.prefix) == ((str(program), "pwsh.exe"), tmp_path)
    assert (found.environment["A"], found.environment["WINEDEBUG"]) == ("b", os.environ.get("WINEDEBUG", "-all"))


def test_what_is_no_powershell_is_shown(tmp_path: Path) -> None:
    command = f"{sys.executable} -c \"import sys; print('I am no PowerShell'); sys.exit(4)\""
    found = pwsh.find(command, 30, tmp_path, {})
    with pytest.raises(pwsh.UnusableError, match=r"exit status 4(.|\n)*I am no PowerShell"):
        found.describe()


def run_python(script: str, tmp_path: Path, stdin: bytes = b"", seconds: float = 30) -> process.Outcome:
    command = [sys.executable, "-c", script]
    return process.run(command, stdin, environment=os.environ, directory=tmp_path, seconds=seconds)


def test_input_output_and_status_are_carried(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)  # more than any pipe holds, both ways
    script = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); print('e', file=sys.stderr); sys.exit(9)"
    outcome = run_python(script, tmp_path, data)
    assert outcome == process.Outcome(data, b"e\n", 9)


def test_input_that_nobody_reads_is_no_trouble(tmp_path: Path) -> None:
    assert run_python("print('ok')", tmp_path, b"x" * 1_000_000) == process.Outcome(b"ok\n", b"", 0)


def test_what_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    script = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '300'], start_new_session=True);"
        "print(child.pid, flush=True); time.sleep(300)"
    )
    started = time.monotonic()
    outcome = run_python(script, tmp_path, seconds=1)
    assert time.monotonic() - started < 10
    assert outcome.trouble == "no end within 1 s: killed"
    assert b"no end within 1 s" in outcome.stderr
    assert not _runs(int(outcome.stdout))


def test_what_is_left_behind_is_killed_and_not_waited_for(tmp_path: Path) -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '300'], start_new_session=True).pid)"
    started = time.monotonic()
    outcome = run_python(script, tmp_path)
    assert time.monotonic() - started < 10
    assert (outcome.exit_code, outcome.trouble) == (0, "")
    assert not _runs(int(outcome.stdout))


def test_a_crash_is_told_as_one(tmp_path: Path) -> None:
    outcome = run_python("import os; os.abort()", tmp_path)
    assert (outcome.exit_code, outcome.trouble) == (134, "ended by signal 6")


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    outcome = process.run(["/no/such/pwsh"], b"", environment={}, directory=tmp_path, seconds=1)
    assert (outcome.exit_code, outcome.trouble) == (127, "/no/such/pwsh cannot be started: No such file or directory")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_everything_that_runs_can_be_ended(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        outcomes = [pool.submit(run_python, "import time; time.sleep(300)", tmp_path) for _ in range(2)]
        time.sleep(0.5)
        process.end_all()
        assert [outcome.result().trouble for outcome in outcomes] == ["ended by signal 9"] * 2
