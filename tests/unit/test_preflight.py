# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight: what keeps an image from suiting a host, in words that say what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _preflight
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.tests.lab import sample_host
from ansible_collections.officefleet.c2r.tests.lab.sample_host import DEPLOYMENT, OLD, TARGET

HOST = replace(sample_host.HOST, products=("O365ProPlusRetail",))
#: Where the host has nothing else, en-us takes 2.3 GB in all
SIZES = {"x64": DownloadSize(2_000_000_000, {"en-us": 300_000_000, "de-de": 750_000_000}, {"nl-nl": 60_000_000})}


def needing(architecture: str = "x64", **demands: str) -> dict[str, Any]:
    """What a deployment says of a build with these demands."""
    return {"requirements": {architecture: Requirements(**demands)}}


def found(host: dict[str, Any], **deployment: Any) -> list[str]:
    """All that is wrong with a host for a deployment."""
    return list(_preflight.misfits(replace(DEPLOYMENT, **deployment), replace(HOST, **host)))


def test_a_host_that_says_little_fits() -> None:
    assert found({}) == []
    wanting = {**needing(min_os="10.0.19041", min_client="16.0.10000.10000"), "min_free_disk": 10**10}
    assert found({"products": (), "display_languages": ()}, **wanting) == []


@pytest.mark.parametrize(
    ("host", "deployment", "text"),
    [
        ({"channel": "Current"}, {}, "is on Current; 16.0.20228.20190 comes from MonthlyEnterprise"),
        ({"architecture": "x86"}, {}, "architecture x86 is not in the image (x64)"),
        ({"languages": ("fr-fr", "en-us", "cs-cz")}, {}, "language cs-cz, fr-fr is not in the image (de-de, en-us)"),
        (
            {"products": ("VisioPro2021Volume", "ProPlus2021Volume")},
            {},
            "product ProPlus2021Volume takes builds of PerpetualVL2021, not of MonthlyEnterprise",
        ),
        (
            {"products": ("ProPlus2019Volume",), "channel": "PerpetualVL2021"},
            {"channel": "PerpetualVL2021"},
            "product ProPlus2019Volume takes builds of PerpetualVL2019, not of PerpetualVL2021",
        ),
        (
            {"channel": "PerpetualVL2024"},
            {"channel": "PerpetualVL2024"},
            "product O365ProPlusRetail takes no builds of PerpetualVL2024",
        ),
        (
            {"languages": ("en-us", "nl-nl"), "display_languages": ("en-us",), "proofing_tools": ("nl-nl",)},
            {},
            "proofing tools of nl-nl are not in the image (none)",
        ),
        (
            {"os_build": "10.0.17763.5000"},
            needing(min_os="10.0.19041"),
            f"Windows 10.0.17763.5000 is older than 10.0.19041, the oldest that {TARGET} runs on",
        ),
        (
            {"os_build": "6.3.9600.0"},
            needing(min_os="10.0"),
            f"Windows 6.3.9600.0 is older than 10.0, the oldest that {TARGET} runs on",
        ),
        (
            {"client_version": OLD},
            needing(min_client="16.0.20200.10000"),
            f"Click-to-Run {OLD} is older than 16.0.20200.10000, the oldest that takes {TARGET}",
        ),
        (
            {"free_disk_bytes": 2_000_000_000},
            {"min_free_disk": 5_000_000_000},
            "2.0 GB free on the disk of Office, 5.0 GB needed (min_free_disk)",
        ),
        (
            {"free_disk_bytes": 2_999_999_999, "languages": ("en-us", "de-de"), "display_languages": ("de-de",)},
            {"download_sizes": SIZES},
            "2.9 GB free on the disk of Office, 3.1 GB needed (min_free_disk)",
        ),
        (
            {"free_disk_bytes": 2_300_000_000, "display_languages": ("en-us",), "proofing_tools": ("nl-nl", "en-us")},
            {"download_sizes": SIZES, "proofing_tools": frozenset({"nl-nl"})},
            "2.3 GB free on the disk of Office, 2.4 GB needed (min_free_disk)",
        ),
        ({"managed_by": "configmgr"}, {}, "updates are managed by ConfigMgr; take_over: true overrides that"),
    ],
)
def test_what_does_not_fit_is_named(host: dict[str, Any], deployment: dict[str, Any], text: str) -> None:
    assert found(host, **deployment) == [text]


@pytest.mark.parametrize(
    ("host", "deployment"),
    [
        ({"products": ("VisioPro2021Volume", "O365ProPlusRetail")}, {}),  # goes along with the suite's builds
        (
            {"products": ("ProPlus2021Volume",), "channel": "PerpetualVL2021"},
            {"channel": "PerpetualVL2021"},
        ),
        ({"languages": ("en-us", "nl-nl"), "display_languages": ("en-us",), "proofing_tools": ("nl-nl",)},
         {"proofing_tools": frozenset({"nl-nl"})}),
        ({"languages": ("en-us",), "display_languages": ("en-us",), "proofing_tools": ("en-us",)}, {}),
        ({"os_build": "10.0.19041.1"}, needing(min_os="10.0.19041")),
        ({"os_build": "10.0.26100.1"}, needing(min_os="10.0.9999")),  # as numbers, not as text
        ({"os_build": "10.0"}, needing(min_os="10.0.0.0")),
        ({"os_build": "none"}, needing(min_os="10.0")),
        ({"os_build": "6.3.9600.0"}, needing("x86", min_os="10.0")),  # the host's architecture is x64
        ({"client_version": TARGET}, needing(min_client=OLD)),
        ({"client_version": OLD}, needing(min_client=OLD)),
        ({"free_disk_bytes": 2_300_000_000}, {"download_sizes": SIZES}),
        ({"free_disk_bytes": 2_300_000_000, "architecture": "x86"}, {"download_sizes": SIZES, "architectures": None}),
        ({"free_disk_bytes": 2}, {"download_sizes": SIZES, "min_free_disk": 1}),
        ({"free_disk_bytes": 2, "ready": TARGET}, {"min_free_disk": 5}),  # the room is taken already
        ({"free_disk_bytes": 2, "status": "downloading"}, {"min_free_disk": 5}),
        ({"managed_by": "configmgr"}, {"take_over": True}),
        ({"managed_by": "gpo"}, {}),
        ({"managed_by": "officefleet"}, {}),
        ({"channel": "Current", "languages": ("xx-xx",)}, {"channel": None, "languages": None}),
    ],
)  # fmt: skip
def test_what_fits(host: dict[str, Any], deployment: dict[str, Any]) -> None:
    assert found(host, **deployment) == []


def test_the_weightiest_comes_first() -> None:
    everything = found({"managed_by": "cloud_update", "channel": "Current", "architecture": "x86"})
    assert [text.split()[0] for text in everything] == ["updates", "is", "architecture"]
