# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a release history against the gates and what is remembered, and remember it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    feed_gates,
    feed_store,
    release_history,
    version,
    withdrawn,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, SignatureError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import FeedHeldError, Held
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_choice import Choices

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.authenticode import TrustAnchors
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.channels import Channel
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import Baseline
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore, KeptFeed
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release, ReleaseHistory

_CLOCKS_DIFFER = timedelta(days=1)  # PublishedDate has no zone


@dataclass(frozen=True)
class Gatekeeper:
    """How feeds are judged, whatever is looked for in them."""

    store: FeedStore
    anchors: TrustAnchors
    accept: frozenset[str]  #: gates that are overridden
    stale_after: timedelta
    now: datetime
    warn: Callable[[str], object]

    def admit(
        self,
        data: bytes,
        source: str,
        asked: Collection[Channel],
        problem: SignatureError | None = None,
        kept: tuple[KeptFeed, ...] | None = None,
    ) -> Admitted:
        """Give the feed if it may be used for the asked channels; FeedHeldError otherwise, and nothing has changed.

        :param data: a cabinet, or a bare ReleaseHistory.xml, which is judged but not kept.
        :param source: where it comes from, fit for messages.
        :param problem: what is wrong with the cabinet's signature.
        :param kept: all kept feeds, where they have been read already.
        """
        kept = self._read() if kept is None else kept
        bare = not data.startswith(b"MSCF")
        unsigned = self._unsigned(data, problem, kept) if problem else None
        history = release_history.parse(data if bare else cabinet.read_member(data, release_history.MEMBER))
        self._check_clock(history.published)
        own = None if bare else self._keep(data, history, source)
        names = [channel.name for channel in asked]
        baseline = feed_store.baseline(kept)
        held = [
            *([unsigned] if unsigned else []),
            *feed_gates.judge(history, baseline, names, self.now, self.stale_after),
        ]
        overridden = [
            each
            for each in held
            if each.gate in self.accept or (own is not None and _still_overridden(each, own, baseline))
        ]
        standing = [each for each in held if each not in overridden]
        if standing:
            raise FeedHeldError(history.published, standing)
        asked_there = [name for name in names if name in history.channels]
        accepted = _accepted(asked_there, overridden, feed_gates.unharmed(history, baseline))
        if own is not None:
            own = self._remember(own, accepted, overridden)
            kept = (*(feed for feed in kept if feed.digest != own.digest), own)
        return Admitted(self, history, source, tuple(sorted(kept, key=lambda feed: feed.name)), own)

    def verified(self, feed: KeptFeed) -> ReleaseHistory:
        """Read a kept feed again, out of its cabinet and not out of its record; FeedError if it is another one."""
        path = self.store.cabinet(feed)
        remedy = f"Remove {path.name} and the record beside it."
        try:
            data = path.read_bytes()
            if not feed.overridden(feed_gates.BAD_SIGNATURE, ""):
                authenticode.verify(data, self.anchors, str(path))
        except (OSError, SignatureError) as error:
            raise FeedError(f"feeds: the kept feed {str(path)!r} cannot be used: {error} {remedy}") from error
        if hashlib.sha256(data).hexdigest() != feed.digest:
            raise FeedError(f"feeds: the kept feed {str(path)!r} is not the one that was accepted. {remedy}")
        return release_history.parse(cabinet.read_member(data, release_history.MEMBER))

    def _unsigned(self, data: bytes, problem: SignatureError, kept: Collection[KeptFeed]) -> Held:
        """Give the gate if it is overridden; FeedHeldError otherwise: nothing else in the cabinet is looked at."""
        held = Held(feed_gates.BAD_SIGNATURE, "", str(problem))
        digest = hashlib.sha256(data).hexdigest()
        known = any(feed.digest == digest and feed.overridden(held.gate, "") for feed in kept)
        if not known and held.gate not in self.accept:
            raise FeedHeldError(None, [held]) from problem
        return held

    def _read(self) -> tuple[KeptFeed, ...]:
        try:
            return self.store.read()
        except OSError as error:
            raise FeedError(
                f"feeds: what was accepted earlier cannot be read, so nothing can be compared with it: {error}. Let "
                "this user read all of that directory, or name another one."
            ) from error

    def _check_clock(self, published: datetime) -> None:
        """Refuse a feed of the future: remembered, it would be the last one for good. FeedError otherwise."""
        if published - self.now > _CLOCKS_DIFFER:
            raise FeedError(
                f"source: the release history says that it was published {published:%Y-%m-%d %H:%M} UTC, and here it "
                f"is {self.now:%Y-%m-%d %H:%M} UTC. Set this machine's clock if that is wrong, or wait for the next "
                "release history; nothing was chosen or changed."
            )

    def _keep(self, data: bytes, history: ReleaseHistory, source: str) -> KeptFeed | None:
        try:
            return self.store.keep(data, history, source, self.now)
        except OSError as error:
            self._forgetful(error)
            return None

    def _remember(self, own: KeptFeed, accepted: frozenset[str], overridden: list[Held]) -> KeptFeed:
        overrides = [feed_store.Override(each.gate, each.channel, self.now) for each in overridden]
        new = [each for each in overrides if not own.overridden(each.gate, each.channel)]
        if accepted <= own.accepted and not new:
            return own
        try:
            return self.store.accept(own, accepted, new)
        except OSError as error:
            self._forgetful(error)
            return replace(own, accepted=own.accepted | accepted, overrides=(*own.overrides, *new))

    def _forgetful(self, error: OSError) -> None:
        self.warn(
            f"feeds: this run's release history cannot be remembered, so later ones are not compared with it: {error}."
        )


