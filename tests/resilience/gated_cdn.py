# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's CDN with a gate: after a certain number of bytes nothing more goes out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.server import Pace


class Gate(Pace):
    """Counts the bytes of all files' bodies, and lets none out beyond a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.delivered = 0  #: bytes since the last reset
        self.reached = threading.Event()  #: somebody waits at the gate
        self._limit = float("inf")

    def reset(self, limit: float = float("inf")) -> None:
        """Begin to count anew; who waits at the gate goes on waiting."""
        self.delivered = 0
        self.reached = threading.Event()
        self._limit = limit

    async def take(self, size: int) -> None:
        """Let these bytes out; beyond the limit wait until the client goes away, which cancels the answer."""
        if self.delivered + size > self._limit:
            self.reached.set()
            await asyncio.Event().wait()
        self.delivered += size


class GatedCdn(LabCdn):
    """A lab CDN whose pace is a gate."""

    def __init__(self, directory: Path, builds: Sequence[Build]) -> None:
        super().__init__(directory, builds)
        self.gate = Gate()
        self._server.pace = self.gate

    def wait_until_alone(self) -> None:
        """Wait until the server has seen that a client is gone: what it still does would count for the next one."""
        deadline = time.monotonic() + 20
        while self._connections() > 0:
            if time.monotonic() > deadline:
                raise TimeoutError("the lab's server still has connections of a client that is gone")
            time.sleep(0.005)

    def _connections(self) -> int:
        loop = self._server._loop
        assert loop is not None

        async def count() -> int:
            # Beside this one, the server's own.
            return len(asyncio.all_tasks(loop)) - 2

        return asyncio.run_coroutine_threadsafe(count(), loop).result(timeout=20)
