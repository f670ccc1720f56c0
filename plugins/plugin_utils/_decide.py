# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision: from a deployment, a look at a host and what is remembered, to the one step that is possible now.

Everything here is pure. What holds for every history (tests/unit/test_decide.py proves it on random ones):

- a step is asked for only while Click-to-Run is idle, and never for a host that is at its target or ahead of it;
- at most `max_attempts` downloads and `max_attempts` applies are asked for until the host is at its target, not
  counting applies that failed because somebody opened an application just before (those are "blocked"), nor the first
  LOST_STEPS steps that broke off with the connection and left no trace on the host;
- a staged update is ours only if its version is the target, since Apply takes no version;
- nothing begins while the deployment is halted or its build withdrawn, and no apply outside its windows unless its
  deadline has passed and it says so; applications are closed only where it says so, at once or after the deadline;
- the installed version ends a deployment, never a "succeeded".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors, _preflight
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import DecodedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import APPLYING, HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import HISTORY, Record, Transition
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import Gate
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Permission, permission
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot

STATES = (
    "compliant",
    "ahead",
    "waived",
    "halted",
    "waiting",
    "downloading",
    "staged",
    "applying",
    "restart_pending",
    "no_source",
    "blocked",
    "exhausted",
    "failed",
    "incompatible",
    "com_unavailable",
    "unreachable",
)
#: At rest, yet a person may change it at any time: looked at again for as long as the run goes on.
RETRIED = frozenset({"blocked", "com_unavailable", "no_source", "restart_pending", "unreachable"})
LEFT_ALONE = frozenset({"ahead", "waived", "incompatible"})
UNREACHABLE_PAUSE = timedelta(seconds=60)
#: Download and Apply return once they are queued; for this long an unchanged status may still be the old one.
GRACE = timedelta(seconds=5)
CONSENT_TIME = timedelta(hours=4)  #: how long the users' consent holds, or as long as the deferral they ended by it
LOST_STEPS = 5  #: steps of a deployment that may get lost on the way without being failed attempts


@dataclass(frozen=True)
class Memory:
    """What a decision leaves for the next one; the record keeps it. See Record for the meanings."""

    attempts: int = 0
    failure: str | None = None
    error: DecodedError | None = None
    not_before: datetime | None = None
    submitted: str | None = None
    arrived: bool = False
    forced: bool = False
    lost_steps: int = 0
    staged: bool = False
    download_begun: bool = False
    deferrals: int = 0
    deferred_until: datetime | None = None
    consented: bool = False
    asked: bool = False
    awaits_restart: bool = False
    restart_told: str | None = None

    @classmethod
    def of(cls, record: Record) -> Memory:
        """Give what the record remembers."""
        return cls(**{name: getattr(record, name) for name in _REMEMBERED})


_REMEMBERED = tuple(known.name for known in fields(Memory))


@dataclass(frozen=True)
class Decision:
    """The step to take now ("none", "download", "apply") and the state of the host, once that step is taken.

    `at_rest`: nothing this run can still change.
    """

    step: str
    state: str
    reason: str
    at_rest: bool
    memory: Memory
    ring_closed: bool = False  #: its turn has not come, so nothing is changed on the host
    until: datetime | None = None  #: the moment it waits for, UTC
    force: bool = False  #: the apply closes open applications
    slot: str | None = None  #: the download slot it waits for
    notice: str | None = None  #: what users are told: "ask" whether applications may be closed, "inform", "restart"

    def without_slot(self, slot: Slot, until: datetime) -> Decision:
        """Give the decision for a host whose download waits for a slot; it is asked again at `until` at the latest."""
        reason = f"{slot.name}: {slot.limit} of {slot.limit} downloads are under way"
        return replace(self, step="none", state="waiting", reason=reason, until=until, slot=slot.name)

    def without_step(self) -> Decision:
        """Give the same decision for a host whose step is left for the next look."""
        if self.step == "none":
            return self
        state = "staged" if self.step == "apply" else "waiting"
        return replace(self, step="none", state=state, reason=f"{self.step} comes next")


