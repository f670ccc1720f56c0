# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What scenarios need of a real machine: named in them, or plain from what they say."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.contract.scenario import Call, HostBefore, Scenario, load
from ansible_collections.officefleet.c2r.tests.windows.powershell.needs import WHY, needs


def scenario(host: dict[str, Any], *, named: tuple[str, ...] = (), **call: Any) -> Scenario:
    return Scenario("any", (Call(**{"module": "update_info", **call}),), HostBefore(**host), needs=named)


@pytest.mark.parametrize(
    ("host", "call", "found"),
    [
        ({}, {}, ("com",)),
        ({}, {"module": "document_sync_timeout"}, ()),
        ({"management": "unset"}, {}, ()),
        ({"office": None, "management": "unset"}, {"answer": {"management": {"reason": "no Office"}}}, ()),
        ({"management": "unset"}, {"answer": {"management": {"reason": "never turned on"}}}, ("service",)),
        ({"management": "unset"}, {"module": "update_policy", "answer": {"restarted": True}}, ("service",)),
        ({"management": "broken"}, {"module": "update_policy", "answer": {"repaired": True}}, ("service",)),
        ({"management": "unset"}, {"module": "update_policy", "answer": {"restarted": False}}, ()),
        ({"service": "stopped"}, {}, ("com", "service")),
        ({"apps": ("WINWORD",)}, {}, ("com",)),
        ({"management": "unset", "apps": ("WINWORD",)}, {}, ("processes",)),
        ({"management": "unset"}, {"opens": ("WINWORD",)}, ("processes",)),
        ({"management": "unset", "log": ("a line",)}, {}, ("machine",)),
        ({"management": "unset"}, {"module": "user_notice"}, ("sessions",)),
    ],
)
def test_needs_follow_from_the_scenario(host: dict[str, Any], call: dict[str, Any], found: tuple[str, ...]) -> None:
    assert needs(scenario(host, **call)) == found


def test_needs_can_be_named() -> None:
    assert needs(scenario({"management": "unset"}, named=("cim",))) == ("cim",)
    with pytest.raises(ValueError, match="needs wings, of which nothing is known"):
        scenario({}, named=("wings",))


def test_each_need_has_its_reason_and_most_scenarios_need_no_more_than_com() -> None:
    scenarios = load()
    wanted = [needs(each) for each in scenarios]
    assert {need for each in wanted for need in each} <= WHY.keys()
    assert sum(set(each) <= {"com"} for each in wanted) > len(scenarios) / 2
