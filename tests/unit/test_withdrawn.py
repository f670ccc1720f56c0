# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds were taken back, told from the feeds in their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import withdrawn
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release

START = datetime(2026, 8, 1, tzinfo=UTC)


def release(number: int) -> Release:
    return Release(f"16.0.1000.{number}", "2608", START, latest=False)


def found(*feeds: list[int], held: tuple[int, ...] = ()) -> list[tuple[str, int, int]]:
    """Revision, number of the last feed that listed it, number of the feed that took it back."""
    listed = [
        withdrawn.Seen(START + timedelta(days=day), tuple(release(each) for each in feed), day not in held)
        for day, feed in enumerate(feeds)
    ]
    return [
        (each.release.build.rpartition(".")[2], (each.listed - START).days, (each.gone - START).days)
        for each in withdrawn.find(listed)
    ]


@pytest.mark.parametrize(
    ("feeds", "expected"),
    [
        ([[9, 8], [8, 7]], [("9", 0, 1)]),
        ([[9, 8], [9, 8], [8, 7], [8, 7]], [("9", 1, 2)]),
        ([[9, 8], [8, 7], [10, 8]], [("9", 0, 1)]),  # passed by a higher one, and still not good
        ([[9, 8], [8, 7], [9, 8]], []),  # listed again
        ([[9, 8], [8, 7], [9, 8], [10, 9], [11, 10]], []),  # listed again, then fell off the end
        ([[9, 8], [8, 7], [9, 8], [8, 7]], [("9", 2, 3)]),
        ([[9, 8], [10, 9], [11, 10]], []),
        ([[9, 8], []], []),  # an empty channel says nothing about a build
        ([[9, 8], [], [8, 7]], [("9", 0, 2)]),
        ([[10, 9, 8], [8]], [("10", 0, 1), ("9", 0, 1)]),
        ([[10, 9], [9, 8], [8, 7]], [("10", 0, 1), ("9", 1, 2)]),
        ([[9, 8]], []),
        ([], []),
    ],
)
def test_a_build_above_a_later_latest_was_withdrawn(
    feeds: list[list[int]], expected: list[tuple[str, int, int]]
) -> None:
    assert found(*feeds) == expected


def test_what_is_still_listed_is_not_withdrawn() -> None:
    marked = (release(9), replace(release(8), latest=True))
    assert withdrawn.find([withdrawn.Seen(START, marked), withdrawn.Seen(START + timedelta(days=1), marked)]) == ()


def test_what_a_held_feed_still_lists_is_not_withdrawn() -> None:
    held = withdrawn.Seen(START + timedelta(days=1), (release(9), replace(release(8), latest=True)), accepted=False)
    later = withdrawn.Seen(START + timedelta(days=2), (release(10),))
    assert withdrawn.find([withdrawn.Seen(START, (release(9), release(8))), held, later]) == ()


def test_feeds_of_the_same_minute_are_told_apart() -> None:
    both = [withdrawn.Seen(START, (release(9), release(8))), withdrawn.Seen(START, (release(8),))]
    assert [each.release for each in withdrawn.find(both)] == [release(9)]


@pytest.mark.parametrize(
    ("feeds", "held", "expected"),
    [
        ([[9, 8], [8, 7], [10, 8]], (1,), [("9", 0, 1)]),  # nobody accepted it, and a higher one came
        ([[9, 8], [8, 7], [9, 8]], (1,), []),
        ([[9, 8], [8, 7], [9, 8], [11, 10]], (1,), []),  # listed again, then fell off the end
        ([[9, 8], [8, 7], [8, 7], [10, 8]], (1, 2), [("9", 0, 1)]),
        ([[9, 8], [8, 7], [8, 7], [10, 8]], (1,), [("9", 0, 2)]),  # accepted a day later
        ([[11, 10, 9], [9, 8], [12, 10, 9]], (1,), [("11", 0, 1)]),  # one of two came back
        ([[9, 8], [3, 2], [10, 9]], (1,), []),  # garbage: the highest came back, 8 fell off the end
        ([[9, 8], [10, 9], [3, 2], [10, 9]], (2,), []),  # and what was forgotten before the garbage stays good
        ([[9, 8], [12, 11], [10, 9]], (1,), []),  # what a held one alone listed is nothing
        ([[8, 7], [9, 8]], (0,), []),  # there is nothing before it
    ],
)
def test_a_held_feed_shows_what_was_withdrawn_unless_that_is_listed_again(
    feeds: list[list[int]], held: tuple[int, ...], expected: list[tuple[str, int, int]]
) -> None:
    assert found(*feeds, held=held) == expected
