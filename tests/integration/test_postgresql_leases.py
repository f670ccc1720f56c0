# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases in either store: never more than a source may have, at most one for a host, free again when they expire."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._leases import Leases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.tests.integration.stores import at_once, database, postgresql, records

__all__ = ["database", "postgresql", "records"]  # fixtures, found by their names

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = NOW + HOUR
NORTH, SOUTH = "http://north.example/x", "http://south.example/x"
PROCESSES = 8
PLACES = 3


@pytest.fixture
def leases(records: str) -> Iterator[Leases]:
    """The leases of an empty store."""
    with closing(open_store(records)) as store:
        yield store.leases


def test_a_source_has_so_many_places(leases: Leases) -> None:
    assert leases.active(NORTH, NOW) == ()
    assert [leases.acquire(NORTH, host, 2, LATER, NOW) for host in ("b", "a", "c")] == [True, True, False]
    assert leases.active(NORTH, NOW) == ("a", "b")
    assert leases.active(SOUTH, NOW) == ()
    assert leases.acquire(SOUTH, "c", 1, LATER, NOW), "another source has places of its own"
    leases.release("a")
    leases.release("nobody")
    assert leases.acquire(NORTH, "d", 2, LATER, NOW)
    assert leases.active(NORTH, NOW) == ("b", "d")


@pytest.mark.parametrize("places", [0, -1])
def test_a_source_without_places_has_none(leases: Leases, places: int) -> None:
    assert not leases.acquire(NORTH, "a", places, LATER, NOW)
    assert leases.active(NORTH, NOW) == ()


def test_asking_again_renews(leases: Leases) -> None:
    assert leases.acquire(NORTH, "a", 1, LATER, NOW)
    assert leases.acquire(NORTH, "a", 1, LATER + HOUR, NOW)
    assert not leases.acquire(NORTH, "b", 1, LATER + HOUR, LATER)
    assert leases.acquire(NORTH, "a", 0, LATER + 2 * HOUR, LATER), "the download that runs is not taken back"
    assert leases.active(NORTH, LATER + HOUR) == ("a",)
    assert leases.active(NORTH, LATER + 2 * HOUR) == ()


def test_a_lease_ends_with_its_moment(leases: Leases) -> None:
    assert leases.acquire(NORTH, "a", 1, LATER, NOW)
    assert not leases.acquire(NORTH, "b", 1, LATER + HOUR, LATER - timedelta(seconds=1))
    assert leases.active(NORTH, LATER) == ()
    assert not leases.renew("a", LATER + HOUR, LATER), "what has ended is not renewed"
    assert leases.acquire(NORTH, "b", 1, LATER + HOUR, LATER)
    assert not leases.acquire(NORTH, "a", 1, LATER + HOUR, LATER)
    assert not leases.renew("a", LATER + HOUR, LATER), "its place is another's"


def test_renewing_prolongs_and_takes_no_place(leases: Leases) -> None:
    assert not leases.renew("a", LATER, NOW)
    assert leases.acquire(NORTH, "a", 1, LATER, NOW)
    assert leases.renew("a", LATER + HOUR, NOW)
    assert leases.active(NORTH, LATER) == ("a",)
    assert leases.active(SOUTH, LATER) == ()


def test_a_host_has_one_lease(leases: Leases) -> None:
    assert leases.acquire(NORTH, "a", 1, LATER, NOW)
    assert leases.acquire(SOUTH, "b", 1, LATER, NOW)
    assert not leases.acquire(SOUTH, "a", 1, LATER, NOW)
    assert leases.active(NORTH, NOW) == ("a",), "it keeps what it has until it gets the other"
    assert leases.acquire(SOUTH, "a", 2, LATER, NOW)
    assert (leases.active(NORTH, NOW), leases.active(SOUTH, NOW)) == ((), ("a", "b"))


def test_what_is_over_before_it_begins_is_a_mistake(leases: Leases) -> None:
    with pytest.raises(ValueError, match="is over at"):
        leases.acquire(NORTH, "a", 1, NOW, NOW)
    with pytest.raises(ValueError, match="is over at"):
        leases.renew("a", NOW - HOUR, NOW)


def test_parts_of_a_second_do_not_count(leases: Leases) -> None:
    assert leases.acquire(NORTH, "a", 1, LATER + timedelta(milliseconds=999), NOW)
    assert leases.active(NORTH, LATER) == ()


