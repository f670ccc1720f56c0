# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file list API's other answers, /channels and /skus, and SKUS.XML, which /skus replaced.

SKUS.XML is as Microsoft documented it in 2017. Of the two answers the keys and values are known from captures, their
nesting is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from ansible_collections.officefleet.c2r.tests.lab.cdn.build import Build, newest_first
from ansible_collections.officefleet.c2r.tests.lab.cdn.channels import CHANNELS
from ansible_collections.officefleet.c2r.tests.lab.cdn.documents import BOM_AND_DECLARATION, text


@dataclass(frozen=True)
class Sku:
    """One product; apps are ids and names, channels as SKUS.XML (older) and the API (newer) call them."""

    product_id: str
    name: str
    older_name: str
    apps: Mapping[str, str]
    older_channels: tuple[str, ...]
    channels: tuple[str, ...]
    default: bool = False


_SUITE = {
    "Access": "Access",
    "Excel": "Excel",
    "Groove": "OneDrive (Groove)",
    "OneDrive": "OneDrive Desktop",
    "OneNote": "OneNote",
    "Outlook": "Outlook",
    "PowerPoint": "PowerPoint",
    "Publisher": "Publisher",
    "Lync": "Skype for Business",
    "Word": "Word",
}
_OLDER = ("Monthly", "Insiders", "Targeted", "Broad")
_NEWER = ("Current", "CurrentPreview", "MonthlyEnterprise", "SemiAnnual", "SemiAnnualPreview")
SKUS: tuple[Sku, ...] = (
    Sku(
        "O365ProPlusRetail",
        "Microsoft 365 Apps for enterprise",
        "Office 365 ProPlus",
        _SUITE,
        _OLDER,
        _NEWER,
        default=True,
    ),
    Sku("VisioProRetail", "Visio Plan 2", "Visio Online Plan 2", {"Visio": "Visio"}, _OLDER, _NEWER),
    Sku(
        "ProPlus2019Volume",
        "Office Professional Plus 2019 - Volume License",
        "Office Professional Plus 2019 - Volume License",
        _SUITE,
        ("Perpetual2019",),
        ("PerpetualVL2019",),
    ),
)


def skus_xml(published: datetime) -> bytes:
    """SKUS.XML of skus.cab."""
    root = ElementTree.Element("ReleaseInfo", PublishedDate=f"{published.astimezone(UTC):%m/%d/%Y %H:%M}")
    root.append(ElementTree.Comment(" Suite / App catalog "))
    suite = ElementTree.SubElement(root, "Suite")
    for sku in SKUS:
        attributes = {"Name": sku.older_name, "ProductID": sku.product_id}
        node = ElementTree.SubElement(suite, "SKU", attributes | ({"Default": "True"} if sku.default else {}))
        apps = ElementTree.SubElement(node, "Apps")
        for app_id, name in sku.apps.items():
            ElementTree.SubElement(apps, "App", Name=name, AppID=app_id)
        listed = ElementTree.SubElement(node, "Channels")
        for channel in sku.older_channels:
            ElementTree.SubElement(listed, "Channel", ID=channel)
    return BOM_AND_DECLARATION + text(root)


def skus_json() -> bytes:
    """The answer of /skus."""
    return json.dumps([_sku(sku) for sku in SKUS]).encode()


def channels_json(url: str, builds: tuple[Build, ...]) -> bytes:
    """The answer of /channels; url is the CDN's."""
    answer = []
    for channel in CHANNELS:
        listed = newest_first(builds, channel.name)
        if not listed or not channel.history_name:
            continue
        answer.append(
            {
                "name": channel.name,
                "displayName": channel.display_name,
                "alternateNames": [channel.history_name, *channel.branches],
                "baseUrl": f"{url}/pr/{channel.guid}",
                "updates": [_update(build) for build in listed],
                "latestUpdateVersion": listed[0].version,
            }
        )
    return json.dumps(answer).encode()


def _sku(sku: Sku) -> dict[str, Any]:
    recommendation = 2 if sku.default else 0
    return {
        "productID": sku.product_id,
        "name": sku.name,
        "license": "VL" if "Volume" in sku.product_id else None,
        "officeApps": {
            app_id: {"appID": app_id, "name": name, "recommendation": recommendation}
            for app_id, name in sku.apps.items()
        },
        "channels": list(sku.channels),
        "recommendedChannel": sku.channels[0] if sku.default else None,
        "recommendation": recommendation,
        "activationMethodsAvailability": {"kms": {}, "mak": {}},
    }


def _update(build: Build) -> dict[str, str]:
    moment = build.published.astimezone(UTC)
    return {
        "version": build.label,
        "legacyVersion": build.version,
        "build": build.version.removeprefix("16.0."),
        # American, and without leading zeros: "8/18/2026 5:41:52 PM"
        "pubTime": f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}",
    }
