# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios, played by the Python twins of the Windows modules."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest import mock

import pytest

from ansible_collections.officefleet.c2r.tests.contract.scenario import (
    Call,
    HostBefore,
    Scenario,
    SimulatedHost,
    answer_differences,
    load,
)
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.com_codes import Status
from ansible_collections.officefleet.c2r.tests.lab.modules.arguments import sidecar

SCENARIOS = load()
MODULES = ("document_sync_timeout", "update", "update_info", "update_policy", "user_notice")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    simulated = SimulatedHost("ws-001", scenario.host)
    wrong: list[str] = []
    for number, call in enumerate(scenario.calls, 1):
        wrong += answer_differences(call, simulated.answer(call), f"call {number}")
    wrong += simulated.differences(scenario.after)
    assert not wrong, "\n".join(wrong)


def test_names_are_unique() -> None:
    counts = Counter(scenario.name for scenario in SCENARIOS)
    assert [name for name, times in counts.items() if times > 1] == []


def expected_values(*path: str) -> set[Any]:
    """Gather what the scenarios ask for at one place of their answers."""
    found: set[Any] = set()
    for call in (call for scenario in SCENARIOS for call in scenario.calls):
        value: Any = call.answer
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            found.add(value)
    return found


def test_every_status_is_asked_for() -> None:
    assert {status.text for status in Status} == expected_values("status")


def test_every_refusal_is_asked_for() -> None:
    assert expected_values("refused") == {
        "already_staged",
        "applying",
        "at_target",
        "blocked",
        "busy",
        "com_unavailable",
        "idle",
        "multi_session",
        "newer",
        "nothing_staged",
    }


def test_every_kind_of_call_result_is_asked_for() -> None:
    assert expected_values("call", "hresult") == {"0x00000000", "0x80070005"}
    assert expected_values("call", "method") == {"Download", "Apply", "Cancel"}


@pytest.mark.parametrize("module", MODULES)
def test_answers_have_exactly_the_documented_keys(module: str) -> None:
    documented = sidecar(module)["RETURN"].keys()
    seen = False
    for scenario in SCENARIOS:
        simulated = SimulatedHost("ws-001", scenario.host)
        for call in scenario.calls:
            answer = simulated.answer(call)
            if call.module == module and not answer.get("failed"):
                seen = True
                assert answer.keys() - {"changed", "diff", "warnings"} == documented, scenario.name
    assert seen


def test_no_repair_disturbs_an_application_opened_since_the_restart() -> None:
    simulated = SimulatedHost("ws-001", HostBefore(management="broken"))
    service = simulated.host.service
    assert service is not None
    start = service.start
    starts: list[Any] = []

    def start_and_open() -> None:
        starts.append(simulated.host.registry.get(keys.UPDATE_POLICY, "officemgmtcom"))
        start()
        simulated.host.apps.open("WINWORD")

    with mock.patch.object(service, "start", start_and_open):
        answer = simulated.answer(Call("update_policy", {"officemgmtcom": True, "repair_registration": True}))
    assert (answer["restarted"], answer["restart_pending"], answer["repaired"]) == (True, True, False)
    assert starts == [1]
    assert simulated.differences({"policy": {"officemgmtcom": 1}}) == []
