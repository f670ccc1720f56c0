# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

MONTHLY_ENTERPRISE = "55336b82-a18d-4dd6-b5f6-9e5095c314a6"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MonthlyEnterprise", "MonthlyEnterprise"),
        (" monthlyenterprise ", "MonthlyEnterprise"),
        ("MEC", "MonthlyEnterprise"),
        (MONTHLY_ENTERPRISE, "MonthlyEnterprise"),
        (f"{{{MONTHLY_ENTERPRISE.upper()}}}", "MonthlyEnterprise"),
        (f"http://officecdn.microsoft.com/pr/{MONTHLY_ENTERPRISE}", "MonthlyEnterprise"),
        (f"HTTPS://officecdn.microsoft.com/pr/{MONTHLY_ENTERPRISE.upper()}/office/data/v64.cab", "MonthlyEnterprise"),
        (f"http://127.0.0.1:8080/db/{MONTHLY_ENTERPRISE}/", "MonthlyEnterprise"),
        ("InsiderSlow", "CurrentPreview"),
        ("Insiders", "CurrentPreview"),
        ("FirstReleaseCurrent", "CurrentPreview"),
        ("InsiderFast", "BetaChannel"),
        ("Monthly", "Current"),
        ("Targeted", "SemiAnnualPreview"),
        ("FirstReleaseDeferred", "SemiAnnualPreview"),
        ("Broad", "SemiAnnual"),
        ("Deferred", "SemiAnnual"),
        ("Perpetual2019", "PerpetualVL2019"),
        ("Perpetual2024", "PerpetualVL2024"),
        ("perpetualvl2021", "PerpetualVL2021"),
        ("LTSB", "PerpetualVL2019"),
        ("LTSB2021", "PerpetualVL2021"),
        ("ltsc2024", "PerpetualVL2024"),
        ("Beta", "BetaChannel"),
    ],
)
def test_every_name_leads_to_its_channel(text: str, name: str) -> None:
    assert channels.find(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Curent",
        "00000000-0000-0000-0000-000000000000",
        "http://officecdn.microsoft.com/pr/",
        f"http://officecdn.microsoft.com/sg/{MONTHLY_ENTERPRISE}",  # Microsoft's staging root
        f"ftp://officecdn.microsoft.com/pr/{MONTHLY_ENTERPRISE}",
        f"{{{MONTHLY_ENTERPRISE}",
        "{MonthlyEnterprise}",
    ],
)
def test_anything_else_is_refused_with_the_valid_names(text: str) -> None:
    with pytest.raises(InputError, match=r"^stage_channel: .*BetaChannel, .*PerpetualVL2024"):
        channels.find(text, option="stage_channel")


def test_no_name_means_two_channels() -> None:
    keys = [key.lower() for c in channels.CHANNELS for key in (c.name, c.guid, *c.aliases)]
    assert len(keys) == len(set(keys))
    assert [c.name for c in channels.CHANNELS] == [
        "BetaChannel",
        "CurrentPreview",
        "Current",
        "MonthlyEnterprise",
        "SemiAnnualPreview",
        "SemiAnnual",
        "PerpetualVL2019",
        "PerpetualVL2021",
        "PerpetualVL2024",
    ]