def decide(deployment: Deployment, host: HostState | None, record: Record, now: datetime, gate: Gate) -> Decision:
    """Decide about one host. `host` None: it does not answer; `gate` tells whether its ring's turn has come."""
    memory = Memory.of(record)
    if host is None:
        return Decision("none", "unreachable", "does not answer", at_rest=True, memory=memory)
    if record.version == deployment.version != host.version:
        # It was there, and somebody has installed another build since
        record = replace(record.with_fresh_counters(), deferrals=0, deferred_until=None, consented=False, asked=False)
        memory = Memory.of(record)
    standing = _standing(deployment, host, memory, deployment.waivers.get(record.host))
    if standing is not None and standing.state == "com_unavailable":
        # What turns the interface on is done when the host's turn comes, as everything else
        return _before_its_turn(deployment, host, standing.memory, now, gate) or standing
    if standing is not None:
        over = memory.submitted is not None and host.status is not None and not host.busy
        if standing.state in LEFT_ALONE and over and not _not_picked_up(host, record, now):
            return replace(standing, memory=_settle(deployment, host, record, now))
        return standing
    if host.busy:
        return _while_busy(deployment, host, memory)
    if _not_picked_up(host, record, now):
        return _under_way(memory, f"{memory.submitted} asked for")
    return _next_step(deployment, host, _settle(deployment, host, record, now), now, gate)


def due(record: Record, run_started: datetime, now: datetime, gate: Gate) -> bool:
    """Tell whether a run looks at the host now, after what this run has already recorded of it."""
    if not looked_at(record, run_started):
        return True
    if waits_for_ring(record):
        return gate.open
    return record.revisit_at is not None and record.revisit_at <= now


def by_other_rules(stored: Record, begun: Record) -> bool:
    """Tell whether a record comes of other rules than the deployment that `begun` is for: its moments are of those.

    Such as those of another run, which read the deployment file before it changed.
    """
    return stored.deployment != begun.deployment or stored.policy not in (begun.policy, None)


def looked_at(record: Record, run_started: datetime | None) -> bool:
    """Tell whether a run that began then has looked at the host; None: its looks are not told apart."""
    return run_started is not None and record.updated_at is not None and record.updated_at >= run_started


def fresh(record: Record, now: datetime, span: timedelta) -> bool:
    """Tell whether the host was seen compliant with this deployment not longer ago than that."""
    seen = record.seen_at
    return record.state == "compliant" and seen is not None and timedelta(0) <= now - seen < span


def waits_for_ring(record: Record) -> bool:
    """Tell a host that waits for its ring from one that waits for a moment, which the record names."""
    return record.state == "waiting" and record.revisit_at is None


def recorded(record: Record, decision: Decision, host: HostState | None, now: datetime) -> Record:
    """Give the record after a look (`host` None: it did not answer) and the decision about it."""
    memory = decision.memory
    seen: dict[str, Any] = {}
    if host is not None:
        seen = {
            "version": host.version,
            "status": host.status,
            "blocking_apps": host.blocking_apps if decision.state == "blocked" else (),
            "products": host.products,
            "languages": host.languages,
            "architecture": host.architecture,
            "seen_at": now,
        }
    installed, history = seen.get("version", record.version), record.history
    if decision.state != record.state or record.updated_at is None or installed != record.version:
        history = (*history, Transition(now, decision.state, installed, decision.reason))[-HISTORY:]
    known = record.updated_at is not None and record.state != "unreachable"
    return replace(
        record,
        state=decision.state,
        reason=decision.reason,
        error=memory.error,
        attempts=memory.attempts,
        failure=memory.failure,
        not_before=memory.not_before,
        submitted=memory.submitted,
        arrived=memory.arrived and memory.submitted is not None,
        forced=memory.forced and memory.submitted is not None,
        lost_steps=memory.lost_steps,
        submitted_at=record.submitted_at if memory.submitted else None,
        staged=memory.staged,
        download_begun=memory.download_begun,
        deferrals=memory.deferrals,
        deferred_until=memory.deferred_until,
        consented=memory.consented,
        asked=memory.asked,
        awaits_restart=memory.awaits_restart,
        restart_told=memory.restart_told,
        seen_as=None if decision.state != "unreachable" else record.state if known else record.seen_as,
        updated_at=now,
        at_rest=decision.at_rest,
        revisit_at=_revisit(decision, now),
        waits_for_slot=decision.slot,
        history=history,
        **seen,
    )


