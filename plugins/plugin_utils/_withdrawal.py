# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the build of a deployment was withdrawn: what is kept of release histories, and a fresh look at the feed.

Nothing here fails a run: a controller without the internet goes on with what is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    channels,
    http,
    known_withdrawals,
    release_history,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import FeedHeldError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_review import Gatekeeper
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore, KeptFeed
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _release_answers
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_plan import FleetPlan

#: What the lookup release has by default.
SOURCE = "https://officecdn.microsoft.com/pr/wsus/releasehistory.cab"
CACHE = "~/.cache/officefleet.c2r"
CACHE_TTL = 3600  #: seconds
REFRESH = ("auto", "always", "never")


@dataclass(frozen=True)
class Feeds:
    """Where release histories come from and where they are kept. `refresh`: one of REFRESH."""

    source: str  #: URL or path
    directory: Path
    cache_dir: str
    trust_anchors: tuple[str, ...] = ()
    refresh: str = "auto"

    @classmethod
    def of(
        cls,
        source: str | None,
        directory: str | None,
        cache_dir: str | None,
        trust_anchors: Sequence[str] | None,
        refresh: str = "auto",
    ) -> Feeds:
        """Take the lookup's defaults for what is empty."""
        cache_dir = cache_dir or CACHE
        kept = Path(directory or Path(cache_dir) / "feeds").expanduser()
        return cls(source or SOURCE, kept, cache_dir, tuple(trust_anchors or ()), refresh)


@dataclass(frozen=True)
class Finding:
    """`reason` None: nothing is known of a withdrawal. `warnings` say what could not be found out, one at most."""

    reason: str | None = None
    warnings: tuple[str, ...] = ()


def find(channel: str, build: str, feeds: Feeds, now: datetime) -> Finding:
    """Tell whether the build (in full) was withdrawn from the channel (name)."""
    store = FeedStore(feeds.directory)
    warnings: list[str] = []
    try:
        kept = store.read()
        if feeds.refresh == "always" or (feeds.refresh == "auto" and known_withdrawals.listed(kept, channel, build)):
            kept = _looked_afresh(store, kept, channel, feeds, now, warnings.append)
    except (CdnError, OSError) as error:
        return Finding(None, (f"Whether {build} was withdrawn is not known. {error}",))
    for each in known_withdrawals.of_channel(kept, channel):
        if each.release.build == build:
            listed, gone = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (each.listed, each.gone))
            reason = f"{build} was withdrawn: seen in {channel} on {listed}, no longer on {gone}"
            return Finding(reason, tuple(warnings[:1]))
    unsure = f"Whether {build} was withdrawn is known only as far as the release histories go that are kept."
    return Finding(None, tuple(f"{unsure} {warning}" for warning in warnings[:1]))


def judged(planned: FleetPlan, options: Mapping[str, Any], now: datetime, prefix: str) -> FleetPlan:
    """Give the plan with what is known of its build; `options` of the module rollout_plan."""
    deployment = planned.deployment
    feeds = Feeds.of(
        *(options[name] for name in ("release_history", "feeds", "cache", "trust_anchors", "refresh_feeds"))
    )
    found = find(str(deployment.channel), deployment.version, feeds, now)
    remedy = f"Where it cannot be looked at, set {prefix}refresh_feeds: never."
    warnings = [*planned.warnings, *(f"{each} {remedy}" for each in found.warnings)]
    if found.reason is None:
        return replace(planned, warnings=tuple(warnings))
    if planned.ignore_withdrawn:
        reason = planned.ignore_withdrawn
        warnings.append(f"{found.reason}. {deployment.name!r} goes on all the same (ignore_withdrawn): {reason}")
        return replace(planned, warnings=tuple(warnings))
    warnings.append(
        f"{found.reason}. Nothing new begins with {deployment.name!r}; what runs goes on. Hosts that have this build "
        "stay as they are until a deployment of an earlier one brings them back: the playbook officefleet.c2r.rollback "
        "proposes it."
    )
    schedule = replace(deployment.schedule, withdrawn=found.reason)
    return replace(planned, deployment=replace(deployment, schedule=schedule), warnings=tuple(warnings))


def _looked_afresh(
    store: FeedStore,
    kept: tuple[KeptFeed, ...],
    channel: str,
    feeds: Feeds,
    now: datetime,
    warn: Callable[[str], object],
) -> tuple[KeptFeed, ...]:
    """Have the feed judged and kept as the lookup does; give what is known with it, also if it could not be kept."""
    name = http.redact(feeds.source) if "://" in feeds.source else feeds.source
    try:
        places = _release_answers.Places(
            source=feeds.source,
            cdn_url="",  # nobody asks what is rolled out
            feeds=feeds.directory,
            cache_dir=feeds.cache_dir,
            cache_ttl=CACHE_TTL,
            anchors=authenticode.TrustAnchors.from_pem([Path(path).expanduser() for path in feeds.trust_anchors]),
        )
        read = _release_answers.read_feed(places, name)
        if read.problem is not None:
            raise read.problem
        signed = read.data.startswith(b"MSCF")
        xml = cabinet.read_member(read.data, release_history.MEMBER) if signed else read.data
        fresh = KeptFeed(hashlib.sha256(read.data).hexdigest(), release_history.parse(xml), name, now)
        keeper = Gatekeeper(store, places.anchors, frozenset(), known_withdrawals.STALE_AFTER, now, warn)
        try:
            admitted = keeper.admit(read.data, name, [channels.find(channel)], kept=kept)
        except FeedHeldError:
            return _with(kept, fresh)  # whether it shows a withdrawal is told by what holds it
    except CdnError as error:
        warn(f"The release history: {str(error).removeprefix('source: ')}")
        return kept
    if read.cache is not None:
        read.cache.write(read.data)
    return _with(admitted.kept, replace(fresh, accepted=frozenset({channel})))


def _with(kept: tuple[KeptFeed, ...], fresh: KeptFeed) -> tuple[KeptFeed, ...]:
    if any(feed.digest == fresh.digest for feed in kept):
        return kept
    return tuple(sorted((*kept, fresh), key=lambda feed: feed.name))
