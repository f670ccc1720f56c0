# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: one JSON file per host, written as a whole, read back as it was, and as the report reads it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    Record,
    RecordError,
    Transition,
    from_json,
    to_json,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import records as report

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
FULL = Record(
    host="ws-001",
    ring="pilot",
    deployment=DeploymentKey("2607", "MonthlyEnterprise", "16.0.20228.20190", "http://library.example/x"),
    state="failed",
    reason="3 of 3 attempts failed",
    version="16.0.20131.20206",
    status="download_failed",
    error=_errors.decode("com_status", 0x800704DA),
    blocking_apps=("WINWORD",),
    products=("O365ProPlusRetail",),
    languages=("en-us", "de-de"),
    architecture="x64",
    attempts=3,
    failure="download failed",
    deferrals=1,
    not_before=AT,
    submitted="download",
    submitted_at=AT,
    arrived=True,
    lost_steps=1,
    staged=True,
    seen_at=AT,
    updated_at=AT,
    at_rest=True,
    revisit_at=AT,
    history=(Transition(AT, "failed", "16.0.20131.20206", "3 of 3 attempts failed"),),
)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path / "records"))
    assert store.load("ws-001") is None
    for record in (FULL, replace(FULL, restart_told="hook"), Record("ws-001", "rest", FULL.deployment, updated_at=AT)):
        store.save(record)
        assert store.load("ws-001") == record
    assert [path.name for path in (tmp_path / "records").iterdir()] == ["ws-001.json"]


def test_the_report_reads_it(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    store.save(FULL)
    found, unreadable = report.read(store)
    assert unreadable == []
    assert [(record.host, record.state, record.attempts) for record in found] == [("ws-001", "failed", 3)]
    assert found[0].error is not None
    assert found[0].error["hresult"] == "0x800704CD"


def test_times_are_utc_with_whole_seconds() -> None:
    document = to_json(FULL)
    assert document["updated_at"] == "2026-11-21T08:00:00Z"
    assert document["history"][0]["at"] == "2026-11-21T08:00:00Z"
    json.dumps(document)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema": 2}, "has schema 2; this release reads schema 1"),
        ({"schema": None}, "has schema None; this release reads schema 1"),
        ({"schema": True}, "has schema True; this release reads schema 1"),
        ({"host": None}, "has None in 'host'"),
        ({"deployment": None}, "has None in 'deployment'"),
        ({"deployment": "2607"}, "no JSON object in 'deployment'"),
        ({"deployment": {"name": "2607", "version": 7}}, "has 7 in 'deployment.version'"),
        ({"attempts": "two"}, "has 'two' in 'attempts'; that must be a whole number"),
        ({"attempts": None}, "has None in 'attempts'; that must be a whole number"),
        ({"attempts": -1}, "has -1 in 'attempts'"),
        ({"lost_steps": 1.5}, "'lost_steps'"),
        ({"staged": "yes"}, "has 'yes' in 'staged'; that must be true or false"),
        ({"at_rest": None}, "has None in 'at_rest'; that must be true or false"),
        ({"languages": "en-us"}, "'languages'; that must be a list of text"),
        ({"error": {"code": "9"}}, "has no field 'error.domain'"),
        ({"updated_at": "yesterday"}, "that must be a time such as"),
        ({"not_before": "2026-11-21T08:00:00"}, "that must be a time such as"),
        ({"not_before": 5}, "that must be a time such as"),
        ({"history": [{"at": "2026-11-21T08:00:00Z"}]}, "no field 'history[0].state'"),
        ({"history": 1}, "'history'; that must be a list"),
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DamagedError) as caught:
        from_json(json.loads(json.dumps({**to_json(FULL), **change})))
    assert complaint in str(caught.value)


@pytest.mark.parametrize("content", ["[]", "7", "{", "[" * 100000, "\udcff"])
def test_what_is_no_record_is_named_with_the_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "ws-001.json").write_text(content, errors="surrogateescape")
    with pytest.raises(RecordError, match=r"ws-001\.json .*\. Move it away"):
        DirectoryStore(str(tmp_path)).load("ws-001")


def test_text_comes_back_to_the_letter(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    odd = replace(FULL, reason="two  spaces\nand a line", deployment=replace(FULL.deployment, name="July  \u200fwave"))
    store.save(odd)
    assert store.load("ws-001") == odd, "another name of the deployment would start its counters anew"


def test_a_copy_is_not_taken_for_another_hosts_record(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    store.save(replace(FULL, host="ws-006"))
    store.path("ws-006").rename(store.path("ws-001"))
    with pytest.raises(RecordError, match=r"is the record of host 'ws-006'\. Move it away"):
        store.load("ws-001")


def test_a_report_can_be_written_by_another_user(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    store.save(FULL)
    assert store.path("ws-001").stat().st_mode & 0o777 == 0o644


HOLDER = """
import sys
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
with DirectoryStore(sys.argv[1]).locked("ws-001") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


def test_a_host_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with store.locked("ws-001") as ours:
            assert not ours
        with store.locked("ws-002") as ours:
            assert ours, "other hosts are free"
        other.kill()
        other.wait()
    with store.locked("ws-001") as ours:
        assert ours, "a killed process holds nothing"
        with store.locked("ws-001") as again:
            assert not again
    with store.locked("ws-001") as ours:
        assert ours


def test_lock_files_are_no_records(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path / "records"))
    with store.locked("..") as ours:
        assert ours
    assert [path.name for path in (tmp_path / "records").iterdir()] == [".%2E..lock"]
    assert report.read(store) == ([], [])


def test_a_directory_that_cannot_be_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"file/\.ws-001\.lock cannot be locked"):
        DirectoryStore(str(tmp_path / "file")).locked("ws-001").__enter__()

    def without_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", without_locks)
    with pytest.raises(RecordError, match=r"No locks available.* on a file system that has locks"):
        DirectoryStore(str(tmp_path)).locked("ws-001").__enter__()


def test_a_write_that_fails_leaves_the_old_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DirectoryStore(str(tmp_path))
    store.save(FULL)

    def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(RecordError, match="No space left"):
        store.save(replace(FULL, state="compliant"))
    assert store.load("ws-001") == FULL
    assert [path.name for path in tmp_path.iterdir()] == ["ws-001.json"]


def test_names_stay_in_the_directory(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    for name in ("..", ".", "../x", "/etc/passwd", "fe80::1", ".hidden", "ws 1"):
        path = store.path(name)
        assert path.parent == tmp_path
        assert not path.name.startswith(".")
        store.save(replace(FULL, host=name))
        assert store.load(name) == replace(FULL, host=name)


def test_what_was_saved_is_on_the_disk_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[tuple[Path, list[str]]] = []
    fsync = os.fsync

    def noting(handle: int) -> None:
        fsync(handle)
        flushed.append((Path(f"/proc/self/fd/{handle}").resolve(), sorted(path.name for path in tmp_path.iterdir())))

    monkeypatch.setattr("os.fsync", noting)
    DirectoryStore(str(tmp_path)).save(FULL)
    assert flushed[-1] == (tmp_path, ["ws-001.json"])


def test_a_place_behind_a_directory_that_may_not_be_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)  # tests may run as root, whom nothing is forbidden
    with pytest.raises(RecordError, match=r"cannot be written\. Name a directory"):
        DirectoryStore(str(tmp_path)).check()
