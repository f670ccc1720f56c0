# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decide() never does, whatever happens to a host: 100,000 random histories of random deployments.

Each history is made from its number alone, so one that fails is repeated by that number:
    OFFICEFLEET_HISTORY=4711 pytest tests/unit/test_decide_histories.py
"""

from __future__ import annotations

import multiprocessing
import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, StepAnswer, decide, recorded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, LOCAL, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import BUSY, HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import WEEKDAYS, Exclusion, Window

ONLY = os.environ.get("OFFICEFLEET_HISTORY")
HISTORIES = 100_000
CHUNK = 1_000  #: for one process at a time
CHAOS, CALM = 24, 36  #: looks while anything happens, and looks after which a host has come to rest

OLD, TARGET, NEWER = "16.0.20131.20206", "16.0.20228.20190", "16.0.20326.20100"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NIGHT = Window.from_mapping({"days": list(WEEKDAYS), "start": "22:00", "end": "04:00"})
EXCLUDED = Exclusion(datetime(2026, 11, 22).date(), datetime(2026, 11, 22).date())
DEPLOYMENT = Deployment("2607", TARGET, "http://library.example/x", channel="MonthlyEnterprise")
RECORD = Record("ws-001", "pilot", DeploymentKey.of(DEPLOYMENT))
CLOSED = Gate(open=False, settled=False, reason="closed")


class RandomHost:
    """A host that does what it likes, within what the COM interface's documentation allows."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.version = dice.choice((OLD, OLD, OLD, TARGET, NEWER))
        self.status = "unknown"
        self.error = 0
        self.ready: str | None = dice.choice((None, None, TARGET, NEWER))
        self.apps: tuple[str, ...] = ()
        self.fetching: str | None = None
        self.offset = dice.choice((0, 60, -300, 330))
        self.restart = False
        self.downloads = self.applies = 0
        self.com = self.answers = True

    def look(self) -> HostState | None:
        """What update_info says."""
        if not self.answers:
            return None
        return HostState(
            installed=True,
            version=self.version,
            architecture="x64",
            channel="MonthlyEnterprise",
            status=self.status if self.com else None,
            error_code=self.error,
            ready=self.ready,
            blocking_apps=self.apps,
            restart_pending=self.restart,
            utc_offset_minutes=self.offset,
        )

    def submit(self, step: str) -> StepAnswer:
        """A COM call: refused, failed or queued."""
        assert self.status not in BUSY, "a step was asked for while the service was busy"
        if step == "download":
            self.downloads += 1
        else:
            self.applies += 1
        if self.dice.random() < 0.1:
            return StepAnswer(False, hresult=0x80070005)
        self.status, self.error = ("download_pending" if step == "download" else "apply_pending"), 0
        self.fetching = TARGET if step == "download" else None
        return StepAnswer(True)

    def drift(self, chaos: bool) -> None:
        """Let time pass."""
        dice = self.dice
        if self.status in ("download_pending", "apply_pending"):
            self.status = "downloading" if self.status == "download_pending" else "applying"
        elif self.status == "downloading" and dice.random() < 0.6:
            if dice.random() < 0.6:
                self.status, self.ready = "download_succeeded", self.fetching
            else:
                self.status, self.error = "download_failed", dice.choice((9, 0x800704DA))
        elif self.status == "applying" and dice.random() < 0.6:
            outcome = dice.random()
            if outcome < 0.6 and self.ready:
                self.status, self.version, self.ready = "apply_succeeded", self.ready, None
            elif outcome < 0.8:
                self.status = "apply_succeeded"  # and yet nothing has changed
            else:
                self.status, self.error = "apply_failed", 10
        if chaos:
            self.surprise()

    def surprise(self) -> None:
        """Something nobody asked for."""
        dice = self.dice
        event = dice.randrange(14)
        if event == 0:  # a restart
            self.status, self.error, self.apps, self.restart = "unknown", 0, (), False
        elif event in (1, 2):
            self.apps = dice.choice(((), ("WINWORD",)))
        elif event == 3:
            self.answers = not self.answers
        elif event == 4:
            self.com = not self.com
        elif event == 5 and self.status not in BUSY:  # another tool downloads another version
            self.status, self.fetching = "downloading", NEWER
        elif event == 6 and self.status not in BUSY:
            self.ready = dice.choice((None, TARGET, NEWER))
        elif event == 7:
            self.restart = not self.restart
        elif event == 8:  # daylight saving time
            self.offset += dice.choice((60, -60))

    def calm(self) -> None:
        """From now on it only answers."""
        self.answers = self.com = True


