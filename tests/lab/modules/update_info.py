# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/update_info.ps1."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import host_state


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Read the host; change nothing."""
    arguments.validate(call.name, call.params)
    with host.lock:
        return {"changed": False, **host_state(host)}
