# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios once more, through real ansible-core, pywinrm and the lab's WinRM server.

What arrives at a host is what Ansible made of the call, and what is compared is what Ansible made of the answer.
Played twice: with the ansible-core of the environment, and with the oldest one that the collection supports.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.contract.scenario import SimulatedHost, answer_differences, load
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

PLAY = Path(__file__).parent / "winrm_play"
PASSWORD = "contract"  # noqa: S105 - of a server that lives as long as this test
SCENARIOS = load()


class ScenarioHosts:
    """Answers for each host as its scenario says, whatever number of calls has arrived before."""

    def __init__(self) -> None:
        self.scenarios = {f"host-{number}": scenario for number, scenario in enumerate(SCENARIOS)}
        self.simulated = {host: SimulatedHost(host, scenario.host) for host, scenario in self.scenarios.items()}
        self.received: dict[str, list[ModuleCall]] = {host: [] for host in self.scenarios}

    def run(self, host: str, call: ModuleCall) -> ModuleAnswer:
        """Answer the next call of a host."""
        expected = self.scenarios[host].calls[len(self.received[host])]
        self.received[host].append(call)
        return self.simulated[host].answer(expected, call)


def programs_of(core: str) -> Path:
    """Give the folder with the Ansible programs of the newest or the oldest ansible-core; skip where there is none."""
    if core == "newest":
        return Path(shutil.which("ansible-playbook") or pytest.fail("there is no ansible-playbook")).parent
    folder = Path(os.environ.get("OFFICEFLEET_OLDEST_CORE", ""))
    if not (folder / "ansible-playbook").is_file():
        pytest.skip(
            "no ansible-core 2.16 in OFFICEFLEET_OLDEST_CORE; dev/setup_oldest.sh makes it with Python 3.10-3.12"
        )
    return folder


@pytest.fixture(scope="module", params=["newest", "oldest"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[ScenarioHosts, Path]:
    """The hosts after the play, and the folder with what Ansible was answered."""
    programs = programs_of(request.param)
    work = tmp_path_factory.mktemp("contract")
    hosts = ScenarioHosts()
    with WinrmServer(hosts.run, password=PASSWORD) as server:
        connection = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "basic",
            "ansible_user": "fleet",
            "ansible_password": PASSWORD,
        }
        inventory = {host: _variables(host, hosts, work) for host in hosts.scenarios}
        (work / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": inventory, "vars": connection}}))
        (work / "play.yml").write_text(yaml.safe_dump([_play()]))
        (work / "ansible.cfg").write_text(f"[defaults]\naction_plugins = {PLAY / 'action_plugins'}\n")
        command = [str(programs / "ansible-playbook"), "--forks", "6", "-i", "inventory.yml", "play.yml"]
        ended = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return hosts, work


def _variables(host: str, hosts: ScenarioHosts, work: Path) -> dict[str, Any]:
    calls = [asdict(call) for call in hosts.scenarios[host].calls]
    kept = ("module", "params", "check_mode", "diff")
    return {
        "ansible_winrm_path": f"/wsman/{host}",
        "contract_calls": [{key: call[key] for key in kept} for call in calls],
        "contract_dest": str(work / f"{host}.json"),
    }


def _play() -> dict[str, Any]:
    arguments = {"calls": "{{ contract_calls }}", "dest": "{{ contract_dest }}"}
    return {
        "name": "Play the scenarios",
        "hosts": "all",
        "gather_facts": False,
        "strategy": "ansible.builtin.free",
        "tasks": [{"name": "Make the calls of the host's scenario", "contract_calls": arguments}],
    }


@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=[scenario.name for scenario in SCENARIOS])
def test_scenario(outcome: tuple[ScenarioHosts, Path], number: int) -> None:
    hosts, work = outcome
    host = f"host-{number}"
    scenario = hosts.scenarios[host]
    answers = json.loads((work / f"{host}.json").read_text())
    assert [call.module for call in scenario.calls] == [
        call.name.removeprefix("officefleet.c2r.") for call in hosts.received[host]
    ]
    wrong = [
        line
        for place, (call, answer) in enumerate(zip(scenario.calls, answers, strict=True), 1)
        for line in answer_differences(call, answer, f"call {place}")
    ]
    wrong += hosts.simulated[host].differences(scenario.after)
    assert not wrong, "\n".join(wrong)
