# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a user runs it: every kind of host ends explained, and an interrupt leaves nothing behind."""

from __future__ import annotations

import collections
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.integration.interrupts import interrupts

__all__ = ["interrupts"]  # a fixture, found by its name

DEMO = [sys.executable, "-m", "ansible_collections.officefleet.c2r.tests.lab.demo", "--hosts", "10"]
MARK = "OFFICEFLEET_DEMO_TEST"


def processes_with(mark: str) -> Iterator[str]:
    """Name the processes that carry the mark in their environment."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environment.read_bytes():
                yield environment.parent.joinpath("comm").read_text().strip()
        except OSError:  # it ended meanwhile
            continue


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once to its end; give its folder and its screen."""
    output = tmp_path_factory.mktemp("demo") / "out"
    run = subprocess.run([*DEMO, "--output", str(output)], capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    return output, run.stdout


def test_every_host_ends_in_its_explained_state(finished: tuple[Path, str]) -> None:
    output, _ = finished
    records = [json.loads(path.read_text()) for path in sorted((output / "records").glob("*.json"))]
    states = collections.Counter(record["state"] for record in records)
    assert states == {"compliant": 5, "blocked": 1, "exhausted": 1, "unreachable": 1, "incompatible": 2}
    assert all(record["reason"] for record in records)
    (failed,) = (record for record in records if record["state"] == "exhausted")
    assert failed["error"]["hresult"] == "0x800704CD"
    assert "documentsynctimeout" in failed["error"]["hint"]


def test_the_screen_has_one_line_for_each_host_and_phase(finished: tuple[Path, str]) -> None:
    _, screen = finished
    rollout = screen[screen.index("2/3") : screen.index("3/3")]
    phases = re.findall(
        r"^(ws-\d+)  (downloading|applying|compliant) +(16\.[\d.]+)(?: -> (16\.[\d.]+))?$", rollout, re.M
    )
    lines = collections.Counter((host, state) for host, state, _, _ in phases)
    assert sum(state == "compliant" for _, state in lines) == 5
    updated = {host for host, state in lines if state == "applying"}
    assert {host for host, state in lines if state == "downloading"} >= updated
    assert len(updated) == 4, "all but the one that was current"
    failures = re.findall(r"^(ws-\d+)  waiting .* download failed: ", rollout, re.M)
    for (host, state), count in lines.items():
        # Each attempt at a download is a phase of its own
        assert count == (1 + failures.count(host) if state == "downloading" else 1), (host, state)
    banners = re.findall(r"^TASK \[(.+?)[ \]]", rollout, re.M)
    assert set(banners) == {"officefleet.c2r.target"}, "the passes themselves have no banners"
    changed = collections.Counter(re.findall(r"^changed: \[(ws-\d+)\]", rollout, re.M))
    assert max(changed.values()) == 2, "each host is prepared once, with two tasks"


def test_the_end_names_the_report(finished: tuple[Path, str]) -> None:
    output, screen = finished
    assert screen.rstrip().endswith(f"the report is {output / 'report.html'}")
    assert "16.0.20228.20190" in (output / "report.html").read_text()
    assert not (output / "library").exists()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A temporary directory whose path leaves room for those of sockets in it, which may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="demo-") as path:
        yield Path(path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_leaves_nothing_behind(short_path: Path, number: signal.Signals) -> None:
    output, mark = short_path / "out", f"{number.name}-{os.getpid()}"
    with subprocess.Popen(
        [*DEMO, "--output", str(output)],
        env={**os.environ, MARK: mark, "TMPDIR": str(short_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if re.match(r"ws-\d+  downloading", line):  # in the middle of the rollout
                break
        demo.send_signal(number)
        assert "everything it started has ended" in demo.stdout.read()
        assert demo.wait(30) == 130
    deadline = time.monotonic() + 5
    while (left := list(processes_with(f"{MARK}={mark}"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    assert list(short_path.iterdir()) == []
