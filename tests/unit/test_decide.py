# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""decide(): each state with each event, and what must hold for any history at all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, StepAnswer, decide, recorded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps, Notice, Restart
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import LOCAL, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import decode
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import BUSY, STATUSES, HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion
from ansible_collections.officefleet.c2r.tests.lab.sample_host import (
    DEPLOYMENT,
    HOST,
    NEWER,
    NIGHT,
    NOW,
    OLD,
    RECORD,
    TARGET,
)

CLOSED = Gate(open=False, settled=False, reason="ring pilot: 0 of 2 compliant, 2 needed to open ring broad")
STOPPED = replace(CLOSED, settled=True)
DOWNLOAD = Decision("download", "downloading", "", at_rest=False, memory=_decide.Memory())
LATER = NOW + timedelta(minutes=5)
EARLIER = NOW - timedelta(minutes=5)
DOWNLOAD_ASKED = replace(
    RECORD, submitted="download", submitted_at=EARLIER, arrived=True, status="unknown", state="downloading"
)
APPLY_ASKED = replace(DOWNLOAD_ASKED, submitted="apply", status="download_succeeded", state="applying", staged=True)
#: Nobody knows whether these arrived
DOWNLOAD_SENT, APPLY_SENT = replace(DOWNLOAD_ASKED, arrived=False), replace(APPLY_ASKED, arrived=False)


def scheduled(**times: Any) -> Deployment:
    """The deployment at some times."""
    return replace(DEPLOYMENT, schedule=Schedule(**times))


def overdue(after_deadline: str) -> Deployment:
    """The deployment with a nightly window, an hour after its deadline."""
    return scheduled(windows=(NIGHT,), deadline=Moment(datetime(2026, 11, 21, 7)), after_deadline=after_deadline)


DAY = NOW.date()
NIGHTLY = scheduled(windows=(NIGHT,))
WITHDRAWN = scheduled(withdrawn="16.0.1.2 was withdrawn: seen in Current on 2026-11-18, no longer on 2026-11-20")
FORCING = replace(overdue("force"), apps=Apps(close="after_deadline", defer=2, wait=4 * 3600))
ASKING = replace(FORCING, notice=Notice("Please close Office.", postpone=True))
WAIVED = replace(DEPLOYMENT, waivers={"ws-001": "lab, until 2027"})
LARGE = replace(DEPLOYMENT, min_free_disk=2 * 10**9)
STAGED = replace(RECORD, staged=True, status="download_succeeded", state="staged")


def look(**changes: Any) -> HostState:
    """The host as a look finds it."""
    return replace(HOST, **changes)


def away(record: Record) -> Record:
    """The record after a look that found nobody."""
    return recorded(record, decide(DEPLOYMENT, None, record, LATER, OPEN), None, LATER)


