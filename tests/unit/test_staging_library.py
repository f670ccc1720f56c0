# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a channel's other versions, who waits for whom, and what there is room for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_result
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

VERSIONS = ("16.0.19929.20100", "16.0.20026.20100", "16.0.20131.20206", "16.0.20228.20190")
BUILDS = tuple(
    Build("MonthlyEnterprise", version, languages=("en-us",), payload_bytes=3000, language_bytes=3000)
    for version in VERSIONS
)
NEWEST = BUILDS[-1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), BUILDS) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    shared.faults.clear()
    shared.requests.clear()
    return shared


def stage(cdn: LabCdn, library: Path, build: Build, *, check_mode: bool = False, **changes: Any) -> Outcome:
    return staged.stage(staged.options(cdn, build, library, **changes), check_mode=check_mode)


@pytest.fixture
def full(cdn: LabCdn, tmp_path: Path) -> Path:
    """A library with every version, the oldest being the current one."""
    for build in BUILDS:
        stage(cdn, tmp_path, build, current=build is BUILDS[0])
    cdn.requests.clear()
    return tmp_path


def versions(library: Path) -> tuple[str, ...]:
    return Library(library).versions(NEWEST.channel)


def test_nothing_moves_current_unless_told(cdn: LabCdn, tmp_path: Path) -> None:
    link = tmp_path / NEWEST.channel / "current"
    stage(cdn, tmp_path, BUILDS[0])
    assert not os.path.lexists(link)
    assert stage(cdn, tmp_path, BUILDS[0], current=True).changed
    assert link.readlink() == Path(VERSIONS[0])
    stage(cdn, tmp_path, BUILDS[1])
    assert link.readlink() == Path(VERSIONS[0])
    cdn.requests.clear()
    assert stage(cdn, tmp_path, BUILDS[1], current=True).changed
    assert link.readlink() == Path(VERSIONS[1])
    assert not stage(cdn, tmp_path, BUILDS[1], current=True, keep=9).changed
    assert cdn.requests == []


def test_a_link_to_what_is_gone_is_put_right_only_when_asked(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path, NEWEST)
    (tmp_path / NEWEST.channel / "current").symlink_to("16.0.1.2")
    with pytest.raises(InputError, match=r"^library: \S+current leads to 16\.0\.1\.2, which is not there"):
        stage(cdn, tmp_path, NEWEST)
    assert stage(cdn, tmp_path, NEWEST, current=True, keep=1).changed
    assert Library(tmp_path).current(NEWEST.channel) == NEWEST.version


def test_all_but_the_newest_are_pruned_and_the_rest_has_a_reason(cdn: LabCdn, full: Path) -> None:
    changes: dict[str, Any] = {"keep": 1, "pinned": [VERSIONS[1].removeprefix("16.0.")]}
    foretold = stage(cdn, full, NEWEST, check_mode=True, **changes)
    assert versions(full) == VERSIONS[::-1]
    outcome = stage(cdn, full, NEWEST, **changes)
    for one in (foretold, outcome):
        assert one.changed
        assert [candidate.version for candidate in one.housekeeping.pruning.remove] == [VERSIONS[2]]
        assert [(kept.version, kept.reason) for kept in one.housekeeping.pruning.kept] == [
            (VERSIONS[1], "pinned"),
            (VERSIONS[0], "current"),
        ]
    assert versions(full) == (VERSIONS[3], VERSIONS[1], VERSIONS[0])
    assert not stage(cdn, full, NEWEST, **changes).changed
    assert cdn.requests == []


def test_what_was_current_goes_in_the_run_that_moves_it(cdn: LabCdn, full: Path) -> None:
    changes: dict[str, Any] = {"keep": 2, "current": True}
    foretold = stage(cdn, full, NEWEST, check_mode=True, **changes)
    outcome = stage(cdn, full, NEWEST, **changes)
    for one in (foretold, outcome):
        assert [candidate.version for candidate in one.housekeeping.pruning.remove] == [VERSIONS[1], VERSIONS[0]]
    assert versions(full) == (VERSIONS[3], VERSIONS[2])
    assert not stage(cdn, full, NEWEST, **changes).changed


def test_what_deployments_want_and_what_was_just_staged_stay(cdn: LabCdn, full: Path) -> None:
    wanted = {VERSIONS[2]: "wanted by deployment pilot"}
    outcome = stage(cdn, full, BUILDS[1], keep=1, current=True, _wanted=wanted)
    assert [(kept.version, kept.reason) for kept in outcome.housekeeping.pruning.kept] == [
        (VERSIONS[2], "wanted by deployment pilot"),
        (VERSIONS[1], "current"),
    ]
    assert versions(full) == (VERSIONS[3], VERSIONS[2], VERSIONS[1])
    stage(cdn, full, BUILDS[0], keep=1)
    assert VERSIONS[0] in versions(full)