def _still_overridden(held: Held, own: KeptFeed, baseline: Baseline | None) -> bool:
    """Tell whether the gate was overridden for this feed; a lower Latest only until a later feed was accepted."""
    known = baseline.channels.get(held.channel) if baseline else None
    passed = held.gate == feed_gates.LATEST_LOWERED and known is not None and known.published > own.history.published
    return own.overridden(held.gate, held.channel) and not passed


def _accepted(asked: Collection[str], overridden: Collection[Held], unharmed: frozenset[str]) -> frozenset[str]:
    """Give the channels the feed becomes the measure for: a feed that is wrong as a whole only for those asked for."""
    named = {each.channel for each in overridden if each.channel}
    return frozenset(asked) | named | (frozenset() if any(each.whole for each in overridden) else unharmed)


@dataclass(frozen=True)
class Admitted:
    """A feed that may be used, and what is remembered of others."""

    gatekeeper: Gatekeeper
    history: ReleaseHistory
    source: str
    kept: tuple[KeptFeed, ...]  #: as they were published, this one among them unless it is not kept
    own: KeptFeed | None
    _verified: dict[str, ReleaseHistory] = field(default_factory=dict)  # kept feeds by digest, each verified once

    def choices(self, channel: Channel, merge: bool) -> Choices:
        """Give what there is to choose from; `merge` adds what all feeds accepted for the channel listed."""
        feeds = self._accepted_for(channel)
        listed = list(self.history.channels.get(channel.name, ()))
        if not (merge and feeds):
            listed = list(self.history.releases(channel))
        else:
            known = {release.build for release in listed}
            for feed in reversed(feeds):
                added = [each for each in feed.channels.get(channel.name, ()) if each.build not in known]
                known.update(each.build for each in added)
                listed += added
            listed.sort(key=lambda release: version.parse(release.build), reverse=True)
        if not listed:
            listed = list(self.history.releases(channel))  # which says what is wrong
        latest = release_history.latest_of(self.history.channels.get(channel.name, ())) or listed[0]
        return Choices(
            channel.name, listed, latest, {each.release.build: each for each in self.withdrawn(channel)}, merge
        )

    def withdrawn(self, channel: Channel) -> tuple[withdrawn.Withdrawn, ...]:
        """Give the channel's withdrawn builds, highest first.

        What a held feed showed counts as soon as a feed of later is used: until then nothing is changed by it.
        """
        name = channel.name
        seen = [withdrawn.Seen(each.published, each.channels.get(name, ())) for each in self._accepted_for(channel)]
        seen += [
            withdrawn.Seen(feed.history.published, feed.history.channels.get(name, ()), accepted=False)
            for feed in self.kept
            if name not in feed.accepted and feed.history.published < self.history.published
        ]
        return withdrawn.find(sorted(seen, key=lambda each: each.published))

    def origin(self, channel: Channel, release: Release) -> tuple[str, datetime]:
        """Give where the build is listed and when that feed was published; a kept feed is verified again for it."""
        if release in self.history.channels.get(channel.name, ()):
            return self.source, self.history.published
        for feed in reversed(self.kept):
            if channel.name in feed.accepted and release in feed.history.channels.get(channel.name, ()):
                if feed.digest not in self._verified:
                    self._verified[feed.digest] = self.gatekeeper.verified(feed)
                if release not in self._verified[feed.digest].channels.get(channel.name, ()):
                    break
                return str(self.gatekeeper.store.cabinet(feed)), feed.history.published
        raise FeedError(
            f"feeds: no kept feed lists {release.build} for channel {channel.name}, although a record says so."
        )

    def _accepted_for(self, channel: Channel) -> list[ReleaseHistory]:
        feeds = [feed.history for feed in self.kept if channel.name in feed.accepted]
        return feeds if self.own is not None else sorted([*feeds, self.history], key=lambda each: each.published)
