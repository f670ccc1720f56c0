# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in either store, a directory or PostgreSQL: the same tests hold for both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import lock_key
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    NoRecordsError,
    Record,
    RecordError,
    Transition,
    from_json,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import records as report
from ansible_collections.officefleet.c2r.tests.integration.stores import at_once, database, postgresql, records
from ansible_collections.officefleet.c2r.tests.lab import sample_records as sample
from ansible_collections.officefleet.c2r.tests.unit.test_records import FULL

__all__ = ["database", "postgresql", "records"]  # fixtures, found by their names

KEY = FULL.deployment
AT = FULL.updated_at or datetime(2026, 11, 21, tzinfo=UTC)
PROCESSES = 8
ODD_NAMES = (
    "..",
    ".",
    "../x",
    "/etc/passwd",
    "fe80::1",
    ".hidden",
    "ws 1",
    "büro",
    "+leases",
    "a'; DROP",
    "%2E",
    "x" * 99,
)


def save(records: str, *saved: Record) -> None:
    with closing(open_store(records)) as store:
        for record in saved:
            store.save(record)


def load(records: str, host: str = "ws-001") -> Record | None:
    with closing(open_store(records)) as store:
        return store.load(host)


def put(records: str, host: str, document: Any) -> None:
    """Give a host's record another content, as an administrator may who works with other tools."""
    text = json.dumps(document)
    if "://" not in records:
        path = DirectoryStore(records).path(host)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return
    save(records, replace(FULL, host=host))
    with psycopg.connect(records, autocommit=True) as connection:
        connection.execute("UPDATE officefleet_c2r.records SET record = %s WHERE host = %s", (text, host))


def test_a_record_comes_back_as_it_was(records: str) -> None:
    assert load(records) is None
    for record in (FULL, Record("ws-001", "rest", KEY, updated_at=AT), replace(FULL, state="compliant")):
        save(records, record)
        assert load(records) == record
    assert load(records, "ws-002") is None


def test_text_comes_back_to_the_letter_as_far_as_any_store_can_hold_it(records: str) -> None:
    odd = replace(FULL, reason="two  spaces\nand a \\u0000 line", ring="July  \u200fwave ☕")
    save(records, odd)
    assert load(records) == odd
    save(records, replace(FULL, reason="nul \x00", history=(Transition(AT, "failed", None, "lone \ud800"),)))
    loaded = load(records)
    assert loaded is not None
    assert (loaded.reason, loaded.history[0].note) == ("nul \ufffd", "lone \ufffd")


def test_every_name_of_a_host_is_a_name(records: str) -> None:
    for name in ODD_NAMES:
        save(records, replace(FULL, host=name))
    assert [load(records, name) for name in ODD_NAMES] == [replace(FULL, host=name) for name in ODD_NAMES]
    with closing(open_store(records)) as store:
        assert {record.host for record in store.everything()[0]} == set(ODD_NAMES)
        for name in ODD_NAMES:
            with store.locked(name) as ours:
                assert ours


#: What this collection wrote before records could be anywhere but in a directory.
EARLIER = """{
 "schema": 1, "host": "ws-001", "ring": "pilot",
 "deployment": {"name": "2607", "channel": "MonthlyEnterprise", "version": "16.0.20228.20190",
  "source": "http://library.example/x"},
 "state": "failed", "reason": "3 of 3 attempts failed", "version": "16.0.20131.20206", "status": "download_failed",
 "error": {"domain": "com_status", "code": "0x800704DA", "name": "ERROR_CONNECTION_INVALID", "hresult": "0x800704CD",
  "message": "An operation was attempted on a nonexistent network connection.", "hint": "Raise documentsynctimeout."},
 "blocking_apps": ["WINWORD"], "products": ["O365ProPlusRetail"], "languages": ["en-us", "de-de"],
 "architecture": "x64", "attempts": 3, "failure": "download failed", "deferrals": 1,
 "not_before": "2026-11-21T08:00:00Z", "submitted": "download", "submitted_at": "2026-11-21T08:00:00Z",
 "arrived": true, "lost_steps": 1, "staged": true, "seen_at": "2026-11-21T08:00:00Z",
 "updated_at": "2026-11-21T08:00:00Z", "at_rest": true, "revisit_at": "2026-11-21T08:00:00Z",
 "history": [{"at": "2026-11-21T08:00:00Z", "state": "failed", "version": "16.0.20131.20206",
  "note": "3 of 3 attempts failed"}]
}"""


