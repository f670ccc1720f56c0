# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of a build, wish by wish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import duration
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_choice import Choices, Wish
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.version_descriptor import Offer
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.withdrawn import Withdrawn

NOW = datetime(2026, 8, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FORTNIGHT = 14 * DAY


def release(build: str, version: str, age: int) -> Release:
    return Release(f"16.0.{build}", version, NOW - age * DAY, latest=build == "20326.20100")


#: In the order of builds; the older train was serviced last
RELEASES = (
    release("20326.20100", "2608", 2),
    release("20326.20072", "2608", 8),
    release("20228.20190", "2607", 9),
    release("20131.20206", "2606", 1),
    release("20131.20150", "2606", 37),
)


def choices(*withdrawn: str, latest: Release = RELEASES[0], merged: bool = False) -> Choices:
    gone = {
        each.build: Withdrawn(each, NOW - 3 * DAY, NOW - 2 * DAY)
        for each in RELEASES
        if each.build.removeprefix("16.0.") in withdrawn
    }
    return Choices("Current", RELEASES, latest, gone, merged)


def chosen(wish: Wish, offer: Offer | None = None, among: Choices | None = None) -> str:
    (choice,) = (among or choices()).choose(wish, NOW, offer)
    return choice.release.build.removeprefix("16.0.")


def offer(build: str, throttle: int, *expired: str) -> Offer:
    return Offer(f"16.0.{build}", throttle, frozenset(f"16.0.{each}" for each in expired))


@pytest.mark.parametrize(
    ("wish", "build"),
    [
        (Wish(), "20326.20100"),
        (Wish(offset=1), "20326.20072"),
        (Wish(offset=3), "20131.20206"),
        (Wish(version="2607"), "20228.20190"),
        (Wish(version="2606"), "20131.20206"),
        (Wish(build="20131.20150"), "20131.20150"),
        (Wish(build="16.0.20131.20150"), "20131.20150"),
        (Wish(min_age=7 * DAY), "20326.20072"),
        (Wish(min_age=9 * DAY), "20228.20190"),  # to the second
        (Wish(min_age=10 * DAY), "20131.20150"),
        (Wish(min_age=DAY, version="2606"), "20131.20206"),
        (Wish(min_age=2 * DAY, version="2606"), "20131.20150"),
    ],
)
def test_each_wish(wish: Wish, build: str) -> None:
    assert chosen(wish) == build


def test_versions_have_names_in_perpetual_channels() -> None:
    only = release("17932.20910", "LTSB2024", 9)
    assert Choices("PerpetualVL2024", (only,), only, {}).choose(Wish(version="ltsb2024"), NOW)[0].release == only


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish(offset=5), r"^offset: 5 leads beyond the 5 builds .* Current\. history: true adds"),
        (
            Wish(version="2605"),
            r"^version: '2605' is not listed for channel Current\. Listed are 2608, 2607, 2606\. hist",
        ),
        (Wish(version="16.0.20326.20100"), r"^version: .* A build is asked for with the option build"),
        (
            Wish(build="20326.1"),
            r"^build: '20326\.1' is not listed .* Listed are 16\.0\.20326\.20100, .* history: true",
        ),
        (Wish(build="newest"), r"^build: 'newest' is not an Office version"),
        (
            Wish(min_age=38 * DAY),
            r"^min_age: no build .* is 38 days old; the oldest, 16\.0\.20131\.20150, is 37 days\.",
        ),
    ],
)
def test_what_cannot_be_met_is_named(wish: Wish, text: str) -> None:
    wish.check()
    with pytest.raises(InputError, match=text):
        choices().choose(wish, NOW, None)


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish(offset=-1), r"^offset: -1 is negative"),
        (Wish(build="1.1", every=True), r"^build: it cannot be combined with all;"),
        (Wish(offset=1, every=True), r"^offset: it cannot be combined with all;"),
        (Wish(build="1.1", offset=1), r"^build: it cannot be combined with offset; leave"),
        (Wish(build="1.1", version="2608", min_age=DAY), r"^build: it cannot be combined with version and min_age;"),
        (Wish(build="1.1", max_wait=DAY), r"^build: it cannot be combined with fully_rolled_out;"),
        (Wish(offset=1, version="2608"), r"^offset: it cannot be combined with version;"),
        (
            Wish(offset=1, min_age=DAY, max_wait=DAY),
            r"^offset: it cannot be combined with min_age and fully_rolled_out;",
        ),
    ],
)
def test_what_excludes_each_other_is_named(wish: Wish, text: str) -> None:
    with pytest.raises(InputError, match=text):
        wish.check()


def test_the_hint_at_the_history_is_for_those_who_do_not_use_it() -> None:
    with pytest.raises(InputError, match=r"builds that are known of channel Current\.$"):
        choices(merged=True).choose(Wish(offset=9), NOW)


def test_wishes_that_narrow_each_other_go_together() -> None:
    Wish(version="2608", min_age=DAY, max_wait=DAY).check()


@pytest.mark.parametrize(
    ("wish", "build"),
    [
        (Wish(), "20326.20072"),
        (Wish(offset=1), "20131.20206"),
        (Wish(version="2608"), "20326.20072"),
        (Wish(min_age=9 * DAY), "20131.20150"),
        (Wish(max_wait=FORTNIGHT), "20326.20072"),
    ],
)
def test_no_wish_leads_to_a_withdrawn_build(wish: Wish, build: str) -> None:
    among = choices("20326.20100", "20228.20190")
    assert chosen(wish, offer("20326.20100", 1000), among) == build


