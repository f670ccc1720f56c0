# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancels the download that a deployment has under way on a host, and writes that down."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.modules.halt import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide, _errors, _phase_line
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, given
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, Memory
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_link import (
    HostLink,
    LostError,
    ModuleFailedError,
    RejectedError,
    rejected,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import APPLYING, HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore, open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record, RecordError

LONGEST = 3600  # seconds
PAUSE = 2.0  #: seconds between two looks
TURNS = 10  #: how often a host is tried that another run visits, which takes seconds
_UNEXPECTED = 0x8000000E  #: E_ILLEGAL_METHOD_CALL: the download ended or was not yet running; the next look tells
_SLOTS = 8  #: more than a source has limits for one host


class ActionModule(ActionBase):
    """The whole of the module halt: it runs on the controller and asks the host through update."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        host = str(task_vars["inventory_hostname"])
        try:
            options = given(ARGUMENT_SPEC, self._task.args)
            for option in ("wait_timeout", "answer_timeout"):
                if not 1 <= options[option] <= LONGEST:
                    raise ArgumentsError(f"{option}: {options[option]} is not between 1 and {LONGEST} (seconds).")
            link = HostLink(self, task_vars, options["answer_timeout"])
            width = max(len(str(name)) for name in task_vars.get("ansible_play_batch") or [host])
            with closing(open_store(options["records"])) as store:
                return Halt(self, link, store, options, host, width).run()
        except (ArgumentsError, RecordError) as error:
            return {"failed": True, "msg": str(error)}
        except RejectedError:
            return {"failed": True, "msg": rejected(host, link.user)}
        except (ModuleFailedError, HostStateError) as failure:
            return {"failed": True, "msg": f"{host}: {failure}"}


class Halt:
    """One host's download, stopped."""

    def __init__(
        self,
        action: ActionModule,
        link: HostLink,
        store: RecordStore,
        options: Mapping[str, Any],
        host: str,
        width: int,
    ) -> None:
        """Keep what is needed to ask the host and to write down what it says."""
        self.link, self.store, self.options, self.host, self.width = link, store, options, host, width
        self.check_mode = bool(action._task.check_mode)
        self.display = action._display

    def run(self) -> dict[str, Any]:
        """Cancel, where the record says that there is something to cancel."""
        if self.check_mode:  # nothing is written, not even a lock file
            return self._stop(self.store.load(self.host))
        if not self._meant(self.store.load(self.host)):
            return self._nothing()
        for _ in range(TURNS):
            with self.store.locked(self.host) as ours:
                if ours:
                    return self._stop(self.store.load(self.host))
            _sleep(PAUSE)
        return self._said("elsewhere", "another run is at this host just now", None, changed=False)

    def _meant(self, record: Record | None) -> bool:
        """Tell whether the record says that a download of the deployment may be under way."""
        if record is None or record.submitted != "download":
            return False
        return self.options["deployment"] in (None, record.deployment.name)

    def _stop(self, record: Record | None) -> dict[str, Any]:
        if record is None or not self._meant(record):
            return self._nothing()
        changed, deadline = False, _clock() + self.options["wait_timeout"]
        while True:
            try:
                answer = self.link.ask("update", {"state": "cancelled", "_step": "cancel"})
            except LostError as lost:
                return self._lost(record, lost, changed=changed)
            host = HostState.from_result(answer)
            taken = _decide.step_answer(answer)
            if taken.hresult not in (0, _UNEXPECTED):
                error = _errors.decode("hresult", taken.hresult)
                raise ModuleFailedError(f"Cancel was not accepted: {_errors.summary(error)}")
            changed = changed or taken.submitted
            if self.check_mode or not host.busy or host.status in APPLYING or _clock() >= deadline:
                return self._ended(record, host, changed=changed)
            _sleep(PAUSE)

    def _ended(self, record: Record, host: HostState, *, changed: bool) -> dict[str, Any]:
        """Judge how the host stands now. A record of what is left alone is for the next pass."""
        target = record.deployment.version
        if host.status is None:
            reason = host.management_reason or "the update interface does not answer"
            return self._said("com_unavailable", reason, record, changed=changed)
        if host.status in APPLYING:
            return self._said("applying", "it installs, which is left alone", record, changed=changed)
        if self.check_mode and (changed or host.busy):
            return self._said("cancelled", f"the download of {target} would be cancelled", record, changed=True)
        if host.busy:
            waited = self.options["wait_timeout"]
            return self._said("cancelling", f"the download has not stopped in {waited} s", record, changed=changed)
        memory = replace(Memory.of(record), submitted=None, not_before=None)
        if host.ready == target:
            reason = f"{target} is downloaded already, and not installed while the deployment is halted"
            decision = Decision("none", "staged", reason, at_rest=True, memory=replace(memory, staged=True))
            return self._recorded("downloaded", record, decision, host, changed=changed)
        outcome = "cancelled" if changed else "gone"
        reason = f"the download of {target} was cancelled" if changed else f"the download of {target} was over already"
        decision = Decision("none", "halted", reason, at_rest=True, memory=memory)
        return self._recorded(outcome, record, decision, host, changed=changed)

    def _lost(self, record: Record, lost: LostError, *, changed: bool) -> dict[str, Any]:
        """Write down that the host does not answer; its download is still taken for one."""
        reason = f"does not answer ({lost}); its download goes on if it runs"
        decision = Decision("none", "unreachable", reason, at_rest=True, memory=Memory.of(record))
        return self._recorded("unreachable", record, decision, None, changed=changed)

    def _recorded(
        self, outcome: str, record: Record, decision: Decision, host: HostState | None, *, changed: bool
    ) -> dict[str, Any]:
        after = _decide.recorded(record, decision, host, _now())
        if not self.check_mode:
            self.store.save(after)
            if host is not None:
                self._give_back_slots()
        return self._said(outcome, decision.reason, after, changed=changed)

    def _give_back_slots(self) -> None:
        """Let others download. A store knows a host's slots by its name, from the second on with a number."""
        for number in range(_SLOTS):
            self.store.leases.release(self.host if number == 0 else f"{self.host} {number}")

    def _nothing(self) -> dict[str, Any]:
        record = self.store.load(self.host)
        other = record is not None and record.submitted == "download"
        reason = (
            f"its download is one of {record.deployment.name!r}" if record and other else "no download is under way"
        )
        return {"changed": False, "outcome": "nothing", "reason": reason, **_of(record)}

    def _said(self, outcome: str, reason: str, record: Record | None, *, changed: bool) -> dict[str, Any]:
        state = "waiting" if record is None else record.state
        self.display.display(f"{self.host:<{self.width}}  {outcome:<15}  {reason}", color=_phase_line.COLORS[state])
        return {"changed": changed, "outcome": outcome, "reason": reason, **_of(record)}


def _of(record: Record | None) -> dict[str, Any]:
    return {
        "state": None if record is None else record.state,
        "deployment": None if record is None else record.deployment.name,
    }


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


_clock = time.monotonic
_sleep = time.sleep
