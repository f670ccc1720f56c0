# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ReleaseHistory.xml: which builds of which channel Microsoft lists, and which one it calls the latest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels as channel_table
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import safe_xml, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

MEMBER = "ReleaseHistory.xml"  #: the member of releasehistory.cab

_WHAT = "The release history"
_PUB_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?Z")


@dataclass(frozen=True)
class Release:
    """One build in a channel's list."""

    build: str  #: in full: "16.0.20326.20100"
    version: str  #: "2608"; perpetual channels have names such as "LTSB2021"
    published: datetime  #: UTC; never choose by it: several trains are serviced on one day
    latest: bool  #: Microsoft's mark


@dataclass(frozen=True)
class ReleaseHistory:
    """One state of the feed. Channels this collection does not know are left out."""

    published: datetime  #: UTC
    channels: Mapping[str, tuple[Release, ...]]  #: by the channel's name; highest build first; may be empty

    def releases(self, channel: channel_table.Channel) -> tuple[Release, ...]:
        """Give what is listed for a channel: InputError where the feed lacks it, FeedError where it is empty."""
        listed = self.channels.get(channel.name)
        if listed is None:
            names = ", ".join(self.channels) or "none"
            raise InputError(
                f"channel: {channel.name!r} is not in the release history; it lists {names}. "
                "Name the version itself for a channel without a release history."
            )
        if not listed:
            raise FeedError(
                f"The release history published {self.published:%Y-%m-%d %H:%M} UTC lists no build at all for channel "
                f"{channel.name}. Microsoft has published such feeds by mistake: wait for the next one, or name the "
                "version itself."
            )
        return listed

    def latest(self, channel: channel_table.Channel) -> Release:
        """Give the build Microsoft marks as latest; without or with several marks the highest of what remains."""
        listed = self.releases(channel)
        return latest_of(listed) or listed[0]


def latest_of(listed: Sequence[Release]) -> Release | None:
    """Give the build marked as latest; without or with several marks the highest of what remains, None of nothing."""
    marked = [release for release in listed if release.latest]
    return next(iter(marked or listed), None)


def parse(xml: bytes) -> ReleaseHistory:
    """Read the feed; FeedError where something this collection relies on is missing or contradicts itself."""
    root = safe_xml.parse(xml, _WHAT, "ReleaseHistory")
    published = safe_xml.attribute(root, "PublishedDate", _WHAT)
    listed: dict[str, tuple[Release, ...]] = {}
    for node, channel in _channels(root):
        if channel.name in listed:
            raise FeedError(f"{_WHAT} lists channel {channel.name} twice; which one holds cannot be told.")
        listed[channel.name] = _releases(node)
    return ReleaseHistory(_published_date(published), listed)


def _channels(root: _Element) -> Iterator[tuple[_Element, channel_table.Channel]]:
    """Give each channel that is known, by its ID. Microsoft adds channels: an unknown one must not stop the others.

    In 2019 and 2020 IDs were renamed and Names were not, so an unknown ID is taken for a new one of the channel that
    its Name means, unless another node has that channel's ID.
    """
    nodes = [(node, _known(node.get("ID"))) for node in root.iterchildren("UpdateChannel")]
    identified = {channel for _node, channel in nodes}
    for node, channel in nodes:
        if channel is not None:
            yield node, channel
            continue
        named = _known(node.get("Name"))
        if named is not None and named not in identified:
            yield node, named


def _known(name: str | None) -> channel_table.Channel | None:
    try:
        return channel_table.find(name or "")
    except InputError:
        return None


def _releases(node: _Element) -> tuple[Release, ...]:
    releases = [_release(update) for update in node.iterchildren("Update")]
    releases.sort(key=lambda release: (version.parse(release.build), release.latest), reverse=True)
    return tuple({release.build: release for release in reversed(releases)}.values())[::-1]  # each build once


def _release(update: _Element) -> Release:
    build = safe_xml.attribute(update, "Build", _WHAT)
    legacy = safe_xml.attribute(update, "LegacyVersion", _WHAT)
    try:
        full = version.full(build)
    except InputError as error:
        raise FeedError(f"{_WHAT} has a build that is none, in line {update.sourceline}: {build!r}.") from error
    if legacy != full or legacy != f"16.0.{build}":
        raise FeedError(
            f"{_WHAT} contradicts itself in line {update.sourceline}: Build {build}, LegacyVersion {legacy}."
        )
    return Release(
        build=full,
        version=safe_xml.attribute(update, "Version", _WHAT),
        published=_pub_time(safe_xml.attribute(update, "PubTime", _WHAT)),
        latest=(update.get("Latest") or "").lower() == "true",
    )


def _published_date(text: str) -> datetime:
    """Read "08/20/2026 23:11": month first, without a zone, UTC in fact."""
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M").replace(tzinfo=timezone.utc)
    except ValueError as error:
        raise FeedError(f"{_WHAT} has the PublishedDate {text!r}; it should look like '08/20/2026 23:11'.") from error


def _pub_time(text: str) -> datetime:
    """Read "2026-08-18T17:41:52.84Z", which has no to three digits after the second."""
    match = _PUB_TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        moment = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise FeedError(f"{_WHAT} has the PubTime {text!r}; it should look like '2026-08-18T17:41:52Z'.") from error
    return moment.replace(microsecond=int((match[2] or "0").ljust(6, "0")), tzinfo=timezone.utc)
