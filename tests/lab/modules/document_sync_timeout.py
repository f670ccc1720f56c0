# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/document_sync_timeout.ps1."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson

NAME = "documentsynctimeout"


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Set or remove the value in the profile of LocalSystem."""
    params = arguments.validate(call.name, call.params, [("state", "present", ["timeout"])])
    present, timeout = params["state"] == "present", params["timeout"]
    if present and (timeout is None or timeout < 1):
        raise FailJson(
            f"timeout: {timeout} is not a number of milliseconds from 1 to 2147483647, such as 600000 for ten minutes",
            {"before": None, "timeout": None},
        )
    with host.lock:
        found = host.registry.get(keys.SERVICE_INTERNET, NAME)
        before = found if isinstance(found, int) else None
        after = timeout if present else None
        changed = before != after if present else found is not None
        if changed and not call.check_mode:
            if present:
                host.registry.set(keys.SERVICE_INTERNET, NAME, timeout)
            else:
                host.registry.delete(keys.SERVICE_INTERNET, NAME)
    answer: ModuleAnswer = {"changed": changed, "timeout": after, "before": before}
    if call.diff:
        answer["diff"] = {"before": {NAME: before}, "after": {NAME: after}}
    return answer
