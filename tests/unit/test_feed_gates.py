# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds a release history, gate by gate, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import feed_gates
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import Baseline, FeedHeldError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release, ReleaseHistory

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
BOUND = timedelta(days=90)


def release(build: str, *, age: int = 10, latest: bool = False) -> Release:
    return Release(f"16.0.{build}", "2608", NOW - timedelta(days=age), latest)


def feed(*, days_ago: int = 0, **channels: list[str]) -> ReleaseHistory:
    """Builds of each channel, the first one marked as latest."""
    listed = {
        name: tuple(release(build, latest=number == 0) for number, build in enumerate(builds))
        for name, builds in channels.items()
    }
    return ReleaseHistory(NOW - timedelta(days=days_ago), listed)


def judged(new: ReleaseHistory, old: ReleaseHistory | None, *asked: str, now: datetime = NOW) -> list[tuple[str, str]]:
    baseline = None if old is None else Baseline(old, dict.fromkeys(old.channels, old))
    return [(held.gate, held.channel) for held in feed_gates.judge(new, baseline, asked, now, BOUND)]


BEFORE = feed(days_ago=2, Current=["2.2", "2.1"], SemiAnnual=["2.9", "2.8"])


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        feed(Current=["3.1", "2.2"], SemiAnnual=["2.9", "2.8"]),
        feed(Current=["2.2"], SemiAnnual=["2.9", "2.8"]),
        feed(Current=["2.2"], SemiAnnual=["2.9", "2.8"], MonthlyEnterprise=[]),  # a new channel, nobody asks for it
    ],
)
def test_what_is_usual_passes(after: ReleaseHistory) -> None:
    assert judged(after, BEFORE, "Current", "SemiAnnual") == []


def test_a_latest_that_went_back_holds_those_who_ask_for_it() -> None:
    after = feed(Current=["2.1", "2.0"], SemiAnnual=["2.9"])
    assert (
        judged(after, BEFORE, "Current")
        == judged(after, BEFORE, "SemiAnnual", "Current")
        == [("latest_lowered", "Current")]
    )
    assert judged(after, BEFORE, "SemiAnnual") == []


def test_builds_are_compared_as_numbers() -> None:
    assert judged(feed(Current=["2.10"]), feed(Current=["2.9"]), "Current") == []
    assert judged(feed(Current=["2.9"]), feed(Current=["2.10"]), "Current") == [("latest_lowered", "Current")]


def test_the_mark_is_what_went_back_not_the_list() -> None:
    marked = ReleaseHistory(NOW, {"Current": (release("2.2"), release("2.1", latest=True))})
    assert judged(marked, feed(Current=["2.2", "2.1"]), "Current") == [("latest_lowered", "Current")]


def test_a_channel_that_became_empty_holds_everyone() -> None:
    after = feed(Current=["2.2", "2.1", "2.0"], SemiAnnual=[])
    assert judged(after, BEFORE, "Current") == [("empty_channel", "SemiAnnual")]
    gone = feed(Current=["2.2", "2.1", "2.0"])
    assert judged(gone, BEFORE, "Current") == [("empty_channel", "SemiAnnual")]


def test_a_channel_that_was_empty_holds_those_who_ask_for_it() -> None:
    old = feed(Current=["2.2"], SemiAnnual=[])
    assert judged(old, old, "Current") == []
    assert judged(old, old, "SemiAnnual") == [("empty_channel", "SemiAnnual")]


def test_a_feed_without_builds_cannot_shrink() -> None:
    nothing = feed(Current=[])
    assert judged(nothing, nothing) == []


def test_without_a_measure_any_empty_channel_holds_everyone() -> None:
    assert judged(feed(Current=["2.2"], SemiAnnual=[]), None, "Current") == [("empty_channel", "SemiAnnual")]
    assert judged(feed(Current=["2.2"], SemiAnnual=["2.9"]), None, "Current") == []


