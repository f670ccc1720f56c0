# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: one JSON file per host, written as a whole, read back as it was, and as the report reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    Record,
    RecordError,
    RecordStore,
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
    staged=True,
    seen_at=AT,
    updated_at=AT,
    at_rest=True,
    revisit_at=AT,
    history=(Transition(AT, "failed", "16.0.20131.20206", "3 of 3 attempts failed"),),
)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    store = RecordStore(str(tmp_path / "records"))
    assert store.load("ws-001") is None
    for record in (FULL, Record("ws-001", "rest", FULL.deployment, updated_at=AT)):
        store.save(record)
        assert store.load("ws-001") == record
    assert not [path for path in (tmp_path / "records").iterdir() if path.suffix != ".json"]


def test_the_report_reads_it(tmp_path: Path) -> None:
    store = RecordStore(str(tmp_path))
    store.save(FULL)
    found, unreadable = report.read_directory(tmp_path)
    assert unreadable == []
    assert [(record.host, record.state, record.attempts) for record in found] == [("ws-001", "failed", 3)]
    assert found[0].error is not None
    assert found[0].error.hresult == "0x800704CD"


def test_times_are_utc_with_whole_seconds() -> None:
    document = to_json(FULL)
    assert document["updated_at"] == "2026-11-21T08:00:00Z"
    assert document["history"][0]["at"] == "2026-11-21T08:00:00Z"
    json.dumps(document)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"schema": None},
        {"deployment": None},
        {"deployment": "2607"},
        {"updated_at": "yesterday"},
        {"history": [{"at": "2026-11-21T08:00:00Z"}]},
        {"history": 1},
    ],
)
def test_a_damaged_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        from_json({**to_json(FULL), **change})


def test_a_write_that_fails_leaves_the_old_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RecordStore(str(tmp_path))
    store.save(FULL)

    def broken(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(RecordError, match="No space left"):
        store.save(replace(FULL, state="compliant"))
    assert store.load("ws-001") == FULL
    assert [path.name for path in tmp_path.iterdir()] == ["ws-001.json"]


def test_names_stay_in_the_directory(tmp_path: Path) -> None:
    store = RecordStore(str(tmp_path))
    for name in ("..", ".", "../x", "/etc/passwd", "fe80::1", ".hidden", "ws 1"):
        path = store.path(name)
        assert path.parent == tmp_path
        assert not path.name.startswith(".")
        store.save(replace(FULL, host=name))
        assert store.load(name) == replace(FULL, host=name)