def test_records_written_earlier_are_read(records: str) -> None:
    put(records, "ws-001", json.loads(EARLIER))
    record = load(records)
    assert record is not None
    assert record.error is not None
    later = {known.name: known.default for known in fields(Record) if known.name not in json.loads(EARLIER)}
    later["download_begun"] = True  # what was submitted, and attempts, tell
    assert replace(record, error=None) == replace(FULL, error=None, **later)  # type: ignore[arg-type]
    assert (record.error["hresult"], record.error["hint"]) == ("0x800704CD", "Raise documentsynctimeout.")


@pytest.mark.parametrize(
    "document", [[], 7, {}, {"schema": 2}, {"schema": 1, "host": "ws-001"}, {**json.loads(EARLIER), "attempts": -1}]
)
def test_a_damaged_record_is_named_with_the_remedy_and_the_others_are_read(records: str, document: Any) -> None:
    put(records, "ws-001", document)
    save(records, replace(FULL, host="ws-002"))
    with closing(open_store(records)) as store:
        with pytest.raises(
            RecordError, match=r"^records: .*ws-001.* (Move it away|Delete it).*looked at as if for the"
        ):
            store.load("ws-001")
        found, unreadable = report.read(store)
        assert [record.host for record in found] == ["ws-002"]
        assert [item.file.removesuffix(".json") for item in unreadable] == ["ws-001"]
        assert unreadable[0].place == store.place("ws-001")
        assert "ws-002" in store.standings(KEY, ["ws-001", "ws-002"])
        store.save(FULL)
        assert store.load("ws-001") == FULL


def test_a_record_of_another_host_is_not_taken_for_this_ones(records: str) -> None:
    put(records, "ws-001", {**json.loads(EARLIER), "host": "ws-006"})
    with pytest.raises(RecordError, match="is the record of host 'ws-006'"):
        load(records)


def test_a_state_of_a_later_release_is_shown_as_such_and_loaded(records: str) -> None:
    save(records, replace(FULL, state="hibernating"))
    with closing(open_store(records)) as store:
        found, unreadable = report.read(store)
        assert found == []
        assert [(item.file, item.place) for item in unreadable] == [("ws-001", store.place("ws-001"))]
        assert unreadable[0].problem.startswith("has state 'hibernating'; a state is one of ahead, ")
    assert load(records) is not None, "its next visit writes it anew"


def test_reading_makes_nothing(records: str) -> None:
    with closing(open_store(records)) as store:
        assert store.load("ws-001") is None
        assert store.standings(KEY, ["ws-001"]) == {}
        assert store.leases.active("http://a", AT) == ()
        assert not store.leases.renew("ws-001", AT + timedelta(1), AT)
        store.leases.release("ws-001")
        store.check()
        with pytest.raises(
            NoRecordsError, match=r"^records: .*(does not exist|has no records).*officefleet\.c2r\.rollout"
        ):
            store.everything()
    if "://" in records:
        with psycopg.connect(records) as connection:
            count = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'officefleet_c2r'")
            assert count.fetchone() == (0,)
    else:
        assert not Path(records).exists()


def test_checking_leaves_nothing_behind_where_there_are_records(records: str) -> None:
    save(records, FULL)
    with closing(open_store(records)) as store:
        store.check()
        assert store.everything() == ([FULL], [])


def test_standings_are_those_of_the_hosts_and_the_deployment_asked_for(records: str) -> None:
    blocked = replace(
        FULL,
        host="ws-002",
        state="blocked",
        history=tuple(
            Transition(AT + timedelta(hours=hour), state, version, "")
            for hour, state, version in (
                (0, "blocked", None),
                (1, "staged", None),
                (2, "blocked", None),
                (3, "blocked", "16"),
            )
        ),
    )
    other = replace(FULL, host="ws-003", deployment=replace(KEY, name="2608"))
    save(records, FULL, blocked, other, replace(FULL, host="ws-004"))
    with closing(open_store(records)) as store:
        found = store.standings(KEY, ["ws-001", "ws-002", "ws-003", "ws-009"])
        assert found == {"ws-001": FULL.standing, "ws-002": blocked.standing}
        assert found["ws-002"].since == AT + timedelta(hours=2)
        assert found["ws-001"].error == FULL.error
        assert store.standings(KEY, []) == {}
        assert set(store.standings(other.deployment, ["ws-001", "ws-003"])) == {"ws-003"}