@pytest.mark.parametrize(("left", "held"), [(3, []), (2, [("feed_shrunk", "")]), (1, [("feed_shrunk", "")])])
def test_half_a_feed_holds_everyone(left: int, held: list[tuple[str, str]]) -> None:
    old = feed(Current=["4.4", "4.3", "4.2"], SemiAnnual=["2.9"])
    after = feed(Current=["4.4"], SemiAnnual=["2.9", "2.8"][: left - 1], MonthlyEnterprise=["1.1", "1.2", "1.3", "1.4"])
    assert [each for each in judged(after, old, "Current") if each[0] == "feed_shrunk"] == held


def test_the_size_is_that_of_the_last_feed_even_where_a_channel_is_compared_with_an_older_one() -> None:
    old, last = feed(days_ago=9, Current=["4.4", "4.3", "4.2", "4.1"]), feed(days_ago=2, SemiAnnual=["2.9"])
    baseline = Baseline(last, {"Current": old, "SemiAnnual": last})
    after = feed(Current=["4.4"], SemiAnnual=["2.9"])
    assert feed_gates.judge(after, baseline, ["Current"], NOW, BOUND) == ()


def test_an_old_latest_holds_those_who_ask_for_it() -> None:
    after = feed(Current=["2.2"], SemiAnnual=["2.9"])
    later = NOW - timedelta(days=10) + BOUND
    assert judged(after, after, "Current", now=later) == []
    assert judged(after, after, "Current", now=later + timedelta(seconds=1)) == [("latest_stale", "Current")]
    assert judged(after, after, now=later + timedelta(days=1)) == []


def test_a_bound_of_hours_is_said_as_it_is() -> None:
    (held,) = feed_gates.judge(feed(Current=["2.2"]), None, ["Current"], NOW, timedelta(hours=36))
    assert "more than 1.5 days (stale_after)" in held.text


def test_harm_is_told_by_channel() -> None:
    baseline = Baseline(BEFORE, dict.fromkeys(BEFORE.channels, BEFORE))
    after = feed(Current=["2.1"], SemiAnnual=["2.9"], MonthlyEnterprise=["1.1"], CurrentPreview=[])
    assert feed_gates.unharmed(after, baseline) == {"SemiAnnual", "MonthlyEnterprise"}


def test_the_error_says_what_was_what_is_and_how_to_go_on() -> None:
    after = feed(Current=["2.1"], SemiAnnual=[])
    baseline = Baseline(BEFORE, dict.fromkeys(BEFORE.channels, BEFORE))
    error = FeedHeldError(after.published, feed_gates.judge(after, baseline, ["Current"], NOW + BOUND, BOUND))
    assert str(error) == (
        "source: the release history published 2026-08-20 12:00 UTC is held, and nothing was chosen or changed. "
        "empty_channel: it lists no build at all for channel SemiAnnual, and the feed of 2026-08-18 12:00 UTC had 2. "
        "feed_shrunk: it lists 1 builds, and the feed of 2026-08-18 12:00 UTC listed 4 for the same channels. "
        "latest_lowered: Latest of channel Current is 16.0.2.1, and in the feed of 2026-08-18 12:00 UTC it was "
        "16.0.2.2. "
        "latest_stale: Latest of channel Current, 16.0.2.1, is of 2026-08-10, 100 days ago, more than 90 days "
        "(stale_after). Every channel that is supported gets a build each month. "
        "Wait for the next one, or name the version itself. If you have looked at it and want it all the same, "
        "accept it by name, once: accept: [empty_channel, feed_shrunk, latest_lowered, latest_stale]."
    )


def test_accept_takes_names_of_gates_only() -> None:
    assert feed_gates.parse(["latest_lowered", " empty_channel", ""]) == {"latest_lowered", "empty_channel"}
    with pytest.raises(InputError, match=r"^accept: 'all' is not a gate\. Valid are empty_channel, latest_lowered, "):
        feed_gates.parse(["latest_lowered", "all"])
