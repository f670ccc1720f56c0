# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as the report reads them: what the rollout writes is understood, everything else is named and left out."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _records
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import LARGEST, DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import (
    parse,
    read,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import STATES
from ansible_collections.officefleet.c2r.tests.lab import sample_records as sample


def test_every_field_is_read() -> None:
    record = parse(sample.record("ws-1", "failed", ring="broad", not_before="2026-11-22T00:00:00Z"))
    assert (record.host, record.ring, record.state, record.version) == ("ws-1", "broad", "failed", sample.BEFORE)
    assert record.deployment.channel == "MonthlyEnterprise"
    assert record.error is not None
    assert (record.error["hresult"], record.error["code"]) == ("0x800704CD", "0x800704DA")
    assert record.not_before == datetime(2026, 11, 22, tzinfo=UTC)
    assert [event.state for event in record.history] == ["waiting", "downloading", "waiting", "downloading", "failed"]


def test_what_the_rollout_writes_is_what_the_report_reads(tmp_path: Path) -> None:
    store = DirectoryStore(str(tmp_path))
    key = _records.DeploymentKey("2607", "MonthlyEnterprise", sample.TARGET, "http://updates/office")
    moment = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    written = _records.Record(
        host="büro/ws 1",
        ring="pilot",
        deployment=key,
        state="staged",
        reason="ready",
        version=sample.BEFORE,
        updated_at=moment,
        history=(_records.Transition(moment, "staged", None, ""),),
    )
    store.save(written)
    (record,), unreadable = read(store)
    assert unreadable == []
    assert (record.host, record.state, record.updated_at, record.since) == ("büro/ws 1", "staged", moment, moment)


def test_the_sample_has_only_fields_of_the_real_record() -> None:
    """Otherwise the report would be tested with records that nobody writes."""
    assert set(sample.record()) <= {field.name for field in fields(_records.Record)} | {"schema"}


def test_since_is_when_the_present_state_began() -> None:
    history = [
        {"at": "2026-11-20T01:00:00Z", "state": "blocked", "version": None, "note": "an earlier time"},
        {"at": "2026-11-20T02:00:00Z", "state": "staged", "version": None, "note": ""},
        {"at": "2026-11-20T03:00:00Z", "state": "blocked", "version": None, "note": ""},
        {"at": "2026-11-20T04:00:00Z", "state": "blocked", "version": None, "note": "again"},
    ]
    assert parse(sample.record(state="blocked", history=history)).since == datetime(2026, 11, 20, 3, tzinfo=UTC)
    without = parse(sample.record(state="blocked", history=[]))
    assert without.since == without.updated_at


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"schema": 2}, "has schema 2; this release reads schema 1"),
        ({"schema": True}, "has schema True"),
        ({"host": ""}, "'host'"),
        ({"host": 7}, "has 7 in 'host'"),
        ({"state": "compliantt"}, "has state 'compliantt'; a state is one of ahead, applying, blocked"),
        ({"deployment": "2607"}, "no JSON object in 'deployment'"),
        ({"deployment": {"name": "x", "channel": "y"}}, "no field 'deployment.version'"),
        ({"error": {"domain": "hresult"}}, "no field 'error.code'"),
        ({"error": {"domain": "hresult", "code": 9}}, "has 9 in 'error.code'"),
        ({"attempts": "3"}, "'attempts'; that must be a whole number"),
        ({"updated_at": "yesterday"}, "'yesterday' in 'updated_at'; that must be a time such as"),
        ({"updated_at": None}, "'updated_at'"),
        ({"updated_at": 5}, "has 5 in 'updated_at'"),
        ({"blocking_apps": "Word"}, "'blocking_apps'; that must be a list of text"),
        ({"history": {"at": "x"}}, "'history'; that must be a list"),
        ({"history": [{"at": "2026-11-20T01:00:00Z"}]}, "no field 'history[0].state'"),
        ({"history": ["x"]}, "'history[0]'"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DamagedError) as caught:
        parse({**sample.record(), **changes})
    assert complaint in str(caught.value)


def test_a_missing_field_is_named() -> None:
    document = sample.record()
    del document["state"]
    with pytest.raises(DamagedError, match="has no field 'state'"):
        parse(document)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not JSON"),
        (b'{"schema": 1,', "is not JSON: Expecting property name"),
        (b"\xff\xfe{}", "is not"),
        (b"[]", "is not a JSON object"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"schema": ' + b"1" * 5000 + b"}", "is not JSON"),
        (b" " * (LARGEST + 1), "has 4194305 bytes"),
    ],
)
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path: Path, content: bytes, complaint: str) -> None:
    sample.write(tmp_path, [sample.record("ws-1"), sample.record("ws-2")])
    (tmp_path / "broken.json").write_bytes(content)
    records, unreadable = read(DirectoryStore(str(tmp_path)))
    assert {record.host for record in records} == {"ws-1", "ws-2"}
    assert [item.file for item in unreadable] == ["broken.json"]
    assert complaint in unreadable[0].problem


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "directory.json").mkdir()
    (tmp_path / "dangling.json").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    _, unreadable = read(DirectoryStore(str(tmp_path)))
    assert {item.file: item.problem for item in unreadable} == dict.fromkeys(
        ("dangling.json", "directory.json", "pipe.json"), "is not a regular file"
    )


def test_files_of_other_kinds_are_no_concern(tmp_path: Path) -> None:
    for name in ("report.html", ".ws-1.json.tmp", ".hidden.json", "notes.txt"):
        (tmp_path / name).write_text("x")
    assert read(DirectoryStore(str(tmp_path))) == ([], [])


def test_a_copy_of_a_record_does_not_count_twice(tmp_path: Path) -> None:
    sample.write(tmp_path, [sample.record("ws-1", "compliant")])
    (tmp_path / "a-copy.json").write_text(json.dumps(sample.record("ws-1", "failed")))
    (record,), (copy,) = read(DirectoryStore(str(tmp_path)))
    assert record.state == "compliant"
    assert (copy.file, copy.problem) == ("a-copy.json", "is a second record of host 'ws-1'")


def test_a_missing_directory_names_option_value_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(_records.RecordError, match=r"records: '.*/none' does not exist\. Name the directory that"):
        read(DirectoryStore(str(tmp_path / "none")))
    (tmp_path / "file").touch()
    with pytest.raises(_records.RecordError, match=r"records: '.*/file' is not a directory\."):
        read(DirectoryStore(str(tmp_path / "file")))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("ws-001", "ws-001"),
        ("Büro ☕", "Büro ☕"),
        ("red \x1b[31m", "red \ufffd[31m"),
        ("two\nlines\tand  more", "two lines and more"),
        ("lone \ud800", "lone \ufffd"),
        ("1sw\u202e", "1sw\ufffd"),
        ("nul\x00", "nul\ufffd"),
    ],
)
def test_text_is_made_safe_to_print(text: str, printed: str) -> None:
    assert clean(text) == printed
    assert parse(sample.record(reason=text)).reason == printed


def test_every_state_is_described() -> None:
    for state in STATES.values():
        assert len(state.symbol) == 1
        assert bool(state.action) == (state.group.key == "attention")