def with_reset(record: Record, run_started: datetime | None, max_attempts: int, now: datetime) -> Record:
    """Give the record as a run that resets retries begins with it: once, at its first look, if they are used up.

    That look may come late, while another run is at the host. What that one has used up meanwhile is reset as well:
    the record does not tell attempts apart.
    """
    reset = record.retries_reset_at
    if run_started is not None and reset is not None and reset >= run_started:
        return record
    fresh = record if record.attempts < max_attempts else record.with_fresh_counters()
    return replace(fresh, retries_reset_at=now)


def submitting(record: Record, decision: Decision, now: datetime) -> Record:
    """Give the record to save before a step is asked for: should the answer be lost, the next look knows of it.

    The error of the attempt before stays until it is known how this one ends: `stop_on` goes by it.
    """
    return replace(
        record,
        submitted=decision.step,
        submitted_at=now,
        arrived=False,
        forced=decision.force,
        download_begun=record.download_begun or decision.step == "download",
        failure=None,
        not_before=None,
    )


def after_step(
    deployment: Deployment, host: HostState, record: Record, now: datetime, gate: Gate, answer: StepAnswer
) -> Decision:
    """Decide what state the answer to a step means. No further step follows in the same look."""
    if answer.hresult:
        memory = replace(Memory.of(record), submitted=None)
        error = _errors.decode("hresult", answer.hresult)
        memory = _failed(
            deployment, memory, f"{record.submitted} was not accepted: {_errors.summary(error)}", error, now
        )
        return _next_step(deployment, host, memory, now, gate).without_step()
    if not answer.submitted:
        withdrawn = replace(record, submitted=None, submitted_at=None)
        return decide(deployment, host, withdrawn, now, gate).without_step()
    memory = replace(Memory.of(record), arrived=True)
    standing = _standing(deployment, host, memory, None)
    if standing is not None and standing.state == "compliant":
        return standing
    if host.busy:
        return _while_busy(deployment, host, memory)
    return _under_way(memory, f"{record.submitted} asked for")


@dataclass(frozen=True)
class StepAnswer:
    """What the module update says about a step beyond the host's state. `hresult` 0 is success or no call at all."""

    submitted: bool
    refused: str | None = None
    hresult: int = 0


def step_answer(answer: Mapping[str, Any]) -> StepAnswer:
    """Read what a step of update says beyond the host's state."""
    call = answer.get("call") or {}
    hresult = call.get("hresult") or "0x00000000"
    try:
        number = int(str(hresult), 16)
    except ValueError as error:
        raise HostStateError(f"call.hresult {hresult!r} is not a number") from error
    # The service's word for "queued" is any success code; only the upper half of the range are failures
    failed = number if number & 0x80000000 else 0
    return StepAnswer(bool(answer.get("submitted")), answer.get("refused"), failed)


def _standing(deployment: Deployment, host: HostState, memory: Memory, waiver: str | None) -> Decision | None:
    """Judge what no step can change: at the target, ahead, waived, unfit for the image, out of reach of COM."""
    settled = Memory(attempts=memory.attempts, lost_steps=memory.lost_steps, deferrals=memory.deferrals)
    kept = replace(memory, error=None)
    if not host.installed or host.version is None:
        return Decision("none", "incompatible", "no Click-to-Run Office is installed", at_rest=True, memory=kept)
    installed = version.parse(host.version)
    if installed == deployment.target:
        taken_back = ", which was withdrawn" if deployment.schedule.withdrawn else ""
        return Decision("none", "compliant", f"runs {host.version}{taken_back}", at_rest=True, memory=settled)
    if installed > deployment.target and not deployment.allow_downgrade and _preflight.on_channel(deployment, host):
        return Decision("none", "ahead", f"runs {host.version}, newer than the target", at_rest=True, memory=kept)
    if waiver is not None:
        return Decision("none", "waived", waiver, at_rest=True, memory=kept)
    misfit = next(_preflight.misfits(deployment, host, download_begun=memory.download_begun), None)
    if misfit is not None:
        # With its error: a disk that a download has filled up is a misfit, and `stop_on` goes by what has failed
        return Decision("none", "incompatible", misfit, at_rest=True, memory=memory)
    if host.status is None:
        reason = host.management_reason or "the COM interface of Click-to-Run does not answer"
        return Decision("none", "com_unavailable", reason, at_rest=True, memory=kept)
    return None


