# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds a release history, signed or not: it looks like one of those that Microsoft published by mistake.

On 2022-11-28 a validly signed feed with builds of 2021 and an empty channel was on the production root for a day, and
14 times from 2018 to 2026 Latest went back because a build was withdrawn. Each gate is overridden by its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import latest_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release, ReleaseHistory

EMPTY_CHANNEL = "empty_channel"
LATEST_LOWERED = "latest_lowered"
LATEST_STALE = "latest_stale"
FEED_SHRUNK = "feed_shrunk"
BAD_SIGNATURE = "bad_signature"

GATES = (EMPTY_CHANNEL, LATEST_LOWERED, LATEST_STALE, FEED_SHRUNK, BAD_SIGNATURE)


@dataclass(frozen=True)
class Held:
    """Why a feed is not used."""

    gate: str  #: one of GATES
    channel: str  #: name; "" where it is the feed as a whole
    text: str  #: what was seen before and what is there now
    whole: bool = True  #: it speaks against the feed, whatever channel was asked for


@dataclass(frozen=True)
class Baseline:
    """What a feed is compared with. A feed is accepted for each channel by itself."""

    last: ReleaseHistory  #: the newest feed that was accepted for any channel
    channels: Mapping[str, ReleaseHistory]  #: for each channel, by its name, the newest feed accepted for it

    def listed(self, channel: str) -> tuple[Release, ...]:
        """Give what the channel's feed listed for it; nothing where there is none."""
        history = self.channels.get(channel)
        return history.channels.get(channel, ()) if history else ()


class FeedHeldError(FeedError):
    """A feed is held; nothing was changed."""

    def __init__(self, published: datetime | None, held: Iterable[Held]) -> None:
        self.held = tuple(held)
        names = list(dict.fromkeys(each.gate for each in self.held))
        feed = f"published {_day(published)}" if published else "that was read"
        reasons = " ".join(f"{each.gate}: {each.text}" for each in self.held)
        super().__init__(
            f"source: the release history {feed} is held, and nothing was chosen or changed. {reasons} "
            "Wait for the next one, or name the version itself. If you have looked at it and want it all the same, "
            f"accept it by name, once: accept: [{', '.join(names)}]."
        )


def parse(names: Iterable[object]) -> frozenset[str]:
    """Give the gates that option `accept` names; InputError for what is none."""
    wanted = frozenset(text for text in (str(name).strip() for name in names) if text)
    for name in sorted(wanted - set(GATES)):
        raise InputError(f"accept: {name!r} is not a gate. Valid are {', '.join(GATES)}.")
    return wanted


def judge(
    feed: ReleaseHistory, baseline: Baseline | None, asked: Collection[str], now: datetime, stale_after: timedelta
) -> tuple[Held, ...]:
    """Give what speaks against using the feed for the asked channels (names).

    A channel that became empty and a feed that shrank concern every channel: they say that the feed was not made as it
    should be. A Latest that is lower or old concerns those who ask for that channel.
    """
    held = [*_empty(feed, baseline, asked), *_shrunk(feed, baseline)]
    for channel in dict.fromkeys(asked):
        held += [*_lowered(feed, baseline, channel), *_stale(feed, channel, now, stale_after)]
    return tuple(held)


def unharmed(feed: ReleaseHistory, baseline: Baseline | None) -> frozenset[str]:
    """Give the channels of the feed that a later one may be compared with: neither empty nor lowered."""
    return frozenset(
        name for name, listed in feed.channels.items() if listed and not list(_lowered(feed, baseline, name))
    )


def _empty(feed: ReleaseHistory, baseline: Baseline | None, asked: Collection[str]) -> Iterator[Held]:
    before = {name for name in baseline.channels if baseline.listed(name)} if baseline else set(feed.channels)
    for channel in sorted(before | (set(asked) & set(feed.channels))):
        if feed.channels.get(channel):
            continue
        was = f", and the feed of {_day(baseline.channels[channel].published)} had " if baseline else ""
        had = baseline.listed(channel) if baseline else ()
        builds = f"{was}{len(had)}" if had else ""
        yield Held(
            EMPTY_CHANNEL, channel, f"it lists no build at all for channel {channel}{builds}.", channel in before
        )


def _shrunk(feed: ReleaseHistory, baseline: Baseline | None) -> Iterator[Held]:
    if baseline is None:
        return
    last = baseline.last
    before = sum(len(listed) for listed in last.channels.values())
    now = sum(len(feed.channels.get(channel, ())) for channel in last.channels)
    if before and 2 * now <= before:
        text = f"it lists {now} builds, and the feed of {_day(last.published)} listed {before} for the same channels."
        yield Held(FEED_SHRUNK, "", text)


def _lowered(feed: ReleaseHistory, baseline: Baseline | None, channel: str) -> Iterator[Held]:
    before = latest_of(baseline.listed(channel)) if baseline else None
    now = latest_of(feed.channels.get(channel, ()))
    if baseline and before and now and version.parse(now.build) < version.parse(before.build):
        seen = _day(baseline.channels[channel].published)
        text = f"Latest of channel {channel} is {now.build}, and in the feed of {seen} it was {before.build}."
        yield Held(LATEST_LOWERED, channel, text, whole=False)


def _stale(feed: ReleaseHistory, channel: str, now: datetime, stale_after: timedelta) -> Iterator[Held]:
    newest = latest_of(feed.channels.get(channel, ()))
    if newest and now - newest.published > stale_after:
        text = (
            f"Latest of channel {channel}, {newest.build}, is of {newest.published:%Y-%m-%d}, "
            f"{(now - newest.published).days} days ago, more than {stale_after.total_seconds() / 86400:g} days "
            "(stale_after). Every channel that is supported gets a build each month."
        )
        yield Held(LATEST_STALE, channel, text, whole=False)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
