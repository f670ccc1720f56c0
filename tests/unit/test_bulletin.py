# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of Broadcom's bulletins, to builds and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.filter import bulletin as plugin
from ansible_collections.officefleet.c2r.plugins.filter import bulletin_name as name_plugin
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bulletin, channels

read: Callable[..., dict[str, Any]] = plugin.FilterModule().filters()["bulletin"]
name_of: Callable[..., str] = name_plugin.FilterModule().filters()["bulletin_name"]

RELEASES: list[dict[str, Any]] = [
    {"channel": channel, "full": f"16.0.{build}", "published": published}
    for channel, build, published in (
        ("Current", "20326.20100", "2026-08-18T21:05:15Z"),
        ("Current", "20228.20190", "2026-08-11T15:29:03Z"),
        ("Current", "20228.20100", "2026-07-31T23:59:59Z"),
        ("MonthlyEnterprise", "20228.20188", "2026-08-11T15:29:03.5Z"),
        ("SemiAnnual", "7369.2055", "2016-11-10T00:00:00Z"),
        ("Deferred", "6965.2105", "2016-11-09T23:59:59Z"),
    )
]


def means(name: str) -> list[str]:
    return [release["full"].removeprefix("16.0.") for release in read(name, RELEASES)["builds"]]


@pytest.mark.parametrize(
    ("name", "year", "month", "day", "channel"),
    [
        ("MS18-03-0365", 2018, 3, None, None),
        ("MS18-03-O365", 2018, 3, None, None),
        ("MS21-11-O365-MONTHLY_ENTERPRISE", 2021, 11, None, "MonthlyEnterprise"),
        ("MS21-11-365-MONTHLY_ENTERPRISE", 2021, 11, None, "MonthlyEnterprise"),
        ("MS21-11-0365-Monthly", 2021, 11, None, "Current"),
        ("ms21-11-o365-monthly", 2021, 11, None, "Current"),
        ("MS21-11-365-CHANNEL", 2021, 11, None, None),
        ("MS21-11-365-CHANNEL_NAME", 2021, 11, None, None),
        ("O365-16-1110", 2016, 11, 10, None),
        (" 0365-16-1110 ", 2016, 11, 10, None),
    ],
)
def test_every_form_of_a_name(name: str, year: int, month: int, day: int | None, channel: str | None) -> None:
    assert read(name) == {
        "name": name.strip(),
        "year": year,
        "month": month,
        "day": day,
        "channel": channel,
        "builds": None,
    }


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        # the software products of Broadcom's article
        ("DEFERRED-CHANNEL", "SemiAnnual"),
        ("Monthly Channel", "Current"),
        ("Monthly Enterprise Channel", "MonthlyEnterprise"),
        ("Semi-Annual Channel", "SemiAnnual"),
        ("Semi-Annual Targeted Channel", "SemiAnnualPreview"),
        ("SEMI_ANNUAL_TARGETED", "SemiAnnualPreview"),
        ("SEMI_ANNUAL_ENTERPRISE", "SemiAnnual"),
        ("semi-annual", "SemiAnnual"),
        ("First_Release_Deferred", "SemiAnnualPreview"),
        ("CURRENT_PREVIEW", "CurrentPreview"),
        ("BETA", "BetaChannel"),
        ("PerpetualVL2024", "PerpetualVL2024"),
    ],
)
def test_a_channel_is_known_by_any_of_its_names(word: str, channel: str) -> None:
    assert read(f"MS26-08-O365-{word}")["channel"] == channel


def test_every_name_of_a_channel_is_known() -> None:
    for channel in channels.CHANNELS:
        for word in (channel.name, channel.display_name, *channel.aliases):
            assert read(f"MS26-08-O365-{word}")["channel"] == channel.name


