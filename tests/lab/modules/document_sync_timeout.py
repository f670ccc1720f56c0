# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/document_sync_timeout.ps1."""

from __future__ import annotations

import re

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.earlier_values import EarlierValues
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryValue

NAME = "documentsynctimeout"
UNITS = {"": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Set, remove or restore the value in the profile of LocalSystem."""
    params = arguments.validate(call.name, call.params, [("state", "present", ["timeout"])])
    state, timeout = params["state"], milliseconds(params["timeout"] or "")
    if state == "present" and not 1 <= timeout <= 0xFFFFFFFF:
        raise FailJson(
            f"timeout: '{params['timeout'] or ''}' is not a time from 1 to 4294967295 milliseconds; "
            "give milliseconds such as 600000 or 0x927C0, or a number with s, m or h such as 10m",
            {"before": None, "timeout": None},
        )
    with host.lock:
        earlier = EarlierValues(host.registry, "document_sync_timeout", keys.SERVICE_INTERNET)
        found = host.registry.get(keys.SERVICE_INTERNET, NAME)
        before = _dword(found)
        if state == "restored":
            changed = NAME in earlier.values()
            after = _dword(earlier.values()[NAME]) if changed else before
        else:
            after = timeout if state == "present" else None
            changed = found != after
        if changed and not call.check_mode:
            if state == "restored":
                earlier.restore()
            else:
                earlier.save(NAME)
                _write(host, after)
    answer: ModuleAnswer = {"changed": changed, "timeout": after, "before": before}
    if call.diff:
        answer["diff"] = {"before": {NAME: before}, "after": {NAME: after}}
    return answer


def milliseconds(text: str) -> int:
    """Read 600000, 0x927C0, 600s, 10m or 1h; 0 for what is none of these."""
    if re.fullmatch("0x[0-9a-f]{1,8}", text, re.IGNORECASE):
        return int(text, 16)
    number = re.fullmatch("([0-9]{1,10})([smh]?)", text, re.IGNORECASE)
    return int(number[1]) * UNITS[number[2].lower()] if number else 0


def _dword(value: RegistryValue | None) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= 0xFFFFFFFF else None


def _write(host: Host, timeout: int | None) -> None:
    if timeout is None:
        host.registry.delete(keys.SERVICE_INTERNET, NAME)
    else:
        host.registry.set(keys.SERVICE_INTERNET, NAME, timeout)
