# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""decide(): each state with each event, and what must hold for any history at all."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, StepAnswer, decide, recorded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import BUSY, STATUSES, HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate

OLD, TARGET, NEWER = "16.0.20131.20206", "16.0.20228.20190", "16.0.20326.20100"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DEPLOYMENT = Deployment(
    name="2607",
    version=TARGET,
    source="http://library.example/MonthlyEnterprise/16.0.20228.20190",
    channel="MonthlyEnterprise",
    languages=frozenset({"en-us", "de-de"}),
    architectures=frozenset({"x64"}),
    max_attempts=3,
    retry_delay=600,
)
HOST = HostState(
    installed=True,
    version=OLD,
    architecture="x64",
    languages=("en-us",),
    channel="MonthlyEnterprise",
    status="unknown",
)
RECORD = Record("ws-001", "pilot", DeploymentKey.of(DEPLOYMENT))
CLOSED = Gate(open=False, settled=False, reason="ring pilot: 0 of 2 compliant, 2 needed to open ring broad")
STOPPED = replace(CLOSED, settled=True)
LATER = NOW + timedelta(minutes=5)
EARLIER = NOW - timedelta(minutes=5)
DOWNLOAD_ASKED = replace(
    RECORD, submitted="download", submitted_at=EARLIER, arrived=True, status="unknown", state="downloading"
)
APPLY_ASKED = replace(DOWNLOAD_ASKED, submitted="apply", status="download_succeeded", state="applying", staged=True)
#: Nobody knows whether these arrived
DOWNLOAD_SENT, APPLY_SENT = replace(DOWNLOAD_ASKED, arrived=False), replace(APPLY_ASKED, arrived=False)
STAGED = replace(RECORD, staged=True, status="download_succeeded", state="staged")


def look(**changes: Any) -> HostState:
    """The host as a look finds it."""
    return replace(HOST, **changes)


