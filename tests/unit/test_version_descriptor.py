# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live v64.cab: what it offers, and what is not taken for an answer. Real ones are in test_release_samples.py."""

from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, version_descriptor
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

CURRENT = channels.find("Current")
XML = f"""<?xml version="1.0" encoding="utf-8"?>
<Version>
  <Available Build="16.0.12527.22286" I640Version="16.0.20326.20100" />
  <DeliveryMechanism FFNRoot="{CURRENT.guid.upper()}" />
  <AvailableBuilds>
    <AvailableBuild RestrictionType="OS" Value="7" Version="16.0.12527.22286" />
    <AvailableBuild RestrictionType="Default" Version="16.0.20326.20100" />
  </AvailableBuilds>
  <Throttle Value="550" />
  <ExpiredBuilds><Build Value="16.0.19929.20164" /><Build Value=" 16.0.19929.20136" /></ExpiredBuilds>
</Version>"""


def parsed(old: str = "", new: str = "") -> version_descriptor.Offer:
    assert old in XML
    return version_descriptor.parse(XML.replace(old, new).encode("utf-8-sig") if old else XML.encode(), CURRENT)


def test_the_default_build_is_what_is_offered() -> None:
    expired = frozenset({"16.0.19929.20164", "16.0.19929.20136"})
    assert parsed() == version_descriptor.Offer("16.0.20326.20100", 550, expired)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('RestrictionType="Default"', 'RestrictionType="OS"', "names 0 builds"),
        ('RestrictionType="OS"', 'RestrictionType="Default"', "names 2 builds"),
        ('Version="16.0.20326.20100"', 'Version=""', "no attribute 'Version'"),
        ('Version="16.0.20326.20100"', 'Version="newest"', "names the build 'newest', which is none"),
        ('Value="550"', 'Value="1001"', "throttle '1001'; it goes from 0 to 1000"),
        ('Value="550"', 'Value="-1"', "throttle '-1'"),
        ('Value="550"', 'Value="\u0665"', "throttle '\u0665'"),
        ('Value="550"', f'Value="{"9" * 5000}"', "throttle '99"),
        ('<Throttle Value="550" />', "", "has no <Throttle>"),
        (CURRENT.guid.upper(), channels.find("SemiAnnual").guid, "not of channel Current"),
        ("FFNRoot", "Root", "no attribute 'FFNRoot'"),
        ("Version>", "Other>", "root element"),
    ],
)
def test_anything_else_is_no_offer(old: str, new: str, text: str) -> None:
    with pytest.raises(FeedError, match=text):
        parsed(old, new)


def test_where_it_is() -> None:
    assert version_descriptor.path(CURRENT) == f"/pr/{CURRENT.guid}/office/data/v64.cab"
