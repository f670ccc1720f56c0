# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action halt against transcripts: what it asks of a host, and what the record says after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import halt
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.tests.unit.transcript import (
    DOWN,
    REFUSED,
    SOURCE,
    TARGET,
    Transcript,
    answer,
    refused,
    taken,
)

NOW = datetime.now(UTC).replace(microsecond=0)
KEY = DeploymentKey("monthly", "MonthlyEnterprise", TARGET, SOURCE)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """Records in which ws-001 downloads, with the two slots that it needs."""
    store = DirectoryStore(str(tmp_path / "records"))
    record = Record("ws-001", "pilot", KEY, "downloading", "downloads", submitted="download", submitted_at=NOW)
    store.save(Record(**{**vars(record), "updated_at": NOW, "status": "downloading", "arrived": True, "attempts": 1}))
    for holder in ("ws-001", "ws-001 1"):
        assert store.leases.acquire(holder, holder, 1, NOW + timedelta(hours=1), NOW)
    return store


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halt, "_sleep", lambda _seconds: None)


def transcript(store: DirectoryStore, *, check_mode: bool = False, **options: Any) -> Transcript:
    given = {"records": str(store.place("ws-001")).rpartition("/")[0], **options}
    return Transcript(halt.ActionModule, given, check_mode=check_mode)


def the_record(store: DirectoryStore) -> Record:
    record = store.load("ws-001")
    assert record is not None
    return record


def slots(store: DirectoryStore) -> list[str]:
    return [name for name in ("ws-001", "ws-001 1") if store.leases.active(name, NOW)]


def test_a_download_is_cancelled_and_waited_for(store: DirectoryStore) -> None:
    run = transcript(store, deployment="monthly")
    result = run.run([taken("cancel", "download_cancelling"), refused("cancel", "not_running", "download_cancelled")])
    assert (result["changed"], result["outcome"], result["state"]) == (True, "cancelled", "halted")
    assert run.asked == ["update cancel", "update cancel"]
    record = the_record(store)
    assert (record.state, record.submitted, record.attempts, record.at_rest) == ("halted", None, 1, True)
    assert record.history[-1].note == f"the download of {TARGET} was cancelled"
    assert slots(store) == []
    again = transcript(store, deployment="monthly")
    rest = again.run([])
    assert (rest["outcome"], rest["reason"], rest["deployment"]) == ("nothing", "no download is under way", "monthly")


@pytest.mark.parametrize("deployment", ["other", "month"])
def test_downloads_of_other_deployments_go_on(store: DirectoryStore, deployment: str) -> None:
    before = the_record(store)
    result = transcript(store, deployment=deployment).run([])
    assert (result["outcome"], result["deployment"]) == ("nothing", "monthly")
    assert result["reason"] == "its download is one of 'monthly'"
    assert the_record(store) == before
    assert slots(store) == ["ws-001", "ws-001 1"]


def test_an_installation_is_left_alone(store: DirectoryStore) -> None:
    before = the_record(store)
    result = transcript(store).run([refused("cancel", "not_running", "applying")])
    assert (result["changed"], result["outcome"]) == (False, "applying")
    assert the_record(store) == before


def test_what_is_downloaded_already_stays(store: DirectoryStore) -> None:
    done = refused("cancel", "not_running", "download_succeeded", updates_ready_to_apply=TARGET)
    result = transcript(store).run([done])
    assert (result["changed"], result["outcome"]) == (False, "downloaded")
    record = the_record(store)
    assert (record.state, record.staged, record.submitted) == ("staged", True, None)
    assert slots(store) == []


def test_a_host_that_does_not_answer_is_no_failure_and_is_asked_again(store: DirectoryStore) -> None:
    result = transcript(store).run([DOWN])
    assert (result.get("failed"), result["outcome"], result["state"]) == (None, "unreachable", "unreachable")
    assert slots(store) == ["ws-001", "ws-001 1"], "it may still download"
    assert transcript(store).run([refused("cancel", "x", "unknown")])["outcome"] == "gone"
    assert the_record(store).state == "halted"


def test_one_that_does_not_stop_is_said(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 31.0])
    monkeypatch.setattr(halt, "_clock", lambda: next(moments))
    stopping = [taken("cancel", "download_cancelling"), refused("cancel", "x", "download_cancelling")]
    result = transcript(store, wait_timeout=30).run(stopping)
    assert (result["changed"], result["outcome"]) == (True, "cancelling")
    assert the_record(store).submitted == "download"


def test_a_cancel_that_came_too_late_is_no_failure(store: DirectoryStore) -> None:
    late = taken("cancel", "download_succeeded", "0x8000000E", updates_ready_to_apply=TARGET)
    assert transcript(store).run([late])["outcome"] == "downloaded"


def test_check_mode_writes_nothing(store: DirectoryStore) -> None:
    before = the_record(store)
    result = transcript(store, check_mode=True).run([taken("cancel", "downloading")])
    assert (result["changed"], result["outcome"]) == (True, "cancelled")
    assert transcript(store, check_mode=True).run([DOWN])["outcome"] == "unreachable"
    assert (the_record(store), slots(store)) == (before, ["ws-001", "ws-001 1"])


def test_what_has_to_be_put_right_fails(store: DirectoryStore) -> None:
    def message(answers: list[Any], **options: Any) -> str:
        result = transcript(store, **options).run(answers)
        assert result["failed"]
        return str(result["msg"])

    assert "refused the credentials" in message([REFUSED])
    call = {"method": "Cancel", "parameters": "", "hresult": "0x80070005"}
    denied = {**answer("downloading"), "step": "cancel", "submitted": False, "refused": None, "call": call}
    assert "Cancel was not accepted" in message([denied])
    assert "wait_timeout: 0 is not between 1 and 3600" in message([], wait_timeout=0)


def test_a_host_that_another_run_visits_is_said(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(halt, "_sleep", waited.append)
    with store.locked("ws-001") as ours:
        assert ours
        assert transcript(store).run([])["outcome"] == "elsewhere"
    assert len(waited) == halt.TURNS