@dataclass(frozen=True)
class Case:
    """A record and a look, and what follows."""

    name: str
    host: HostState | None
    step: str
    state: str
    at_rest: bool
    reason: str = ""  #: a part of it
    record: Record = RECORD
    gate: Gate = OPEN
    deployment: Deployment = DEPLOYMENT
    attempts: int | None = None
    memory: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("no answer", None, "none", "unreachable", True, "does not answer"),
    Case("no answer while our download runs", None, "none", "unreachable", True, record=DOWNLOAD_ASKED,
         memory={"submitted": "download"}),
    # what no step can change
    Case("no Office", look(installed=False, version=None, status=None), "none", "incompatible", True, "no Click"),
    Case("at the target", look(version=TARGET), "none", "compliant", True, TARGET),
    Case("at the target, whatever the status says", look(version=TARGET, status="apply_failed", error_code=10), "none",
         "compliant", True, record=replace(APPLY_ASKED, attempts=2), attempts=2, memory={"submitted": None}),
    Case("at the target, applications open", look(version=TARGET, blocking_apps=("EXCEL",)), "none", "compliant", True),
    Case("newer", look(version=NEWER), "none", "ahead", True, "newer than the target"),
    Case("newer, on another channel", look(version=NEWER, channel="Current"), "none", "incompatible", True, "Current"),
    Case("newer with a closed ring", look(version=NEWER), "none", "ahead", True, gate=CLOSED),
    Case("newer, downgrade allowed", look(version=NEWER), "download", "downloading", False,
         deployment=replace(DEPLOYMENT, allow_downgrade=True)),
    Case("a version that is older as text alone", look(version="16.0.9999.20000"), "download", "downloading", False),
    Case("other channel", look(channel="Current"), "none", "incompatible", True, "is on Current; 16.0.20228"),
    Case("unknown channel", look(channel=None, channel_url="http://sccm/office"), "none", "incompatible", True,
         "is on http://sccm/office; 16.0.20228.20190 comes from MonthlyEnterprise"),
    Case("other channel, change pending", look(channel="Current", channel_change_pending=True), "none", "incompatible",
         True, "a change of channel is pending"),
    Case("change to our channel pending: our update completes it", look(channel_change_pending=True), "download",
         "downloading", False),
    Case("other architecture", look(architecture="x86"), "none", "incompatible", True, "x86 is not in the image (x64)"),
    Case("missing languages", look(languages=("fr-fr", "en-us", "cs-cz")), "none", "incompatible", True,
         "language cs-cz, fr-fr is not in the image (de-de, en-us)"),
    Case("incompatible while busy", look(channel="Current", status="downloading"), "none", "incompatible", True),
    Case("nothing known of the image", look(channel="Current", architecture="x86", languages=("fr-fr",)), "download",
         "downloading", False, deployment=replace(DEPLOYMENT, channel=None, languages=None, architectures=None)),
    Case("COM not available", look(status=None, management_reason="management is turned off"), "none",
         "com_unavailable", True, "management is turned off"),
    # the service works
    *[
        Case(f"{status}, ours", look(status=status), "none", "downloading", False, record=DOWNLOAD_ASKED,
             memory={"submitted": "download"})
        for status in ("download_pending", "downloading", "download_cancelling")
    ],
    *[
        Case(f"{status}, ours", look(status=status, ready=TARGET), "none", "applying", False, record=APPLY_ASKED)
        for status in ("apply_pending", "applying")
    ],
    *[
        Case(f"{status}, not ours", look(status=status), "none", "waiting", False, "something else")
        for status in (*sorted(BUSY), "status_11")
    ],
    Case("our target is applied by someone else", look(status="applying", ready=TARGET), "none", "applying", False),
    Case("another version is applied", look(status="applying", ready=NEWER), "none", "waiting", False),
    Case("busy in a closed ring", look(status="downloading"), "none", "downloading", False, record=DOWNLOAD_ASKED,
         gate=CLOSED),
    Case("idle by status, another scenario runs", look(scenario="INSTALL"), "none", "waiting", False, "INSTALL"),
    # rings
    Case("ring closed", HOST, "none", "waiting", False, "ring pilot", gate=CLOSED),
    Case("ring closed, COM not available yet", look(status=None), "none", "waiting", False, "ring pilot", gate=CLOSED),
    Case("ring stays closed", HOST, "none", "waiting", True, "ring pilot", gate=STOPPED),
    Case("staged, ring closed", look(ready=TARGET), "none", "waiting", False, record=STAGED, gate=CLOSED),
    # downloads
    *[
        Case(f"{status} of nobody knows when", look(status=status), "download", "downloading", False, attempts=0)
        for status in STATUSES if status not in BUSY
    ],
    Case("download with applications open", look(blocking_apps=("WINWORD",)), "download", "downloading", False),
    Case("another version staged", look(ready=NEWER), "download", "downloading", False),
    Case("asked for and still queued", look(), "none", "downloading", False,
         record=replace(DOWNLOAD_ASKED, submitted_at=NOW - timedelta(seconds=2))),
    Case("failed at once", look(status="download_failed", error_code=9), "none", "waiting", False, "attempt 2 of 3",
         record=replace(DOWNLOAD_ASKED, submitted_at=NOW - timedelta(seconds=2)), attempts=1),
    Case("download failed", look(status="download_failed", error_code=9), "none", "waiting", False,
         "attempt 2 of 3 at 08:10:00Z; download failed: 9 eFAILED_DOWNLOAD_UPGRADE_PACKAGE", record=DOWNLOAD_ASKED,
         attempts=1, memory={"submitted": None, "not_before": NOW + timedelta(seconds=600)}),
    Case("download timed out", look(status="download_failed", error_code=0x800704DA), "none", "waiting", False,
         "0x800704CD", record=DOWNLOAD_ASKED, attempts=1),
    Case("download failed for the last time", look(status="download_failed", error_code=9), "none", "failed", True,
         "3 of 3 attempts failed", record=replace(DOWNLOAD_ASKED, attempts=2), attempts=3, memory={"not_before": None}),
    Case("the failure is counted once", look(status="download_failed", error_code=9), "none", "waiting", False,
         record=replace(RECORD, attempts=1, not_before=LATER, failure="download failed"), attempts=1),
    Case("its time has come", look(status="download_failed", error_code=9), "download", "downloading", False,
         record=replace(RECORD, attempts=1, not_before=NOW), attempts=1),
    Case("download cancelled", look(status="download_cancelled"), "none", "waiting", False, "cancelled on the host",
         record=DOWNLOAD_ASKED, attempts=1),
    Case("download succeeded, nothing staged", look(status="download_succeeded"), "none", "waiting", False,
         "reported success, yet nothing is staged", record=DOWNLOAD_ASKED, attempts=1),
    Case("download succeeded, another version staged", look(status="download_succeeded", ready=NEWER), "none",
         "waiting", False, f"{NEWER} is staged", record=DOWNLOAD_ASKED, attempts=1),
    Case("restarted during the download", look(status="unknown"), "download", "downloading", False,
         record=DOWNLOAD_ASKED, attempts=1, memory={"submitted": None, "not_before": None}),
    Case("restarted once too often", look(status="unknown"), "none", "failed", True, "knows nothing of the download",
         record=replace(DOWNLOAD_ASKED, attempts=2), attempts=3),
    # steps on whose way the connection broke
    Case("a download that left no trace", look(), "download", "downloading", False, record=DOWNLOAD_SENT, attempts=0,
         memory={"submitted": None, "lost_steps": 1, "not_before": None,
                 "failure": "the connection broke while the download was asked for"}),
    Case("an installation that left no trace", look(status="download_succeeded", ready=TARGET), "apply", "applying",
         False, record=APPLY_SENT, attempts=0,
         memory={"lost_steps": 1, "failure": "the connection broke while the installation was asked for"}),
    Case("no trace but an earlier failure", look(status="download_failed", error_code=9), "download", "downloading",
         False, record=replace(DOWNLOAD_SENT, status="download_failed", attempts=1), attempts=1,
         memory={"lost_steps": 1}),
    Case("no trace after a restart", look(), "download", "downloading", False,
         record=replace(DOWNLOAD_SENT, status="download_failed"), attempts=0, memory={"lost_steps": 1}),
    Case("no trace yet", look(), "none", "downloading", False,
         record=replace(DOWNLOAD_SENT, submitted_at=NOW - timedelta(seconds=2)), memory={"lost_steps": 0}),
    Case("lost too often", look(), "none", "failed", True, "the connection broke while the download was asked for",
         record=replace(DOWNLOAD_SENT, lost_steps=_decide.LOST_STEPS, attempts=2), attempts=3),
    Case("its answer was lost, it failed", look(status="download_failed", error_code=9), "none", "waiting", False,
         "download failed: 9", record=DOWNLOAD_SENT, attempts=1, memory={"lost_steps": 0}),
    Case("its answer was lost, it runs", look(status="downloading"), "none", "downloading", False,
         record=DOWNLOAD_SENT, memory={"arrived": True}),
    Case("its answer was lost, another's installation runs", look(status="applying"), "none", "waiting", False,
         "something else", record=DOWNLOAD_SENT, memory={"arrived": False}),
    # staged
    Case("downloaded", look(status="download_succeeded", ready=TARGET), "apply", "applying", False,
         record=DOWNLOAD_ASKED, attempts=0, memory={"submitted": None, "staged": True}),
    Case("downloaded, seen after a restart", look(status="unknown", ready=TARGET), "apply", "applying", False,
         record=DOWNLOAD_ASKED, attempts=0),
    Case("downloaded, that was the goal", look(status="download_succeeded", ready=TARGET), "none", "staged", True,
         record=DOWNLOAD_ASKED, deployment=replace(DEPLOYMENT, goal="downloaded")),
    Case("staged by someone else", look(ready=TARGET), "apply", "applying", False, attempts=0),
    Case("applications open", look(ready=TARGET, blocking_apps=("WINWORD", "EXCEL")), "none", "blocked", True,
         "open: WINWORD, EXCEL", record=STAGED),
    Case("applications open, force", look(ready=TARGET, blocking_apps=("WINWORD",)), "apply", "applying", False,
         record=STAGED, deployment=replace(DEPLOYMENT, force_app_shutdown=True)),
    Case("the staged update is gone", look(), "download", "downloading", False, record=STAGED, attempts=1,
         memory={"staged": False}),
    Case("force on a host of several people", look(ready=TARGET, multi_session=True), "none", "blocked", True,
         "multi_session_shutdown", record=STAGED, deployment=replace(DEPLOYMENT, force_app_shutdown=True)),
    Case("force on a host of several people, meant so", look(ready=TARGET, multi_session=True), "apply", "applying",
         False, record=STAGED,
         deployment=replace(DEPLOYMENT, force_app_shutdown=True, multi_session_shutdown=True)),
    Case("no force on a host of several people", look(ready=TARGET, multi_session=True), "apply", "applying", False,
         record=STAGED),
    # apply
    Case("an application was opened just before apply",
         look(status="apply_failed", error_code=10, ready=TARGET, blocking_apps=("WINWORD",)), "none", "blocked", True,
         "open: WINWORD", record=replace(APPLY_ASKED, attempts=2), attempts=2,
         memory={"submitted": None, "failure": None, "error": None}),
    Case("an application was opened just before apply, in a closed ring",
         look(status="apply_failed", error_code=10, ready=TARGET, blocking_apps=("WINWORD",)), "none", "waiting", False,
         "ring pilot", record=APPLY_ASKED, attempts=0, gate=CLOSED),
    Case("apply failed with applications open, force",
         look(status="apply_failed", error_code=10, ready=TARGET, blocking_apps=("WINWORD",)), "none", "waiting", False,
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=APPLY_ASKED, attempts=1,
         deployment=replace(DEPLOYMENT, force_app_shutdown=True)),
    Case("apply failed, applications open, nothing staged any more",
         look(status="apply_failed", error_code=10, blocking_apps=("WINWORD",)), "none", "waiting", False,
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=APPLY_ASKED, attempts=1),
    Case("apply failed", look(status="apply_failed", error_code=10, ready=TARGET), "none", "waiting", False,
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=APPLY_ASKED, attempts=1),
    Case("apply 'succeeded', version unchanged", look(status="apply_succeeded"), "none", "waiting", False,
         f"apply reported success, yet {OLD} still runs", record=APPLY_ASKED, attempts=1),
    Case("apply 'succeeded' for the last time", look(status="apply_succeeded"), "none", "failed", True,
         "apply reported success", record=replace(APPLY_ASKED, attempts=2), attempts=3),
    Case("restarted during apply, still staged", look(status="unknown", ready=TARGET), "apply", "applying", False,
         record=APPLY_ASKED, attempts=1),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decide(case: Case) -> None:
    decision = decide(case.deployment, case.host, case.record, NOW, case.gate)
    assert (decision.step, decision.state, decision.at_rest) == (case.step, case.state, case.at_rest), decision.reason
    assert case.reason in decision.reason
    assert decision.state in _decide.STATES
    if case.attempts is not None:
        assert decision.memory.attempts == case.attempts
    for key, value in case.memory.items():
        assert getattr(decision.memory, key) == value


