# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The update channels of Click-to-Run, under every name they are known by.

Sources: the Office Deployment Tool's reference and the policy `updatebranch` (names), releasehistory.cab (Name and ID)
and ofl.cab (branch) of 2018 to 2026, the file list API, and Microsoft's OfficeReleases feed (`channel`, `channelId`,
`alternateNames`, GUIDs). LTSC2019 and the like are what Microsoft calls these channels' audiences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

_URL = re.compile(r"https?://[^/?#\s]+/(?:pr|db)/([0-9a-f-]{36})(?:[/?#].*)?")  # /sg/ is Microsoft's staging root
_BRACED = re.compile(r"\{([0-9a-f-]{36})\}")


@dataclass(frozen=True)
class Channel:
    """One update channel."""

    name: str  #: as the Office Deployment Tool and this collection's options call it
    guid: str  #: lower case; the channel's directory on the CDN
    display_name: str
    aliases: tuple[str, ...] = ()  #: every other name any of the sources has for it


CHANNELS: tuple[Channel, ...] = (
    Channel("BetaChannel", "5440fd1f-7ecb-4221-8110-145efaa6372f", "Beta Channel", ("Beta", "InsiderFast")),
    Channel(
        "CurrentPreview",
        "64256afe-f5d9-4f86-8936-8840a6a4f5be",
        "Current Channel (Preview)",
        ("InsiderSlow", "FirstReleaseCurrent", "Insiders", "MonthlyPreview"),
    ),
    Channel("Current", "492350f6-3a01-4f97-b9c0-c7c6ddf67d60", "Current Channel", ("Monthly",)),
    Channel("MonthlyEnterprise", "55336b82-a18d-4dd6-b5f6-9e5095c314a6", "Monthly Enterprise Channel", ("MEC",)),
    Channel(
        "SemiAnnualPreview",
        "b8f9b850-328d-4355-9145-c59439a0c4cf",
        "Semi-Annual Enterprise Channel (Preview)",
        ("FirstReleaseDeferred", "Targeted", "SACT"),
    ),
    Channel(
        "SemiAnnual",
        "7ffbc6bf-bc32-4f92-8982-f9dd17fd3114",
        "Semi-Annual Enterprise Channel",
        ("Deferred", "Broad", "SAC"),
    ),
    Channel(
        "PerpetualVL2019",
        "f2e724c1-748f-4b47-8fb8-8e0d210e9208",
        "Office 2019 Perpetual Enterprise",
        ("Perpetual2019", "LTSC2019", "LTSB"),
    ),
    Channel(
        "PerpetualVL2021",
        "5030841d-c919-4594-8d2d-84ae4f96e58e",
        "Office 2021 Perpetual Enterprise",
        ("Perpetual2021", "LTSC2021", "LTSB2021"),
    ),
    Channel(
        "PerpetualVL2024",
        "7983bac0-e531-40cf-be00-fd24fe66619c",
        "Office 2024 Perpetual Enterprise",
        ("Perpetual2024", "LTSC2024", "LTSB2024"),
    ),
)

_BY_KEY: dict[str, Channel] = {
    key.lower(): channel for channel in CHANNELS for key in (channel.name, channel.guid, *channel.aliases)
}


def find(text: str, option: str = "channel") -> Channel:
    """Give the channel called `text`: a name, an alias, a GUID or a CDN URL, in any case; InputError names `option`."""
    key = text.strip().lower()
    wrapped = _URL.fullmatch(key) or _BRACED.fullmatch(key)
    channel = _BY_KEY.get(wrapped[1] if wrapped else key)
    if channel is None:
        names = ", ".join(known.name for known in CHANNELS)
        raise InputError(f"{option}: {text!r} is not an update channel of Office. Valid are {names}.")
    return channel
