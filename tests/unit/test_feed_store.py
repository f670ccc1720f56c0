# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of release histories: every one once, whole or not at all, several processes at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import feed_store
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore, Override
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release, ReleaseHistory

NOW = datetime(2026, 8, 21, 8, tzinfo=UTC)


def history(day: int = 20, build: str = "16.0.20326.20100") -> ReleaseHistory:
    published = datetime(2026, 8, 18, 17, 41, 52, 840000, tzinfo=UTC)
    listed = {"Current": (Release(build, "2608", published, latest=True),), "SemiAnnual": ()}
    return ReleaseHistory(datetime(2026, 8, day, 23, 11, tzinfo=UTC), listed)


@pytest.fixture
def store(tmp_path: Path) -> FeedStore:
    return FeedStore(tmp_path / "feeds")


def test_a_directory_that_is_not_there_remembers_nothing(store: FeedStore, tmp_path: Path) -> None:
    assert store.read() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_feed_is_kept_as_it_was_signed_and_read_back(store: FeedStore, tmp_path: Path) -> None:
    feed = store.keep(b"MSCF a", history(), "https://cdn.example/releasehistory.cab", NOW)
    assert store.read() == (feed,)
    assert (feed.history, feed.source, feed.seen) == (history(), "https://cdn.example/releasehistory.cab", NOW)
    assert (feed.accepted, feed.overrides) == (frozenset(), ())
    assert store.cabinet(feed).read_bytes() == b"MSCF a"
    assert store.cabinet(feed).name == f"20260820T2311Z-{feed.digest[:16]}.cab"
    assert (tmp_path / "feeds").stat().st_mode & 0o777 == 0o700


def test_a_feed_is_kept_once_with_what_is_known_of_it(store: FeedStore) -> None:
    feed = store.keep(b"MSCF a", history(), "first", NOW)
    accepted = store.accept(feed, {"Current"})
    assert store.keep(b"MSCF a", history(), "second", NOW + timedelta(days=1)) == accepted
    assert store.read() == (accepted,)


def test_feeds_come_in_the_order_in_which_they_were_published(store: FeedStore) -> None:
    for day in (20, 3, 11):
        store.keep(f"MSCF {day}".encode(), history(day), "", NOW)
    assert [feed.history.published.day for feed in store.read()] == [3, 11, 20]


def test_two_feeds_of_the_same_minute_are_two(store: FeedStore) -> None:
    store.keep(b"MSCF a", history(), "", NOW)
    store.keep(b"MSCF b", history(build="16.0.1001.1"), "", NOW)
    assert len(store.read()) == 2


def test_acceptance_is_added_to(store: FeedStore) -> None:
    feed = store.keep(b"MSCF a", history(), "", NOW)
    first, again = Override("latest_lowered", "Current", NOW), Override("latest_lowered", "Current", NOW + timedelta(1))
    other = Override("feed_shrunk", "", NOW)
    store.accept(feed, {"Current"}, [first])
    changed = store.accept(feed, {"SemiAnnual"}, [again, other])  # by the record as it is, not as it was read
    assert changed.accepted == {"Current", "SemiAnnual"}
    assert changed.overrides == (first, other)
    assert changed.overridden("latest_lowered", "Current")
    assert not changed.overridden("latest_lowered", "SemiAnnual")
    assert store.read() == (changed,)


def test_the_measure_is_the_newest_feed_accepted_for_each_channel(store: FeedStore) -> None:
    assert feed_store.baseline(store.read()) is None
    for day, channels in ((3, {"Current", "SemiAnnual"}), (11, {"Current"}), (20, set())):
        store.accept(store.keep(f"MSCF {day}".encode(), history(day), "", NOW), channels)
    baseline = feed_store.baseline(store.read())
    assert baseline is not None
    assert baseline.last == history(11)
    assert baseline.channels == {"Current": history(11), "SemiAnnual": history(3)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r".{30}$", ""),
        (r".*", ""),
        (r".*", "[]"),
        (r'"schema":1', '"schema":2'),
        (r"\+00:00", ""),
        (r"accepted", "excepted"),
        (r'"accepted":\[', '"accepted":[[],'),
        (r'"16.0.20326.20100"', "7"),
        (r'"16.0.20326.20100"', '"latest"'),
        (r'"2608"', "2608"),
        (r"true\]", '"yes"]'),
        (r'"sha256":"', '"sha256":"../'),
        (r'"sha256":".', '"sha256":"f'),
        (r"2026-08-20T23:11", "2026-08-20T23:12"),
        (r".*", "[" * 200_000),
    ],
)
def test_a_damaged_record_is_an_error_and_not_forgotten(old: str, new: str, store: FeedStore) -> None:
    feed = store.keep(b"MSCF a", history(), "", NOW)
    record = store.cabinet(feed).with_suffix(".json")
    record.write_text(re.sub(old, new, record.read_text().strip(), count=1))
    with pytest.raises(FeedError, match=rf"^feeds: '.*{record.name}' cannot be read .* remove it together with"):
        store.read()


def test_whoever_shares_the_directory_can_read_what_is_kept(store: FeedStore, tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    before = os.umask(0o027)
    try:
        feed = store.keep(b"MSCF a", history(), "", NOW)
        store.accept(feed, {"Current"})
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "feeds").iterdir()} == {0o640}


def test_a_cabinet_that_was_lost_is_kept_again(store: FeedStore) -> None:
    feed = store.accept(store.keep(b"MSCF a", history(), "", NOW), {"Current"})
    store.cabinet(feed).unlink()
    assert store.keep(b"MSCF a", history(), "", NOW) == feed
    assert store.cabinet(feed).read_bytes() == b"MSCF a"


def test_what_is_no_record_is_an_error_too(store: FeedStore, tmp_path: Path) -> None:
    (tmp_path / "feeds" / "folder.json").mkdir(parents=True)
    with pytest.raises(OSError, match=r"folder\.json"):
        store.read()


def test_a_write_that_fails_leaves_what_was_there(store: FeedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = store.keep(b"MSCF a", history(), "", NOW)
    before = {path.name: path.read_bytes() for path in store.cabinet(feed).parent.iterdir()}

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        store.accept(feed, {"Current"})
    with pytest.raises(OSError, match="No space left"):
        store.keep(b"MSCF b", history(3), "", NOW)
    assert {path.name: path.read_bytes() for path in store.cabinet(feed).parent.iterdir()} == before


def _take_part(folder: Path, number: int) -> None:
    store = FeedStore(folder)
    for feed in range(4):
        kept = store.keep(f"MSCF {feed}".encode(), history(feed + 1), "", NOW)
        store.accept(kept, {f"channel {number}"}, [Override("latest_stale", f"channel {number}", NOW)])


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_take_part, args=(tmp_path / "feeds", number)) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
    everyone = {f"channel {number}" for number in range(8)}
    feeds = FeedStore(tmp_path / "feeds").read()
    assert [feed.accepted for feed in feeds] == [everyone] * 4
    assert [{each.channel for each in feed.overrides} for feed in feeds] == [everyone] * 4
    endings = sorted(path.suffix for path in (tmp_path / "feeds").iterdir())
    assert endings == ["", *[".cab"] * 4, *[".json"] * 4]


def test_a_record_is_plain_json(store: FeedStore) -> None:
    feed = store.keep(b"MSCF a", history(), "there", NOW)
    document = json.loads(store.cabinet(feed).with_suffix(".json").read_text())
    assert document["channels"]["Current"] == [["16.0.20326.20100", "2608", "2026-08-18T17:41:52.840000+00:00", True]]
