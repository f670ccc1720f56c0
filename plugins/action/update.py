# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module update: reads, decides and steps until the state is reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide, _deployment, _errors, _phase_line
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import (
    ArgumentsError,
    require_quoted,
    validated,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_link import (
    HostLink,
    LostError,
    ModuleFailedError,
    RejectedError,
    rejected,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import APPLYING, HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN

ARGUMENTS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["downloaded", "installed", "cancelled"], "default": "installed"},
    "version": {"type": "str"},
    "source": {"type": "str"},
    "download_source": {"type": "str"},
    "content_id": {"type": "str"},
    "force_app_shutdown": {"type": "bool", "default": False},
    "multi_session_shutdown": {"type": "bool", "default": False},
    "display_level": {"type": "bool", "default": False},
    "allow_downgrade": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 7200},
}
REQUIRED_IF = (("state", "downloaded", ("version",)), ("state", "installed", ("version",)))
REQUIRED_TOGETHER = (("content_id", "download_source"),)
LOSSES = 5  #: lost connections in a row that a waiting task puts up with
PAUSE = 2.0  #: seconds between two looks
LONGEST_WAIT = 7 * 86400  # seconds

#: How the states of a host that is at rest end the task; every other state is a failure.
GOOD = frozenset({"compliant", "ahead", "staged"})


class ActionModule(ActionBase):
    """For a person at a terminal: one host, watched until it is done."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Reach the state, or take one step towards it; end in bounded time either way."""
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        host = str(task_vars.get("inventory_hostname", ""))
        link = HostLink(self, task_vars)
        try:
            if "_step" in self._task.args:  # the controller's own step, asked for by hand
                require_quoted(self._task.args)
                return link.ask("update", _step_options(self._task.args))
            options = validated(ARGUMENTS, self._task.args, REQUIRED_IF, REQUIRED_TOGETHER)
            if not 0 <= options["wait_timeout"] <= LONGEST_WAIT:
                raise ArgumentsError(
                    f"wait_timeout: {options['wait_timeout']} is not between 0 and {LONGEST_WAIT} (seconds)."
                )
            errand = Errand(self, link, host, options, len(max(task_vars.get("ansible_play_hosts") or [host], key=len)))
            return errand.cancel() if options["state"] == "cancelled" else errand.run()
        except (ArgumentsError, InputError) as error:
            return {"failed": True, "msg": str(error)}
        except RejectedError:
            return {"failed": True, "msg": rejected(host, link.user)}
        except LostError as lost:
            return {"unreachable": True, "changed": False, "msg": f"{host} does not answer: {lost}"}
        except (ModuleFailedError, HostStateError) as failure:
            return {"failed": True, "msg": f"{host}: {failure}"}