def test_how_a_host_was_last_seen_is_remembered_while_it_is_away() -> None:
    seen = recorded(RECORD, decide(DEPLOYMENT, look(version=TARGET), RECORD, NOW, OPEN), look(version=TARGET), NOW)
    assert (seen.state, seen.seen_as) == ("compliant", None)
    gone = away(away(seen))
    assert (gone.state, gone.seen_as) == ("unreachable", "compliant")
    back = recorded(gone, decide(DEPLOYMENT, look(version=TARGET), gone, LATER, OPEN), look(version=TARGET), LATER)
    assert (back.state, back.seen_as) == ("compliant", None)
    assert away(RECORD).seen_as is None, "nobody has seen it"
    another = replace(DEPLOYMENT, name="2608")
    assert away(gone.started(another, "pilot")).seen_as is None, "not under this deployment"
    assert away(seen.started(another, "pilot")).seen_as is None
    assert gone.started(replace(DEPLOYMENT, source="http://other.example/x"), "pilot").seen_as == "compliant"


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
    Case("too little room", look(free_disk_bytes=1), "none", "incompatible", True, "0.0 GB free", deployment=LARGE),
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
    Case("download failed for the last time", look(status="download_failed", error_code=9), "none", "exhausted", True,
         "3 of 3 attempts failed", record=replace(DOWNLOAD_ASKED, attempts=2), attempts=3, memory={"not_before": None}),
    Case("the failure is counted once", look(status="download_failed", error_code=9), "none", "waiting", False,
         record=replace(RECORD, attempts=1, not_before=LATER, failure="download failed"), attempts=1),
    Case("its time is of a clock that was ahead", look(status="download_failed", error_code=9), "download",
         "downloading", False, record=replace(RECORD, attempts=1, not_before=NOW + timedelta(days=400)), attempts=1),
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
    Case("restarted once too often", look(status="unknown"), "none", "exhausted", True, "knows nothing of the download",
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
    Case("lost too often", look(), "none", "exhausted", True, "the connection broke while the download was asked for",
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
    # when
    Case("halted", look(), "none", "halted", True, "halted", deployment=scheduled(halted=True)),
    Case("halted, staged", look(ready=TARGET), "none", "halted", True, deployment=scheduled(halted=True)),
    Case("halted, COM not available yet", look(status=None), "none", "halted", True, deployment=scheduled(halted=True)),
    Case("not available yet, COM not available either", look(status=None), "none", "waiting", False, "available from",
         deployment=scheduled(available_from=Moment(datetime(2026, 11, 22)))),
    Case("halted while it downloads", look(status="downloading"), "none", "downloading", False,
         record=DOWNLOAD_ASKED, deployment=scheduled(halted=True)),
    Case("halted while it applies", look(status="applying", ready=TARGET), "none", "applying", False,
         record=APPLY_ASKED, deployment=scheduled(halted=True)),
    Case("halted, at the target", look(version=TARGET), "none", "compliant", True, deployment=scheduled(halted=True)),
    Case("withdrawn", look(), "none", "halted", True, "16.0.1.2 was withdrawn: seen", deployment=WITHDRAWN),
    Case("withdrawn, staged", look(ready=TARGET), "none", "halted", True, "was withdrawn", deployment=WITHDRAWN),
    Case("withdrawn while it downloads", look(status="downloading"), "none", "downloading", False,
         record=DOWNLOAD_ASKED, deployment=WITHDRAWN),
    Case("withdrawn while it applies", look(status="applying", ready=TARGET), "none", "applying", False,
         record=APPLY_ASKED, deployment=WITHDRAWN),
    Case("withdrawn, at the target", look(version=TARGET), "none", "compliant", True, "which was withdrawn",
         deployment=WITHDRAWN),
    Case("not available yet", look(), "none", "waiting", False, "available from 2026-11-22 00:00 UTC",
         deployment=scheduled(available_from=Moment(datetime(2026, 11, 22)))),
    Case("available by the host's wall clock", look(utc_offset_minutes=120), "download", "downloading", False,
         deployment=scheduled(available_from=Moment(datetime(2026, 11, 21, 10), LOCAL))),
    Case("window closed, a download may begin", look(), "download", "downloading", False, deployment=NIGHTLY),
    Case("window closed, downloads in windows", look(), "none", "waiting", False, "opens 2026-11-21 22:00 local time",
         deployment=replace(NIGHTLY, schedule=replace(NIGHTLY.schedule, downloads_in_windows=True))),
    Case("window closed, staged", look(ready=TARGET), "none", "staged", False, "opens 2026-11-21 22:00 local time",
         deployment=NIGHTLY),
    Case("window open by the host's wall clock", look(ready=TARGET, utc_offset_minutes=15 * 60), "apply", "applying",
         False, deployment=NIGHTLY),
    Case("overdue, wait", look(ready=TARGET), "none", "staged", False, deployment=overdue("wait")),
    Case("overdue, apply", look(ready=TARGET), "apply", "applying", False, deployment=overdue("apply")),
    Case("overdue, apply, applications open", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         deployment=overdue("apply")),
    Case("overdue, force, applications open", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         "open: EXCEL; put off until 2026-11-21 12:00Z (1 of 2)", deployment=FORCING,
         memory={"deferrals": 1, "deferred_until": NOW + timedelta(hours=4)}),
    Case("overdue, force, the deferral lasts", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         "(2 of 2)", deployment=FORCING, record=replace(STAGED, deferrals=2, deferred_until=LATER),
         memory={"deferrals": 2, "deferred_until": LATER}),
    Case("overdue, force, the first deferral is over", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked",
         True, "(2 of 2)", deployment=FORCING, record=replace(STAGED, deferrals=1, deferred_until=EARLIER)),
    Case("overdue, force, all deferrals are over", look(ready=TARGET, blocking_apps=("EXCEL",)), "apply", "applying",
         False, deployment=FORCING, record=replace(STAGED, deferrals=2, deferred_until=NOW)),
    Case("overdue, force, everybody agreed", look(ready=TARGET, blocking_apps=("EXCEL",)), "apply", "applying", False,
         deployment=FORCING, record=replace(STAGED, deferrals=1, deferred_until=LATER, consented=True)),
    Case("overdue, force, everybody agreed last week", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked",
         True, "(2 of 2)", deployment=FORCING,
         record=replace(STAGED, deferrals=1, deferred_until=NOW - timedelta(days=7), consented=True),
         memory={"consented": False}),
    Case("overdue, force, everybody agreed just now to a short deferral", look(ready=TARGET, blocking_apps=("EXCEL",)),
         "apply", "applying", False, deployment=replace(FORCING, apps=replace(FORCING.apps, wait=60)),
         record=replace(STAGED, deferrals=1, deferred_until=EARLIER, consented=True)),
    Case("overdue, force, put off often before the deadline, yet nobody was asked",
         look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True, "12:00Z (the last time)",
         deployment=ASKING, record=replace(STAGED, deferrals=9, deferred_until=EARLIER), memory={"asked": True}),
    Case("overdue, force, everybody was asked", look(ready=TARGET, blocking_apps=("EXCEL",)), "apply", "applying",
         False, deployment=ASKING, record=replace(STAGED, deferrals=10, deferred_until=EARLIER, asked=True)),
    Case("overdue, force, nothing may be put off", look(ready=TARGET, blocking_apps=("EXCEL",)), "apply", "applying",
         False, deployment=replace(ASKING, apps=replace(ASKING.apps, defer=0)), record=STAGED),
    Case("not overdue, nobody is asked yet", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         deployment=replace(ASKING, schedule=Schedule()), record=STAGED, memory={"asked": False, "deferrals": 1}),
    Case("overdue, force, a deferral of a clock that was ahead", look(ready=TARGET, blocking_apps=("EXCEL",)), "apply",
         "applying", False, deployment=FORCING,
         record=replace(STAGED, deferrals=2, deferred_until=NOW + timedelta(days=400))),
    Case("overdue, force, several people", look(ready=TARGET, blocking_apps=("EXCEL",), multi_session=True), "none",
         "blocked", True, deployment=FORCING, record=replace(STAGED, deferrals=2, deferred_until=NOW)),
    Case("overdue, force, closed by the user", look(ready=TARGET), "apply", "applying", False, deployment=FORCING,
         record=replace(STAGED, deferrals=1, deferred_until=LATER)),
    Case("overdue, force said once only", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         deployment=overdue("force"), record=replace(STAGED, deferrals=9, deferred_until=NOW)),
    Case("overdue, force, excluded date", look(ready=TARGET), "none", "staged", False, "excluded",
         deployment=replace(overdue("force"),
                            schedule=replace(overdue("force").schedule, exclusions=(Exclusion(DAY, DAY),)))),
    Case("not yet overdue, force", look(ready=TARGET, blocking_apps=("EXCEL",)), "none", "blocked", True,
         deployment=scheduled(after_deadline="force", deadline=Moment(datetime(2026, 11, 21, 8, 1)))),
    Case("waived", look(), "none", "waived", True, "lab, until 2027", deployment=WAIVED),
    Case("waived while it downloads", look(status="downloading"), "none", "waived", True, record=DOWNLOAD_ASKED,
         deployment=WAIVED),
    Case("waived, and its download has ended meanwhile", look(status="download_succeeded", ready=TARGET), "none",
         "waived", True, record=DOWNLOAD_ASKED, deployment=WAIVED, memory={"submitted": None, "staged": True}),
    Case("the download has filled the disk up", look(status="download_failed", error_code=9, free_disk_bytes=1), "none",
         "incompatible", True, "GB free", record=DOWNLOAD_ASKED, deployment=replace(DEPLOYMENT, min_free_disk=10**9),
         attempts=1, memory={"submitted": None, "error": decode("com_status", 9)}),
    Case("the disk is still full", look(status="download_failed", error_code=9, free_disk_bytes=1), "none",
         "incompatible", True, record=replace(RECORD, attempts=1, error=decode("com_status", 9)), attempts=1,
         deployment=replace(DEPLOYMENT, min_free_disk=10**9), memory={"error": decode("com_status", 9)}),
    Case("it was at the target, and is not any more", look(), "download", "downloading", False, attempts=0,
         record=replace(RECORD, version=TARGET, state="unreachable", attempts=3, deferrals=9), memory={"deferrals": 0}),
    Case("waived and at the target", look(version=TARGET), "none", "compliant", True, deployment=WAIVED),
    Case("the installation ended and Windows waits for a restart", look(status="apply_succeeded", restart_pending=True),
         "none", "restart_pending", True, "Windows waits for a restart", record=APPLY_ASKED, attempts=0),
    Case("Windows waits for a restart, for other reasons", look(ready=TARGET, restart_pending=True), "apply",
         "applying", False),
    Case("restarted, and nothing has come of it", look(), "download", "downloading", False,
         record=replace(RECORD, awaits_restart=True), attempts=1, memory={"awaits_restart": False}),
    Case("waits for a restart, and what was staged is gone", look(status="apply_succeeded", restart_pending=True),
         "none", "restart_pending", True, "Windows waits",
         record=replace(STAGED, awaits_restart=True, failure="Windows waits for a restart"), attempts=0),
    Case("a restart that Windows waits for is none of a download's", look(status="apply_succeeded",
         restart_pending=True), "download", "downloading", False, record=DOWNLOAD_ASKED, attempts=1,
         memory={"awaits_restart": False}),
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
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=replace(APPLY_ASKED, forced=True), attempts=1,
         deployment=replace(DEPLOYMENT, force_app_shutdown=True)),
    Case("apply without force failed, forced by now",
         look(status="apply_failed", error_code=10, ready=TARGET, blocking_apps=("WINWORD",)), "apply", "applying",
         False, record=replace(APPLY_ASKED, attempts=2), attempts=2,
         deployment=replace(DEPLOYMENT, force_app_shutdown=True)),
    Case("apply failed, applications open, nothing staged any more",
         look(status="apply_failed", error_code=10, blocking_apps=("WINWORD",)), "none", "waiting", False,
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=APPLY_ASKED, attempts=1),
    Case("apply failed", look(status="apply_failed", error_code=10, ready=TARGET), "none", "waiting", False,
         "eFAILED_APPLY_UPGRADE_PACKAGE", record=APPLY_ASKED, attempts=1),
    Case("apply 'succeeded', version unchanged", look(status="apply_succeeded"), "none", "waiting", False,
         f"apply reported success, yet {OLD} still runs", record=APPLY_ASKED, attempts=1),
    Case("apply 'succeeded' for the last time", look(status="apply_succeeded"), "none", "exhausted", True,
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


def test_an_error_stays_until_the_next_attempt_has_ended() -> None:
    failed = replace(RECORD, attempts=1, error=decode("com_status", 9), status="download_failed", failure="it failed")
    record = _decide.submitting(failed, DOWNLOAD, NOW)
    under_way = _decide.after_step(DEPLOYMENT, look(status="downloading"), record, NOW, OPEN, StepAnswer(True))
    assert under_way.memory.error == failed.error, "stop_on goes by it"
    record = recorded(record, under_way, look(status="downloading"), NOW)
    done = look(status="download_succeeded", ready=TARGET)
    assert decide(DEPLOYMENT, done, record, NOW + timedelta(minutes=1), OPEN).memory.error is None


def test_a_timeout_names_its_remedy() -> None:
    host = look(status="download_failed", error_code=0x800704CD + 13)
    error = decide(DEPLOYMENT, host, DOWNLOAD_ASKED, NOW, OPEN).memory.error
    assert error is not None
    assert error["hresult"] == "0x800704CD"
    assert "documentsynctimeout" in error["hint"]


WAITS_FOR_RESTART = replace(RECORD, awaits_restart=True, failure="Windows waits for a restart")
RULES = {"servers": "hook", "workstations": "notice"}


def restart(record: Record, *, server: bool = False, deployment: Deployment = NIGHTLY, **rules: Any) -> Decision:
    """The decision about a host that waits for a restart; by default outside its windows."""
    deployment = replace(deployment, restart=Restart(**{**RULES, **rules}))
    return decide(deployment, look(status="apply_succeeded", restart_pending=True, server=server), record, NOW, OPEN)


@pytest.mark.parametrize(
    ("server", "rules", "notice", "told"),
    [
        (False, {}, "restart", "notice"),
        (True, {}, None, "hook"),
        (True, {"servers": "report"}, None, None),
        (True, {"servers": "notice", "workstations": "report"}, "restart", "notice"),
    ],
)
def test_who_is_told_of_a_restart(server: bool, rules: dict[str, str], notice: str | None, told: str | None) -> None:
    decision = restart(WAITS_FOR_RESTART, server=server, deployment=DEPLOYMENT, **rules)
    assert (decision.state, decision.notice, decision.memory.restart_told) == ("restart_pending", notice, told)


@pytest.mark.parametrize("server", [True, False])
def test_a_restart_is_told_in_windows_unless_it_may_be_outside(server: bool) -> None:
    waiting = restart(WAITS_FOR_RESTART, server=server)
    assert (waiting.state, waiting.notice, waiting.memory.restart_told) == ("restart_pending", None, None)
    assert restart(WAITS_FOR_RESTART, server=server, outside_windows=True).memory.restart_told == (
        "hook" if server else "notice"
    )
    assert restart(WAITS_FOR_RESTART, server=server, deployment=overdue("apply")).memory.restart_told is not None


@pytest.mark.parametrize(
    ("deployment", "gate"),
    [
        (replace(NIGHTLY, schedule=replace(NIGHTLY.schedule, downloads_in_windows=True)), OPEN),
        (DEPLOYMENT, CLOSED),
        (scheduled(halted=True), OPEN),
    ],
)
def test_a_restart_is_awaited_whatever_the_deployment_says_by_now(deployment: Deployment, gate: Gate) -> None:
    rules = replace(deployment, restart=Restart(workstations="hook", outside_windows=True))
    host = look(status="apply_succeeded", restart_pending=True)
    waiting = decide(rules, host, WAITS_FOR_RESTART, NOW, gate)
    assert (waiting.step, waiting.state) == ("none", "restart_pending")
    assert (waiting.memory.restart_told is None) == deployment.schedule.halted


def test_a_restart_is_told_once() -> None:
    told = replace(WAITS_FOR_RESTART, restart_told="notice")
    again = restart(told, deployment=DEPLOYMENT)
    assert (again.notice, again.memory.restart_told) == (None, "notice")
    other_rule = restart(told, deployment=DEPLOYMENT, workstations="hook")
    assert (other_rule.notice, other_rule.memory.restart_told) == (None, "hook")
    restarted = decide(DEPLOYMENT, look(), told, NOW, OPEN)
    assert restarted.memory.restart_told is None, "the next restart is told again"


def test_fresh_counters_are_for_hosts_whose_attempts_are_used_up() -> None:
    used_up = replace(RECORD, attempts=3, lost_steps=2, failure="download failed", not_before=LATER, state="exhausted")
    fresh = _decide.with_reset(used_up, EARLIER, 3, NOW)
    assert fresh == replace(RECORD, state="exhausted", retries_reset_at=NOW)
    assert decide(DEPLOYMENT, HOST, fresh, NOW, OPEN).step == "download"
    halfway = replace(used_up, download_begun=True)
    assert _decide.with_reset(halfway, EARLIER, 3, NOW).download_begun, "its rest is on the disk"
    trying = replace(used_up, attempts=2)
    assert _decide.with_reset(trying, EARLIER, 3, NOW) == replace(trying, retries_reset_at=NOW)


def test_counters_are_made_fresh_once_in_a_run() -> None:
    used_up = replace(RECORD, attempts=3, retries_reset_at=NOW)
    assert _decide.with_reset(used_up, EARLIER, 3, LATER) == used_up
    assert _decide.with_reset(used_up, NOW, 3, LATER) == used_up
    assert _decide.with_reset(used_up, LATER, 3, LATER).attempts == 0
    assert _decide.with_reset(used_up, None, 3, LATER).attempts == 0, "a look of no run"


def test_another_version_or_source_starts_anew() -> None:
    used_up = replace(RECORD, attempts=3, failure="download failed", submitted="download", submitted_at=EARLIER)
    for changed in (
        replace(DEPLOYMENT, name="again"),
        replace(DEPLOYMENT, version=NEWER),
        replace(DEPLOYMENT, source="http://other.example/office"),
    ):
        decision = decide(changed, HOST, used_up.started(changed, "pilot"), NOW, OPEN)
        assert (decision.step, decision.memory.attempts) == ("download", 0)
    assert decide(DEPLOYMENT, HOST, used_up.started(DEPLOYMENT, "pilot"), NOW, OPEN).state == "exhausted"


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
    record = _decide.submitting(RECORD, DOWNLOAD, NOW)
    decision = _decide.after_step(DEPLOYMENT, host, record, NOW, OPEN, answer)
    assert (decision.step, decision.state) == ("none", state)
    assert (decision.memory.attempts, decision.memory.submitted) == (attempts, submitted)
    assert decision.memory.arrived == (submitted is not None)


def test_a_refused_call_is_explained() -> None:
    record = _decide.submitting(RECORD, DOWNLOAD, NOW)
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
    assert record.deferrals == 1, "the first one lasts"
    later = NOW + timedelta(seconds=DEPLOYMENT.apps.wait)
    assert decide(DEPLOYMENT, blocked, record, later, OPEN).memory.deferrals == 2


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
