# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's model of the Click-to-Run service against Microsoft's description of the COM interface."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import pytest

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService, ComError, StatusReport
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    BUSY,
    CO_E_SERVER_EXEC_FAILURE,
    E_ACCESSDENIED,
    E_ILLEGAL_METHOD_CALL,
    E_INVALIDARG,
    NETWORK_TIMEOUT,
    REGDB_E_CLASSNOTREG,
    S_OK,
    Status,
    UpdateError,
    error_field,
)
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApps
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry

OLD, NEW = "16.0.20131.20206", "16.0.20228.20190"
DOWNLOAD = f"updatebaseurl=http://127.0.0.1:1/image updatetoversion={NEW}"
TIMED_OUT = error_field(NETWORK_TIMEOUT)


class Machine:
    """The service with all that it stands on; pending 2 s, download 30 s, apply 40 s, cancel 2 s, failing 3 s."""

    def __init__(
        self,
        *,
        policy: int | None = 1,
        installed_with: str | None = None,
        download_errors: Iterable[int] = (),
        download_size: int = 0,
    ) -> None:
        self.time = ManualTime()
        self.registry = Registry(
            {
                keys.CONFIGURATION: {"VersionToReport": OLD, "Platform": "x64"},
                keys.PRODUCT_RELEASE_IDS: {"ActiveConfiguration": "active"},
                keys.PRODUCT_RELEASE_IDS + r"\active\culture\de-de.16": {},
                keys.PRODUCT_RELEASE_IDS + r"\active\culture\x-none.16": {},
            }
        )
        if policy is not None:
            self.registry.set(keys.UPDATE_POLICY, "officemgmtcom", policy)
        if installed_with is not None:
            self.registry.set(keys.CONFIGURATION, "OfficeMgmtCOM", installed_with)
        self.apps = OpenApps()
        self.probed: list[tuple[str, str, str, tuple[str, ...]]] = []
        self.missing = False
        start = datetime(2026, 11, 21, tzinfo=UTC)
        self.service = ClickToRunService(
            Clock(source=self.time, start=start),
            self.registry,
            self.apps,
            self._probe,
            download_errors=download_errors,
            download_size=download_size,
        )
        self.service.start()

    def _probe(self, base_url: str, version: str, architecture: str, languages: Sequence[str]) -> int:
        self.probed.append((base_url, version, architecture, tuple(languages)))
        return UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE if self.missing else UpdateError.OK

    def after(self, seconds: float) -> StatusReport:
        self.time.advance(seconds)
        return self.service.status()

    @property
    def staged(self) -> object:
        return self.registry.get(keys.UPDATES, "UpdatesReadyToApply")

    @property
    def version(self) -> object:
        return self.registry.get(keys.CONFIGURATION, "VersionToReport")


def bring_to(status: Status) -> Machine:
    """Drive a machine into each of the eleven states by calls and time alone."""
    machine = Machine(download_errors=[TIMED_OUT] if status == Status.DOWNLOAD_FAILED else [])
    service = machine.service
    if status == Status.UNKNOWN:
        return machine
    service.download(DOWNLOAD)
    if status >= Status.APPLY_PENDING:
        machine.after(60)
        service.apply("")
        if status == Status.APPLY_FAILED:
            machine.apps.open("WINWORD")
        machine.after({Status.APPLY_PENDING: 0, Status.APPLYING: 5}.get(status, 60))
    elif status in (Status.DOWNLOAD_CANCELLING, Status.DOWNLOAD_CANCELLED):
        machine.after(5)
        service.cancel()
        machine.after(0 if status == Status.DOWNLOAD_CANCELLING else 5)
    else:
        machine.after({Status.DOWNLOAD_PENDING: 0, Status.DOWNLOADING: 5}.get(status, 60))
    return machine


CALLS: dict[str, Callable[[ClickToRunService], int]] = {
    "download": lambda service: service.download(DOWNLOAD),
    "apply": lambda service: service.apply("displaylevel=false"),
    "cancel": lambda service: service.cancel(),
}
ALLOWED = {
    "download": {
        Status.UNKNOWN,
        Status.DOWNLOAD_CANCELLED,
        Status.DOWNLOAD_FAILED,
        Status.DOWNLOAD_SUCCEEDED,
        Status.APPLY_SUCCEEDED,
        Status.APPLY_FAILED,
    },
    "cancel": {Status.DOWNLOADING},
}
ALLOWED["apply"] = ALLOWED["download"]
NEXT = {
    "download": Status.DOWNLOAD_PENDING,
    "apply": Status.APPLY_PENDING,
    "cancel": Status.DOWNLOAD_CANCELLING,
}


