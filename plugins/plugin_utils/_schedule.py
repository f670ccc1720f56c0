# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a deployment may do what on a host: halted, not yet available, maintenance windows, the deadline.

- Halted, its build withdrawn, or not yet available: nothing begins. What runs on a host goes on.
- Downloads may begin at any time, unless the deployment keeps them to the windows; applies begin in a window only.
- After the deadline `wait` changes nothing, `apply` goes on outside windows, `force` closes applications besides.
- On an excluded date nothing is applied, whatever the deadline says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _windows
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, Moment


@dataclass(frozen=True)
class Schedule:
    """The times of a deployment. Without any of them everything is allowed at any time and nothing is ever forced."""

    halted: bool = False
    withdrawn: str | None = None  #: that Microsoft took the build back, and since when it is known
    available_from: Moment = ASAP
    ring_available_from: Moment = ASAP  #: of the host's ring
    deadline: Moment | None = None
    after_deadline: str = "wait"  #: or "apply" or "force"
    windows: tuple[_windows.Window, ...] = ()  #: none: always open
    exclusions: tuple[_windows.Exclusion, ...] = ()
    downloads_in_windows: bool = False

    @property
    def stopped(self) -> str | None:
        """Why nothing new begins on any host, None if it may."""
        return "the deployment is halted" if self.halted else self.withdrawn


@dataclass(frozen=True)
class Permission:
    """What may begin on a host now. `until`: when that changes, UTC (an estimate), None: not by itself."""

    download: bool
    apply: bool
    force: bool = False  #: open applications are closed, since the deadline has passed
    reason: str = ""  #: why not
    until: datetime | None = None


def permission(schedule: Schedule, now: datetime, utc_offset_minutes: int) -> Permission:
    """Say what the schedule allows on a host whose wall clock is so far ahead of UTC.

    `now` is the controller's clock, with a zone: a host's own may be wrong by days.
    """
    if schedule.stopped is not None:
        return Permission(False, False, reason=schedule.stopped)
    for begins, what in (
        (schedule.available_from, "available"),
        (schedule.ring_available_from, "its ring is available"),
    ):
        if not begins.reached(now, utc_offset_minutes):
            return Permission(False, False, reason=f"{what} from {begins}", until=begins.in_utc(utc_offset_minutes))
    overdue = schedule.deadline is not None and schedule.deadline.reached(now, utc_offset_minutes)
    pressing = overdue and schedule.after_deadline != "wait"
    wall = (now.astimezone(timezone.utc) + timedelta(minutes=utc_offset_minutes)).replace(tzinfo=None)
    rules = () if pressing else schedule.windows
    window = _windows.window_state(rules, schedule.exclusions, wall, utc_offset_minutes)
    if window.open:
        return Permission(True, True, force=pressing and schedule.after_deadline == "force")
    reason, until = window.reason, window.opens_at_utc
    lifted = None if overdue else _lifted(schedule, utc_offset_minutes)
    if lifted is not None and (until is None or lifted < until):
        reason, until = f"{reason}; the deadline, {schedule.deadline}, comes before", lifted
    return Permission(not schedule.downloads_in_windows, False, reason=reason, until=until)


def _lifted(schedule: Schedule, utc_offset_minutes: int) -> datetime | None:
    """Give the moment at which the deadline opens what the windows keep closed, UTC; None where it never does."""
    if schedule.deadline is None or schedule.after_deadline == "wait":
        return None
    deadline = schedule.deadline.in_utc(utc_offset_minutes)
    wall = (deadline + timedelta(minutes=utc_offset_minutes)).replace(tzinfo=None)
    state = _windows.window_state((), schedule.exclusions, wall, utc_offset_minutes)
    return deadline if state.open else state.opens_at_utc
