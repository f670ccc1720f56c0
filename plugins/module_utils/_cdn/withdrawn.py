# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds that Microsoft took back: they were listed, and a later feed without them has a lower Latest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import latest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release


@dataclass(frozen=True)
class Withdrawn:
    """One build of one channel."""

    release: Release
    listed: datetime  #: UTC; of the last feed that listed it
    gone: datetime  #: UTC; of the first feed without it whose Latest is lower


@dataclass(frozen=True)
class Seen:
    """What one feed said of the channel."""

    published: datetime  #: UTC
    listed: tuple[Release, ...]  #: highest first
    accepted: bool = True  #: False: it was held, as garbage is, or because it showed a withdrawal


def find(feeds: Iterable[Seen]) -> tuple[Withdrawn, ...]:
    """Give the withdrawn builds of one channel, highest first; `feeds` the oldest first.

    A build that is listed again later is no longer withdrawn. One that fell off the end of a list never was.
    """
    known = [feed for feed in feeds if feed.listed]  # an empty channel says nothing about a build
    found = _by_held_feeds(known) | _by_accepted_feeds(known)
    return tuple(found[number] for number in sorted(found, reverse=True))


def _by_accepted_feeds(feeds: Sequence[Seen]) -> dict[version.Version, Withdrawn]:
    seen: dict[version.Version, tuple[Release, datetime, int]] = {}
    found: dict[version.Version, Withdrawn] = {}
    for position, feed in enumerate(feeds):
        if not feed.accepted:
            continue
        for release in feed.listed:
            number = version.parse(release.build)
            seen[number] = release, feed.published, position
            found.pop(number, None)
        limit = _limit(feed)
        for number, (release, last_listed, last_position) in seen.items():
            if number > limit and last_position != position and number not in found:
                found[number] = Withdrawn(release, last_listed, feed.published)
    return found


def _by_held_feeds(feeds: Sequence[Seen]) -> dict[version.Version, Withdrawn]:
    """Give what the last accepted feed listed above a held one's Latest, and no accepted one listed again.

    If the highest of these is listed again, the held feed was wrong about all of them.
    """
    found: dict[version.Version, Withdrawn] = {}
    last: Seen | None = None
    for position, feed in enumerate(feeds):
        if feed.accepted:
            last = feed
        elif last is not None:
            limit, still = _limit(feed), {release.build for release in feed.listed}
            gone = [each for each in last.listed if version.parse(each.build) > limit and each.build not in still]
            again = {release.build for later in feeds[position:] if later.accepted for release in later.listed}
            if gone and gone[0].build not in again:
                left = [release for release in gone if release.build not in again]
                for each in left:
                    found.setdefault(version.parse(each.build), Withdrawn(each, last.published, feed.published))
    return found


def _limit(feed: Seen) -> version.Version:
    return version.parse((latest_of(feed.listed) or feed.listed[0]).build)