@pytest.mark.parametrize("status", Status, ids=lambda status: status.text)
@pytest.mark.parametrize("name", CALLS)
def test_each_call_in_each_state(name: str, status: Status) -> None:
    machine = bring_to(status)
    assert machine.service.status().status == status
    hresult = CALLS[name](machine.service)
    if status in ALLOWED[name]:
        assert hresult == S_OK
        assert machine.service.status().status == NEXT[name]
    else:
        assert hresult == E_ILLEGAL_METHOD_CALL
        assert machine.service.status().status == status


@pytest.mark.parametrize(
    ("name", "status"),
    [pytest.param(n, s, id=f"{n}-{s.text}") for n in CALLS for s in sorted(BUSY) if s not in ALLOWED[n]],
)
def test_a_refused_call_changes_nothing_of_what_runs(name: str, status: Status) -> None:
    disturbed, left_alone = bring_to(status), bring_to(status)
    CALLS[name](disturbed.service)
    assert disturbed.after(60) == left_alone.after(60)
    assert disturbed.registry.tree() == left_alone.registry.tree()


def test_the_numbers_of_the_interface() -> None:
    assert [status.text for status in Status] == [
        "unknown",
        "download_pending",
        "downloading",
        "download_cancelling",
        "download_cancelled",
        "download_failed",
        "download_succeeded",
        "apply_pending",
        "applying",
        "apply_succeeded",
        "apply_failed",
    ]
    assert [int(status) for status in Status] == list(range(11))
    assert sorted(int(status) for status in BUSY) == [1, 2, 3, 7, 8]
    assert [E_ILLEGAL_METHOD_CALL, E_ACCESSDENIED, E_INVALIDARG] == [2147483662, 2147942405, 2147942487]


def test_a_download_goes_through_its_states_and_stages_the_build() -> None:
    machine = Machine()
    assert machine.service.download(DOWNLOAD) == S_OK
    seen = [machine.after(seconds).status for seconds in (0, 1.9, 0.2, 29.8, 0.2)]
    assert seen == [
        Status.DOWNLOAD_PENDING,
        Status.DOWNLOAD_PENDING,
        Status.DOWNLOADING,
        Status.DOWNLOADING,
        Status.DOWNLOAD_SUCCEEDED,
    ]
    assert machine.staged == NEW
    assert machine.version == OLD
    assert machine.probed == [("http://127.0.0.1:1/image", NEW, "x64", ("de-de",))]


