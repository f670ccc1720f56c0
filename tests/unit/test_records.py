# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: one JSON file per host, written as a whole, read back as it was, and as the report reads it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import flush
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    Record,
    RecordError,
    Transition,
    from_json,
    standing_from_json,
    standing_to_json,
    to_json,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import records as report
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule

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
    retries_reset_at=AT,
    deferred_until=AT,
    consented=True,
    asked=True,
    waits_for_slot="http://library.example/x",
    awaits_restart=True,
    restart_told="notice",
    not_before=AT,
    submitted="download",
    submitted_at=AT,
    arrived=True,
    forced=True,
    lost_steps=1,
    staged=True,
    download_begun=True,
    seen_at=AT,
    seen_as="blocked",
    updated_at=AT,
    at_rest=True,
    revisit_at=AT,
    history=(Transition(AT, "failed", "16.0.20131.20206", "3 of 3 attempts failed"),),
    goal="downloaded",
    policy="5f2b",
)


def test_the_full_record_leaves_nothing_out() -> None:
    assert [known.name for known in fields(Record) if getattr(FULL, known.name) == known.default] == []


WAITING = replace(FULL, state="waiting", submitted=None, waits_for_slot=None)


@pytest.mark.parametrize("state", ["waiting", "staged"])
def test_a_host_may_wait_for_a_moment_alone(state: str) -> None:
    waiting = replace(WAITING, state=state)
    assert waiting.waits_until == AT
    assert standing_from_json(json.loads(json.dumps(standing_to_json(waiting.standing)))) == waiting.standing


@pytest.mark.parametrize(
    "change",
    [
        *({"state": state} for state in ("downloading", "applying", "unreachable", "blocked", "restart_pending")),
        {"submitted": "download"},
        {"waits_for_slot": "http://library.example/x"},
        {"revisit_at": None},
    ],
    ids=str,
)
def test_a_host_of_which_something_may_be_heard_sooner_waits_for_no_moment(change: dict[str, Any]) -> None:
    waiting = replace(WAITING, **change)
    assert (waiting.waits_until, waiting.standing.waits_until) == (None, None)


def after(*states: tuple[str, str], state: str = "compliant") -> Record:
    """A record with a history of states and versions, an hour apart."""
    entries = (Transition(AT + timedelta(hours=hour), *each, "") for hour, each in enumerate(states))
    return replace(FULL, state=state, version="2", history=tuple(entries))


def test_silence_in_between_does_not_end_a_state() -> None:
    nights = after(("waiting", "1"), ("compliant", "2"), ("unreachable", "2"), ("compliant", "2"), ("unreachable", "2"))
    assert nights.since == AT + timedelta(hours=1)
    assert replace(nights, state="unreachable").since == AT + timedelta(hours=4)
    reopened = after(("blocked", "2"), ("staged", "2"), ("unreachable", "2"), ("blocked", "2"), state="blocked")
    assert reopened.since == AT + timedelta(hours=3)


def test_a_standing_tells_how_a_host_that_is_away_was_last_seen() -> None:
    away = after(("waiting", "1"), ("compliant", "2"), ("unreachable", "2"), ("compliant", "2"), ("unreachable", "2"))
    away = replace(away, state="unreachable", seen_as="compliant")
    assert (away.standing.last_seen, away.standing.since) == ("compliant", AT + timedelta(hours=1))
    assert standing_from_json(standing_to_json(away.standing)) == away.standing
    older_release = {key: value for key, value in standing_to_json(away.standing).items() if key != "seen_as"}
    assert standing_from_json(older_release).last_seen == "unreachable", "nobody knows"


def test_a_record_of_an_older_release_can_be_read() -> None:
    older_release = {key: value for key, value in to_json(FULL).items() if key not in ("seen_as", "goal")}
    assert from_json(older_release) == replace(FULL, seen_as=None, goal="installed")
    for written, begun in (({"attempts": 1}, True), ({"submitted": "download"}, True), ({"submitted": "apply"}, False)):
        document = {**to_json(FULL), "attempts": 0, "submitted": None, **written}
        del document["download_begun"]
        assert from_json(document).download_begun is begun