def _while_busy(deployment: Deployment, host: HostState, memory: Memory) -> Decision:
    """Name what the service is doing. Nothing is asked of it meanwhile."""
    applying = host.status in APPLYING
    if memory.submitted == ("apply" if applying else "download"):
        memory = replace(memory, arrived=True)
    if applying and (memory.submitted == "apply" or host.ready == deployment.version):
        return Decision("none", "applying", f"applies {deployment.version}", at_rest=False, memory=memory)
    if not applying and memory.submitted == "download":
        reason = (
            "the download is being cancelled on the host"
            if host.status == "download_cancelling"
            else f"downloads {deployment.version}"
        )
        return Decision("none", "downloading", reason, at_rest=False, memory=memory)
    doing = "applies" if applying else "downloads"
    return Decision("none", "waiting", f"Click-to-Run {doing} something else", at_rest=False, memory=memory)


def _not_picked_up(host: HostState, record: Record, now: datetime) -> bool:
    """Tell whether a submission may still be queued: the status is the one from before it, and it is fresh."""
    if record.submitted == "download" and host.ready == record.deployment.version:
        return False
    return (
        record.submitted is not None
        and record.submitted_at is not None
        and host.status == record.status
        and timedelta(0) <= now - record.submitted_at < GRACE
    )


def _under_way(memory: Memory, reason: str) -> Decision:
    state = "applying" if memory.submitted == "apply" else "downloading"
    return Decision("none", state, reason, at_rest=False, memory=memory)


def _settle(deployment: Deployment, host: HostState, record: Record, now: datetime) -> Memory:
    """Account for what was asked for and is over, or was there and is gone. Success is what is staged, nothing else."""
    memory = Memory.of(record)
    ready = host.ready == deployment.version
    if memory.awaits_restart and host.restart_pending:
        return memory  # what is staged meanwhile says nothing
    if memory.awaits_restart:
        failure = f"the installation reported success, yet {host.version} still runs after the restart"
        memory = replace(memory, awaits_restart=False, restart_told=None, error=None)
        return replace(memory, attempts=memory.attempts + 1, failure=failure)
    if memory.submitted == "download" and ready:
        return replace(memory, submitted=None, staged=True, failure=None, error=None)
    if memory.submitted is not None:
        step, memory = memory.submitted, replace(memory, submitted=None, staged=memory.staged and ready)
        if host.status == "apply_failed" and ready and host.blocking_apps and not memory.forced:
            # Opened between the look and Apply: it is the user's turn, and nothing has been tried in vain.
            return replace(memory, failure=None, error=None)
        if not memory.arrived and host.status in (record.status, "unknown"):
            return _lost(memory, step)
        if host.status == f"{step}_failed":
            error = _errors.decode(host.error_domain, host.error_code)
            return _failed(deployment, memory, f"{step} failed: {_errors.summary(error)}", error, now)
        if step == "apply" and host.status == "apply_succeeded" and host.restart_pending:
            reason = "the installation reported success, and Windows waits for a restart"
            return replace(memory, awaits_restart=True, failure=reason, error=None)
        if host.status == f"{step}_succeeded":
            found = f"{host.ready or 'nothing'} is staged" if step == "download" else f"{host.version} still runs"
            return _failed(deployment, memory, f"{step} reported success, yet {found}", None, now)
        if host.status == "download_cancelled":
            return _failed(deployment, memory, f"{step} was cancelled on the host", None, now)
        # A restart, say. Nothing is known to be wrong, so there is no pause.
        return replace(
            memory, attempts=memory.attempts + 1, failure=f"the host knows nothing of the {step}", error=None
        )
    if memory.staged and not ready:
        return replace(
            memory, staged=False, attempts=memory.attempts + 1, failure="the staged update is gone", error=None
        )
    return memory


