# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The COM interface of one service: the model's own methods, or the same ones by way of the C# client in Wine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pytest

from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService, ComError, StatusReport
from ansible_collections.officefleet.c2r.tests.lab.com_codes import Status
from ansible_collections.officefleet.c2r.tests.windows.driver import ClientAnswer


class Submit(Protocol):
    """Download or Apply: the HRESULT."""

    def __call__(self, parameters: str = "", *, elevated: bool = True) -> int: ...


@dataclass(frozen=True)
class ComMethods:
    """Those of ClickToRunService that are the COM interface."""

    download: Submit
    apply: Submit
    cancel: Callable[[], int]
    status: Callable[[], StatusReport]
    blocking_apps: Callable[[], str | None]

    @staticmethod
    def of(service: ClickToRunService) -> ComMethods:
        """As they are at this moment."""
        return ComMethods(service.download, service.apply, service.cancel, service.status, service.blocking_apps)


class ThroughWine:
    """Stands in for the COM methods of a service: each call goes through the C# client and COM and back to the model.

    :param call: calls a method of the client, as Driver.call does.
    """

    def __init__(self, call: Callable[..., ClientAnswer]) -> None:
        self._call = call

    def replace(self, monkeypatch: pytest.MonkeyPatch, service: ClickToRunService) -> None:
        """Let everybody who calls this service come by here."""
        for name in ComMethods.__annotations__:
            monkeypatch.setattr(service, name, getattr(self, name))

    def download(self, parameters: str = "", *, elevated: bool = True) -> int:
        """Queue a download. Whether the caller is elevated is the bridge's knowledge."""
        del elevated
        return _unsigned(self._activated("Download", parameters))

    def apply(self, parameters: str = "", *, elevated: bool = True) -> int:
        """Queue an installation."""
        del elevated
        return _unsigned(self._activated("Apply", parameters))

    def cancel(self) -> int:
        """Stop the download that runs."""
        return _unsigned(self._activated("Cancel"))

    def status(self) -> StatusReport:
        """The running action, or how the last one ended."""
        answer = self._activated("Status")
        return StatusReport(Status(answer.status), answer.error, answer.content_id or None)

    def blocking_apps(self) -> str | None:
        """The open applications, separated by commas."""
        return ",".join(app or "" for app in self._activated("GetBlockingApps").apps) or None

    def _activated(self, method: str, *text: str) -> ClientAnswer:
        answer = self._call(method, *text)
        if not answer.activated:
            raise ComError(_unsigned(answer))
        return answer


def _unsigned(answer: ClientAnswer) -> int:
    return answer.hresult & 0xFFFFFFFF
