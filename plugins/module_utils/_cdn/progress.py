# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a staging run does and how far it is: lines for the controller's side, a timeline for the result."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOMENTS = 60  #: most entries of a timeline


class Progress:
    """Counts files and bytes of one phase after the other, from any thread.

    With a path, lines {"phase" (text), "files", "files_total", "bytes", "bytes_total" (null: unknown)} are appended to
    it: one as a phase begins and at its last file, between them at most one each `interval` seconds. What cannot be
    written there never stops the run.
    """

    def __init__(
        self, path: Path | None = None, interval: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._written_at = 0.0
        self._phase = ""
        self._files = self._files_total = self._bytes = 0
        self._bytes_total: int | None = None
        self._moments: list[dict[str, Any]] = []
        self._moment_at = 0.0
        self._moment_gap = interval

    def phase(self, text: str, files: int = 0, size: int | None = None) -> None:
        """Begin something else, with `files` to count and `size` bytes (None: unknown); counts start from 0."""
        with self._lock:
            self._remember(last=True)
            self._phase, self._files_total, self._bytes_total = text, files, size
            self._files = self._bytes = 0
            self._write()
            self._remember(last=True)

    def step(self, text: str) -> None:
        """Begin something else with the same files, which are done."""
        with self._lock:
            self._phase = text
            self._write()
            self._remember(last=True)

    def add_bytes(self, count: int) -> None:
        """Count bytes, or with a negative number take them back."""
        with self._lock:
            self._bytes += count
            self._tell(last=False)

    def add_file(self) -> None:
        """Count a file that is complete."""
        with self._lock:
            self._files += 1
            self._tell(last=self._files == self._files_total)

    def timeline(self) -> list[dict[str, Any]]:
        """Give {"at" (UTC, ISO 8601), "phase", "files", "bytes"} from first to last, at most MOMENTS evenly thinned."""
        with self._lock:
            self._remember(last=True)
            return list(self._moments)

    def _tell(self, *, last: bool) -> None:
        if last or self._clock() - self._written_at >= self._interval:
            self._write()
        self._remember(last=last)

    def _remember(self, *, last: bool) -> None:
        """Add the present moment to the timeline, if it has something to count that is not there yet."""
        now = self._clock()
        if not self._files_total or (not last and now - self._moment_at < self._moment_gap):
            return
        counts = {"phase": self._phase, "files": self._files, "bytes": self._bytes}
        if self._moments and {**self._moments[-1], **counts} == self._moments[-1]:
            return
        if len(self._moments) == MOMENTS:
            del self._moments[1:-1:2]  # the first stays, and the latest
            self._moment_gap *= 2
        at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._moments.append({"at": at, **counts})
        self._moment_at = now

    def _write(self) -> None:
        if self._path is None:
            return
        self._written_at = self._clock()
        line = {
            "phase": self._phase,
            "files": self._files,
            "files_total": self._files_total,
            "bytes": self._bytes,
            "bytes_total": self._bytes_total,
        }
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