def test_nobody_has_to_look_for_things_to_happen_in_time() -> None:
    machine = Machine()
    machine.service.download(DOWNLOAD)
    assert machine.after(3600).status == Status.DOWNLOAD_SUCCEEDED
    # 2 s pending and 30 s of download after midnight, not when somebody looked.
    start = int((datetime(2026, 11, 21, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    assert machine.registry.get(keys.UPDATES, "DownloadTime") == str(start + 32_000)


def test_apply_installs_what_is_staged() -> None:
    machine = bring_to(Status.DOWNLOAD_SUCCEEDED)
    assert machine.service.apply("") == S_OK
    assert machine.version == OLD
    assert [machine.after(seconds).status for seconds in (0, 2, 39.9, 0.2)] == [
        Status.APPLY_PENDING,
        Status.APPLYING,
        Status.APPLYING,
        Status.APPLY_SUCCEEDED,
    ]
    assert machine.version == NEW
    assert machine.staged is None


def test_apply_with_nothing_staged_succeeds_and_changes_nothing() -> None:
    machine = Machine()
    assert machine.service.apply("") == S_OK
    assert machine.after(10) == StatusReport(Status.APPLY_SUCCEEDED)
    assert machine.version == OLD


def test_open_apps_fail_apply_later_and_stay_open() -> None:
    machine = bring_to(Status.DOWNLOAD_SUCCEEDED)
    machine.apps.open("WINWORD")
    machine.apps.open("EXCEL")
    assert machine.service.blocking_apps() == "WINWORD,EXCEL"
    assert machine.service.apply("forceappshutdown=false") == S_OK
    assert machine.after(10) == StatusReport(Status.APPLY_FAILED, UpdateError.FAILED_APPLY_UPGRADE_PACKAGE)
    assert machine.service.blocking_apps() == "WINWORD,EXCEL"
    assert machine.version == OLD
    assert machine.staged == NEW


def test_force_closes_the_apps() -> None:
    machine = bring_to(Status.DOWNLOAD_SUCCEEDED)
    machine.apps.open("WINWORD")
    assert machine.service.apply("ForceAppShutdown=TRUE") == S_OK
    assert machine.after(60).status == Status.APPLY_SUCCEEDED
    assert machine.service.blocking_apps() is None
    assert machine.version == NEW


def test_cancel_discards_the_download() -> None:
    machine = bring_to(Status.DOWNLOADING)
    assert machine.service.cancel() == S_OK
    assert machine.after(0).status == Status.DOWNLOAD_CANCELLING
    assert machine.after(60).status == Status.DOWNLOAD_CANCELLED
    assert machine.staged is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", S_OK),
        ("DisplayLevel=True UPDATETOVERSION=16.0.20228.20190", S_OK),
        ("  displaylevel=false   updatebaseurl=http://library/a?b=c ", S_OK),
        ("downloadsource={00000000-0000-0000-0000-000000000001} contentid=abc", S_OK),
        ("downloadsource={00000000-0000-0000-0000-000000000001}", E_INVALIDARG),
        ("contentid=abc updatebaseurl=http://library", E_INVALIDARG),
        ("displaylevel", E_INVALIDARG),
        ("displaylevel=yes", E_INVALIDARG),
        ("updatetoversion=20228.20190", E_INVALIDARG),
        ("updatetoversion=", E_INVALIDARG),
        ("updatebaseurl=\\\\files\\office images", E_INVALIDARG),
        ("displaylevel=true displaylevel=true", E_INVALIDARG),
        ("forceappshutdown=true", E_INVALIDARG),
    ],
)
def test_download_parameters(parameters: str, expected: int) -> None:
    machine = Machine()
    assert machine.service.download(parameters) == expected
    assert (machine.service.status().status == Status.DOWNLOAD_PENDING) == (expected == S_OK)


@pytest.mark.parametrize("parameters", ["forceappshutdown=1", "updatetoversion=16.0.20228.20190", "x=y"])
def test_apply_parameters(parameters: str) -> None:
    assert Machine().service.apply(parameters) == E_INVALIDARG


def test_a_caller_without_elevation_is_denied_and_may_look() -> None:
    machine = bring_to(Status.DOWNLOAD_SUCCEEDED)
    assert machine.service.download(DOWNLOAD, elevated=False) == E_ACCESSDENIED
    assert machine.service.apply("", elevated=False) == E_ACCESSDENIED
    assert machine.service.status().status == Status.DOWNLOAD_SUCCEEDED


@pytest.mark.parametrize(
    ("hresult", "field"), [(0x800704CD, 0x800704DA), (0x80070005, 0x80070012), (0xFFFFFFFF, 0x0000000C)]
)
def test_error_field_is_the_hresult_plus_13(hresult: int, field: int) -> None:
    assert error_field(hresult) == field


def test_injected_errors_come_in_turn() -> None:
    machine = Machine(download_errors=[TIMED_OUT, 0, UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE])
    seen = []
    for _ in range(4):
        machine.registry.delete(keys.UPDATES, "UpdatesReadyToApply")
        machine.service.download(DOWNLOAD)
        seen.append(machine.after(60))
    assert [(report.status, report.error) for report in seen] == [
        (Status.DOWNLOAD_FAILED, 0x800704DA),
        (Status.DOWNLOAD_SUCCEEDED, 0),
        (Status.DOWNLOAD_FAILED, 9),
        (Status.DOWNLOAD_SUCCEEDED, 0),
    ]


def test_content_that_is_missing_fails_the_download() -> None:
    machine = Machine()
    machine.missing = True
    machine.service.download(DOWNLOAD)
    assert machine.after(60) == StatusReport(Status.DOWNLOAD_FAILED, UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE)
    assert machine.staged is None


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(None, Status.DOWNLOAD_SUCCEEDED), (29_000, Status.DOWNLOAD_FAILED), (31_000, Status.DOWNLOAD_SUCCEEDED)],
)
def test_documentsynctimeout_bounds_a_download(milliseconds: int | None, expected: Status) -> None:
    machine = Machine()
    if milliseconds is not None:
        machine.registry.set(keys.SERVICE_INTERNET, "documentsynctimeout", milliseconds)
    machine.service.download(DOWNLOAD)
    report = machine.after(60)
    assert report.status == expected
    assert report.error == (TIMED_OUT if expected == Status.DOWNLOAD_FAILED else 0)


def test_content_id_is_given_back_and_takes_the_place_of_the_url() -> None:
    machine = Machine()
    machine.service.download(f"downloadsource={{0}} contentid=abc {DOWNLOAD}")
    assert machine.service.status().content_id == "abc"
    report = machine.after(60)
    assert (report.status, report.content_id) == (Status.DOWNLOAD_FAILED, "abc")
    assert machine.probed == []


