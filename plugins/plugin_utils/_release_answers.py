# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookup C(release) does below its options: read the feed, have it judged, choose, and describe the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    http,
    version_descriptor,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.channels import Channel
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError, SignatureError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_review import Admitted, Gatekeeper
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_choice import Choice, Choices, Wish
from ansible_collections.officefleet.c2r.plugins.plugin_utils._feed_cache import FeedCache

PLUGIN = "officefleet.c2r.release"

display = Display()


@dataclass(frozen=True)
class Places:
    """Where things are read and kept."""

    source: str  #: URL or path of the release history
    cdn_url: str  #: what the live v64.cab is asked of
    feeds: Path
    cache_dir: str
    cache_ttl: int  #: seconds
    anchors: authenticode.TrustAnchors


@dataclass(frozen=True)
class Judgement:
    """What the gates are told."""

    accept: frozenset[str]
    stale_after: timedelta


def answers(
    asked: Sequence[Channel], wish: Wish, places: Places, judgement: Judgement, *, history: bool, now: datetime
) -> list[dict[str, Any]]:
    """Give the dictionaries of each channel's builds, as option O(details) has them; CdnError otherwise."""
    wish.check()
    source = http.redact(places.source) if _remote(places.source) else places.source
    gatekeeper = Gatekeeper(FeedStore(places.feeds), places.anchors, judgement.accept, judgement.stale_after, now, warn)
    read = read_feed(places, source)
    admitted = gatekeeper.admit(read.data, source, asked, read.problem)
    if read.cache is not None and read.problem is None:
        read.cache.write(read.data)  # not sooner: one that is held is fetched again, it may have been mended
    return [answer for channel in asked for answer in _answers(admitted, channel, wish, places, history)]


def warn(text: str) -> None:
    """Show a warning of this lookup's."""
    display.warning(f"{PLUGIN}: {text}")


def _answers(admitted: Admitted, channel: Channel, wish: Wish, places: Places, history: bool) -> list[dict[str, Any]]:
    choices = admitted.choices(channel, history)
    _warn_of_withdrawn(choices)
    offer = _offer(places, channel) if wish.max_wait is not None else None
    now = admitted.gatekeeper.now
    found = []
    for choice in choices.choose(wish, now, offer):
        if choice.note:
            warn(f"{choice.note}.")
        source, published = admitted.origin(channel, choice.release)
        found.append(_described(choice, choices, channel, now) | {"source": source, "feed_published": _iso(published)})
    return found


def _described(choice: Choice, choices: Choices, channel: Channel, now: datetime) -> dict[str, Any]:
    release = choice.release
    return {
        "build": release.build.removeprefix("16.0."),
        "full": release.build,
        "version": release.version,
        "channel": channel.name,
        "display_name": channel.display_name,
        "published": _iso(release.published),
        "age_days": max(0, (now - release.published).days),
        "latest": release.build == choices.latest.build,
        "throttle": choice.throttle,
        "withdrawn": list(choices.withdrawn),
    }


def _warn_of_withdrawn(choices: Choices) -> None:
    """Speak of withdrawn builds that hosts may have and the channel has not passed yet."""
    limit = office_version.parse(choices.latest.build)
    for build, gone in choices.withdrawn.items():
        if office_version.parse(build) >= limit:
            warn(
                f"Microsoft withdrew {build} from channel {choices.channel}: the feed of {gone.listed:%Y-%m-%d %H:%M} "
                f"UTC listed it, that of {gone.gone:%Y-%m-%d %H:%M} UTC went back below it. It is not chosen."
            )


@dataclass(frozen=True)
class Read:
    """What was found at the source."""

    data: bytes  # a cabinet, or a local XML file
    problem: SignatureError | None = None
    cache: FeedCache | None = None  # where to keep it; None if it is there, or local


def read_feed(places: Places, source: str) -> Read:
    """Read the cache, the source behind a URL, or a local file; `source`: its name in messages. CdnError."""
    if not _remote(places.source):
        data = http.read_source(places.source, "source")
        return Read(data, _problem(data, places, source) if data.startswith(b"MSCF") else None)
    cache = FeedCache(places.source, places.cache_dir, places.cache_ttl, PLUGIN)
    cached = cache.read(lambda found, path: authenticode.verify(found, places.anchors, path))
    if cached is not None:
        return Read(cached)
    data = http.read_source(places.source, "source")
    if not data.startswith(b"MSCF"):
        raise InputError(
            f"source: {source} is not a cabinet, so its signature cannot be verified. Name a releasehistory.cab, "
            "or save what you trust as a local file."
        )
    return Read(data, _problem(data, places, source), cache)


def _problem(data: bytes, places: Places, source: str) -> SignatureError | None:
    try:
        authenticode.verify(data, places.anchors, source)
    except SignatureError as error:
        return error
    return None


def _offer(places: Places, channel: Channel) -> version_descriptor.Offer:
    """Give what the channel's live v64.cab says; CdnError names option C(cdn_url)."""
    url = places.cdn_url.rstrip("/") + version_descriptor.path(channel)
    name = http.redact(url)
    kept = FeedCache(url, places.cache_dir, places.cache_ttl, PLUGIN)
    data = kept.read(lambda found, path: authenticode.verify(found, places.anchors, path))
    try:
        if data is None:
            data = http.get(url, option="cdn_url")
            authenticode.verify(data, places.anchors, name)
            kept.write(data)
        return version_descriptor.parse(cabinet.read_member(data, version_descriptor.MEMBER), channel)
    except (SignatureError, FeedError) as error:
        raise FeedError(f"cdn_url: {name} does not tell what is rolled out: {error}") from error


def _remote(source: str) -> bool:
    return "://" in source


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