def test_a_withdrawn_build_is_not_given_by_its_name_either() -> None:
    with pytest.raises(
        InputError,
        match=r"^build: '20326\.20100' was withdrawn from channel Current: the feed of 2026-08-17 12:00 UTC listed it, "
        r"that of 2026-08-18 12:00 UTC went back below it\.",
    ):
        choices("20326.20100").choose(Wish(build="20326.20100"), NOW)


@pytest.mark.parametrize(
    ("wish", "builds"),
    [
        (Wish(every=True), ["20326.20072", "20228.20190", "20131.20206", "20131.20150"]),
        (Wish(every=True, version="2606"), ["20131.20206", "20131.20150"]),
        (Wish(every=True, min_age=9 * DAY), ["20228.20190", "20131.20150"]),
        (Wish(every=True, max_wait=FORTNIGHT), ["20131.20206", "20131.20150"]),
        (Wish(every=True, max_wait=9 * DAY), ["20228.20190", "20131.20206", "20131.20150"]),
    ],
)
def test_every_build_that_is_wished_for(wish: Wish, builds: list[str]) -> None:
    wish.check()
    found = choices("20326.20100").choose(wish, NOW, offer("20131.20206", 1000))
    assert [choice.release.build.removeprefix("16.0.") for choice in found] == builds
    assert [choice.throttle for choice in found if wish.max_wait][-2:] in ([], [1000, None])
    assert [bool(choice.note) for choice in found] == [wish.max_wait is not None] + [False] * (len(builds) - 1)


def test_nothing_above_the_latest_is_chosen() -> None:
    among = choices(latest=RELEASES[2])
    assert chosen(Wish(), among=among) == "20228.20190"
    assert chosen(Wish(build="20326.20100"), among=among) == "20326.20100"  # unless named: it is listed


def test_a_channel_of_withdrawn_builds_gives_none() -> None:
    with pytest.raises(FeedError, match=r"Every build .* Current was withdrawn\. Wait for .* history: true adds"):
        choices(*(each.build.removeprefix("16.0.") for each in RELEASES)).choose(Wish(), NOW)


@pytest.mark.parametrize(
    ("offered", "build", "throttle", "note"),
    [
        (offer("20326.20100", 1000), "20326.20100", 1000, ""),
        (
            offer("20326.20100", 999),
            "20326.20072",
            None,
            "16.0.20326.20100 is offered to 999 of 1000 clients: 16.0.20326.20072 is given instead",
        ),
        # The live v64.cab is behind: what it does not offer yet waits
        (
            offer("20228.20190", 1000),
            "20228.20190",
            1000,
            "the release history's latest build of channel Current is 16.0.20326.20100, while the live v64.cab offers "
            "16.0.20228.20190; 16.0.20326.20100 is offered to 0 of 1000 clients, 16.0.20326.20072 is offered to 0 of "
            "1000 clients: 16.0.20228.20190 is given instead",
        ),
        # It is ahead
        (
            offer("20401.20000", 1),
            "20326.20100",
            None,
            "the release history's latest build of channel Current is 16.0.20326.20100, while the live v64.cab offers "
            "16.0.20401.20000",
        ),
        (
            offer("20326.20100", 1000, "20326.20100"),
            "20326.20072",
            None,
            "16.0.20326.20100 has expired: 16.0.20326.20072 is given instead",
        ),
    ],
)
def test_fully_rolled_out(offered: Offer, build: str, throttle: int | None, note: str) -> None:
    (choice,) = choices().choose(Wish(max_wait=FORTNIGHT), NOW, offered)
    assert (choice.release.build, choice.throttle, choice.note) == (f"16.0.{build}", throttle, note)


@pytest.mark.parametrize(("max_wait", "build"), [(2, "20326.20100"), (3, "20326.20072")])
def test_a_throttled_build_is_waited_for_so_long(max_wait: int, build: str) -> None:
    assert chosen(Wish(max_wait=max_wait * DAY), offer("20326.20100", 250)) == build


def test_a_build_that_is_not_offered_at_all_is_waited_for_so_long() -> None:
    """Live v64.cab of Office 2019 was behind the release history on 188 of 842 days."""
    behind = offer("19000.20000", 1000)
    assert chosen(Wish(max_wait=8 * DAY), behind) == "20326.20072"
    with pytest.raises(
        InputError, match=r"^fully_rolled_out: no build .* is rolled out or 38 days old .* offers 16\.0\.19000\.20000\."
    ):
        chosen(Wish(max_wait=38 * DAY), behind)


def test_rolled_out_and_old_enough() -> None:
    assert chosen(Wish(max_wait=FORTNIGHT, min_age=9 * DAY), offer("20326.20100", 1000)) == "20228.20190"


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("7d", 168), ("2w", 336), (" 7D ", 168), ("0h", 0)])
def test_spans_of_time(text: str, hours: int) -> None:
    assert duration.parse(text, "min_age") == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["7", "d", "7m", "1.5d", "-7d", "7 d", "99999d", ""])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(InputError, match=r"^min_age: '.*' is not a span of time; write .* 12h, 7d or 2w"):
        duration.parse(text, "min_age")
