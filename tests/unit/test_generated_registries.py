# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand registries that nobody would write: update_info answers as documented, and a decision follows.

The answers are those of the module's twin. What is shown is that no registry makes it answer in a form that the
controller does not take, and that the controller says so in its own words where a value makes no sense.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import STATES, decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.lab.modules.arguments import sidecar
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryValue

REGISTRIES, BATCHES = 10_000, 20
TARGET = "16.0.20228.20190"
DEPLOYMENT = Deployment(
    name="2607",
    version=TARGET,
    source="http://library.example/MonthlyEnterprise/16.0.20228.20190",
    channel="MonthlyEnterprise",
    languages=frozenset({"en-us", "de-de"}),
    architectures=frozenset({"x64"}),
)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CHANNELS = (
    "55336b82-a18d-4dd6-b5f6-9e5095c314a6",
    "492350f6-3a01-4f97-b9c0-c7c6ddf67d60",
    "ea4a4090-de26-49d7-93c1-91bff9e53fc3",  # not one for customers
)
URLS = tuple(f"http://officecdn.microsoft.com/pr/{guid}" for guid in CHANNELS)
VERSIONS = (
    *("16.0.20131.20206", TARGET, "16.0.20326.20100", "16.0.8201.2213", "15.0.5603.1000", "16.0", "16", "20228.20190"),
    *("16.0.20228.20190 ", "16.0.20228.20190\n", "16.0.20228", "16.0.20228.20190.1", "16.0.-1.5", "v16.0.1.1", "1e5"),
    *("16.0.99999999999999999999.1", "\u0661\u0666.0.1.1", "0", "None"),
)
ODD: tuple[RegistryValue, ...] = (
    *("", " ", "0", "1", "true", "False", "TRUE", "null", "\u7a7a", "a,b,,c", ",", "\x00", "x" * 5000, "%TEMP%", "\\"),
    *(0, 1, 2, 4_294_967_295, [], [""], ["a", "b"], ["16.0.20131.20206", "1"]),
)
CULTURES = ("en-us", "de-de", "DE-DE", "x-none", "sr-latn-rs", "ja-jp", "", "\u4e2d\u6587", "en-us.16.16", "qps-ploc")
PLACES: tuple[tuple[str, str], ...] = (
    *((keys.CONFIGURATION, name) for name in (
        "VersionToReport", "Platform", "ProductReleaseIds", "ClientCulture", "UpdateChannel", "AudienceId",
        "CDNBaseUrl", "UpdateChannelChanged", "OfficeMgmtCOM", "UpdateUrl", "UpdatePath",
        "UnmanagedUpdateUrl", "InstallationPath",
    )),
    *((keys.CLICK_TO_RUN, name) for name in ("ExecutingScenario", "LastScenario", "LastScenarioResult")),
    *((keys.UPDATES, name) for name in ("UpdatesReadyToApply", "UpdatesAppliedTime", "DownloadTime")),
    *((keys.UPDATE_STATUS, name) for name in ("LastUpdateResult", "UpdateApplyEndTime")),
    *((key, name) for key in (keys.UPDATE_POLICY, keys.CLOUD_POLICY) for name in (
        "officemgmtcom", "updatebranch", "updatepath", "updatetargetversion", "ignoregpo", ""
    )),
    (keys.SERVICE_INTERNET, "documentsynctimeout"),
    (keys.PRODUCT_RELEASE_IDS, "ActiveConfiguration"),
    (keys.WINDOWS, "EditionID"),
    (keys.WINDOWS, "ProductName"),
    (keys.SESSION_HOST_ROLE, "InstallState"),
    (keys.SESSION_MANAGER, "PendingFileRenameOperations"),
    *((key, "ComputerName") for key in keys.COMPUTER_NAMES),
    *((rf"{key}\InprocServer32", "") for key in (keys.UPDATE_NOTIFY_1, keys.UPDATE_NOTIFY_2)),
)  # fmt: skip
TYPES: dict[str, type] = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}