def _lost(memory: Memory, step: str) -> Memory:
    """Account for a step that left no trace: its request or the job that made it broke off. There is no pause."""
    failure = f"the connection broke while {'the download' if step == 'download' else 'the installation'} was asked for"
    if memory.lost_steps < LOST_STEPS:
        return replace(memory, lost_steps=memory.lost_steps + 1, failure=failure)
    return replace(memory, attempts=memory.attempts + 1, failure=failure, error=None)


def _failed(deployment: Deployment, memory: Memory, failure: str, error: DecodedError | None, now: datetime) -> Memory:
    pause = timedelta(seconds=deployment.retry_delay)
    return replace(memory, attempts=memory.attempts + 1, failure=failure, error=error, not_before=now + pause)


def _next_step(deployment: Deployment, host: HostState, memory: Memory, now: datetime, gate: Gate) -> Decision:
    """Decide for an idle host that fits and is not there yet."""
    ready = host.ready == deployment.version
    if ready and deployment.goal == "downloaded":
        return Decision("none", "staged", f"{deployment.version} is downloaded", at_rest=True, memory=memory)
    if memory.attempts >= deployment.max_attempts:
        reason = f"{memory.attempts} of {deployment.max_attempts} attempts failed; {memory.failure}"
        return Decision("none", "exhausted", reason, at_rest=True, memory=replace(memory, not_before=None))
    early = _before_its_turn(deployment, host, memory, now, gate)
    if memory.awaits_restart and host.restart_pending:
        return _restart(deployment, host, memory, now, silent=early is not None and early.state == "halted")
    if early is not None:
        return replace(early, state="staged") if ready and early.state == "waiting" and gate.open else early
    allowed = permission(deployment.schedule, now, host.utc_offset_minutes)
    pause = timedelta(seconds=deployment.retry_delay)
    if memory.not_before is not None and now < memory.not_before <= now + pause:  # or it is of a clock that was ahead
        at = memory.not_before.strftime("%H:%M:%SZ")
        reason = f"attempt {memory.attempts + 1} of {deployment.max_attempts} at {at}; {memory.failure}"
        return Decision("none", "waiting", reason, at_rest=False, memory=memory, until=memory.not_before)
    if host.scenario:
        reason = f"Click-to-Run runs something else ({host.scenario})"
        return Decision("none", "waiting", reason, at_rest=False, memory=memory)
    if not (allowed.apply if ready else allowed.download):
        state = "staged" if ready else "waiting"
        return Decision("none", state, allowed.reason, allowed.until is None, memory, until=allowed.until)
    if not ready and deployment.no_source is not None:
        return Decision("none", "no_source", deployment.no_source, at_rest=True, memory=memory)
    if ready:
        return _apply(deployment, host, memory, allowed, now)
    return Decision("download", "downloading", f"downloads {deployment.version}", at_rest=False, memory=memory)


def _restart(deployment: Deployment, host: HostState, memory: Memory, now: datetime, *, silent: bool) -> Decision:
    """Decide for a host that waits for a restart: who is told of it, once, and whether that waits for a window.

    It does so whatever the deployment says by now; `silent`: nobody is told, for nothing is to be begun.
    """
    allowed = permission(deployment.schedule, now, host.utc_offset_minutes)
    rule = deployment.restart.servers if host.server else deployment.restart.workstations
    may_tell = not silent and (allowed.apply or deployment.restart.outside_windows)
    told = rule if rule in ("notice", "hook") and may_tell else None
    notice = "restart" if told == "notice" and memory.restart_told != "notice" else None
    memory = replace(memory, restart_told=told or memory.restart_told)
    return Decision("none", "restart_pending", str(memory.failure), at_rest=True, memory=memory, notice=notice)


def _before_its_turn(
    deployment: Deployment, host: HostState, memory: Memory, now: datetime, gate: Gate
) -> Decision | None:
    """Decide for a host that nothing may be changed on yet: halted, withdrawn, a closed ring, a time to come."""
    allowed = permission(deployment.schedule, now, host.utc_offset_minutes)
    if deployment.schedule.stopped is not None:
        return Decision("none", "halted", allowed.reason, at_rest=True, memory=memory, ring_closed=True)
    if not gate.open:
        return Decision("none", "waiting", gate.reason, gate.settled, memory, ring_closed=True, until=gate.until)
    if allowed.download or allowed.apply:
        return None
    at_rest = allowed.until is None
    return Decision("none", "waiting", allowed.reason, at_rest, memory, ring_closed=True, until=allowed.until)


