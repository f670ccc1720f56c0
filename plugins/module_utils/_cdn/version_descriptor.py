# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VersionDescriptor.xml of a channel's live v64.cab: which build Microsoft offers to clients now, and to how many.

Not to be confused with v64_<version>.cab, which describes one build and offers it to everyone. In the live one
`Available/@Build` is what the oldest Windows still gets, never what the channel offers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.channels import Channel

MEMBER = "VersionDescriptor.xml"
EVERYONE = 1000  #: throttle, per mille of clients

_WHAT = "The live v64.cab"


@dataclass(frozen=True)
class Offer:
    """What a channel offers on the systems that Microsoft supports."""

    build: str  #: in full
    throttle: int  #: per mille of clients that are offered the build; 1000 is everyone
    expired: frozenset[str] = frozenset()  #: builds that Microsoft wants replaced


def path(channel: Channel) -> str:
    """Give the live v64.cab's path on the CDN."""
    return f"/pr/{channel.guid}/office/data/v64.cab"


def parse(xml: bytes, channel: Channel) -> Offer:
    """Read the offer of one channel; FeedError where it is another channel's, names no build or no throttle."""
    root = safe_xml.parse(xml, _WHAT, "Version")
    guid = _value(root, "DeliveryMechanism", "FFNRoot")
    if guid.lower() != channel.guid:
        raise FeedError(f"{_WHAT} is of {guid!r}, not of channel {channel.name} ({channel.guid}).")
    offered = [
        safe_xml.attribute(node, "Version", _WHAT)
        for node in root.iterfind("AvailableBuilds/AvailableBuild")
        if (node.get("RestrictionType") or "").lower() == "default"
    ]
    if len(offered) != 1:
        raise FeedError(
            f"{_WHAT} of channel {channel.name} names {len(offered)} builds for systems in general where it has to be "
            "one, so what the channel offers cannot be told. That of one build, v64_<version>.cab, names none."
        )
    throttle = _value(root, "Throttle", "Value")
    if not re.fullmatch("[0-9]{1,4}", throttle) or int(throttle) > EVERYONE:
        raise FeedError(f"{_WHAT} of channel {channel.name} has the throttle {throttle!r}; it goes from 0 to 1000.")
    expired = [_full(safe_xml.attribute(node, "Value", _WHAT)) for node in root.iterfind("ExpiredBuilds/Build")]
    return Offer(_full(offered[0]), int(throttle), frozenset(expired))


def _value(root: _Element, element: str, attribute: str) -> str:
    node = root.find(element)
    if node is None:
        raise FeedError(f"{_WHAT} has no <{element}>.")
    return safe_xml.attribute(node, attribute, _WHAT)


def _full(text: str) -> str:
    try:
        return office_version.full(text.strip())
    except InputError as error:
        raise FeedError(f"{_WHAT} names the build {text!r}, which is none.") from error
