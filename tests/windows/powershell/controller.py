# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible, one process for each scenario: the calls go out over WinRM, the answers come back in a file."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.tests.contract.scenario import Scenario
from ansible_collections.officefleet.c2r.tests.windows.powershell import process
from ansible_collections.officefleet.c2r.tests.windows.powershell.command_server import USER, CommandServer
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import UnusableError

COLLECTIONS = Path(__file__).resolve().parents[6]
ACTIONS = Path(__file__).resolve().parents[2] / "contract" / "winrm_play" / "action_plugins"
OLDEST = (2, 16)
SECONDS = 120.0  # for Ansible itself, on top of what the commands may take
VERSIONS = (
    "import importlib.metadata as m, ansible.release as a, winrm, sys;"
    "print(a.__version__, m.version('pywinrm'), '.'.join(map(str, sys.version_info[:3])))"
)


@dataclass(frozen=True)
class Played:
    """What Ansible was answered, call by call, and why there may be less than was asked."""

    answers: list[dict[str, Any]]
    trouble: str


class Controller:
    """An interpreter that has ansible-core and pywinrm.

    :param folder: for Ansible's own files.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self._python, self._folder = python, folder
        self._environment = _environment(folder)

    def describe(self) -> str:
        """Say which versions it has; UnusableError when they do not do."""
        done = subprocess.run(
            [self._python, "-c", VERSIONS], env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UnusableError(f"PYTHON: {self._python} needs ansible-core >= 2.16 and pywinrm >= 0.3 ({last})")
        ansible, pywinrm, python = done.stdout.split()
        if tuple(int(part) for part in ansible.split(".")[:2]) < OLDEST:
            raise UnusableError(f"PYTHON: {self._python} has ansible-core {ansible}; 2.16 or newer is needed")
        return f"ansible-core {ansible}, pywinrm {pywinrm}, Python {python}"

    def play(self, scenario: Scenario, server: CommandServer, folder: Path, command_seconds: float) -> Played:
        """Make the calls of a scenario."""
        calls = [asdict(call) for call in scenario.calls]
        kept = ("module", "params", "check_mode", "diff")
        answers = folder / "answers.json"
        variables = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "basic",
            "ansible_winrm_path": "/wsman/scenario",
            "ansible_user": USER,
            "ansible_password": server.password,
            "contract_calls": [{key: call[key] for key in kept} for call in calls],
            "contract_dest": str(answers),
        }
        task = {"contract_calls": {"calls": "{{ contract_calls }}", "dest": "{{ contract_dest }}"}}
        play = {"name": scenario.name, "hosts": "all", "gather_facts": False, "tasks": [{"name": "Play", **task}]}
        _write(self._folder / "inventory.yml", {"all": {"hosts": {"scenario": variables}}})
        _write(self._folder / "play.yml", [play])
        command = [self._python, "-m", "ansible", "playbook", "-i", "inventory.yml", "play.yml"]
        outcome = process.run(
            command,
            b"",
            environment=self._environment,
            directory=self._folder,
            seconds=SECONDS + len(calls) * (command_seconds + 2 * SECONDS),
        )
        log = outcome.stdout + outcome.stderr
        (folder / "ansible.log").write_bytes(log)
        given = json.loads(answers.read_text()) if answers.exists() else []
        trouble = f"Ansible: {outcome.trouble}" if outcome.trouble else ""
        if outcome.exit_code and not trouble:
            trouble = f"Ansible ended with {outcome.exit_code}: {_complaint(log.decode(errors='replace'))}"
        return Played(given, trouble)


def _environment(folder: Path) -> dict[str, str]:
    """The variables of this process without those that would lead Ansible or its requests elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ANSIBLE_") and not name.lower().endswith("_proxy")
    }
    (folder / "ansible.cfg").write_text(
        f"[defaults]\naction_plugins = {ACTIONS}\ncollections_path = {COLLECTIONS}\nretry_files_enabled = false\n"
    )
    return kept | {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": "127.0.0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(COLLECTIONS),
    }


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


def _complaint(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if "fatal:" in line or "ERROR" in line or "Error" in line]
    return (lines or log.strip().splitlines() or ["nothing was written"])[-1][:500]


def summary(answer: Mapping[str, Any]) -> str:
    """What a failed module said, in one line."""
    said = [str(answer.get(name) or "").strip() for name in ("msg", "module_stderr", "module_stdout")]
    return " | ".join(" ".join(each.split())[:300] for each in said if each)