def _apply(deployment: Deployment, host: HostState, memory: Memory, allowed: Permission, now: datetime) -> Decision:
    """Decide for a host whose update is downloaded and may be installed now, if nobody is in the way."""
    always = deployment.force_app_shutdown
    several = host.multi_session and not (deployment.multi_session_shutdown or deployment.apps.multi_session_shutdown)
    if always and several:
        reason = "several people may work on this host (multi-session): force_app_shutdown needs multi_session_shutdown"
        return Decision("none", "blocked", reason, at_rest=True, memory=memory)
    if host.blocking_apps and not always:
        may_close = allowed.force and deployment.apps.close == "after_deadline" and not several
        before, memory = memory, _deferral(deployment, memory, may_close, now)
        if not may_close or not _ripe(deployment, memory, now):
            return _blocked(deployment, host, memory, may_close, news=memory.deferrals > before.deferrals)
        return Decision("apply", "applying", f"applies {deployment.version}", False, memory, force=True)
    return Decision("apply", "applying", f"applies {deployment.version}", at_rest=False, memory=memory, force=always)


def _deferral(deployment: Deployment, memory: Memory, may_close: bool, now: datetime) -> Memory:
    """Begin a deferral, unless one lasts, the users agreed or all are used up."""
    lasts = _lasts(deployment, memory, now)
    if lasts or (may_close and (_agreed(deployment, memory, now) or _used_up(deployment, memory))):
        return memory
    until = now + timedelta(seconds=deployment.apps.wait)
    asked = memory.asked or (may_close and _may_postpone(deployment))
    return replace(memory, deferrals=memory.deferrals + 1, deferred_until=until, consented=False, asked=asked)


def _ripe(deployment: Deployment, memory: Memory, now: datetime) -> bool:
    """Tell whether open applications are closed now: everybody agreed, or the last deferral is over."""
    over = not _lasts(deployment, memory, now)
    return _agreed(deployment, memory, now) or (over and _used_up(deployment, memory))


def _used_up(deployment: Deployment, memory: Memory) -> bool:
    """Tell whether nothing is put off any more. Who may postpone is asked once, however often it was put off before."""
    unasked = _may_postpone(deployment) and deployment.apps.defer > 0 and not memory.asked
    return memory.deferrals >= deployment.apps.defer and not unasked


def _may_postpone(deployment: Deployment) -> bool:
    return deployment.notice is not None and deployment.notice.postpone


def _lasts(deployment: Deployment, memory: Memory, now: datetime) -> bool:
    """Tell whether a deferral lasts. One longer than any is of a clock that was ahead."""
    longest = now + timedelta(seconds=deployment.apps.wait)
    return memory.deferred_until is not None and now < memory.deferred_until <= longest


def _agreed(deployment: Deployment, memory: Memory, now: datetime) -> bool:
    """Tell whether everybody agreed, and lately: who said yes last week has other documents open by now."""
    if not memory.consented or memory.deferred_until is None:
        return False
    asked = memory.deferred_until - timedelta(seconds=deployment.apps.wait)
    return asked <= now < max(memory.deferred_until, asked + CONSENT_TIME)


def _blocked(deployment: Deployment, host: HostState, memory: Memory, may_close: bool, news: bool) -> Decision:
    reason = f"open: {', '.join(host.blocking_apps)}"
    if may_close and memory.deferred_until is not None:
        until = memory.deferred_until.strftime("%Y-%m-%d %H:%MZ")
        count, most = memory.deferrals, deployment.apps.defer
        reason += f"; put off until {until} ({f'{count} of {most}' if count <= most else 'the last time'})"
    notice = None
    if news and deployment.notice is not None:
        notice = "ask" if may_close and _may_postpone(deployment) else "inform"
    return Decision("none", "blocked", reason, at_rest=True, memory=memory, notice=notice)


def _revisit(decision: Decision, now: datetime) -> datetime | None:
    if decision.state == "unreachable":
        return now + UNREACHABLE_PAUSE
    if decision.until is not None:
        return max(now, decision.until)
    if decision.ring_closed or (decision.at_rest and decision.state not in RETRIED):
        return None
    return now