HOLDER = """
import sys
from datetime import datetime
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
store = open_store(sys.argv[1])
source, now, until = sys.argv[2], *map(datetime.fromisoformat, sys.argv[3:])
print(store.leases.acquire(source, "a", 1, until, now), flush=True)
sys.stdin.read()
"""


def test_a_lease_survives_its_process_and_expires(records: str, leases: Leases) -> None:
    arguments = [NORTH, NOW.isoformat(), LATER.isoformat()]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, records, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert leases.active(NORTH, NOW) == ("a",), "the download goes on without the process"
    assert not leases.acquire(NORTH, "b", 1, LATER + HOUR, NOW)
    assert leases.acquire(NORTH, "b", 1, LATER + HOUR, LATER)


def hammer(what: tuple[str, int]) -> int:
    """Ask for, renew and release leases for many hosts, by a clock of its own; return the most that were active."""
    records, seed = what
    dice = random.Random(seed)
    most = 0
    with closing(open_store(records)) as store:
        for turn in range(60):
            now = NOW + timedelta(seconds=turn)
            host = f"ws-{dice.randrange(12)}"
            until = now + timedelta(seconds=dice.choice([2, 30]))
            store.leases.acquire(dice.choice([NORTH, SOUTH]), host, PLACES, until, now)
            most = max(most, *(len(store.leases.active(source, now)) for source in (NORTH, SOUTH)))
            if dice.random() < 0.5:
                store.leases.release(f"ws-{dice.randrange(12)}")
            store.leases.renew(f"ws-{dice.randrange(12)}", until, now)
    return most


def test_no_source_ever_has_more(records: str) -> None:
    assert max(at_once(hammer, [(records, seed) for seed in range(PROCESSES)])) == PLACES


def ask(what: tuple[str, str, str]) -> bool:
    records, source, host = what
    with closing(open_store(records)) as store:
        return store.leases.acquire(source, host, PLACES, LATER, NOW)


def test_of_many_who_ask_at_once_as_many_get_one_as_there_are_places(records: str, leases: Leases) -> None:
    for _ in range(5):
        answers = at_once(ask, [(records, NORTH, f"ws-{number}") for number in range(PROCESSES)])
        assert sum(answers) == len(leases.active(NORTH, NOW)) == PLACES
        for host in leases.active(NORTH, NOW):
            leases.release(host)


def test_those_who_change_places_do_not_wait_for_each_other(records: str, leases: Leases) -> None:
    """Each clears what has expired, and takes over a lease that another clears."""
    sources = [NORTH, SOUTH] * (PROCESSES // 2)
    for turn in range(5):
        now = NOW + turn * HOUR
        for number, source in enumerate(sources):
            assert leases.acquire(source, f"ws-{number}", PROCESSES, now + HOUR, now)
        moved = [(records, source, f"ws-{number}", now + HOUR) for number, source in enumerate(reversed(sources))]
        assert all(at_once(ask_at, moved))


def ask_at(what: tuple[str, str, str, datetime]) -> bool:
    records, source, host, now = what
    with closing(open_store(records)) as store:
        return store.leases.acquire(source, host, PROCESSES, now + HOUR, now)


def test_a_host_asked_for_by_many_has_one_lease(records: str, leases: Leases) -> None:
    assert all(at_once(ask, [(records, NORTH, "a")] * PROCESSES))
    assert leases.active(NORTH, NOW) == ("a",)
    sources = [f"http://{number}.example/x" for number in range(PROCESSES)]
    assert all(at_once(ask, [(records, source, "a") for source in sources]))
    assert [len(leases.active(source, NOW)) for source in (NORTH, *sources)].count(1) == 1


def test_leases_are_no_records(records: str, leases: Leases) -> None:
    leases.acquire(NORTH, "a", 1, LATER, NOW)
    with closing(open_store(records)) as store:
        assert store.everything() == ([], [])


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2}', '{"schema": 1, "leases": [{"host": "a"}]}'])
def test_a_damaged_file_of_leases_is_named_with_the_remedy(tmp_path: Path, content: str) -> None:
    with closing(open_store(str(tmp_path))) as store:
        store.leases.acquire(NORTH, "a", 1, LATER, NOW)
        (file,) = (path for path in tmp_path.iterdir() if path.suffix == ".json")
        file.write_text(content)
        with pytest.raises(RecordError, match=rf"^records: {file} .*\. Remove it: "):
            store.leases.acquire(NORTH, "b", 1, LATER, NOW)
        assert file.read_text() == content