def test_a_version_to_come_counts_in_check_mode(cdn: LabCdn, tmp_path: Path) -> None:
    for build in BUILDS[:3]:
        stage(cdn, tmp_path, build)
    foretold = stage(cdn, tmp_path, NEWEST, check_mode=True, keep=2)
    assert [candidate.version for candidate in foretold.housekeeping.pruning.remove] == [VERSIONS[1], VERSIONS[0]]
    assert stage(cdn, tmp_path, NEWEST, keep=2).housekeeping.pruning.remove == foretold.housekeeping.pruning.remove


def test_nothing_is_pruned_when_staging_fails(cdn: LabCdn, tmp_path: Path) -> None:
    for build in BUILDS[:3]:
        stage(cdn, tmp_path, build)
    cdn.faults[cdn.path(NEWEST, "i640.cab")] = "flip"
    with pytest.raises(Exception, match=r"i640\.cab"):
        stage(cdn, tmp_path, NEWEST, keep=1, current=True)
    assert versions(tmp_path) == VERSIONS[2::-1]
    assert Library(tmp_path).current(NEWEST.channel) is None


def test_the_difference_shows_files_current_and_pruned_versions(cdn: LabCdn, full: Path) -> None:
    (full / NEWEST.channel / NEWEST.version / "office/data/v64.cab").unlink()
    outcome = stage(cdn, full, NEWEST, check_mode=True, keep=2, current=True)
    result = image_result.of(outcome, full, NEWEST.version, None)
    before, after = (set(result["diff"][side].splitlines()) for side in ("before", "after"))
    sizes = {candidate.version: candidate.size for candidate in outcome.housekeeping.pruning.remove}
    assert before - after == {
        next(line for line in before if line.startswith("office/data/v64.cab ") and line.endswith("(is missing)")),
        f"current is {VERSIONS[0]}",
        f"version {VERSIONS[0]} {sizes[VERSIONS[0]]} bytes",
        f"version {VERSIONS[1]} {sizes[VERSIONS[1]]} bytes",
    }
    assert {line.partition(" ")[0] for line in after - before} == {"office/data/v64.cab", "current"}
    assert result["current"] is True
    assert result["pruned"] == [VERSIONS[1], VERSIONS[0]]
    assert result["repaired"] == ["office/data/v64.cab"]


def test_another_run_on_the_channel_is_waited_for_and_said_so(cdn: LabCdn, tmp_path: Path) -> None:
    waiting, outcomes = threading.Event(), list[Outcome]()

    class Told(Progress):
        def phase(self, text: str, files: int = 0, size: int | None = None) -> None:
            if text.startswith("waiting for another run on channel MonthlyEnterprise: process "):
                waiting.set()
            super().phase(text, files, size)

    run = staged.staging(staged.options(cdn, NEWEST, tmp_path), Told())
    thread = threading.Thread(target=lambda: outcomes.append(run.run()))
    with Library(tmp_path).lock(NEWEST.channel):
        thread.start()
        assert waiting.wait(10)
        assert cdn.requests == []
        assert not (tmp_path / NEWEST.channel).exists()
    thread.join()
    assert outcomes[0].changed


def test_nothing_to_do_waits_for_nobody(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path, NEWEST)
    with Library(tmp_path).lock(NEWEST.channel):
        assert not stage(cdn, tmp_path, NEWEST).changed
        assert stage(cdn, tmp_path, BUILDS[0], check_mode=True).changed


def test_room_is_asked_for_before_anything_is_fetched(
    cdn: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = stage(cdn, tmp_path / "library", NEWEST, check_mode=True).plan
    assert plan is not None
    assert plan.size is not None
    cdn.requests.clear()
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=plan.size - 1, f_frsize=1))
    with pytest.raises(
        InputError, match=rf"^library: \S+library needs .*\({plan.size} bytes\).*\({plan.size - 1} bytes\)"
    ):
        stage(cdn, tmp_path / "library", NEWEST)
    assert staged.fetched(cdn) == []
    assert staged.tree(tmp_path / "library").keys() == {f".staging/{NEWEST.channel}.lock"}
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=plan.size, f_frsize=1))
    assert stage(cdn, tmp_path / "library", NEWEST).changed


def test_what_is_there_needs_no_room(cdn: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(cdn, tmp_path, NEWEST)
    stream = tmp_path / NEWEST.channel / NEWEST.version / "office/data" / NEWEST.version / "stream.x64.x-none.dat"
    stream.unlink()
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=NEWEST.payload_bytes, f_frsize=1))
    assert stage(cdn, tmp_path, NEWEST).changed


def test_who_may_only_read_hears_that_nothing_is_to_do(
    cdn: LabCdn, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The staging area is closed to all but the user who stages."""
    real = Path.is_dir

    def is_dir(path: Path, **given: Any) -> bool:
        if ".staging" in path.parts[:-1]:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **given)

    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert not stage(cdn, full, NEWEST).changed
    assert cdn.requests == []
