# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/update_info.ps1."""

from __future__ import annotations

from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.com_codes import REGDB_E_CLASSNOTREG, S_OK, hex_text
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import (
    arguments,
    com_diagnosis,
    update_history,
    update_management,
    windows_state,
)
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import host_state, language_use, msi_office

MOST_LINES = 1000


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Read the host; change nothing."""
    params = arguments.validate(call.name, call.params)
    lines = params["log_tail"]
    if not 0 <= lines <= MOST_LINES:
        raise FailJson(f"log_tail: {lines} is not a number of lines between 0 and {MOST_LINES}")
    with host.lock:
        state = host_state(host)
        return {
            "changed": False,
            **state,
            "msi_office": msi_office(host),
            "language_use": language_use(host),
            "channel_source": update_management.channel_source(host),
            "cloud_policies": update_management.cloud_policies(host),
            "managed_by": update_management.update_manager(host, installed=state["installed"]),
            "com_registration": update_management.com_registration(host),
            "last_result": update_history.last_result(host),
            "times": update_history.update_times(host),
            "system_free_disk_bytes": host.free_disk_bytes,
            "windows": windows_state.windows_edition(host),
            "pending_restart": windows_state.pending_restart(host),
            "log": update_history.log_tail(host, lines) if lines else None,
            "deployment_data": [_deployment_data(host, **each) for each in params["deployment_data"] or []],
            "diagnosis": com_diagnosis.com_diagnosis(host) if params["diagnose"] else None,
        }


def _deployment_data(host: Host, **question: Any) -> dict[str, Any]:
    kind, name, hresult, data = question["type"], question["name"], S_OK, ""
    try:
        if host.service is None:
            raise ComError(REGDB_E_CLASSNOTREG)
        data = host.service.deployment_data(kind, name) or ""
    except ComError as error:
        hresult = error.hresult
    return {"type": kind, "name": name, "hresult": hex_text(hresult), "data": data}
