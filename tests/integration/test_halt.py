# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook halt against a fleet in the middle of its downloads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.integration.test_rollout_deployment_file import COUNT, WITHOUT
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds, build_fleet

__all__ = ["lab", "source"]  # fixtures, found by their names

WILLING = ",".join(
    host.name for host, kind in zip(build_fleet(COUNT), assign_kinds(COUNT), strict=True) if kind.name == "willing"
)


def roll(lab: Lab, timeout: int, **keys: Any) -> str:
    deployment = {
        "name": "monthly",
        "channel": CHANNEL,
        "version": VERSION,
        "rings": ["all"],
        "sources": [{"url": lab.source.rsplit("/", 2)[0]}],
        **keys,
    }
    (lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
    given: dict[str, Any] = {f"officefleet_{name}": value for name, value in WITHOUT.items()}
    given["officefleet_deployments"] = str(lab.work / "deployments.yml")
    status, output = lab.rollout(**given, officefleet_timeout=timeout, limit=WILLING)
    assert status == 0, output
    return output


def halt(lab: Lab, *extra: str, **variables: Any) -> str:
    status, output = lab.rollout(*extra, playbook="officefleet.c2r.halt", limit=WILLING, **variables)
    assert status == 0, output
    return output


def states(lab: Lab) -> Counter[str]:
    return Counter(record["state"] for record in lab.records().values())


def test_downloads_are_cancelled_and_begin_anew_when_the_deployment_goes_on(lab: Lab) -> None:
    lab.fleet = {host.name: host for host in build_fleet(COUNT, channel=CHANNEL, speed=0.5)}
    (lab.work / "ansible.cfg").write_text(DEMO_CFG)
    output = roll(lab, timeout=1)
    begun = states(lab)["downloading"]
    assert begun == len(WILLING.split(",")), output
    lab.calls.clear()

    output = halt(lab, "--check", officefleet_deployment="monthly")
    assert f"\n{begun} cancelled" in output
    assert states(lab)["downloading"] == begun
    status, output = lab.rollout(playbook="officefleet.c2r.halt", limit=WILLING, officefleet_deployment="montly")
    assert status == 2, "in an emergency a slip of the pen must not look like success"
    assert "no record of these hosts is of 'montly', so nothing was cancelled. Their records are of monthly." in output
    assert states(lab)["downloading"] == begun
    lost = next(name for name, record in lab.records().items() if record["state"] == "downloading")
    lab.fleet[lost].reachable = False
    output = halt(lab, officefleet_deployment="monthly")
    assert f"\n{begun - 1} cancelled, 1 unreachable. Run this again" in output, output
    assert "halted: true for monthly" in output
    assert states(lab)["halted"] == begun - 1
    assert states(lab)["downloading"] == 0
    lab.fleet[lost].reachable = True
    assert "\n1 cancelled, " in halt(lab)
    lab.calls.clear()
    assert "cancelled" not in halt(lab)
    assert lab.calls == [], "there is nothing to ask any host for"

    roll(lab, timeout=1, halted=True)
    assert "update download" not in {what for _host, what in lab.calls}
    assert states(lab)["downloading"] == 0
    lab.calls.clear()
    roll(lab, timeout=1)
    assert states(lab)["downloading"] == begun, "once the deployment goes on, so do they"
    assert {record["attempts"] for record in lab.records().values()} == {0}
