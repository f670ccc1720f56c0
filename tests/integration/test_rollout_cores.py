# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role rollout in a play of one's own, on the oldest and the newest ansible-core."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Timings
from ansible_collections.officefleet.c2r.tests.lab.fleet import MANAGED
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office

__all__ = ["lab", "source"]  # fixtures, found by their names

VARIABLES = """
- name: Update Office and go on
  hosts: windows
  gather_facts: false
  vars:
    rollout_channel: "{{ officefleet_channel }}"
    rollout_version: "{{ officefleet_version }}"
    rollout_source: "{{ officefleet_source }}"
    rollout_records: "{{ officefleet_records }}"
    rollout_pass_seconds: 0.1
    rollout_timeout: 60
"""
PLAY = f"""{VARIABLES}
    rollout_prepare: "{{{{ prepare }}}}"
  tasks:
    - name: Update Office
      ansible.builtin.import_role:
        name: officefleet.c2r.rollout
    - name: Go on after the role
      ansible.builtin.debug:
        msg: "{{{{ inventory_hostname }}}} goes on"
"""
RESCUED = f"""{VARIABLES}
  tasks:
    - name: Update Office, whatever becomes of single hosts
      block:
        - name: Update Office
          ansible.builtin.import_role:
            name: officefleet.c2r.rollout
      rescue:
        - name: Go on without it
          ansible.builtin.debug:
            msg: "{{{{ inventory_hostname }}}} is rescued"
"""
AT_REST, CHANGED = "ws-001", "ws-002"


def use_core(lab: Lab, core: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lab run the newest ansible-core, or the oldest where it is there."""
    if core == "oldest":
        programs = Path(os.environ.get("OFFICEFLEET_OLDEST_CORE", ""))
        if not (programs / "ansible-playbook").is_file():
            pytest.skip("no ansible-core 2.16 in OFFICEFLEET_OLDEST_CORE; dev/setup_oldest.sh makes it")
        (lab.work / "bin").mkdir()
        (lab.work / "bin" / "ansible-playbook").symlink_to(programs / "ansible-playbook")
        monkeypatch.setenv("PATH", f"{lab.work / 'bin'}{os.pathsep}{os.environ['PATH']}")
        assert Path(shutil.which("ansible-playbook") or "").parent == lab.work / "bin"


@pytest.mark.parametrize(("core", "prepare"), [("newest", ""), ("oldest", "officefleet.c2r.target")])
def test_hosts_at_rest_are_let_go_and_go_on_after_the_role(
    lab: Lab, core: str, prepare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_core(lab, core, monkeypatch)
    (lab.work / "ansible.cfg").write_text("[defaults]\nforks = 10\n")  # shows all tasks
    quick = Timings(download=0.5, apply=0.5)
    lab.fleet = {
        AT_REST: Host(AT_REST, Office(VERSION, CHANNEL)),
        CHANGED: Host(CHANGED, Office("16.0.20131.20206", CHANNEL), registry=MANAGED, timings=quick),
    }
    play = lab.work / "play.yml"
    play.write_text(PLAY)
    for first in (True, False):
        status, output = lab.rollout(playbook=str(play), prepare=prepare)
        assert status == 0, output
        states = {host: record["state"] for host, record in lab.records().items()}
        assert states == dict.fromkeys((AT_REST, CHANGED), "compliant"), output
        assert set(re.findall(r"(ws-\d+) goes on", output)) == {AT_REST, CHANGED}, output
        # Where all hosts are at rest, none is asked whether it goes on
        asked = "Go on with the hosts that are not at rest" in output
        assert asked == (first or core == "oldest"), output
    assert [what for host, what in lab.calls if host == AT_REST] == ["update_info"] * 2
    begun = [what for host, what in lab.calls if host == CHANGED][:2]
    assert begun == ["update_info", "update_policy" if prepare else "update download"], "the first look takes a step"


@pytest.mark.parametrize("core", ["newest", "oldest"])
def test_a_host_that_fails_and_is_rescued_keeps_no_other_from_its_update(
    lab: Lab, core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_core(lab, core, monkeypatch)
    (lab.work / "ansible.cfg").write_text("[defaults]\nforks = 10\n")
    quick = Timings(download=0.5, apply=0.5)
    lab.fleet = {
        "ws-001": Host("ws-001", Office(VERSION, CHANNEL)),
        CHANGED: Host(CHANGED, Office("16.0.20131.20206", CHANNEL), registry=MANAGED, timings=quick),
    }
    records = lab.work / "records"
    records.mkdir()
    (records / "ws-001.json").write_text("{broken")
    play = lab.work / "play.yml"
    play.write_text(RESCUED)
    status, output = lab.rollout(playbook=str(play))
    assert status == 0, output
    assert re.findall(r"(ws-\d+) is rescued", output) == ["ws-001"], output
    assert json.loads((records / f"{CHANGED}.json").read_text())["state"] == "compliant", output
