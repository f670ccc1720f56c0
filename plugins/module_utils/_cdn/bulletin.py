# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of Broadcom's (Symantec's) software bulletins for Microsoft 365 Apps, and which builds they mean.

Source: Broadcom, article 184965. It gives MSYY-MM-0365 for updates before May 2018, MSYY-MM-O365-CHANNEL_NAME for later
ones, once without the O, and for one of 2016 O365-16-1110, the tenth of November. Which names stand for CHANNEL_NAME it
does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

_OPTION = "bulletin"
_MONTH = re.compile(r"MS([0-9]{2})-([0-9]{2})-[O0]?365(?:-(.+))?", re.IGNORECASE)
_DAY = re.compile(r"[O0]365-([0-9]{2})-([0-9]{2})([0-9]{2})", re.IGNORECASE)
_WITH_CHANNEL_SINCE = (2018, 5)
_PLACEHOLDERS = ("channel", "channelname")  # as the article writes it in an example


@dataclass(frozen=True)
class Bulletin:
    """What the name of a bulletin says."""

    year: int
    month: int
    day: int | None = None  #: None: the whole month
    channel: channels.Channel | None = None  #: None: every channel

    def means(self, channel: channels.Channel, published: datetime) -> bool:
        """Tell whether a build published for a channel at that moment belongs to the bulletin; days are UTC's."""
        moment = published.astimezone(timezone.utc)
        return (
            (moment.year, moment.month) == (self.year, self.month)
            and self.day in (None, moment.day)
            and self.channel in (None, channel)
        )


def parse(name: str) -> Bulletin:
    """Read the name of a bulletin, in any case; InputError if it is none."""
    text = name.strip()
    by_day, by_month = _DAY.fullmatch(text), _MONTH.fullmatch(text)
    found = by_day or by_month
    if found is None:
        raise InputError(
            f"{_OPTION}: {name[:100]!r} is no name of a bulletin; such names are MS26-08-O365-MONTHLY_ENTERPRISE, "
            "MS18-03-0365 and O365-16-1110."
        )
    year, month, day = 2000 + int(found[1]), int(found[2]), int(by_day[3]) if by_day else None
    try:
        date(year, month, day or 1)
    except ValueError as error:
        raise InputError(f"{_OPTION}: {name[:100]!r} names a date that does not exist: {error}.") from error
    return Bulletin(year, month, day, _channel(by_month[3], name) if by_month and by_month[3] else None)


def name_of(channel: channels.Channel, published: datetime) -> str:
    """Give the name of the bulletin of a build that was published for a channel at that moment."""
    moment = published.astimezone(timezone.utc)
    start = f"MS{moment:%y-%m}"
    if (moment.year, moment.month) < _WITH_CHANNEL_SINCE:
        return f"{start}-0365"
    return f"{start}-O365-{channel_word(channel)}"


def channel_word(channel: channels.Channel) -> str:
    """Give what stands for a channel in a bulletin's name: its display name, "MONTHLY_ENTERPRISE"."""
    words: list[str] = re.findall(r"[A-Z0-9]+", channel.display_name.upper())
    return "_".join(word for word in words if word != "CHANNEL")


def _channel(text: str, name: str) -> channels.Channel | None:
    key = _key(text)
    if key in _PLACEHOLDERS:
        return None
    channel = _CHANNELS.get(key)
    if channel is None:
        known = ", ".join(channel_word(channel) for channel in channels.CHANNELS)
        raise InputError(
            f"{_OPTION}: {text[:100]!r} in {name[:100]!r} is no update channel of Office. Known are {known}."
        )
    return channel


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _names() -> Mapping[str, channels.Channel]:
    """Give each channel under all its names, without signs between words and with or without "Channel" at the end."""
    found = {}
    for channel in channels.CHANNELS:
        for name in (channel.name, *channel.aliases, channel.display_name, channel_word(channel)):
            found[_key(name)] = channel
            found[f"{_key(name)}channel"] = channel
    # What Broadcom calls its software product for the preview of the Semi-Annual Enterprise Channel
    targeted = channels.find("Targeted")
    return {**found, "semiannualtargeted": targeted, "semiannualtargetedchannel": targeted}


_CHANNELS = _names()