def test_without_a_url_the_channel_is_the_source() -> None:
    machine = Machine()
    machine.registry.set(keys.CONFIGURATION, "UpdateChannel", "http://officecdn.microsoft.com/pr/guid")
    machine.service.download(f"updatetoversion={NEW}")
    machine.after(60)
    machine.registry.set(keys.UPDATE_POLICY, "updatepath", "http://share.example.com")
    machine.registry.delete(keys.UPDATES, "UpdatesReadyToApply")
    machine.service.download(f"updatetoversion={NEW}")
    machine.after(60)
    assert [url for url, *_ in machine.probed] == ["http://officecdn.microsoft.com/pr/guid", "http://share.example.com"]


def test_downloading_what_is_installed_stages_nothing() -> None:
    machine = Machine()
    machine.service.download(f"updatetoversion={OLD}")
    assert machine.after(60).status == Status.DOWNLOAD_SUCCEEDED
    assert machine.staged is None


@pytest.mark.parametrize("status", Status, ids=lambda status: status.text)
def test_a_restart_of_windows_forgets_the_status_and_keeps_what_is_staged(status: Status) -> None:
    machine = bring_to(status)
    staged, version = machine.staged, machine.version
    machine.service.reboot()
    assert machine.service.status() == StatusReport()
    assert machine.after(3600) == StatusReport()
    assert (machine.staged, machine.version) == (staged, version)
    assert machine.registry.get(keys.CLICK_TO_RUN, "ExecutingScenario") is None


def test_a_restart_of_windows_installs_a_staged_build_only_without_management() -> None:
    machine = bring_to(Status.DOWNLOAD_SUCCEEDED)
    machine.registry.set(keys.UPDATE_POLICY, "officemgmtcom", 0)
    machine.service.reboot()
    assert machine.version == NEW


@pytest.mark.parametrize(
    ("policy", "installed_with", "registered"),
    [
        (1, None, True),
        (1, "False", True),
        (0, None, False),
        (0, "True", False),
        (None, "True", True),
        (None, "False", False),
        (None, None, False),
    ],
)
def test_the_service_registers_the_class_as_policy_or_installation_say(
    policy: int | None, installed_with: str | None, registered: bool
) -> None:
    machine = Machine(policy=policy, installed_with=installed_with)
    assert machine.registry.has_key(keys.UPDATE_NOTIFY_1) == registered
    assert machine.registry.has_key(keys.UPDATE_NOTIFY_2) == registered
    if not registered:
        with pytest.raises(ComError) as caught:
            machine.service.status()
        assert caught.value.hresult == REGDB_E_CLASSNOTREG


def test_registration_waits_for_a_restart_and_unregistration_for_an_explicit_0() -> None:
    machine = Machine(policy=None)
    machine.registry.set(keys.UPDATE_POLICY, "officemgmtcom", 1)
    assert not machine.registry.has_key(keys.UPDATE_NOTIFY_2)
    for policy, registered in ((1, True), (None, True), (0, False), (None, False)):
        machine.registry.delete(keys.UPDATE_POLICY, "officemgmtcom")
        if policy is not None:
            machine.registry.set(keys.UPDATE_POLICY, "officemgmtcom", policy)
        machine.service.stop()
        machine.service.start()
        assert machine.registry.has_key(keys.UPDATE_NOTIFY_2) == registered, policy


def test_a_stopped_service_does_not_answer() -> None:
    machine = Machine()
    machine.service.stop()
    for call in (machine.service.status, machine.service.cancel, machine.service.blocking_apps):
        with pytest.raises(ComError) as caught:
            call()
        assert caught.value.hresult == CO_E_SERVER_EXEC_FAILURE


def test_time_can_run_faster() -> None:
    time = ManualTime()
    start = datetime(2026, 11, 21, tzinfo=UTC)
    clock = Clock(10, source=time, start=start, sleep=time.advance)
    clock.sleep(30)
    assert time() == 3
    assert clock.now() == 30
    assert (clock.utc() - start).total_seconds() == 3  # the wall clock keeps to real time


def test_what_was_downloaded_takes_room_until_it_is_installed() -> None:
    machine = Machine(download_size=1000)
    machine.service.download(DOWNLOAD)
    machine.after(2 + 12)
    assert machine.service.downloaded_bytes() == 400
    machine.service.reboot()
    machine.after(60)
    assert machine.service.downloaded_bytes() == 400, "what a download that broke off has fetched"
    machine.service.download(DOWNLOAD)
    machine.after(2 + 3)
    assert machine.service.downloaded_bytes() == 500
    machine.after(60)
    assert machine.service.downloaded_bytes() == 1000
    machine.service.apply("")
    machine.after(60)
    assert machine.service.downloaded_bytes() == 0