def test_a_timeout_names_its_remedy() -> None:
    host = look(status="download_failed", error_code=0x800704CD + 13)
    error = decide(DEPLOYMENT, host, DOWNLOAD_ASKED, NOW, OPEN).memory.error
    assert error is not None
    assert error["hresult"] == "0x800704CD"
    assert "documentsynctimeout" in error["hint"]


def test_another_version_or_source_starts_anew() -> None:
    used_up = replace(RECORD, attempts=3, failure="download failed", submitted="download", submitted_at=EARLIER)
    for changed in (
        replace(DEPLOYMENT, name="again"),
        replace(DEPLOYMENT, version=NEWER),
        replace(DEPLOYMENT, source="http://other.example/office"),
    ):
        decision = decide(changed, HOST, used_up.started(changed, "pilot"), NOW, OPEN)
        assert (decision.step, decision.memory.attempts) == ("download", 0)
    assert decide(DEPLOYMENT, HOST, used_up.started(DEPLOYMENT, "pilot"), NOW, OPEN).state == "failed"


@pytest.mark.parametrize(
    ("host", "answer", "state", "attempts", "submitted"),
    [
        (look(status="download_pending"), StepAnswer(True), "downloading", 0, "download"),
        (look(status="unknown"), StepAnswer(True), "downloading", 0, "download"),
        (look(version=TARGET), StepAnswer(False, "at_target"), "compliant", 0, None),
        (look(status="downloading"), StepAnswer(False, "busy"), "waiting", 0, None),
        (look(ready=TARGET), StepAnswer(False, "already_staged"), "staged", 0, None),
        (look(ready=TARGET, blocking_apps=("EXCEL",)), StepAnswer(False, "blocked"), "blocked", 0, None),
        (look(status=None), StepAnswer(False, "com_unavailable"), "com_unavailable", 0, None),
        (look(), StepAnswer(False, hresult=0x80070005), "waiting", 1, None),
    ],
)
def test_after_step(host: HostState, answer: StepAnswer, state: str, attempts: int, submitted: str | None) -> None:
    record = _decide.submitting(RECORD, "download", NOW)
    decision = _decide.after_step(DEPLOYMENT, host, record, NOW, OPEN, answer)
    assert (decision.step, decision.state) == ("none", state)
    assert (decision.memory.attempts, decision.memory.submitted) == (attempts, submitted)
    assert decision.memory.arrived == (submitted is not None)


