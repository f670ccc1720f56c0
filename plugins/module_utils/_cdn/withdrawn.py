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
    from collections.abc import Iterable
    from datetime import datetime

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release


@dataclass(frozen=True)
class Withdrawn:
    """One build of one channel."""

    release: Release
    listed: datetime  #: UTC; of the last feed that listed it
    gone: datetime  #: UTC; of the first feed without it whose Latest is lower


def find(feeds: Iterable[tuple[datetime, tuple[Release, ...]]]) -> tuple[Withdrawn, ...]:
    """Give the withdrawn builds of one channel, highest first.

    :param feeds: when a feed was published and what it listed for the channel, oldest first; accepted ones only.

    A build that is listed again later is no longer withdrawn. One that fell off the end of a list never was.
    """
    seen: dict[version.Version, tuple[Release, datetime, int]] = {}
    found: dict[version.Version, Withdrawn] = {}
    for position, (published, listed) in enumerate(feeds):
        newest = latest_of(listed)
        if newest is None:
            continue  # an empty channel says nothing about a build
        for release in listed:
            number = version.parse(release.build)
            seen[number] = release, published, position
            found.pop(number, None)
        limit = version.parse(newest.build)
        for number, (release, last_listed, last_position) in seen.items():
            if number > limit and last_position != position and number not in found:
                found[number] = Withdrawn(release, last_listed, published)
    return tuple(found[number] for number in sorted(found, reverse=True))
