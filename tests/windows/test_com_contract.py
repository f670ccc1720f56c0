# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract scenarios once more, with every COM call of the twins made by the product's C# client in Wine.

The twins decide and the model answers as always; between them are the client, COM and the interface's native table. The
texts of Download and Apply are built by the client as well and compared.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.contract.scenario import Scenario, SimulatedHost, differences, load
from ansible_collections.officefleet.c2r.tests.windows.client import Client
from ansible_collections.officefleet.c2r.tests.windows.com_methods import ThroughWine
from ansible_collections.officefleet.c2r.tests.windows.driver import ClientAnswer

SCENARIOS = load()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(client: Client, monkeypatch: pytest.MonkeyPatch, scenario: Scenario) -> None:
    simulated = SimulatedHost("ws-001", scenario.host)
    host = simulated.host
    made: list[tuple[str, str]] = []

    def call(method: str, *text: str) -> ClientAnswer:
        answer = client.call(host, method, *text)
        made.append((method, answer.hresult_text))
        return answer

    client.attend(host)
    if host.service:
        ThroughWine(call).replace(monkeypatch, host.service)
    wrong: list[str] = []
    for number, asked in enumerate(scenario.calls, 1):
        made.clear()
        answer = simulated.answer(asked)
        wrong += differences(asked.answer, answer, f"call {number}")
        if submitted := answer.get("call"):
            assert (submitted["method"], submitted["hresult"]) in made
            assert client_text(client, asked.params, submitted) == submitted["parameters"]
        elif host.service and "status" in answer:
            assert made, "the client was not asked"
    wrong += simulated.differences(scenario.after)
    assert not wrong, "\n".join(wrong)


def client_text(client: Client, params: dict[str, Any], submitted: dict[str, Any]) -> str | None:
    """The parameter text that the client builds from the same options."""
    display_level = params.get("display_level", False)
    match submitted["method"]:
        case "Download":
            given = dict(params)
            if given.get("source"):
                given["source"] = given["source"].rstrip("/\\")  # as the module does before
            options = ("source", "version", "download_source", "content_id")
            outcome, text = client.driver.build("DownloadText", display_level, *map(given.get, options))
        case "Apply":
            outcome, text = client.driver.build("ApplyText", display_level, params.get("force_app_shutdown", False))
        case _:
            return ""
    assert outcome == "built"
    return text