def generated(dice: random.Random) -> Host:
    """A host whose registry has been meddled with, in a few places or in all of them."""
    office = None
    if dice.random() < 0.9:
        office = Office(dice.choice(VERSIONS[:4]), languages=tuple(dice.sample(CULTURES[:6], dice.randint(1, 3))))
    time = ManualTime()
    host = Host(
        "ws-001",
        office,
        clock=Clock(source=time, sleep=time.advance),
        registry={keys.UPDATE_POLICY: {"officemgmtcom": 1}} if dice.random() < 0.6 else None,
        probe=lambda *_: 0,
    )
    share = dice.choice((0.03, 0.2, 0.8))
    for key, name in PLACES:
        if dice.random() < share:
            value = dice.choice((*VERSIONS, *URLS, *ODD, None))
            if value is None:
                host.registry.delete(key, name)
            else:
                host.registry.set(key, name, value)
    if dice.random() < share:
        host.registry.delete_key(dice.choice((keys.CONFIGURATION, keys.PRODUCT_RELEASE_IDS, keys.UPDATE_NOTIFY_2)))
    if dice.random() < share:
        active = host.registry.text(keys.PRODUCT_RELEASE_IDS, "ActiveConfiguration")
        host.registry.create(rf"{keys.PRODUCT_RELEASE_IDS}\{active}\culture\{dice.choice(CULTURES)}.16")
        host.registry.create(rf"{keys.PRODUCT_RELEASE_IDS}\{active}\{dice.choice(CULTURES)}.16\{dice.choice(CULTURES)}")
        host.registry.create(rf"{keys.UNINSTALL}\Office16.{dice.choice(CULTURES)} - {dice.choice(CULTURES)}.proof")
    return host


def undocumented(answer: dict[str, Any], documentation: dict[str, Any], where: str = "") -> list[str]:
    """Tell where an answer has not the documented keys, or a value of another type than documented or null."""
    wrong = []
    if missing := answer.keys() ^ documentation.keys():
        wrong.append(f"{where} {sorted(missing)}")
    for name, entry in documentation.items():
        value: Any = answer.get(name)
        if value is None:
            continue
        if type(value) is not TYPES[entry["type"]]:
            wrong.append(f"{where}{name}: {value!r} is no {entry['type']}")
            continue
        parts: list[Any] = value if isinstance(value, list) else [value]
        if "contains" in entry:
            for each in parts:
                wrong += undocumented(each, entry["contains"], f"{where}{name}.")
        elif entry.get("elements") == "str" and not all(isinstance(each, str) for each in parts):
            wrong.append(f"{where}{name}: {value!r} has not only texts")
    return wrong


@pytest.mark.parametrize("seed", range(BATCHES))
def test_a_decision_or_an_error_of_our_own_follows(seed: int) -> None:
    dice = random.Random(seed)
    documentation = sidecar("update_info")["RETURN"]
    record = Record("ws-001", "pilot", DeploymentKey.of(DEPLOYMENT))
    decided = refused = 0
    for number in range(REGISTRIES // BATCHES):
        host = generated(dice)
        params = {"diagnose": True, "log_tail": 5} if number % 10 == 0 else {}
        result = run(host, ModuleCall("officefleet.c2r.update_info", params))
        assert not result.get("failed"), (result, host.registry.tree())
        result = json.loads(json.dumps(result))
        assert undocumented({key: result[key] for key in result if key != "changed"}, documentation) == []
        try:
            state = HostState.from_result(result)
        except HostStateError:
            refused += 1
            continue
        decision = decide(DEPLOYMENT, state, record, NOW, OPEN)
        assert decision.state in STATES
        assert decision.reason
        assert decision.step == "none" or state.version != TARGET
        decided += 1
    # Both ends are reached, or the registries were too tame or too wild to show anything.
    assert decided > REGISTRIES // BATCHES // 4
    assert refused > REGISTRIES // BATCHES // 20
