# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout has to stand: a host that takes a question and never answers, and two runs on the same records."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import (
    CHANNEL,
    COUNT,
    LANGUAGES,
    PASSWORD,
    VERSION,
    Lab,
    lab,
    source,
)
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds, inventory
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall

__all__ = ["lab", "source"]  # fixtures, found by their names


def play(lab: Lab, *tasks: dict[str, Any], hosts: str) -> list[str]:
    """Write a playbook of calls of reconcile on managed hosts, and an inventory; return the command that plays it."""
    assert lab.server is not None
    (lab.work / "inventory.yml").write_text(
        yaml.safe_dump(inventory(list(lab.fleet.values()), lab.server, password=PASSWORD))
    )
    deployment = {
        "channel": CHANNEL,
        "version": VERSION,
        "source": lab.source,
        "languages": LANGUAGES,
        "architectures": ["x64"],
        "max_attempts": 2,
        "retry_delay": 0,
    }
    options = {"deployment": deployment, "records": str(lab.work / "records")}
    managed = {"officefleet.c2r.update_policy": {"officemgmtcom": True}}
    calls = [{"officefleet.c2r.reconcile": {**options, **task}} for task in tasks]
    book = [{"name": "Take passes", "hosts": hosts, "gather_facts": False, "tasks": [managed, *calls]}]
    (lab.work / "play.yml").write_text(yaml.safe_dump(book))
    return ["ansible-playbook", "-i", "inventory.yml", "play.yml"]


def of_kind(lab: Lab, *kinds: str) -> list[str]:
    """Name the hosts of these kinds."""
    return [name for name, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True) if kind.name in kinds]


def test_a_host_that_hangs_costs_the_others_seconds_and_does_not_spoil_its_connection(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung, well = of_kind(lab, "willing", "current")[:2]
    release, looks = threading.Event(), Counter[str]()
    answer = lab.answer

    def hang(name: str, call: ModuleCall) -> ModuleAnswer:
        if call.name.endswith("update_info"):
            looks[name] += 1
            if name == hung and looks[name] == 1:
                release.wait(60)
        return answer(name, call)

    assert lab.server is not None
    monkeypatch.setattr(lab.server, "_run", hang)
    command = play(lab, {"answer_timeout": 3, "look_only": True}, {"look_only": True}, hosts=f"{hung},{well}")
    begun = time.monotonic()
    try:
        status, output = lab._run(command)
    finally:
        release.set()
    assert status == 0, output
    assert time.monotonic() - begun < 20, "three seconds, and what Ansible itself takes"
    states = [entry["state"] for entry in lab.records()[hung]["history"]]
    assert states[0] == "unreachable", output
    assert "does not answer (no answer in 3 s)" in lab.records()[hung]["history"][0]["note"]
    assert states[1:] != [], "the same play reaches it again"
    assert lab.records()[hung]["state"] != "unreachable"
    assert looks == {hung: 2, well: 2}, "it is not asked again at once"


def test_two_runs_at_a_time_work_on_a_host_one_after_the_other(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = {"word_open": 1, "times_out_once": 2, "times_out_always": 2}
    hosts = {of_kind(lab, kind)[0]: count for kind, count in downloads.items()}
    visitors, together = Counter[str](), Counter[str]()
    guard = threading.Lock()
    accepted = Counter[tuple[str, str]]()
    answer = lab.answer

    def slow(name: str, call: ModuleCall) -> ModuleAnswer:
        if call.name.endswith("update_policy"):
            return answer(name, call)
        with guard:
            visitors[name] += 1
            together[name] = max(together[name], visitors[name])
        time.sleep(0.3)  # as long as a host takes at least
        try:
            result = answer(name, call)
        finally:
            with guard:
                visitors[name] -= 1
        if result.get("submitted"):
            accepted[name, str(call.params["_step"])] += 1
        return result

    assert lab.server is not None
    monkeypatch.setattr(lab.server, "_run", slow)
    command = play(lab, *[{}] * 12, hosts=",".join(hosts))
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lab._run, [command, command]))
    for status, output in runs:
        assert status == 0, output
    for host, count in hosts.items():
        assert accepted[host, "download"] == count, (host, accepted)
        assert accepted[host, "apply"] <= 1, (host, accepted)
        assert together[host] == 1, f"both runs asked {host} something at one time"
    records = Path(lab.work / "records")
    assert {path.name for path in records.iterdir()} == {
        name for host in hosts for name in (f"{host}.json", f".{host}.lock")
    }
