# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The COM bridge of tests/windows for a PowerShell at work: a call that waits sees time pass."""

from __future__ import annotations

import threading
import time

from ansible_collections.officefleet.c2r.tests.contract.scenario import SimulatedHost
from ansible_collections.officefleet.c2r.tests.windows.lab_bridge import BridgeAnswer, LabBridge


class TimedBridge(LabBridge):
    """Between two questions of one module call as much time passes for the host as really passes, and else none.

    So a module that waits for the service sees it go on, and how long PowerShell takes to start changes nothing.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._simulated: SimulatedHost | None = None
        self._asked: float | None = None
        self._guard = threading.Lock()

    def serve(self, simulated: SimulatedHost) -> None:
        """Answer for this scenario's host."""
        with self._guard:
            self._simulated, self._asked = simulated, None
            self.attend(simulated.host)

    def new_call(self) -> None:
        """A module call begins."""
        with self._guard:
            self._asked = None

    def answer(self, words: list[str]) -> BridgeAnswer:
        """See LabBridge."""
        with self._guard:
            now = time.monotonic()
            if self._simulated and self._asked is not None:
                self._simulated.pass_time(now - self._asked)
            self._asked = now
            return super().answer(words)
