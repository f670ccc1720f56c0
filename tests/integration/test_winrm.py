# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-core, over its winrm connection, against the lab's server: what a task's result looks like in each case.

What the modules do on a host is scripted here; the modules' names, options and payloads are the collection's own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

PASSWORD = "right"  # noqa: S105  (of the lab)
BUILD = Path(__file__).resolve().parents[5]
ANSIBLE = Path(sys.executable).with_name("ansible")


class Hosts:
    """Answers by the host's name, and what they were asked."""

    def __init__(self) -> None:
        self.calls: dict[str, ModuleCall] = {}
        self._lock = threading.Lock()

    def run(self, host: str, call: ModuleCall) -> ModuleAnswer:
        """Behave as the first word of the host's name says."""
        with self._lock:
            self.calls[host] = call
        match host.partition("-")[0]:
            case "fails":
                return {"failed": True, "msg": "HKU\\.DEFAULT cannot be written", "timeout": None}
            case "crashes":
                raise RuntimeError("type load exception")
            case "drops":
                raise Drop
        return {"changed": not call.check_mode, "timeout": 600000, "diff": {"before": "1\n", "after": "2\n"}}


@dataclass(frozen=True)
class Outcome:
    """What became of a task on one host."""

    status: str  #: "ok", "failed" or "unreachable"
    result: dict[str, Any]


@dataclass(frozen=True)
class Lab:
    """A server, the hosts behind it and a directory for inventories."""

    server: WinrmServer
    hosts: Hosts
    directory: Path

    def ansible(self, module: str, arguments: str, names: list[str], *options: str) -> dict[str, Outcome]:
        """Run one ad-hoc task on these hosts; return each host's outcome."""
        inventory = self.directory / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": {name: self.connection(name) for name in names}}}))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        environment |= {
            "ANSIBLE_COLLECTIONS_PATH": str(BUILD),
            "ANSIBLE_CONFIG": str(self.directory / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "outcomes",
            "NO_PROXY": "127.0.0.1",
        }
        (self.directory / "ansible.cfg").touch()
        command = [str(ANSIBLE), "all", "-i", str(inventory), "-m", module, "-a", arguments, *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=self.directory)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        outcomes = {line["host"]: Outcome(line["status"], line["result"]) for line in lines}
        assert set(outcomes) == set(names), done.stdout + done.stderr
        return outcomes

    def connection(self, name: str) -> dict[str, Any]:
        """Return how Ansible reaches a host; a name may ask for a wrong password or a port where nobody listens."""
        return {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": closed_port() if name.startswith("away") else self.server.port,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "basic",
            "ansible_winrm_path": f"/wsman/{name}",
            "ansible_user": "fleet",
            "ansible_password": "wrong" if name.startswith("locked") else PASSWORD,
        }


def closed_port() -> int:
    """Return a port of loopback that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    hosts = Hosts()
    with WinrmServer(hosts.run, password=PASSWORD) as server:
        yield Lab(server, hosts, tmp_path)


def test_each_kind_of_host(lab: Lab) -> None:
    names = ["well-1", "fails-1", "crashes-1", "drops-1", "locked-1", "away-1"]
    seen = lab.ansible("officefleet.c2r.document_sync_timeout", "timeout=600000", names, "--forks", "3")

    assert seen["well-1"].status == "ok"
    assert seen["well-1"].result["changed"] is True
    assert seen["well-1"].result["timeout"] == 600000
    assert "diff" not in seen["well-1"].result

    assert seen["fails-1"].status == "failed"
    assert seen["fails-1"].result["msg"] == "HKU\\.DEFAULT cannot be written"
    assert seen["fails-1"].result["timeout"] is None

    assert seen["crashes-1"].status == "failed"
    assert seen["crashes-1"].result["module_stderr"] == "RuntimeError: type load exception\r\n"
    assert seen["crashes-1"].result["rc"] == 1

    # Not "unreachable": ansible-core takes only what happens before the shell is open for that.
    assert seen["drops-1"].status == "failed"
    assert "Connection broken: IncompleteRead" in seen["drops-1"].result["msg"]

    assert seen["locked-1"].status == "unreachable"
    assert "the specified credentials were rejected by the server" in seen["locked-1"].result["msg"]
    assert "locked-1" not in lab.hosts.calls

    assert seen["away-1"].status == "unreachable"
    assert "Connection refused" in seen["away-1"].result["msg"]
    assert lab.server.open_shells == 0


def test_check_and_diff_reach_the_module(lab: Lab) -> None:
    module = "officefleet.c2r.document_sync_timeout"
    seen = lab.ansible(module, "timeout=600000 state=present", ["well-1"], "--check", "--diff")
    assert seen["well-1"].status == "ok"
    assert seen["well-1"].result["changed"] is False
    assert seen["well-1"].result["diff"] == {"before": "1\n", "after": "2\n"}
    assert lab.hosts.calls["well-1"] == ModuleCall(
        module, {"timeout": "600000", "state": "present"}, check_mode=True, diff=True
    )


def test_many_hosts_at_once(lab: Lab) -> None:
    names = [f"well-{number:02}" for number in range(25)]
    seen = lab.ansible("officefleet.c2r.update_info", "", names, "--forks", "10")
    assert {outcome.status for outcome in seen.values()} == {"ok"}
    assert lab.hosts.calls == {name: ModuleCall("officefleet.c2r.update_info") for name in names}
    assert lab.server.open_shells == 0