def random_deployment(dice: random.Random) -> Deployment:
    """Any mixture of rules and times."""
    moment = Moment(datetime(2026, 11, 21) + timedelta(hours=dice.randrange(96)), dice.choice(("utc", LOCAL)))
    return replace(
        DEPLOYMENT,
        max_attempts=dice.randint(1, 4),
        retry_delay=dice.choice((0, 60, 3600)),
        force_app_shutdown=dice.random() < 0.2,
        allow_downgrade=dice.random() < 0.3,
        goal=dice.choice(("installed", "installed", "downloaded")),
        apps=Apps(
            close=dice.choice(("never", "after_deadline")), defer=dice.randrange(3), wait=dice.choice((600, 14400))
        ),
        waivers={"ws-001": "waived"} if dice.random() < 0.05 else {},
        schedule=Schedule(
            halted=(stopped := dice.random()) < 0.1,
            withdrawn="it was withdrawn" if 0.05 < stopped < 0.15 else None,
            available_from=dice.choice((ASAP, ASAP, moment)),
            deadline=dice.choice((None, ASAP, moment)),
            after_deadline=dice.choice(("wait", "apply", "force")),
            windows=dice.choice(((), (NIGHT,))),
            exclusions=dice.choice(((), (EXCLUDED,))),
            downloads_in_windows=dice.random() < 0.3,
        ),
    )


def changed(deployment: Deployment, dice: random.Random) -> Deployment:
    """Somebody changes the deployment file, or a source fails."""
    schedule, source = deployment.schedule, dice.choice((DEPLOYMENT.source, "http://other.example/x"))
    return dice.choice(
        (
            replace(deployment, schedule=replace(schedule, halted=not schedule.halted)),
            replace(deployment, waivers={} if deployment.waivers else {"ws-001": "waived"}),
            replace(deployment, source=source),
            replace(deployment, max_attempts=dice.randint(1, 4)),
        )
    )


def test_what_holds_for_every_history() -> None:
    if ONLY:
        assert chunk(int(ONLY), 1) is None
        return
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        begins = range(0, HISTORIES, CHUNK)
        failures = [failure for failure in pool.map(chunk, begins, repeat(CHUNK)) if failure is not None]
    assert not failures, failures[0]


def chunk(first: int, count: int) -> str | None:
    """Live through histories; give what is wrong with the first that fails."""
    for number in range(first, first + count):
        try:
            live(random.Random(number))
        except AssertionError as error:
            return f"history {number}: {error}"
    return None


def live(dice: random.Random) -> None:
    """One history: anything may happen for a while, then the host only answers until it is at rest."""
    deployment, host, record, now = random_deployment(dice), RandomHost(dice), RECORD, START
    for look in range(CHAOS + CALM):
        if look == CHAOS:
            host.calm()
        chaos = look < CHAOS
        host.drift(chaos)
        now += timedelta(seconds=dice.choice((1, 10, 120, 1800, 4 * 3600)))
        if chaos and dice.random() < 0.05:
            now -= timedelta(hours=dice.choice((1, 30)))  # a clock that was ahead is put right
        if chaos and dice.random() < 0.1:
            deployment = changed(deployment, dice)
            record, before = record.started(deployment, "pilot"), record
            if (record.deployment, record.policy) != (before.deployment, before.policy):
                host.downloads = host.applies = 0  # attempts are anew
        if not chaos and record.revisit_at is not None:
            now = max(now, record.revisit_at)
        seen = host.look()
        gate = dice.choice((OPEN, OPEN, CLOSED)) if chaos else OPEN
        decision = decide(deployment, seen, record, now, gate)
        check(deployment, host, seen, decision, gate, now)
        if blocked_apply(seen, record, decision):
            host.applies -= 1
        answered: HostState | None = seen
        if decision.step != "none":
            record = _decide.submitting(recorded(record, decision, seen, now), decision, now)
            arrives, answer_lost = dice.random() < 0.9, dice.random() < 0.1
            answer = host.submit(decision.step) if arrives else StepAnswer(False)
            answered = None if answer_lost or not arrives else host.look()
            decision = (
                decide(deployment, None, record, now, gate)
                if answered is None
                else _decide.after_step(deployment, answered, record, now, gate, answer)
            )
        record = recorded(record, decision, answered, now)
        if record.state in ("compliant", "ahead"):
            host.downloads = host.applies = 0
        assert record.lost_steps <= _decide.LOST_STEPS
        assert host.downloads <= deployment.max_attempts + record.lost_steps, "too many downloads"
        assert host.applies <= deployment.max_attempts + record.lost_steps, "too many applies"
        assert (record.state == "compliant") == (answered is not None and answered.version == TARGET)
        if not chaos and record.at_rest:
            return
    raise AssertionError(f"it never ends: {record.state}, {record.reason}")