def test_the_report_reads_a_fleet(records: str) -> None:
    with closing(open_store(records)) as store:
        for document in sample.fleet(25):
            store.save(from_json(document))
        found, unreadable = report.read(store)
    assert unreadable == []
    assert [(record.host, record.state) for record in found] == [(d["host"], d["state"]) for d in sample.fleet(25)]


HOLDER = """
import sys
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import lock_key
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
with open_store(sys.argv[1]).locked("ws-001") as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


def wait_for_the_end_of_its_session(records: str) -> None:
    """A server hears of a killed client by its socket, a moment later: wait as long as it still has the lock."""
    if "://" in records:
        with psycopg.connect(records, autocommit=True) as connection:
            connection.execute("SET statement_timeout = '30s'")
            connection.execute("SELECT pg_advisory_lock(%s)", (lock_key("host", "ws-001"),))
            connection.execute("SELECT pg_advisory_unlock_all()")  # now, not when the server hears of this one's end


def test_a_host_is_held_by_one_process_at_a_time(records: str) -> None:
    with (
        closing(open_store(records)) as store,
        subprocess.Popen(
            [sys.executable, "-c", HOLDER, records], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with store.locked("ws-001") as ours:
            assert not ours
        with store.locked("ws-002") as ours:
            assert ours, "other hosts are free"
        other.kill()
        other.wait()
        wait_for_the_end_of_its_session(records)
        with store.locked("ws-001") as ours:
            assert ours, "a killed process holds nothing"
            with store.locked("ws-001") as again:
                assert not again
            with closing(open_store(records)) as second, second.locked("ws-001") as theirs:
                assert not theirs
        with store.locked("ws-001") as ours:
            assert ours


def visit(records: str) -> int:
    """Visit a host many times, each time adding one to its record; return how often it was free."""
    visits = 0
    with closing(open_store(records)) as store:
        for _ in range(60):
            with store.locked("ws-001") as ours:
                if ours:
                    record = store.load("ws-001") or replace(FULL, attempts=0)
                    store.save(replace(record, attempts=record.attempts + 1))
                    visits += 1
    return visits


def test_no_visit_is_lost_among_many_processes(records: str) -> None:
    visits = at_once(visit, [records] * PROCESSES)
    record = load(records)
    assert record is not None
    assert record.attempts == sum(visits)
    assert min(visits) > 0 or sum(visits) < 60 * PROCESSES


def save_one(what: tuple[str, int]) -> str:
    records, number = what
    save(records, replace(FULL, host=f"ws-{number}"))
    return "saved"


def test_many_processes_may_be_the_first(records: str) -> None:
    assert at_once(save_one, [(records, number) for number in range(PROCESSES)]) == ["saved"] * PROCESSES
    with closing(open_store(records)) as store:
        assert len(store.everything()[0]) == PROCESSES


SAVER = """
import sys
from dataclasses import replace
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import lock_key
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.tests.unit.test_records import FULL
store = open_store(sys.argv[1])
while True:
    for size in (1, 20000):
        store.save(replace(FULL, attempts=size, reason="x" * size))
        print("saved", flush=True)
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_record(records: str) -> None:
    save(records, replace(FULL, attempts=1, reason="x"))
    for saved in (1, 2, 7, 30):
        with subprocess.Popen([sys.executable, "-c", SAVER, records], stdout=subprocess.PIPE, text=True) as saver:
            assert saver.stdout is not None
            for _ in range(saved):
                saver.stdout.readline()
            os.kill(saver.pid, signal.SIGKILL)
        record = load(records)
        assert record is not None
        assert record.reason == "x" * record.attempts
        with closing(open_store(records)) as store:
            assert len(store.everything()[0]) == 1, "no half record lies about"


def test_deployments_are_told_apart_by_all_but_their_sources(records: str) -> None:
    save(records, FULL)
    with closing(open_store(records)) as store:
        for change in ({"name": "x"}, {"channel": "x"}, {"version": "x"}):
            assert store.standings(DeploymentKey(**{**KEY.__dict__, **change}), ["ws-001"]) == {}
        elsewhere = DeploymentKey(**{**KEY.__dict__, "source": "x"})
        assert list(store.standings(elsewhere, ["ws-001"])) == ["ws-001"], "each site has a source of its own"
