# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose one build of a channel. Builds are in the order of their numbers; PubTime only tells a build's age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version_descriptor
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.version_descriptor import Offer
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.withdrawn import Withdrawn


@dataclass(frozen=True)
class Wish:
    """Which build is wanted; without any wish the latest."""

    build: str | None = None  #: this one
    version: str | None = None  #: the newest build of it: "2608"
    offset: int = 0  #: so many builds before the latest
    min_age: timedelta | None = None
    max_wait: timedelta | None = None  #: fully rolled out, or as old as this; None: the throttle does not matter
    every: bool = False  #: all builds that fulfil the others, not the newest of them alone

    def check(self) -> None:
        """Raise InputError for wishes that exclude each other."""
        if self.offset < 0:
            raise InputError(f"offset: {self.offset} is negative; give how many builds to go back, such as 1.")
        given = [
            name
            for name, is_given in (
                ("build", self.build is not None),
                ("offset", self.offset > 0),
                ("all", self.every),
                ("version", self.version is not None),
                ("min_age", self.min_age is not None),
                ("fully_rolled_out", self.max_wait is not None),
            )
            if is_given
        ]
        # build and offset name one build by themselves: nothing is left to choose from
        if given[0:1] in (["build"], ["offset"]) and len(given) > 1:
            raise InputError(
                f"{given[0]}: it cannot be combined with {' and '.join(given[1:])}; leave one of them out."
            )


@dataclass(frozen=True)
class Choice:
    """The build that was chosen."""

    release: Release
    throttle: int | None = None  #: per mille of clients that are offered it; None: not asked, or the CDN does not say
    note: str = ""  #: what the user should know about how it was chosen


@dataclass(frozen=True)
class Choices:
    """What there is to choose from in one channel."""

    channel: str  #: name
    releases: Sequence[Release]  #: highest first
    latest: Release  #: as Microsoft marks it
    withdrawn: Mapping[str, Withdrawn]  #: by the build, in full
    merged: bool = False  #: releases come from several feeds, not from one alone

    def candidates(self) -> list[Release]:
        """Give the builds that may be chosen without being named, highest first."""
        limit = office_version.parse(self.latest.build)
        return [
            release
            for release in self.releases
            if release.build not in self.withdrawn and office_version.parse(release.build) <= limit
        ]

    def choose(self, wish: Wish, now: datetime, offer: Offer | None = None) -> tuple[Choice, ...]:
        """Give the one build, or with `wish.every` all, highest first; InputError names the wish that cannot be met.

        `offer` is needed for `wish.max_wait`.
        """
        if wish.build is not None:
            return (Choice(self._named(wish.build)),)
        left = self.candidates()
        if not left:
            raise FeedError(
                f"Every build that is known of channel {self.channel} was withdrawn. Wait for the next release "
                f"history, or name an earlier version itself.{self._more()}"
            )
        if wish.offset:
            return (Choice(self._back(left, wish.offset)),)
        if wish.version is not None:
            left = self._of_version(left, wish.version)
        if wish.min_age is not None:
            left = self._old_enough(left, wish.min_age, now)
        if wish.max_wait is not None and offer is not None:
            found = self._rolled_out(left, wish.max_wait, offer, now)
        else:
            found = [Choice(release) for release in left]
        return tuple(found if wish.every else found[:1])

    def _named(self, build: str) -> Release:
        wanted = office_version.full(build, option="build")
        gone = self.withdrawn.get(wanted)
        if gone is not None:
            raise InputError(
                f"build: {build!r} was withdrawn from channel {self.channel}: the feed of {gone.listed:%Y-%m-%d %H:%M} "
                f"UTC listed it, that of {gone.gone:%Y-%m-%d %H:%M} UTC went back below it. Choose another build."
            )
        for release in self.releases:
            if release.build == wanted:
                return release
        builds = ", ".join(release.build for release in self.releases)
        raise InputError(
            f"build: {build!r} is not listed for channel {self.channel}. Listed are {builds}.{self._more()}"
        )

    def _back(self, left: list[Release], offset: int) -> Release:
        if offset >= len(left):
            raise InputError(
                f"offset: {offset} leads beyond the {len(left)} builds that are known of channel {self.channel}."
                f"{self._more()}"
            )
        return left[offset]

    def _of_version(self, left: list[Release], version: str) -> list[Release]:
        found = [release for release in left if release.version.lower() == version.lower()]
        if not found:
            versions = ", ".join(dict.fromkeys(release.version for release in left))
            hint = " A build is asked for with the option build." if "." in version else ""
            raise InputError(
                f"version: {version!r} is not listed for channel {self.channel}. Listed are {versions}.{hint}"
                f"{self._more()}"
            )
        return found

    def _old_enough(self, left: list[Release], min_age: timedelta, now: datetime) -> list[Release]:
        found = [release for release in left if now - release.published >= min_age]
        if not found:
            oldest = min(left, key=lambda release: release.published)
            raise InputError(
                f"min_age: no build in question of channel {self.channel} is {_span(min_age)} old; the oldest, "
                f"{oldest.build}, is {_span(now - oldest.published)}.{self._more()}"
            )
        return found

    def _rolled_out(self, left: list[Release], max_wait: timedelta, offer: Offer, now: datetime) -> list[Choice]:
        """Choose by what the live v64.cab offers; what it does not speak of is taken to be offered to nobody yet."""
        offered = office_version.parse(offer.build)
        found: list[Choice] = []
        skipped: list[str] = []
        for release in left:
            number = office_version.parse(release.build)
            # What is below the offered build was offered before it; how far that went nobody publishes.
            throttle = offer.throttle if number == offered else None if number < offered else 0
            if release.build in offer.expired:
                skipped.append(f"{release.build} has expired")
            elif throttle in (None, version_descriptor.EVERYONE) or now - release.published >= max_wait:
                found.append(Choice(release, throttle, "" if found else self._note(release, offer, skipped)))
            else:
                skipped.append(f"{release.build} is offered to {throttle} of 1000 clients")
        if found:
            return found
        raise InputError(
            f"fully_rolled_out: no build in question of channel {self.channel} is rolled out or {_span(max_wait)} old "
            f"(max_wait): {'; '.join(skipped)}. The live v64.cab offers {offer.build}.{self._more()}"
        )

    def _note(self, chosen: Release, offer: Offer, skipped: list[str]) -> str:
        notes = []
        if offer.build != self.latest.build:
            notes.append(
                f"the release history's latest build of channel {self.channel} is {self.latest.build}, while the live "
                f"v64.cab offers {offer.build}"
            )
        if skipped:
            notes.append(f"{', '.join(skipped)}: {chosen.build} is given instead")
        return "; ".join(notes)

    def _more(self) -> str:
        return "" if self.merged else " history: true adds what feeds listed earlier."


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
