# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scenario takes to be played on a real PowerShell, and what a set-up has to give."""

from __future__ import annotations

from typing import Any

from ansible_collections.officefleet.c2r.tests.contract.scenario import NEEDS, Call, Scenario

COM_MODULES = frozenset({"update", "update_info", "update_policy"})
WHY = {
    "com": "no COM server to answer for Office",
    "service": "ClickToRunSvc cannot be had without Office",
    "processes": "Office applications cannot be started without Office",
    "sessions": "no sessions of other users",
    "cim": "no CIM server",
    "machine": "the machine is not as the scenario has it",
}


def needs(scenario: Scenario) -> tuple[str, ...]:
    """What its data names, and what follows from the rest of it, in the order of NEEDS."""
    found = set(scenario.needs)
    host = scenario.host
    with_com = host.office is not None and host.management == "registered"
    if with_com and any(call.module in COM_MODULES for call in scenario.calls):
        found.add("com")
    if host.service != "running" or any(_tells_of_service(call, scenario) for call in scenario.calls):
        found.add("service")
    if not with_com and (host.apps or any(call.opens for call in scenario.calls)):
        found.add("processes")
    if any(call.module == "user_notice" for call in scenario.calls):
        found.add("sessions")
    if host.log is not None:
        found.add("machine")
    return tuple(name for name in NEEDS if name in found)


def _tells_of_service(call: Call, scenario: Scenario) -> bool:
    """Whether an answer speaks of a service that was restarted, should be, or is the reason why COM is away."""
    answer: dict[str, Any] = call.answer
    management = answer.get("management") or {}
    explained = isinstance(management, dict) and management.get("reason") is not None
    restart = any(answer.get(key) is True for key in ("restarted", "restart_pending", "repaired"))
    return restart or (explained and scenario.host.office is not None)
