# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role target through the real ansible-playbook: what it sets on hosts, and takes back again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree, RegistryValue
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

PASSWORD = "target"  # noqa: S105 - of a server that lives as long as this test
BUILD = Path(__file__).resolve().parents[5]
OFFICE = Office("16.0.20131.20206")


def fleet() -> dict[str, Host]:
    """Hosts as a team finds them: untouched, with policies of their own, managed, in use, and without Office."""
    policy: dict[str, RegistryValue] = {
        "UpdatePath": "http://old.example.com",
        "officemgmtcom": 0,
        "hideupdatenotifications": 1,
    }
    registries: dict[str, RegistryTree] = {
        "policies": {keys.UPDATE_POLICY: policy, keys.SERVICE_INTERNET: {"DocumentSyncTimeout": 60000}},
        "managed": {keys.UPDATE_POLICY: {"officemgmtcom": 1}},
        "word": {keys.UPDATE_POLICY: {"officemgmtcom": 1, "updatebranch": "Current"}},
    }
    return {
        name: Host(
            name,
            None if name == "bare" else OFFICE,
            registry=registries.get(name),
            apps=[OpenApp("WINWORD")] if name == "word" else [],
            probe=lambda *_: 0,
        )
        for name in ("plain", "policies", "managed", "word", "bare")
    }


@dataclass(frozen=True)
class Lab:
    """The hosts, and a play that applies the role to them."""

    hosts: dict[str, Host]
    work: Path
    port: int

    def target(self, *options: str, **variables: Any) -> str:
        """Apply the role; give what ansible-playbook printed."""
        play = {"name": "Target", "hosts": "all", "gather_facts": False, "roles": [{"role": "officefleet.c2r.target"}]}
        connection = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "basic",
            "ansible_winrm_path": "/wsman/{{ inventory_hostname }}",
            "ansible_user": "fleet",
            "ansible_password": PASSWORD,
        }
        inventory = {"all": {"hosts": {name: {} for name in self.hosts}, "vars": {**connection, **variables}}}
        (self.work / "inventory.yml").write_text(yaml.safe_dump(inventory))
        (self.work / "play.yml").write_text(yaml.safe_dump([play]))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        environment |= {"ANSIBLE_COLLECTIONS_PATH": str(BUILD), "ANSIBLE_HOME": str(self.work), "NO_PROXY": "127.0.0.1"}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory.yml", "play.yml", *options]
        ended = subprocess.run(
            command, cwd=self.work, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    hosts = fleet()
    with WinrmServer(lambda name, call: run(hosts[name], call), password=PASSWORD) as server:
        yield Lab(hosts, tmp_path, server.port)


def test_hosts_are_left_as_they_were_found(lab: Lab) -> None:
    before = {name: host.registry.tree() for name, host in lab.hosts.items()}
    policies = {"updatebranch": "MonthlyEnterprise", "deferupdatedays": 0, "absent": ["updatepath"]}
    lab.target(target_document_sync_timeout="10m", target_policies=policies, target_restart_with_open_apps=True)
    for name, host in lab.hosts.items():
        set_ = host.registry.values(keys.UPDATE_POLICY)
        assert (set_["officemgmtcom"], set_["updatebranch"], set_["deferupdatedays"]) == (1, "MonthlyEnterprise", 0)
        assert "UpdatePath" not in set_
        assert host.registry.get(keys.SERVICE_INTERNET, "documentsynctimeout") == 600000
        assert host.registry.has_key(keys.UPDATE_NOTIFY_2) == (name != "bare")

    checked = lab.target("--check", target_state="absent")
    assert "changed=2" in checked
    assert all(host.registry.tree() != before[name] for name, host in lab.hosts.items())

    lab.target(target_state="absent")
    assert {name: host.registry.tree() for name, host in lab.hosts.items()} == before
    assert "changed=0" in lab.target(target_state="absent").split("plain")[-1].splitlines()[0]


def test_what_has_to_wait_is_said(lab: Lab) -> None:
    before = lab.hosts["plain"].registry.tree()
    lab.target()
    lab.hosts["plain"].apps.open("EXCEL")
    output = lab.target(target_state="absent")
    assert output.count("Run this again later.") == 1
    assert lab.hosts["plain"].registry.has_key(keys.UPDATE_NOTIFY_2)
    lab.hosts["plain"].apps.close_all()
    assert "Run this again later." not in lab.target(target_state="absent")
    assert lab.hosts["plain"].registry.tree() == before