def test_who_was_compliant_with_another_version_was_not_with_this() -> None:
    assert after(("compliant", "1"), ("unreachable", "1"), ("compliant", "2")).since == AT + timedelta(hours=2)


DEPLOYMENT = Deployment("2607", "16.0.20228.20190", "http://library.example/x", channel="MonthlyEnterprise")
BEGUN = replace(FULL, policy=DEPLOYMENT.policy, goal="installed", awaits_restart=False)


def test_the_same_deployment_goes_on_where_it_was() -> None:
    assert BEGUN.started(DEPLOYMENT, "pilot") == BEGUN
    older_release = replace(BEGUN, policy=None)
    assert older_release.started(DEPLOYMENT, "pilot") == BEGUN
    for stopped in (Schedule(halted=True), Schedule(withdrawn="it was withdrawn")):
        assert BEGUN.started(replace(DEPLOYMENT, schedule=stopped), "early") == replace(BEGUN, ring="early")


@pytest.mark.parametrize(
    "rules", [{"source": "http://other.example/x"}, {"retry_delay": 60}, {"schedule": Schedule(after_deadline="apply")}]
)
def test_another_source_or_rule_gives_new_attempts_and_nothing_else(rules: dict[str, Any]) -> None:
    changed = replace(DEPLOYMENT, **rules)
    counters: dict[str, Any] = {"attempts": 0, "lost_steps": 0, "failure": None, "error": None, "not_before": None}
    key = DeploymentKey.of(changed)
    assert BEGUN.started(changed, "pilot") == replace(BEGUN, deployment=key, policy=changed.policy, **counters)


@pytest.mark.parametrize("changes", [{"name": "again"}, {"source": "http://other.example/x"}])
def test_a_restart_that_is_awaited_is_awaited_under_any_name_and_source(changes: dict[str, Any]) -> None:
    waits = replace(BEGUN, submitted=None, awaits_restart=True, failure="Windows waits for a restart")
    named = waits.started(replace(DEPLOYMENT, **changes), "pilot")
    assert (named.awaits_restart, named.failure, named.attempts) == (True, waits.failure, 0)
    assert not waits.started(replace(DEPLOYMENT, version="16.0.20326.20100", **changes), "pilot").awaits_restart


def test_the_goal_is_that_of_the_deployment() -> None:
    assert BEGUN.started(replace(DEPLOYMENT, goal="downloaded"), "pilot").goal == "downloaded"
    assert BEGUN.started(replace(DEPLOYMENT, goal="downloaded", name="again"), "pilot").goal == "downloaded"
    assert FULL.started(DEPLOYMENT, "pilot").goal == "installed"


def test_a_step_under_way_is_known_under_another_name() -> None:
    renamed = BEGUN.started(replace(DEPLOYMENT, name="again"), "pilot")
    assert (renamed.submitted, renamed.arrived, renamed.submitted_at) == ("download", True, AT)
    assert (renamed.state, renamed.failure, renamed.deferrals) == ("waiting", None, 0)


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


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EIO])
def test_a_file_system_that_flushes_no_directories_keeps_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_: Any) -> None:
        raise OSError(number, "not here")

    monkeypatch.setattr(flush, "directory", refused)
    store = DirectoryStore(str(tmp_path))
    if number == errno.EIO:
        with pytest.raises(RecordError, match="not here"):
            store.save(FULL)
    else:
        store.save(FULL)
    assert store.load("ws-001") == FULL


def test_a_place_behind_a_directory_that_may_not_be_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", forbidden)  # tests may run as root, whom nothing is forbidden
    with pytest.raises(RecordError, match=r"cannot be written\. Name a directory"):
        DirectoryStore(str(tmp_path)).check()
