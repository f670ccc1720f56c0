# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The lab's one model of the Click-to-Run service and its COM interface IUpdateNotify2.

States, allowed calls and return codes are those of Microsoft's "Integrating manageability applications with the Office
365 Click-to-Run installer". All durations are simulated seconds. Nothing runs in the background: the model catches up
with its clock whenever it is asked something, so a thousand idle hosts cost nothing.

What Microsoft's text leaves open, and what is chosen here:

- An apply that open applications prevent fails with eFAILED_APPLY_UPGRADE_PACKAGE, missing content fails a download
  with eFAILED_DOWNLOAD_UPGRADE_PACKAGE. Which codes Office gives there is not documented.
- A download takes as long as the host's link needs and fails with 0x800704CD when that is longer than the
  `documentsynctimeout` under HKU\.DEFAULT allows (60 s without one). That this value governs Click-to-Run downloads is
  the claim of Broadcom's article 184965 alone; no text of Microsoft's says so, and 60 s is what the policy editor
  proposes, not a documented default.
- Without `updatetoversion`, as parameter or policy, the model does not look for the newest build: it finds nothing.
- What a download that broke off has fetched stays on the disk, the next one goes on from there, and an installation
  frees it all. A disk that is full fails no download.
- `downloadsource` always fails: the lab has no BITS manager of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab import com_parameters
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
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

#: Called as `probe(base_url, version, architecture, languages)`: is that build complete there for this Office?
#: Answers with the status report's error code, 0 for yes.
Probe = Callable[[str, str, str, Sequence[str]], int]

DEFAULT_SYNC_TIMEOUT_MS = 60_000


class ComError(Exception):
    """The COM object could not be had; `hresult` says why."""

    def __init__(self, hresult: int) -> None:
        super().__init__(f"0x{hresult:08X}")
        self.hresult = hresult


@dataclass(frozen=True)
class StatusReport:
    """UPDATE_STATUS_REPORT."""

    status: Status = Status.UNKNOWN
    error: int = UpdateError.OK
    content_id: str | None = None


@dataclass(frozen=True)
class Timings:
    """How long things take on a host, in simulated seconds."""

    pending: float = 2.0  #: from the call to the start of the work
    download: float = 30.0
    apply: float = 40.0
    cancel: float = 2.0
    failing: float = 3.0  #: from the start of the work to a failure that is noticed at once


@dataclass
class _Action:
    """A download or an apply on its way."""

    name: str
    starts: float
    parameters: dict[str, str] = field(default_factory=dict)
    ends: float | None = None  # not known before the work has started
    error: int = UpdateError.OK
    cancelling: bool = False


def active_configuration(registry: Registry) -> str | None:
    """The name of the key of the active configuration; None where there is none, or what is no name of a key."""
    name = registry.text(keys.PRODUCT_RELEASE_IDS, "ActiveConfiguration")
    return None if name is None or len(name) > 255 or "\\" in name else name