def test_a_refused_call_is_explained() -> None:
    record = _decide.submitting(RECORD, "download", NOW)
    decision = _decide.after_step(DEPLOYMENT, HOST, record, NOW, OPEN, StepAnswer(False, hresult=0x80070005))
    assert decision.memory.error is not None
    assert decision.memory.error["name"] == "E_ACCESSDENIED"
    assert "download was not accepted: 0x80070005" in decision.reason


def test_records_count_deferrals_and_keep_a_bounded_history() -> None:
    blocked = look(ready=TARGET, blocking_apps=("WINWORD",))
    record = RECORD
    for _ in range(3):
        record = recorded(record, decide(DEPLOYMENT, blocked, record, NOW, OPEN), blocked, NOW)
    assert (record.state, record.deferrals, len(record.history)) == ("blocked", 1, 1)
    assert record.blocking_apps == ("WINWORD",)
    for _ in range(60):
        for host in (None, blocked):
            record = recorded(record, decide(DEPLOYMENT, host, record, NOW, OPEN), host, NOW)
    assert len(record.history) == 50
    assert record.deferrals == 61


def test_when_a_run_looks_again() -> None:
    def after(host: HostState | None, gate: Gate = OPEN, record: Record = RECORD) -> Record:
        return recorded(record, decide(DEPLOYMENT, host, record, NOW, gate), host, NOW)

    minute = timedelta(seconds=60)
    at_target, unreachable = after(look(version=TARGET)), after(None)
    assert _decide.due(at_target, NOW + minute, NOW + minute, OPEN), "a new run looks at everyone"
    assert not _decide.due(at_target, NOW, NOW + minute, OPEN)
    assert not _decide.due(unreachable, NOW, NOW + minute / 2, OPEN)
    assert _decide.due(unreachable, NOW, NOW + minute, OPEN)
    assert _decide.due(after(look(ready=TARGET, blocking_apps=("WINWORD",))), NOW, NOW, OPEN)
    retry = after(look(status="download_failed", error_code=9), record=DOWNLOAD_ASKED)
    assert not _decide.due(retry, NOW, NOW + minute, OPEN)
    assert _decide.due(retry, NOW, NOW + 10 * minute, OPEN)
    closed = after(HOST, CLOSED)
    assert not _decide.due(closed, NOW, NOW + minute, CLOSED)
    assert _decide.due(closed, NOW, NOW + minute, OPEN)


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
        self.downloads = self.applies = 0
        self.com = self.answers = True

    def look(self) -> HostState | None:
        """What update_info says."""
        if not self.answers:
            return None
        status = self.status if self.com else None
        return look(
            version=self.version, status=status, error_code=self.error, ready=self.ready, blocking_apps=self.apps
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
        event = dice.randrange(12)
        if event == 0:  # a restart
            self.status, self.error, self.apps = "unknown", 0, ()
        elif event == 1:
            self.apps = dice.choice(((), ("WINWORD",)))
        elif event == 2:
            self.answers = not self.answers
        elif event == 3:
            self.com = not self.com
        elif event == 4 and self.status not in BUSY:  # another tool downloads another version
            self.status, self.fetching = "downloading", NEWER
        elif event == 5 and self.status not in BUSY:
            self.ready = dice.choice((None, TARGET, NEWER))

    def calm(self) -> None:
        """From now on it only answers."""
        self.answers = self.com = True


@pytest.mark.parametrize("seed", range(400))
def test_what_holds_for_every_history(seed: int) -> None:
    dice = random.Random(seed)
    deployment = replace(
        DEPLOYMENT,
        max_attempts=dice.randint(1, 4),
        retry_delay=dice.choice((0, 60, 900)),
        force_app_shutdown=dice.random() < 0.3,
        allow_downgrade=dice.random() < 0.3,
    )
    host, record, now = RandomHost(dice), RECORD, NOW
    for look_number in range(140):
        if look_number == 60:
            host.calm()
        host.drift(chaos=look_number < 60)
        now += timedelta(seconds=dice.choice((1, 10, 120)))
        seen = host.look()
        gate = dice.choice((OPEN, OPEN, CLOSED)) if look_number < 60 else OPEN
        decision = decide(deployment, seen, record, now, gate)
        check(deployment, host, seen, decision, gate)
        if blocked_apply(deployment, seen, record, decision):
            host.applies -= 1
        answered: HostState | None = seen
        if decision.step != "none":
            record = _decide.submitting(recorded(record, decision, seen, now), decision.step, now)
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
        assert host.downloads <= deployment.max_attempts + record.lost_steps
        assert host.applies <= deployment.max_attempts + record.lost_steps
        assert (record.state == "compliant") == (answered is not None and answered.version == TARGET)
    assert record.at_rest, f"it never ends: {record.state}, {record.reason}"


def blocked_apply(deployment: Deployment, seen: HostState | None, record: Record, decision: Decision) -> bool:
    """Whether this look is the one that finds an apply to have failed by an application opened in between."""
    over = record.submitted == "apply" and decision.memory.submitted is None
    if not over or seen is None or seen.status != "apply_failed" or decision.memory.attempts != record.attempts:
        return False
    if decision.memory.lost_steps != record.lost_steps:
        return False
    if decision.state in ("compliant", "ahead", "incompatible", "com_unavailable"):
        return False
    assert seen.blocking_apps
    assert not deployment.force_app_shutdown
    return True


def check(deployment: Deployment, host: RandomHost, seen: HostState | None, decision: Decision, gate: Gate) -> None:
    """What must hold for any single decision."""
    if decision.step == "none":
        return
    assert seen is not None
    assert seen.version is not None
    assert seen.status is not None
    assert gate.open
    assert seen.status not in BUSY
    assert seen.version != TARGET
    assert seen.version == OLD or deployment.allow_downgrade
    if decision.step == "apply":
        assert seen.ready == TARGET, "an apply takes whatever is staged"
        assert not seen.blocking_apps or deployment.force_app_shutdown
    else:
        assert seen.ready != TARGET
    assert host.answers
