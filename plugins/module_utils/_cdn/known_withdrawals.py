# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builds of a channel were withdrawn, by the feeds that are kept: what matters to builds that are in use already.

The lookup waits until a feed that went back is accepted. Whoever rolls a build out believes it at once, as long as
going back is all that holds it: stopping in vain costs a day, going on may break a fleet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import feed_gates, feed_store, withdrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import Baseline
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import KeptFeed

#: How old Latest may be when a feed is published: the default of the lookup's option stale_after.
STALE_AFTER = timedelta(days=90)


def of_channel(kept: Sequence[KeptFeed], channel: str) -> tuple[withdrawn.Withdrawn, ...]:
    """Give the withdrawn builds of a channel (name), highest first; `kept` as FeedStore.read() gives them."""
    seen: list[withdrawn.Seen] = []
    accepted: list[KeptFeed] = []
    for feed in kept:
        listed = feed.history.channels.get(channel, ())
        if channel in feed.accepted:
            seen.append(withdrawn.Seen(feed.history.published, listed))
        elif _only_went_back(feed, channel, feed_store.baseline(accepted)):
            seen.append(withdrawn.Seen(feed.history.published, listed, accepted=False))
        if feed.accepted:
            accepted.append(feed)
    return withdrawn.find(seen)


def listed(kept: Sequence[KeptFeed], channel: str, build: str) -> bool:
    """Tell whether any feed lists the build: one that none lists cannot be missed."""
    return any(release.build == build for feed in kept for release in feed.history.channels.get(channel, ()))


def _only_went_back(feed: KeptFeed, channel: str, baseline: Baseline | None) -> bool:
    """Tell a withdrawal from garbage, which other gates hold as well."""
    # By its own date: whether it was garbage does not depend on when somebody asks
    held = feed_gates.judge(feed.history, baseline, [channel], feed.history.published, STALE_AFTER)
    return {each.gate for each in held} == {feed_gates.LATEST_LOWERED}
