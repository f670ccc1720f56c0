# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment's options: spellings that mean the same, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.modules.reconcile import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import validated
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment

GIVEN: dict[str, Any] = {
    "channel": "MonthlyEnterprise",
    "version": "16.0.20228.20190",
    "source": "http://library.example/MonthlyEnterprise/16.0.20228.20190",
    "languages": ["en-us"],
    "architectures": ["x64"],
}


def deployment(**changes: Any) -> Deployment:
    """The deployment of these options."""
    return Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], {**GIVEN, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "monthlyenterprise"},
        {"channel": "MEC"},
        {"channel": "55336B82-A18D-4DD6-B5F6-9E5095C314A6"},
        {"channel": "http://officecdn.microsoft.com/pr/55336b82-a18d-4dd6-b5f6-9e5095c314a6"},
        {"version": "20228.20190"},
        {"source": GIVEN["source"] + "/"},
        {"languages": ["EN-US"], "architectures": "X64"},
        {"max_attempts": "3", "retry_delay": "900"},
    ],
)
def test_other_spellings_mean_the_same(changes: dict[str, Any]) -> None:
    assert deployment(**changes) == deployment()
    assert deployment().name == "16.0.20228.20190"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "Bogus"}, "channel: 'Bogus' is not an update channel of Office. Valid are BetaChannel, Current"),
        ({"version": "latest"}, "version: 'latest' is not an Office version; write it in full, such as '16.0.20326"),
        ({"ring_success": -1}, "ring_success: -1 is not between 0 and 100"),
        ({"max_attempts": 0}, "max_attempts: 0 is not between 1 and 100"),
        ({"retry_delay": -5}, "retry_delay: -5 is not between 0 and 604800"),
        ({"rings": ["pilot", "pilot"]}, "rings: pilot, pilot names a ring twice"),
        ({"architectures": []}, "architectures: the list is empty"),
    ],
)
def test_what_cannot_be_is_named_with_what_can(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        deployment(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        "http://library.example:8080/office",
        r"\\files\office$\x",
        "https://[::1]/a@b",
        "http://library.example:8080/a@b",
    ],
)
def test_places_that_hosts_can_download_from(place: str) -> None:
    assert _deployment.source(place) == place


@pytest.mark.parametrize("place", ["https://library.example/office?sig=hush", "http://library.example/office#hush"])
def test_a_query_in_the_source_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(InputError, match="source: the URL has a query") as caught:
        _deployment.source(place)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        "http://fleet:hush@library.example/office",
        "https://fleet@library.example/office?hush",
        "HTTP://fleet:hush@library.example/office",
        "ftp://fleet:hush@library.example/office",
        "//fleet:hush@library.example/office",
        "http://fleet:hu sh@library.example/office",
        "http://fleet:hu/sh@library.example/office",
        "http://fleet:1hu/sh@library.example/office",
    ],
)
def test_a_password_in_the_source_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(InputError, match="source: the URL holds a user name or a password") as caught:
        _deployment.source(place)
    assert "hu" not in str(caught.value)