def blocked_apply(seen: HostState | None, record: Record, decision: Decision) -> bool:
    """Whether this look is the one that finds an apply to have failed by an application opened in between."""
    over = record.submitted == "apply" and decision.memory.submitted is None
    if not over or seen is None or seen.status != "apply_failed" or decision.memory.attempts != record.attempts:
        return False
    if decision.memory.lost_steps != record.lost_steps:
        return False
    if decision.state in ("compliant", "ahead", "incompatible", "com_unavailable", "waived"):
        return False
    assert seen.blocking_apps
    assert not record.forced
    return True


def check(
    deployment: Deployment, host: RandomHost, seen: HostState | None, decision: Decision, gate: Gate, now: datetime
) -> None:
    """What must hold for any single decision."""
    if decision.step == "none":
        return
    assert seen is not None
    assert seen.version is not None
    assert seen.status is not None
    assert gate.open
    assert host.answers
    assert not deployment.waivers
    assert seen.status not in BUSY
    assert seen.version != TARGET
    assert seen.version == OLD or deployment.allow_downgrade
    schedule, wall = deployment.schedule, (now + timedelta(minutes=host.offset)).replace(tzinfo=None)
    assert not schedule.halted
    assert schedule.withdrawn is None
    assert has_come(schedule.available_from, now, wall)
    overdue = schedule.deadline is not None and has_come(schedule.deadline, now, wall)
    in_window = (not schedule.windows or in_night(wall, schedule)) and not excluded(wall, schedule)
    if decision.step == "download":
        assert seen.ready != TARGET
        assert not decision.force
        assert in_window or not schedule.downloads_in_windows or pressing(schedule, overdue)
        return
    assert seen.ready == TARGET, "an apply takes whatever is staged"
    assert deployment.goal == "installed"
    assert in_window or (pressing(schedule, overdue) and not excluded(wall, schedule)), "an apply outside its windows"
    forced = deployment.force_app_shutdown or (
        overdue and schedule.after_deadline == "force" and deployment.apps.close == "after_deadline"
    )
    assert forced or not decision.force, "applications would be closed against the rules"
    assert decision.force or not seen.blocking_apps


def has_come(moment: Moment, now: datetime, wall: datetime) -> bool:
    """Whether a moment has come, told in another way than decide() does."""
    return moment.at <= (wall if moment.clock == LOCAL else now.replace(tzinfo=None))


def in_night(wall: datetime, schedule: Schedule) -> bool:
    """Whether NIGHT is open; one that would have begun on an excluded date does not take place."""
    began = wall - timedelta(days=1) if wall.hour < 4 else wall
    return (wall.hour >= 22 or wall.hour < 4) and not excluded(began, schedule)


def excluded(wall: datetime, schedule: Schedule) -> bool:
    """Whether the date is excluded."""
    return any(each.first <= wall.date() <= each.last for each in schedule.exclusions)


def pressing(schedule: Schedule, overdue: bool) -> bool:
    """Whether the deadline opens the windows."""
    return overdue and schedule.after_deadline != "wait"
