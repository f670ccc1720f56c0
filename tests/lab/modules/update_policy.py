# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin of update_policy.ps1: policies by their registry names, and a service that takes notice of them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.com_codes import BUSY
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.earlier_values import EarlierValues
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import (
    host_state,
    management_enabled,
    management_registered,
    policies,
)

KINDS: dict[str, type[int | str]] = {
    "blockversion": str,
    "deferupdatedays": int,
    "enableautomaticupdates": int,
    "fallbacktocdn": int,
    "hideenabledisableupdates": int,
    "hideupdatenotifications": int,
    "localodtpath": str,
    "maxstaledays": int,
    "officemgmtcom": int,
    "onlinerepair": int,
    "preventbinginstall": int,
    "preventteamsinstall": int,
    "setbitsasprimary": int,
    "updatebranch": str,
    "updatedeadline": str,
    "updatepath": str,
    "updatetargetversion": str,
    "vltosubscription": int,
}
BUSY_NAMES = frozenset(status.text for status in BUSY)
BUILD = r"16\.0\.\d{1,9}\.\d{1,9}"
RANGES = {"deferupdatedays": (0, 14), "maxstaledays": (1, 90)}


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Set, remove or restore policies; restart the service where that is needed and safe."""
    params = arguments.validate(call.name, call.params)
    params["absent"] = [name for name in params["absent"] or [] if name is not None]
    _refuse_contradictions(params)
    _refuse_malformed(params)
    with host.lock:
        run_ = _Run(host, call, params)
        if params["state"] == "restored":
            run_.restore()
        else:
            run_.set()
        return run_.answer()


class _Run:
    """One run of the module on one host."""

    def __init__(self, host: Host, call: ModuleCall, params: dict[str, Any]) -> None:
        self.host, self.call, self.params = host, call, params
        self.kept = EarlierValues(host.registry, "update_policy", keys.UPDATE_POLICY)
        self.before = policies(host)
        self.after = dict(self.before)
        self.registered = management_registered(host)
        self.has_service = host.service is not None and host.service.exists
        self.changed = self.restarted = self.pending = self.repaired = False

    def answer(self) -> ModuleAnswer:
        """Give what the module returns."""
        answer: ModuleAnswer = {
            "changed": self.changed,
            "before": self.before,
            "after": self.after,
            "com_registered": management_registered(self.host),
            "earlier": self.kept.values(),
            "repaired": self.repaired,
            "restarted": self.restarted,
            "restart_pending": self.pending,
        }
        wanted = self.params["officemgmtcom"]
        if self.restarted and wanted is not None and not self.call.check_mode and answer["com_registered"] != wanted:
            found = "still registered" if answer["com_registered"] else "not registered"
            restarted = f"officemgmtcom is {wanted} and ClickToRunSvc was restarted"
            remedy = "look at the COM+ application OfficeC2RCom, or set repair_registration"
            answer["warnings"] = [f"{restarted}, but the update interface is {found}; {remedy}"]
        if self.call.diff:
            answer["diff"] = {"before": self.before, "after": self.after}
        return answer

    def set(self) -> None:
        """Bring the policies to what is asked for."""
        wanted = self.params["officemgmtcom"]
        self.after = {name: value for name, value in self.before.items() if name not in self.params["absent"]}
        self.after.update(
            {name: kind(self.params[name]) for name, kind in KINDS.items() if self.params[name] is not None}
        )
        management_changed = self.before.get("officemgmtcom") != self.after.get("officemgmtcom")
        self.changed = self.before != self.after
        if not self.call.check_mode:
            for name in KINDS:
                self._write(name)
        pending = self.host.registry.has_key(keys.RESTART_PENDING)
        needed = management_changed or wanted not in (None, self.registered) or pending
        repairable = self._repairable()
        if (needed or repairable) and self.has_service and self._restart() and repairable and not self.call.check_mode:
            self._repair()

    def restore(self) -> None:
        """Bring back what was there before the first change: the class, then the values."""
        earlier = self.kept.values()
        was_registered = self.host.registry.get(self.kept.kept, "com_registered") == 1
        if "officemgmtcom" in earlier and was_registered != self.registered and self.has_service:
            self.changed = self.changed or self.before.get("officemgmtcom") != int(was_registered)
            self.after["officemgmtcom"] = int(was_registered)
            if not self.call.check_mode:
                self.host.registry.set(keys.UPDATE_POLICY, "officemgmtcom", int(was_registered))
            if not self._restart():
                return
            if not self.call.check_mode and management_registered(self.host) != was_registered:
                found = "still registered" if self.registered else "not registered"
                raise FailJson(
                    f"officemgmtcom is {int(was_registered)} and ClickToRunSvc was restarted, but the update interface "
                    f"is {found}; nothing else is restored yet. Look at the COM+ application OfficeC2RCom and run this "
                    "again",
                    self.answer(),
                )
        for name, value in earlier.items():
            self.changed = True
            if value is None:
                self.after.pop(name, None)
            else:
                self.after[name] = value
        if not self.call.check_mode:
            self.kept.restore()
            self._forget_restart()

    def _write(self, name: str) -> None:
        if self.before.get(name) == self.after.get(name):
            return
        if name == "officemgmtcom" and name not in self.kept.values():
            self.host.registry.set(self.kept.kept, "com_registered", int(self.registered))
        self.kept.save(name)
        if name in self.after:
            self.host.registry.set(keys.UPDATE_POLICY, name, self.after[name])
        else:
            self.host.registry.delete(keys.UPDATE_POLICY, name)

    def _repairable(self) -> bool:
        if not self.params["repair_registration"] or self.registered:
            return False
        if "officemgmtcom" in self.after:
            return bool(self.after["officemgmtcom"] == 1)
        return management_enabled(self.host) is True

    def _repair(self) -> None:
        """Turn it off, restart, turn it on, restart."""
        if management_registered(self.host):
            return
        if not self._restart_safe():  # since the restart before, half a minute may have passed
            self._leave_restart()
            return
        self.host.registry.set(keys.UPDATE_POLICY, "officemgmtcom", 0)
        self._stop_and_start()
        if "officemgmtcom" in self.after:
            self.host.registry.set(keys.UPDATE_POLICY, "officemgmtcom", 1)
        else:
            self.host.registry.delete(keys.UPDATE_POLICY, "officemgmtcom")
        self.repaired = self._restart()

    def _restart(self) -> bool:
        """Restart the service where that is wanted and disturbs nobody, or leave it to a later run."""
        if not self.params["restart_service"] or not self._restart_safe():
            self._leave_restart()
            return False
        if not self.call.check_mode:
            self._stop_and_start()
            self._forget_restart()
        self.restarted = self.changed = True
        return True

    def _leave_restart(self) -> None:
        self.pending = True
        if not self.call.check_mode:
            self.host.registry.create(keys.OFFICEFLEET)
            self.host.registry.create(keys.RESTART_PENDING)

    def _restart_safe(self) -> bool:
        state = host_state(self.host)
        if state["status"] in BUSY_NAMES or state["scenario"] is not None:
            return False
        return self.params["restart_with_open_apps"] or not state["blocking_apps"]

    def _stop_and_start(self) -> None:
        if self.host.service:
            self.host.service.stop()
            self.host.service.start()

    def _forget_restart(self) -> None:
        self.host.registry.delete_key(keys.RESTART_PENDING)
        self.kept.tidy()


def _refuse_contradictions(params: dict[str, Any]) -> None:
    for name in KINDS:
        if params[name] is None:
            continue
        if params["state"] == "restored":
            raise FailJson(f"state: 'restored' takes no policies, and '{name}' is given; leave it out")
        if name in params["absent"]:
            raise FailJson(f"absent: '{name}' is given a value as well; either set it or remove it")
    if params["state"] == "restored" and (params["absent"] or params["repair_registration"]):
        raise FailJson("state: 'restored' goes with neither absent nor repair_registration; leave them out")


def _refuse_malformed(params: dict[str, Any]) -> None:
    for name, (lowest, highest) in RANGES.items():
        if params[name] is not None and not lowest <= params[name] <= highest:
            raise FailJson(f"{name}: {params[name]} is not a number of days from {lowest} to {highest}")
    version, blocked, deadline = (params[name] for name in ("updatetargetversion", "blockversion", "updatedeadline"))
    if version and not re.fullmatch(BUILD, version):
        raise FailJson(
            f"updatetargetversion: '{version}' is not a full Office build; give one such as 16.0.20326.20100, "
            "or an empty text for the newest"
        )
    if blocked is not None and not re.fullmatch(rf"{BUILD}:{BUILD}(\|{BUILD}:{BUILD})*", blocked):
        raise FailJson(
            f"blockversion: '{blocked}' does not name builds to block with the builds to go to instead; "
            "give pairs such as 16.0.10326.10000:16.0.10328.10000, with | between them"
        )
    if deadline is not None and not re.fullmatch("[0-9]{1,3}", deadline) and not _is_moment(deadline):
        raise FailJson(
            f"updatedeadline: '{deadline}' is neither a number of days nor a date and time in UTC such as "
            "12/31/2026 17:00"
        )


def _is_moment(text: str) -> bool:
    if re.fullmatch("[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}", text):
        with suppress(ValueError):
            datetime.strptime(f"{text} +0000", "%m/%d/%Y %H:%M %z")
            return True
    return False
