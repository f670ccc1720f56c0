# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/update_policy.ps1."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService
from ansible_collections.officefleet.c2r.tests.lab.com_codes import BUSY
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import host_state, management_registered, policies

KINDS: dict[str, type[int | str]] = {
    "enableautomaticupdates": int,
    "hideenabledisableupdates": int,
    "hideupdatenotifications": int,
    "officemgmtcom": int,
    "updatebranch": str,
    "updatedeadline": str,
    "updatepath": str,
    "updatetargetversion": str,
}
BUSY_NAMES = frozenset(status.text for status in BUSY)


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Set and remove policies; restart the service where that is needed and safe."""
    params = arguments.validate(call.name, call.params)
    _refuse_contradictions(params)
    with host.lock:
        before = policies(host)
        after = _wanted(before, params)
        changed = before != after
        if not call.check_mode:
            _write(host, before, after)
        registered = management_registered(host)
        wanted = params["officemgmtcom"]
        needed = before.get("officemgmtcom") != after.get("officemgmtcom") or wanted not in (None, registered)
        restarted, pending = False, False
        if needed and host.service:
            restarted = params["restart_service"] and _restart_safe(host)
            pending = not restarted
            if restarted and not call.check_mode:
                _restart(host.service)
        answer: ModuleAnswer = {
            "changed": changed or restarted,
            "before": before,
            "after": after,
            "com_registered": management_registered(host),
            "restarted": restarted,
            "restart_pending": pending,
        }
    if call.diff:
        answer["diff"] = {"before": before, "after": after}
    return answer


def _refuse_contradictions(params: dict[str, Any]) -> None:
    for name in params["absent"]:
        if params[name] is not None:
            raise FailJson(f"absent: '{name}' is given a value as well; either set it or remove it")
    version = params["updatetargetversion"]
    if version and not re.fullmatch(r"16\.0\.\d{1,9}\.\d{1,9}", version):
        raise FailJson(
            f"updatetargetversion: '{version}' is not a full Office build; give one such as 16.0.20326.20100, "
            "or an empty text for the newest"
        )


def _wanted(before: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    after = {name: value for name, value in before.items() if name not in params["absent"]}
    after.update({name: kind(params[name]) for name, kind in KINDS.items() if params[name] is not None})
    return after


def _write(host: Host, before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in before.keys() - after.keys():
        host.registry.delete(keys.UPDATE_POLICY, name)
    for name in KINDS:
        if name in after:
            host.registry.set(keys.UPDATE_POLICY, name, after[name])


def _restart_safe(host: Host) -> bool:
    """Nothing under way and no application open."""
    state = host_state(host)
    return state["status"] not in BUSY_NAMES and state["scenario"] is None and not state["blocking_apps"]


def _restart(service: ClickToRunService) -> None:
    service.stop()
    service.start()
