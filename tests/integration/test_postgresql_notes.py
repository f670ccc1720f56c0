# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of deployments in either store: they come back, are held by one at a time, and are no records."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_notes import DirectoryNotes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore, open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.tests.integration.stores import at_once, database, postgresql, records
from ansible_collections.officefleet.c2r.tests.unit.test_records import FULL

__all__ = ["database", "postgresql", "records"]  # fixtures, found by their names

KEY = FULL.deployment
PATIENCE = 30.0
PROCESSES = 6
HOLDER = """
import sys
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey
with open_store(sys.argv[1]).notes.held(DeploymentKey(*sys.argv[2:]), 0) as ours:
    print("held" if ours else "not held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(records: str) -> Iterator[RecordStore]:
    """An empty store."""
    with closing(open_store(records)) as store:
        yield store


def test_what_was_written_last_comes_back(store: RecordStore) -> None:
    assert store.notes.read(KEY) == {}
    for document in ({"told": ["start"], "n": 1.5}, {"Büro": None}, {}):
        store.notes.write(KEY, document)
        assert store.notes.read(KEY) == document
    store.notes.write(KEY, {"reason": "nul \x00, lone \ud800"})
    assert store.notes.read(KEY) == {"reason": "nul \ufffd, lone \ufffd"}


def test_each_deployment_has_its_own_whatever_its_source_and_name(store: RecordStore) -> None:
    names = ("2607", "..", "a/b", "x" * 300, "ü" * 100, "x" * 299 + "y", "a'; DROP")
    keys = [replace(KEY, name=name) for name in names] + [replace(KEY, version="16.0.1.2")]
    for number, key in enumerate(keys):
        store.notes.write(key, {"n": number})
    elsewhere = [replace(key, source="http://elsewhere.example") for key in keys]
    assert [store.notes.read(key) for key in elsewhere] == [{"n": number} for number in range(len(keys))]
    store.save(FULL)
    found, unreadable = store.everything()
    assert (found, unreadable) == ([FULL], []), "notes are no records"


def test_what_slices_tell_is_kept_apart_from_what_hooks_were_told(store: RecordStore) -> None:
    store.notes.write(KEY, {"of": "hooks"})
    assert store.roll_calls.read(KEY) == {}
    store.roll_calls.write(KEY, {"of": "slices"})
    assert (store.notes.read(KEY), store.roll_calls.read(KEY)) == ({"of": "hooks"}, {"of": "slices"})
    with store.notes.held(KEY, 0) as hooks, store.roll_calls.held(KEY, 0) as slices:
        assert hooks
        assert slices


def test_reading_makes_nothing(records: str) -> None:
    with closing(open_store(records)) as store:
        assert store.notes.read(KEY) == {}
        with pytest.raises(RecordError, match=r"does not exist|has no records"):
            store.everything()


def test_one_at_a_time(store: RecordStore, records: str) -> None:
    with store.notes.held(KEY, 0) as ours:
        assert ours
        with closing(open_store(records)) as other:
            with other.notes.held(KEY, 0.1) as theirs:
                assert not theirs
            with other.notes.held(replace(KEY, name="another"), 0) as theirs:
                assert theirs
    with closing(open_store(records)) as other, other.notes.held(KEY, 0) as theirs:
        assert theirs


def add_one(records: str) -> None:
    """Count in the notes, as one of several processes."""
    with closing(open_store(records)) as store, store.notes.held(KEY, PATIENCE) as ours:
        assert ours
        document = store.notes.read(KEY)
        store.notes.write(KEY, {"count": document.get("count", 0) + 1})


def test_nothing_is_lost_between_several(store: RecordStore, records: str) -> None:
    at_once(add_one, [records] * PROCESSES)
    assert store.notes.read(KEY) == {"count": PROCESSES}


def test_a_killed_process_holds_nothing(store: RecordStore, records: str) -> None:
    given = (KEY.name, KEY.channel, KEY.version, KEY.source)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, records, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with store.notes.held(KEY, 0) as ours:
            assert not ours
        os.kill(holder.pid, signal.SIGKILL)
    with store.notes.held(KEY, PATIENCE) as ours:
        assert ours


@pytest.mark.parametrize("content", ["[]", "7"])
def test_damaged_notes_are_named_with_the_remedy(store: RecordStore, records: str, content: str) -> None:
    store.notes.write(KEY, {})
    if "://" in records:
        with psycopg.connect(records, autocommit=True) as connection:
            connection.execute("UPDATE officefleet_c2r.notes SET document = %s", (content,))
    else:
        DirectoryNotes(Path(records)).path(KEY).write_text(content)
    with pytest.raises(RecordError, match=r"is not a JSON object. (Move it away|Delete them from .*): what hooks"):
        store.notes.read(KEY)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file")
    with pytest.raises(RecordError, match=r"records: .* cannot be written"):
        DirectoryNotes(tmp_path / "records").write(KEY, {})