def test_a_name_means_the_builds_of_its_month_day_and_channel() -> None:
    assert means("MS26-08-O365-CURRENT") == ["20326.20100", "20228.20190"]
    assert means("MS26-07-O365-CURRENT") == ["20228.20100"]
    assert means("MS26-08-O365-Monthly-Enterprise") == ["20228.20188"]
    assert means("MS26-08-0365") == ["20326.20100", "20228.20190", "20228.20188"]
    assert means("MS16-11-0365") == ["7369.2055", "6965.2105"]
    assert means("O365-16-1110") == ["7369.2055"]
    assert means("MS26-08-O365-BETA") == []
    assert read("MS16-11-O365-DEFERRED", RELEASES)["builds"] == RELEASES[4:]  # as they were given


def test_moments_may_be_of_any_zone_or_kind() -> None:
    late = datetime(2016, 11, 9, 22, tzinfo=timezone(timedelta(hours=-5)))
    for published in (
        late,
        datetime(2016, 11, 10, 3),
        "2016-11-10 03:00:00",
        late.isoformat(),
    ):  # the second as YAML has it
        assert read("O365-16-1110", [{"channel": "Current", "published": published}])["builds"]


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (RELEASES[0], "MS26-08-O365-CURRENT"),
        (RELEASES[3], "MS26-08-O365-MONTHLY_ENTERPRISE"),
        (RELEASES[4], "MS16-11-0365"),
        ({"channel": "Broad", "published": "2018-04-30T23:59:59Z"}, "MS18-04-0365"),
        ({"channel": "Broad", "published": "2018-05-01T00:00:00Z"}, "MS18-05-O365-SEMI_ANNUAL_ENTERPRISE"),
    ],
)
def test_the_name_for_a_build(release: dict[str, Any], name: str) -> None:
    assert name_of(release) == name


def test_a_name_given_is_a_name_read() -> None:
    for channel in channels.CHANNELS:
        moment = datetime(2026, 8, 18, 12, tzinfo=UTC)
        found = bulletin.parse(bulletin.name_of(channel, moment))
        assert (found.year, found.month, found.channel) == (2026, 8, channel)
        assert found.means(channel, moment)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "is no name of a bulletin; such names are"),
        ("MS21-11", "is no name of a bulletin"),
        ("MS2021-11-O365-CURRENT", "is no name of a bulletin"),
        ("O365-16-11", "is no name of a bulletin"),
        ("MS21-13-O365-CURRENT", "a date that does not exist"),
        ("MS21-00-0365", "a date that does not exist"),
        ("O365-17-0229", "a date that does not exist"),
        ("MS21-11-O365-FABRIKAM", "'FABRIKAM' in .* is no update channel of Office. Known are BETA, CURRENT_PREVIEW"),
        (5, "5 is a int, not text"),
        (None, "None is a NoneType, not text"),
    ],
)
def test_what_is_no_name_is_refused(name: Any, text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"^officefleet\.c2r\.bulletin: bulletin: .*{text}"):
        read(name)


@pytest.mark.parametrize(
    ("release", "text"),
    [
        ("16.0.20326.20100", "is no build with channel and published"),
        ({"channel": "Current"}, "is no build with channel and published"),
        ({"channel": "Fabrikam", "published": "2026-08-18T21:05:15Z"}, "'Fabrikam' is not an update channel"),
        ({"channel": "Current", "published": "yesterday"}, "published is 'yesterday'"),
    ],
)
def test_what_is_no_build_is_refused(release: Any, text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"^officefleet\.c2r\.bulletin_name: value: .*{text}"):
        name_of(release)
    with pytest.raises(AnsibleFilterError, match=rf"^officefleet\.c2r\.bulletin: releases: .*{text}"):
        read("MS26-08-0365", [release])


def test_releases_are_a_list() -> None:
    with pytest.raises(AnsibleFilterError, match=r"releases: .* is a dict, not a list"):
        read("MS26-08-0365", RELEASES[0])


def test_the_documentation_names_what_there_is() -> None:
    documentation = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    assert list(documentation["RETURN"]["_value"]["contains"]) == list(read("MS26-08-0365"))
    sample = yaml.safe_load(Path(name_plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    assert read(sample["RETURN"]["_value"]["sample"])["channel"] == "MonthlyEnterprise"
