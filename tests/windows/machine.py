# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host whose time is moved by hand, and what the client has to answer for it according to the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService, ComError, StatusReport
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock, ManualTime
from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    NETWORK_TIMEOUT,
    S_OK,
    Status,
    UpdateError,
    error_field,
    hex_text,
)
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp
from ansible_collections.officefleet.c2r.tests.windows.driver import ClientAnswer

OLD, NEW = "16.0.20131.20206", "16.0.20228.20190"
TIMED_OUT = error_field(NETWORK_TIMEOUT)
TEXTS: dict[str, tuple[str, ...]] = {
    "Download": (f"displaylevel=false updatebaseurl=http://127.0.0.1:1/image updatetoversion={NEW}",),
    "Apply": ("displaylevel=false forceappshutdown=false",),
    "Cancel": (),
    "Status": (),
    "GetBlockingApps": (),
}

#: The calls that lead into each state, with the seconds that pass after each.
ROADS: dict[Status, list[tuple[str, float]]] = {
    Status.UNKNOWN: [],
    Status.DOWNLOAD_PENDING: [("Download", 0)],
    Status.DOWNLOADING: [("Download", 5)],
    Status.DOWNLOAD_CANCELLING: [("Download", 5), ("Cancel", 0)],
    Status.DOWNLOAD_CANCELLED: [("Download", 5), ("Cancel", 5)],
    Status.DOWNLOAD_FAILED: [("Download", 60)],
    Status.DOWNLOAD_SUCCEEDED: [("Download", 60)],
    Status.APPLY_PENDING: [("Download", 60), ("Apply", 0)],
    Status.APPLYING: [("Download", 60), ("Apply", 5)],
    Status.APPLY_SUCCEEDED: [("Download", 60), ("Apply", 60)],
    Status.APPLY_FAILED: [("Download", 60), ("Apply", 60)],
}


class Machine:
    """A managed host with the older build; what is needed for its source is there.

    :param managed: None: management was never turned on.
    """

    def __init__(
        self,
        *,
        managed: bool | None = True,
        elevated: bool = True,
        apps: Sequence[str] = (),
        download_errors: Iterable[int] = (),
    ) -> None:
        self.time = ManualTime()
        self.host = Host(
            "ws-001",
            Office(OLD),
            clock=Clock(source=self.time),
            apps=[OpenApp(app) for app in apps],
            download_errors=download_errors,
            probe=lambda *_: UpdateError.OK,
            managed=managed,
            elevated=elevated,
        )

    @property
    def service(self) -> ClickToRunService:
        """Click-to-Run, which this host has."""
        if self.host.service is None:
            raise RuntimeError("a host with Office has the service")
        return self.host.service

    @property
    def version(self) -> str | None:
        """The installed build."""
        return self.host.registry.text(keys.CONFIGURATION, "VersionToReport")

    @property
    def staged(self) -> str | None:
        """The build that waits to be installed."""
        return self.host.registry.text(keys.UPDATES, "UpdatesReadyToApply")

    def expected(self, method: str, text: str = "") -> ClientAnswer:
        """Call the model itself; what the client says has to be this."""
        try:
            return self._expected(method, text)
        except ComError as error:
            return _answer(error.hresult, activated=False)

    def _expected(self, method: str, text: str) -> ClientAnswer:
        match method:
            case "Download":
                return _answer(self.service.download(text, elevated=self.host.elevated))
            case "Apply":
                return _answer(self.service.apply(text, elevated=self.host.elevated))
            case "Cancel":
                return _answer(self.service.cancel())
            case "Status":
                return _answer(S_OK, self.service.status())
            case "GetBlockingApps":
                apps = self.service.blocking_apps()
                return _answer(S_OK, apps=tuple(apps.split(",")) if apps else ())
            case _:
                raise ValueError(method)


def on_road_to(status: Status) -> Machine:
    """A machine that its road leads into this state."""
    return Machine(
        apps=["WINWORD"] if status == Status.APPLY_FAILED else [],
        download_errors=[TIMED_OUT] if status == Status.DOWNLOAD_FAILED else [],
    )


def _answer(
    hresult: int, report: StatusReport | None = None, *, activated: bool = True, apps: tuple[str, ...] = ()
) -> ClientAnswer:
    failed = hresult >= 1 << 31
    report = report or StatusReport()
    return ClientAnswer(
        activated=activated,
        succeeded=activated and not failed,
        hresult=hresult - (1 << 32) if failed else hresult,
        hresult_text=hex_text(hresult),
        status=report.status,
        error=report.error,
        content_id=report.content_id or "",
        apps=apps,
    )