class ClickToRunService:
    """ClickToRunSvc of one host. Not thread-safe: the host that owns it holds a lock.

    :param download_errors: how the first, second, ... download ends, as codes of the status report: 0 leaves it to the
        source, and so does the end of the list.
    :param download_size: bytes that a whole download takes on the disk.
    """

    def __init__(
        self,
        clock: Clock,
        registry: Registry,
        apps: OpenApps,
        probe: Probe,
        *,
        timings: Timings | None = None,
        download_errors: Iterable[int] = (),
        download_size: int = 0,
    ) -> None:
        self._clock, self._registry, self._apps, self._probe = clock, registry, apps, probe
        self._timings = timings or Timings()
        self._download_errors = iter(download_errors)
        self._download_size = download_size
        self._fetched = 0.0  #: share of a whole download on the disk, without that of the download under way
        self._action: _Action | None = None
        self._report = StatusReport()
        self.running = False
        #: whether a start registers the class when it should: "always", "after_off" (not before a start that has
        #: unregistered it, as in Microsoft's repair of a broken registration) or "never"
        self.registers = "always"
        self.exists = True  #: not so for about a minute while the service updates itself

    # -- the service --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the service, which registers or unregisters the COM class as it has been told.

        The policy goes before what Office was installed with. A value that was only taken away unregisters nothing.
        """
        self.running = True
        policy = self._registry.get(keys.UPDATE_POLICY, "officemgmtcom")
        installed_with = self._registry.text(keys.CONFIGURATION, "OfficeMgmtCOM")
        if policy is not None:
            wanted = policy == 1
        elif installed_with is not None:
            wanted = installed_with.lower() == "true"
        else:
            return
        if wanted and self.registers != "always":
            return
        if self.registers == "after_off":
            self.registers = "always"
        for clsid in (keys.UPDATE_NOTIFY_1, keys.UPDATE_NOTIFY_2):
            if wanted:
                self._registry.set(clsid + r"\InProcServer32", "", keys.COM_SERVER)
            else:
                self._registry.delete_key(clsid)

    def stop(self) -> None:
        """Stop the service; what it was doing is lost, and so is its status."""
        self._settle()
        self._fetched = self._share()
        self._forget()
        self.running = False

    def reboot(self) -> None:
        """Restart Windows: the status is unknown afterwards, a staged update stays staged.

        Without management a restart installs it, as with updates from the CDN.
        """
        self.stop()
        self.start()
        staged = self._staged()
        if staged and not self._registry.has_key(keys.UPDATE_NOTIFY_2):
            self._install(staged, self._clock.now())

    def downloaded_bytes(self) -> int:
        """Give the room on the disk that downloads take which are not installed."""
        self._settle()
        return int(self._download_size * self._share())

    # -- the COM interface --------------------------------------------------------------------------------------------

    def download(self, parameters: str = "", *, elevated: bool = True) -> int:
        """Queue a download; S_OK means no more than queued."""
        hresult, parsed = self._admit(parameters, com_parameters.DOWNLOAD, elevated)
        if hresult == S_OK:
            self._report = StatusReport(Status.DOWNLOAD_PENDING, content_id=parsed.get("contentid"))
            self._action = _Action("download", self._clock.now() + self._timings.pending, parsed)
        return hresult

    def apply(self, parameters: str = "", *, elevated: bool = True) -> int:
        """Queue the installation of what was downloaded; S_OK means no more than queued."""
        hresult, parsed = self._admit(parameters, com_parameters.APPLY, elevated)
        if hresult == S_OK:
            self._report = StatusReport(Status.APPLY_PENDING)
            self._action = _Action("apply", self._clock.now() + self._timings.pending, parsed)
        return hresult

    def cancel(self) -> int:
        """Stop the download that runs; allowed in eDOWNLOAD_WIP only."""
        self._activate()
        if self._report.status != Status.DOWNLOADING or not self._action:
            return E_ILLEGAL_METHOD_CALL
        self._action.cancelling = True
        self._action.ends = self._clock.now() + self._timings.cancel
        self._report = StatusReport(Status.DOWNLOAD_CANCELLING, content_id=self._report.content_id)
        return S_OK

    def status(self) -> StatusReport:
        """The running action, or how the last one ended; always S_OK."""
        self._activate()
        return self._report

    def blocking_apps(self) -> str | None:
        """The open applications, separated by commas; None (a null BSTR) when there are none."""
        self._activate()
        return ",".join(self._apps.names(self._clock.now())) or None

    def deployment_data(self, kind: int, name: str) -> str | None:
        """What the method tells is documented nowhere: it repeats its arguments, to show that they arrive."""
        self._activate()
        return f"{kind} {name}"

    def _activate(self) -> None:
        """Stand in for CoCreateInstance, which has to be called anew for each method."""
        if not self._registry.has_key(keys.UPDATE_NOTIFY_2):
            raise ComError(REGDB_E_CLASSNOTREG)
        if not self.running:
            raise ComError(CO_E_SERVER_EXEC_FAILURE)
        self._settle()

    def _admit(self, text: str, checks: com_parameters.Checks, elevated: bool) -> tuple[int, dict[str, str]]:
        self._activate()
        if not elevated:
            return E_ACCESSDENIED, {}
        try:
            parameters = com_parameters.parse(text, checks)
        except com_parameters.InvalidParametersError:
            return E_INVALIDARG, {}
        return (E_ILLEGAL_METHOD_CALL if self._report.status in BUSY else S_OK), parameters

    # -- catching up with the clock -----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Do what should have happened by now, at the moments at which it should have."""
        action, now = self._action, self._clock.now()
        if action and action.ends is None and action.starts <= now:
            self._registry.set(keys.CLICK_TO_RUN, "ExecutingScenario", "UPDATE")
            begin = self._begin_download if action.name == "download" else self._begin_apply
            begin(action)
        if action and action.ends is not None and action.ends <= now:
            self._fetched = self._share()
            self._action = None
            end = self._end_download if action.name == "download" else self._end_apply
            end(action, action.ends)
            self._registry.delete(keys.CLICK_TO_RUN, "ExecutingScenario")
            self._registry.set(keys.CLICK_TO_RUN, "LastScenario", "UPDATE")

    def _begin_download(self, action: _Action) -> None:
        self._report = StatusReport(Status.DOWNLOADING, content_id=self._report.content_id)
        version = action.parameters.get("updatetoversion") or self._registry.text(
            keys.UPDATE_POLICY, "updatetargetversion"
        )
        if "downloadsource" in action.parameters:
            action.error = error_field(REGDB_E_CLASSNOTREG)
            action.ends = action.starts + self._timings.failing
        elif version is None or version in (self._installed(), self._staged()):
            action.ends = action.starts  # nothing to fetch
        else:
            action.parameters["updatetoversion"] = version
            self._registry.set(keys.UPDATES, "UpdateToVersion", version)
            self._fetch(action, version)

    def _fetch(self, action: _Action, version: str) -> None:
        seconds, allowed = self._timings.download, self._sync_timeout_seconds()
        source = self._source(action.parameters)
        action.error = next(self._download_errors, UpdateError.OK) or self._probe(
            source, version, self._architecture(), self.languages()
        )
        if action.error:
            seconds = self._timings.failing
        elif seconds > allowed:
            action.error, seconds = error_field(NETWORK_TIMEOUT), allowed
        action.ends = action.starts + seconds

    def _share(self) -> float:
        action = self._action
        if action is None or action.name != "download" or action.ends is None:
            return self._fetched
        seconds = min(self._clock.now(), action.ends) - action.starts
        return min(1.0, self._fetched + seconds / self._timings.download) if seconds > 0 else self._fetched

    def _end_download(self, action: _Action, at: float) -> None:
        content_id = self._report.content_id
        if action.cancelling:
            self._report = StatusReport(Status.DOWNLOAD_CANCELLED, content_id=content_id)
        elif action.error:
            self._report = StatusReport(Status.DOWNLOAD_FAILED, action.error, content_id)
        else:
            self._report = StatusReport(Status.DOWNLOAD_SUCCEEDED, content_id=content_id)
            version = action.parameters.get("updatetoversion")
            if version and version != self._installed():
                self._registry.set(keys.UPDATES, "UpdatesReadyToApply", version)
                self._registry.set(keys.UPDATES, "DownloadTime", self._milliseconds_since_1601(at))

    def _begin_apply(self, action: _Action) -> None:
        self._report = StatusReport(Status.APPLYING)
        seconds = self._timings.apply
        if self._staged() is None:
            seconds = 0.0  # nothing to apply, which counts as success
        elif action.parameters.get("forceappshutdown", "").lower() == "true":
            self._apps.close_all()
        elif self._apps.names(action.starts):
            action.error, seconds = UpdateError.FAILED_APPLY_UPGRADE_PACKAGE, self._timings.failing
        action.ends = action.starts + seconds

    def _end_apply(self, action: _Action, at: float) -> None:
        staged = self._staged()
        if action.error:
            self._report = StatusReport(Status.APPLY_FAILED, action.error)
            return
        self._report = StatusReport(Status.APPLY_SUCCEEDED)
        if staged:
            self._install(staged, at)

    def _install(self, version: str, at: float) -> None:
        for name in ("VersionToReport", "ClientVersionToReport"):
            self._registry.set(keys.CONFIGURATION, name, version)
        self._fetched = 0.0
        self._registry.set(keys.CONFIGURATION, "UpdateChannelChanged", "False")
        self._registry.set(keys.UPDATES, "UpdatesAppliedTime", self._milliseconds_since_1601(at))
        for name in ("UpdatesReadyToApply", "UpdateToVersion"):
            self._registry.delete(keys.UPDATES, name)

    def _forget(self) -> None:
        self._action = None
        self._report = StatusReport()
        self._registry.delete(keys.CLICK_TO_RUN, "ExecutingScenario")

    # -- what the registry says ---------------------------------------------------------------------------------------

    def languages(self) -> tuple[str, ...]:
        """The cultures of the installed Office."""
        if (active := active_configuration(self._registry)) is None:
            return ()
        cultures = self._registry.subkeys(rf"{keys.PRODUCT_RELEASE_IDS}\{active}\culture")
        return tuple(name.removesuffix(".16") for name in cultures if name != "x-none.16")

    def _installed(self) -> str | None:
        return self._registry.text(keys.CONFIGURATION, "VersionToReport")

    def _staged(self) -> str | None:
        staged = self._registry.text(keys.UPDATES, "UpdatesReadyToApply")
        return None if staged == "0" else staged

    def _architecture(self) -> str:
        return self._registry.text(keys.CONFIGURATION, "Platform") or "x64"

    def _source(self, parameters: dict[str, str]) -> str:
        """Where this download comes from: its parameter, the policy, the channel."""
        return (
            parameters.get("updatebaseurl")
            or self._registry.text(keys.UPDATE_POLICY, "updatepath")
            or self._registry.text(keys.CONFIGURATION, "UpdateChannel")
            or self._registry.text(keys.CONFIGURATION, "CDNBaseUrl")
            or ""
        )

    def _sync_timeout_seconds(self) -> float:
        value = self._registry.get(keys.SERVICE_INTERNET, "documentsynctimeout")
        return (value if isinstance(value, int) else DEFAULT_SYNC_TIMEOUT_MS) / 1000

    def _milliseconds_since_1601(self, at: float) -> str:
        epoch = datetime(1601, 1, 1, tzinfo=UTC)
        return str(int((self._clock.utc(at) - epoch).total_seconds() * 1000))
