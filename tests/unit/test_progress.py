# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of itself while it lasts and afterwards."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import MOMENTS, Progress


class Clock:
    """Seconds that pass when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_come_at_most_once_in_an_interval_and_at_the_last_file(tmp_path: Path) -> None:
    clock = Clock()
    progress = Progress(tmp_path / "progress", 1.0, clock)
    progress.phase("fetching", 2, 100)
    for _ in range(10):
        progress.add_bytes(5)
    progress.add_file()
    assert [(line["files"], line["bytes"]) for line in lines(tmp_path / "progress")] == [(0, 0)]
    clock.now += 1
    progress.add_bytes(50)
    progress.add_file()
    progress.step("publishing")
    assert [(line["phase"], line["files"], line["bytes"]) for line in lines(tmp_path / "progress")[1:]] == [
        ("fetching", 1, 100),
        ("fetching", 2, 100),
        ("publishing", 2, 100),
    ]
    assert lines(tmp_path / "progress")[-1]["bytes_total"] == 100


def test_each_phase_counts_from_the_start(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress", 0.0)
    progress.phase("hashing what is there", 1, 10)
    progress.add_bytes(10)
    progress.add_file()
    progress.phase("waiting for another run")
    assert lines(tmp_path / "progress")[-1] == {
        "phase": "waiting for another run",
        "files": 0,
        "files_total": 0,
        "bytes": 0,
        "bytes_total": None,
    }


def test_the_timeline_is_thinned_evenly_from_first_to_last() -> None:
    clock = Clock()
    progress = Progress(clock=clock)
    progress.phase("fetching", 10_000, None)
    for _ in range(10_000):
        clock.now += 1
        progress.add_bytes(1)
        progress.add_file()
    timeline = progress.timeline()
    assert len(timeline) <= MOMENTS
    counts = [moment["bytes"] for moment in timeline]
    assert (counts[0], counts[-1]) == (0, 10_000)
    gaps = [later - earlier for earlier, later in itertools.pairwise(counts)]
    assert max(gaps) <= 3 * 10_000 / (MOMENTS / 2)
    assert timeline[-1].keys() == {"at", "phase", "files", "bytes"}
    assert progress.timeline() == timeline


def test_what_counts_nothing_is_not_in_the_timeline() -> None:
    progress = Progress()
    progress.phase("asking what the image takes")
    assert progress.timeline() == []


def test_the_end_of_a_phase_is_in_the_timeline() -> None:
    progress = Progress(clock=Clock())
    progress.phase("hashing what is there", 1, 10)
    progress.add_bytes(10)
    progress.phase("fetching", 1, 3)
    assert [(moment["phase"], moment["bytes"]) for moment in progress.timeline()] == [
        ("hashing what is there", 0),
        ("hashing what is there", 10),
        ("fetching", 0),
    ]
