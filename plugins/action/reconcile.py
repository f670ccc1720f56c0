# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass for one host: look, decide, take at most one step, write it down."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.modules.reconcile import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import (
    _decide,
    _errors,
    _notices,
    _phase_line,
    _rings,
    _roll_call,
    _sources,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, validated
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import loaded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_link import (
    HostLink,
    HungError,
    LostError,
    ModuleFailedError,
    RejectedError,
    broke_off,
    rejected,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore, open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    Record,
    RecordError,
    Standing,
    iso,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import Gate
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot

#: How long a run leaves a host alone that hung: the others wait for each pass's slowest.
HUNG_PAUSE = timedelta(minutes=10)
LONGEST_ANSWER = 3600  # seconds


class ActionModule(ActionBase):
    """The whole of the module reconcile: it runs on the controller and asks the host through update_info and update."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take the pass; an unreachable host is a state, a rejected password or a failing module is a failure."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            arguments = validated(ARGUMENT_SPEC, {**_of_run(self._task.args.get("run", {})), **self._task.args})
            deployment = _deployment(arguments)
            link = HostLink(self, task_vars, _answer_timeout(arguments["answer_timeout"]))
            with closing(open_store(arguments["records"])) as store:
                visit = Visit(self, deployment, store, link, task_vars)
                visit.reset_retries = arguments["reset_retries"]
                visit.fresh_for = timedelta(seconds=arguments["fresh_for"])
                visit.first_look = arguments["first_look"]
                visit.run_ends = _to_come(arguments["run_ends"])
                started = None if arguments["first_look"] else arguments["run_started"]
                return visit.run(arguments["look_only"], started, arguments["failure"])
        except InputError as error:
            return _unusable(f"deployment.{error}")
        except (ArgumentsError, RecordError) as error:
            return _unusable(str(error))


class Visit:
    """One host's pass."""

    def __init__(
        self,
        action: ActionModule,
        deployment: Deployment,
        store: RecordStore,
        link: HostLink,
        task_vars: dict[str, Any],
    ) -> None:
        """Find the host's ring; InputError when it cannot be found."""
        self.host = str(task_vars["inventory_hostname"])
        self.deployment = deployment
        self.store = store
        self.check_mode = bool(action._task.check_mode)
        self.display = action._display
        self.link = link
        self.user = self.link.user
        # With `serial` the hosts of other batches are not this run's to change now.
        self.in_run = frozenset(task_vars.get("ansible_play_batch") or [self.host])
        self.width = max(len(str(name)) for name in self.in_run)
        self.groups = task_vars["groups"]
        self.members: _roll_call.Members = self.groups  # by which rings are judged
        self.ring = _rings.ring_of(deployment, self.groups, self.host)
        mine = frozenset(name for name, hosts in self.groups.items() if self.host in hosts)
        self.deployment = deployment.at(self.ring, mine)
        self.ours = True  # no other run is at this host
        self.holds_slots = False
        self.reset_retries = False
        self.by_other_rules = False  # the record comes of rules that are not the deployment's
        self.tries_anew = False  # its attempts were used up, and it has new ones by this look
        self.fresh_for = timedelta(0)
        self.anothers = False  # the host and its record belong to another deployment
        self.first_look = False  # of a run, also where it takes a step
        self.run_ends: datetime | None = None  # None: not known, or over
        self.again = False  # all hosts of the run have been looked at before
        self.closed = False  # the host's turn has not come, for other reasons than its ring
        self.until: datetime | None = None  # what the decision waits for
        self._others: Mapping[str, Standing] | None = None

    def _other(self, host: str) -> Standing | None:
        """Give what is known of a host in an earlier ring; all of them are read at once, by the first question."""
        if self._others is None:
            rings = _rings.before(self.deployment, self.ring, self.members)
            hosts = {name for _, names in rings for name in names}
            self._others = self.store.standings(DeploymentKey.of(self.deployment), hosts)
        return self._others.get(host)

    def _judge_rings(self) -> Gate:
        """Judge the rings before the host's, in a slice by the hosts of all slices."""
        sliced = self.deployment.sliced
        if sliced is not None and any(_rings.before(self.deployment, self.ring, self.groups)):
            whole = _roll_call.whole(self.store.roll_calls, self.deployment, sliced, _now())
            if isinstance(whole, str):
                return Gate(open=False, settled=True, reason=f"{whole}, so ring {self.ring} stays closed")
            self.members = whole
        return _rings.gate(self.deployment, self.ring, self.members, self._other, self.in_run, _now(), self.run_ends)

    def _opens_by_waiting(self) -> bool:
        """Tell whether the ring would open if all hosts before it that wait for a later moment came to a good end."""
        if self.gate.settled:
            return False

        def hoped(host: str) -> Standing | None:
            known = self._other(host)
            if known is None or known.at_rest:
                return known
            waits = _rings.later(known.waits_until, self.run_ends)
            # Without a moment it waits for a ring, which is judged before its own
            if waits or (known.state == "waiting" and known.waits_until is None):
                return replace(known, state="compliant", seen_as=None, since=_now(), at_rest=True, waits_until=None)
            return known

        gate = _rings.gate(self.deployment, self.ring, self.members, hoped, self.in_run, _now(), self.run_ends)
        return gate.open or gate.until is not None

    def run(self, look_only: bool, run_started: float | None, failure: str | None) -> dict[str, Any]:
        """Take the pass, or write down a `failure` from elsewhere, with the host's record locked and read only then."""
        if _rings.left_out(self.deployment, self.ring):
            return self._left_out()
        free: AbstractContextManager[bool] = nullcontext(True)  # check mode writes nothing, not even a lock file
        with free if self.check_mode else self.store.locked(self.host) as self.ours:
            self.gate: Gate = self._judge_rings()
            fresh = Record(self.host, self.ring, DeploymentKey.of(self.deployment))
            stored = self.store.load(self.host) or fresh
            self.stored = stored.deployment
            of_the_halted = self.deployment.schedule.halted and self.stored.name in self.deployment.others
            self.anothers = of_the_halted or self.stored.channel not in ("", fresh.deployment.channel)
            self.before = stored.started(self.deployment, self.ring)
            self.by_other_rules = _decide.by_other_rules(stored, self.before)
            started = None if run_started is None else _moment(run_started)
            self.again = started is not None
            if self.reset_retries:
                used_up = self.before.attempts
                self.before = _decide.with_reset(self.before, started, self.deployment.max_attempts, _now())
                self.tries_anew = self.before.attempts < used_up
            self.record = self.before
            if failure:
                return self._failed_elsewhere(failure)
            return self._run(look_only, started)

    def _run(self, look_only: bool, started: datetime | None) -> dict[str, Any]:
        """Take the pass, unless this run has looked at the host already and nothing new can be expected of it."""
        now = _now()
        news = self.tries_anew or self.by_other_rules
        due = started is None or news or _decide.due(self.before, started, now, self.gate)
        if not due and not self._slot_is_free():
            return self._left_alone()
        if _decide.fresh(self.before, now, self.fresh_for):
            return self._left_alone()
        if not self.ours:
            return self._elsewhere(now)
        try:
            step, submitted = self._visit(look_only)
        except RejectedError:
            message = rejected(self.host, self.user)
            error = _errors.decode("winrm", "401")
            self._end_badly("unreachable", "the host refused the credentials", error)
            return {"failed": True, "msg": message, **self._result("none", submitted=False)}
        except (ModuleFailedError, HostStateError) as failure:
            return self._failed(str(failure))
        first = self.first_look or self.check_mode or (look_only and started is None)
        self._show(first, pending=step != "none" and not submitted)
        return self._result(step, submitted)

    def _visit(self, look_only: bool) -> tuple[str, bool]:
        """Look, decide, take the step. Return the step and whether the host took it (check mode: would take it)."""
        try:
            host = HostState.from_result(self.link.ask_twice("update_info", {}))
        except LostError as lost:
            self._lose(lost)
            return "none", False
        if self.stored.channel != self.record.deployment.channel:
            self.anothers = host.channel == self.stored.channel
        decision = _decide.decide(self.deployment, host, self.record, _now(), self.gate)
        if decision.step == "none" or look_only or self.check_mode:
            self._conclude(decision.without_step(), host)
            self._tell_users(decision)
            return decision.step, self.check_mode and not look_only and decision.step != "none"
        if decision.step == "download":
            full = self._take_slots()
            if full is not None:
                self._conclude(decision.without_slot(full, _now() + _sources.SLOT_PAUSE), host)
                return "none", False
        return decision.step, self._step(decision, host)

    def _step(self, decision: Decision, host: HostState) -> bool:
        """Take one step. It is written down before it is asked for: the answer may get lost, the step may not."""
        now = _now()
        self.record = _decide.submitting(_decide.recorded(self.record, decision, host, now), decision, now)
        self._save()
        try:
            answer = self.link.ask("update", _options(self.deployment, decision))
            host, taken = HostState.from_result(answer), _decide.step_answer(answer)
        except HungError as hung:
            self._lose(hung)
            return False
        except LostError:
            return self._after_a_lost_answer()
        after = _decide.after_step(self.deployment, host, self.record, _now(), self.gate, taken)
        self._conclude(after, host)
        return taken.submitted

    def _take_slots(self) -> Slot | None:
        """Get what the host needs to download; otherwise give what is not free."""
        full = _sources.take(self.store.leases, self.deployment.slots, self.host, _now())
        self.holds_slots = full is None
        return full

    def _tell_users(self, decision: Decision) -> None:
        """Show the message that a deferral begins with, and remember whether everybody agrees."""
        if decision.notice is None or self.check_mode:
            return
        asked = _notices.options(self.deployment, decision.notice)
        try:
            answer = self.link.ask("user_notice", asked, _notices.patience(asked))
        except (LostError, ModuleFailedError) as unheard:
            self.display.warning(f"{self.host}: its users could not be told: {unheard}")
            if decision.notice == "restart":
                self.record = replace(self.record, restart_told=None)
                self._save()
            return  # the next deferral tells them, and of a restart the next look
        if _notices.consent(answer, decision.notice):
            self.record = replace(self.record, consented=True, revisit_at=_now())
            self._save()

    def _after_a_lost_answer(self) -> bool:
        """Ask the host whether the step arrived. What is still open is for the next pass."""
        self.link.reconnect()
        try:
            host = HostState.from_result(self.link.ask_twice("update_info", {}))
        except LostError as lost:
            self._lose(lost)
            return False
        decision = _decide.decide(self.deployment, host, self.record, _now(), self.gate)
        self._conclude(decision.without_step(), host)
        return host.busy

    def _lose(self, lost: LostError) -> None:
        """Record a host that does not answer."""
        now = _now()
        decision = _decide.decide(self.deployment, None, self.record, now, self.gate)
        decision = replace(decision, reason=f"{decision.reason} ({lost})")
        self.record = _decide.recorded(self.record, decision, None, now)
        if isinstance(lost, HungError):
            self.record = replace(self.record, revisit_at=now + HUNG_PAUSE)
        self._save()

    def _conclude(self, decision: Decision, host: HostState | None) -> None:
        self.closed = decision.ring_closed
        self.until = decision.until
        self.record = _decide.recorded(self.record, decision, host, _now())
        self._save()

    def _failed_elsewhere(self, failure: str) -> dict[str, Any]:
        """Write down why an earlier task failed; a host that was lost in it may be tried again."""
        lost = broke_off(failure)
        if lost is None:
            return self._failed(failure)
        self._lose(lost)
        self._show(first=False, pending=False)
        return self._result("none", submitted=False)

    def _failed(self, reason: str) -> dict[str, Any]:
        self._end_badly("failed", reason, None)
        return {"failed": True, "msg": f"{self.host}: {reason}", **self._result("none", submitted=False)}

    def _end_badly(self, state: str, reason: str, error: _errors.DecodedError | None) -> None:
        """Record a host whose task fails: this run does not come back to it."""
        decision = Decision("none", state, reason, at_rest=True, memory=_decide.Memory.of(self.record))
        recorded = _decide.recorded(self.record, decision, None, _now())
        # The error of an attempt stays: `stop_on` goes by it
        self.record = replace(recorded, error=error or recorded.error, revisit_at=None)
        self._save()

    def _left_out(self) -> dict[str, Any]:
        """Answer for a host of no ring, which this deployment neither asks anything nor writes anything of."""
        reason = f"it is in none of the rings of {self.deployment.name}"
        self.gate = Gate(open=False, settled=True, reason=reason)
        key = DeploymentKey.of(self.deployment)
        self.record = Record(self.host, self.ring, key, reason=reason, at_rest=True)
        return {**self._result("none", submitted=False), "revisit": False}

    def _left_alone(self) -> dict[str, Any]:
        """Answer from the record. Only what the rings have become meanwhile is new."""
        self.closed = self.before.state == "waiting"
        self.until = self.gate.until if _decide.waits_for_ring(self.before) else self.before.waits_until
        if _decide.waits_for_ring(self.before) and (self.before.at_rest, self.before.reason) != (
            self.gate.settled,
            self.gate.reason,
        ):
            self.record = replace(self.before, at_rest=self.gate.settled, reason=self.gate.reason)
            self._save()
        return self._result("none", submitted=False)

    def _elsewhere(self, now: datetime) -> dict[str, Any]:
        """Answer from the record while another run is at the host; this one looks in its next pass."""
        reason = "another run is at this host just now"
        self.record = replace(self.before, reason=reason, at_rest=False, revisit_at=now)
        return self._result("none", submitted=False)

    def _save(self) -> None:
        """Write the record, unless the one that is there belongs to another deployment.

        Those of two channels may cover the same hosts: a host belongs to that of its channel, also while it does not
        answer. And where one is halted, its hosts may be those of another by now, such as that of the way back.
        """
        if self.ours and not self.check_mode and not self.anothers:
            self._mind_slots()
            self.store.save(self.record)

    def _slot_is_free(self) -> bool:
        """Get the slots that the host waits for, before it is asked anything: many may wait for one that is free."""
        return self.before.waits_for_slot is not None and self.ours and self._take_slots() is None

    def _mind_slots(self) -> None:
        """Keep the download slots of a host for as long as it downloads.

        One whose download cannot be seen (no answer, COM is silent, it has been waived) may still do. Nobody prolongs
        its slots, so they expire.
        """
        if self.record.state == "downloading":
            _sources.keep(self.store.leases, self.deployment.slots, self.host, _now())
        elif (self.holds_slots or self.before.submitted == "download") and self.record.submitted != "download":
            self.holds_slots = False
            _sources.give_back(self.store.leases, self.deployment.slots, self.host)

    def _show(self, first: bool, pending: bool) -> None:
        """Show a change of phase, and at a run's first look all that is not as it should be."""
        news = _phase_line.changed(self.before, self.record)
        if pending and not self.check_mode:
            return  # the step that comes next has a line of its own
        if news or (first and self.record.state != "compliant"):
            self.display.display(_phase_line.line(self.record, self.width), color=_phase_line.COLORS[self.record.state])

    def _result(self, step: str, submitted: bool) -> dict[str, Any]:
        record = self.record
        for_ring, later = _decide.waits_for_ring(record), _rings.later(record.waits_until, self.run_ends)
        # Until all have been looked at, records tell what an earlier run left: a ring it waits for may still move
        rests = later or (for_ring and self.again and self.gate.rests)
        return {
            "changed": submitted,
            "step": step,
            "submitted": submitted,
            "state": record.state,
            "reason": record.reason,
            "version": record.version,
            "target": record.deployment.version,
            "status": record.status,
            "error": record.error,
            "blocking_apps": list(record.blocking_apps),
            "attempts": record.attempts,
            "ring": record.ring,
            "ring_closed": self.closed or not self.gate.open,
            "ring_waits": for_ring and rests and self.until is None and self._opens_by_waiting(),
            "at_rest": record.at_rest or self.anothers or rests,
            "revisit": not self.anothers and not later and (record.revisit_at is not None or for_ring),
            "until": iso(self.until),
        }


def _unusable(message: str) -> dict[str, Any]:
    """Give a failure that no visit came of, or none that was written down, with what a run of several passes reads."""
    return {
        "failed": True,
        "msg": message,
        "state": "failed",
        "reason": message,
        "ring_closed": True,
        "ring_waits": False,
        "at_rest": True,
        "revisit": False,
        "until": None,
    }


def _of_run(given: object) -> Mapping[str, Any]:
    """Give the options in `run`; ArgumentsError where it holds none."""
    if isinstance(given, Mapping):
        return given
    return validated({"run": ARGUMENT_SPEC["run"]}, {"run": given})["run"] or {}


def _deployment(arguments: dict[str, Any]) -> Deployment:
    if arguments["rules"]:
        return loaded(arguments["rules"])
    if not arguments["deployment"]:
        raise ArgumentsError("deployment: it is not given. Give it, or rules as rollout_plan returns them.")
    return Deployment.from_options(arguments["deployment"])


def _answer_timeout(seconds: int) -> int:
    if not 1 <= seconds <= LONGEST_ANSWER:
        raise ArgumentsError(f"answer_timeout: {seconds} is not between 1 and {LONGEST_ANSWER}.")
    return seconds


def _options(deployment: Deployment, decision: Decision) -> dict[str, Any]:
    return {
        "version": deployment.version,
        "source": deployment.source,
        "force_app_shutdown": decision.force,
        "multi_session_shutdown": deployment.multi_session_shutdown,
        "display_level": deployment.display_level,
        "allow_downgrade": deployment.allow_downgrade,
        "_step": decision.step,
    }


def _to_come(run_ends: float | None) -> datetime | None:
    """Give the run's end. One that is over says nothing: what is left is left because time is up."""
    moment = None if run_ends is None else _moment(run_ends)
    return moment if moment is not None and moment > _now() else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), timezone.utc)


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)
