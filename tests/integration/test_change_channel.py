# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook change_channel: a policy on the hosts that are named, and nothing where it would have no effect."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds

__all__ = ["lab", "source"]  # fixtures, found by their names

KINDS = {kind.name: f"ws-{number:03}" for number, kind in enumerate(assign_kinds(10), 1)}
OTHER, UNREACHABLE = KINDS["other_channel"], KINDS["unreachable"]


def change(lab: Lab, *extra: str, targets: str, **variables: Any) -> str:
    (lab.work / "ansible.cfg").write_text(DEMO_CFG)
    status, output = lab.rollout(
        "-e", f"officefleet_targets={targets}", *extra, playbook="officefleet.c2r.change_channel", **variables
    )
    assert status == 0, output
    return output


def branches(lab: Lab) -> dict[str, Any]:
    """What the policy says on the hosts that have one."""
    found = {name: host.registry.get(keys.UPDATE_POLICY, "updatebranch") for name, host in lab.fleet.items()}
    return {name: value for name, value in found.items() if value is not None}


def test_a_channel_is_changed_for_the_hosts_that_are_named(lab: Lab) -> None:
    cloud = KINDS["willing"]
    lab.fleet[cloud].registry.set(keys.CLOUD_POLICY, "updatebranch", "Current")
    targets = f"pilot:{OTHER}:{UNREACHABLE}:{cloud}"
    wanted: dict[str, Any] = {"targets": targets, "officefleet_change_channel_to": "semiannual"}
    output = change(lab, "--check", **wanted)
    assert branches(lab) == {}
    assert f"\n{OTHER}  is on Current, SemiAnnual would be set\n" in output
    output = change(lab, **wanted)
    assert branches(lab) == dict.fromkeys(["ws-001", "ws-002", OTHER], "Deferred")
    assert f"\n{OTHER}  is on Current, SemiAnnual is set\n" in output
    assert f"\n{UNREACHABLE}  not changed, it does not answer\n" in output
    assert f"\n{cloud}  not changed, cloud_updatebranch decides" in output
    assert "24 hours ago or more" in output
    assert re.search(rf"^{OTHER} .* changed=1 ", output, re.MULTILINE)
    assert "update" not in {what for _host, what in lab.calls}
    assert "changed=1" not in change(lab, **wanted)
    output = change(lab, targets=OTHER, officefleet_change_channel_to="Current")
    assert f"\n{OTHER}  is on Current already\n" in output


def test_nothing_is_changed_without_a_channel_and_hosts(lab: Lab) -> None:
    for variables, says in (
        ({"officefleet_change_channel_to": "Current"}, "officefleet_targets is not set"),
        ({"targets": "pilot"}, "officefleet_change_channel_to: '' is not a channel"),
        ({"targets": "pilot", "officefleet_change_channel_to": "PerpetualVL2024"}, "Valid are BetaChannel, Current"),
    ):
        given: dict[str, Any] = dict(variables)
        targets = given.pop("targets", "")
        extra = ["-e", f"officefleet_targets={targets}"] if targets else []
        status, output = lab.rollout(*extra, playbook="officefleet.c2r.change_channel", **given)
        assert status == 2
        assert says in output
    assert lab.calls == []