class Errand:
    """One host's way to the state that was asked for; remembers in memory what a rollout has its records for."""

    def __init__(self, action: ActionModule, link: HostLink, host: str, options: dict[str, Any], width: int) -> None:
        """Check the options that only we understand; InputError names them."""
        self.link, self.options, self.width = link, options, width
        self.check_mode = bool(action._task.check_mode)
        self.diff_mode = bool(action._task.diff)
        self.before: dict[str, Any] | None = None
        self.show: Callable[..., None] = action._display.display
        self.deployment = _ad_hoc(options)
        self.record = Record(host, "", DeploymentKey.of(self.deployment))
        self.answer: dict[str, Any] = {}
        self.changed = False
        self.shown: tuple[str, str | None] | None = None
        self.lost_steps = 0
        self.deadline: float = _clock() + options["wait_timeout"]

    def run(self) -> dict[str, Any]:
        """Look, decide and step until the host is at rest or time is up."""
        host = self._look("read")
        while True:
            decision = _decide.decide(self.deployment, host, self.record, _now(), OPEN)
            if decision.step != "none":
                if self.check_mode:
                    self.changed = True
                    return self._end(decision, host)
                decision, host = self._step(decision, host)
            self._note(decision, host)
            if decision.at_rest or not self.options["wait"]:
                return self._end(decision, host)
            if self._time_left() <= 0:
                return self._timed_out()
            self._pause()
            host = self._look_again("wait" if host.busy else "read")

    def cancel(self) -> dict[str, Any]:
        """Stop a download that runs, and wait until it has stopped."""
        while True:
            answer = self._ask("cancel")
            host = HostState.from_result(answer)
            self.changed = self.changed or bool(answer.get("submitted"))
            call = answer.get("call") or {}
            if answer.get("refused") == "com_unavailable" and host.installed:
                return self._result(failed=f"nothing can be cancelled: {host.management_reason}.")
            if host.status in APPLYING:
                return self._result(failed="Office is being installed, which cannot be cancelled. Wait for its end.")
            if not host.busy or self.check_mode or not self.options["wait"]:
                break
            if self._time_left() <= 0:
                return self._result(failed=f"the download has not stopped in {self.options['wait_timeout']} s.")
            self._pause()
        if self.changed or not call or call.get("hresult") == "0x00000000":
            return self._result()
        error = _errors.decode("hresult", str(call["hresult"]))
        return self._result(failed=f"Cancel was not accepted: {_errors.summary(error)}", error=error)

    def _look(self, step: str) -> HostState:
        """Read the state at once, or after the few seconds that the step "wait" gives the service to come to rest."""
        self._keep(self.link.ask_twice("update", self._module_options(step)))
        return HostState.from_result(self.answer)

    def _look_again(self, step: str = "read") -> HostState:
        """Look; a few connections in a row may get lost, for the work goes on without them."""
        for _ in range(LOSSES):
            seen = self._look_or_loss(step)
            if isinstance(seen, HostState):
                return seen
            if self._time_left() <= 0:
                raise seen
            self.show(f"{self.record.host:<{self.width}}  no answer ({seen}), asking again", color="bright gray")
            self._pause()
            self.link.reconnect()
        return self._look(step)

    def _look_or_loss(self, step: str) -> HostState | LostError:
        try:
            return self._look(step)
        except LostError as lost:
            return lost

    def _step(self, decision: Decision, host: HostState) -> tuple[Decision, HostState]:
        now = _now()
        self.record = _decide.submitting(_decide.recorded(self.record, decision, host, now), decision, now)
        try:
            answer = self._ask(decision.step)
        except LostError:
            return self._after_a_lost_answer()
        host = HostState.from_result(answer)
        taken = _decide.step_answer(answer)
        self.changed = self.changed or taken.submitted
        return _decide.after_step(self.deployment, host, self.record, _now(), OPEN, taken), host

    def _after_a_lost_answer(self) -> tuple[Decision, HostState]:
        """Find out whether the step arrived. One that left no trace is asked for again, a few times."""
        self.lost_steps += 1
        self.link.reconnect()
        host = self._look_again()
        self.changed = self.changed or host.busy
        if not host.busy and self.lost_steps <= LOSSES:
            self.record = replace(self.record, submitted=None, submitted_at=None)
        return _decide.decide(self.deployment, host, self.record, _now(), OPEN).without_step(), host

    def _pause(self) -> None:
        _sleep(min(PAUSE, max(0.0, self._time_left())))

    def _time_left(self) -> float:
        return self.deadline - _clock()

    def _ask(self, step: str) -> dict[str, Any]:
        self._keep(self.link.ask("update", self._module_options(step)))
        return self.answer

    def _keep(self, answer: dict[str, Any]) -> None:
        self.answer = {key: value for key, value in answer.items() if key != "diff"}
        self.before = self.before or answer.get("diff", {}).get("before")

    def _module_options(self, step: str) -> dict[str, Any]:
        given = {name: value for name, value in self.options.items() if value is not None}
        if given.get("version"):
            given["version"] = self.deployment.version
        return {**given, "_step": step}

    def _note(self, decision: Decision, host: HostState) -> None:
        self.record = _decide.recorded(self.record, decision, host, _now())
        if (self.record.state, self.record.version) != self.shown:
            self.shown = (self.record.state, self.record.version)
            self.show(_phase_line.line(self.record, self.width), color=_phase_line.COLORS[self.record.state])

    def _end(self, decision: Decision, host: HostState) -> dict[str, Any]:
        self.record = _decide.recorded(self.record, decision, host, _now())
        if not decision.at_rest or decision.state in GOOD:
            return self._result(error=decision.memory.error)
        advice = ""
        if decision.state == "blocked" and host.blocking_apps:
            advice = "Have them closed and run this again, or set force_app_shutdown, which may lose users' data."
        elif decision.memory.error is not None:
            advice = " ".join(filter(None, (decision.memory.error["hint"], _sentence(self.answer.get("hint")))))
        return self._result(failed=f"{decision.reason}. {advice}".strip(), error=decision.memory.error)

    def _timed_out(self) -> dict[str, Any]:
        return self._result(
            failed=f"{self.record.state} after {self.options['wait_timeout']} s (wait_timeout). The work goes on on "
            "the host; running this again finds it."
        )

    def _result(self, failed: str | None = None, error: _errors.DecodedError | None = None) -> dict[str, Any]:
        result: dict[str, Any] = {**self.answer, "changed": self.changed, "submitted": self.changed}
        if error is not None:
            result["error"] = error
        if self.options["state"] != "cancelled":
            result.update(state=self.record.state, reason=self.record.reason)
        if self.diff_mode:
            result["diff"] = {"before": self.before, "after": self._after()}
        if failed is not None:
            result.update(failed=True, msg=f"{self.record.host}: {failed}")
        return result

    def _after(self) -> dict[str, Any]:
        """What a diff shows: the state in the end, in check mode the one that would be reached."""
        after = {key: self.answer.get(key) for key in ("status", "updates_ready_to_apply", "version")}
        if not (self.check_mode and self.changed):
            return after
        target = self.deployment.version
        reached: dict[str, dict[str, Any]] = {
            "cancelled": {"status": "download_cancelled"},
            "downloaded": {"status": "download_succeeded", "updates_ready_to_apply": target},
            "installed": {"status": "apply_succeeded", "updates_ready_to_apply": None, "version": target},
        }
        return {**after, **reached[self.options["state"]]}


def _step_options(given: dict[str, Any]) -> dict[str, Any]:
    """Complete a step asked for by hand: only a download and an installation need a version, which `state` asks for."""
    needs_version = given["_step"] in ("download", "apply")
    return given if needs_version or "version" in given else {"state": "cancelled", **given}


def _ad_hoc(options: dict[str, Any]) -> Deployment:
    """Make a deployment of the options. Nothing is known of the image, and there is one attempt."""
    wanted = options["version"]
    place = options["source"]
    if place and options["download_source"]:
        raise InputError(
            "source: it would be ignored, since download_source and content_id are given; leave it out, or leave "
            "them out."
        )
    return Deployment(
        name="update",
        version="16.0.0.0" if options["state"] == "cancelled" else version.full(wanted or ""),
        source=_deployment.source(place) if place else "",
        max_attempts=1,
        force_app_shutdown=options["force_app_shutdown"],
        multi_session_shutdown=options["multi_session_shutdown"],
        display_level=options["display_level"],
        allow_downgrade=options["allow_downgrade"],
        goal="downloaded" if options["state"] == "downloaded" else "installed",
    )


def _sentence(hint: object) -> str:
    return f"{str(hint)[0].upper()}{str(hint)[1:]}." if hint else ""


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


_clock = time.monotonic
_sleep = time.sleep
