# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say how far a staging run is: JSON lines in a file that the controller's side may follow."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Progress:
    """Counts files and bytes from any thread.

    With a path, lines {"files", "files_total", "bytes", "bytes_total" (null: unknown)} are appended to it, at most
    one each `interval` seconds. What cannot be written there never stops the run.
    """

    def __init__(self, path: Path | None = None, interval: float = 1.0) -> None:
        self._path = path
        self._interval = interval
        self._lock = threading.Lock()
        self._written_at = 0.0
        self._files = self._files_total = self._bytes = 0
        self._bytes_total: int | None = None

    def expect(self, files: int, size: int | None) -> None:
        """Set the totals; `size` in bytes."""
        with self._lock:
            self._files_total, self._bytes_total = files, size
            self._write()

    def add_bytes(self, count: int) -> None:
        """Count bytes written, or with a negative number taken back."""
        with self._lock:
            self._bytes += count
            if time.monotonic() - self._written_at >= self._interval:
                self._write()

    def add_file(self) -> None:
        """Count a file that is complete and verified."""
        with self._lock:
            self._files += 1
            if self._files == self._files_total or time.monotonic() - self._written_at >= self._interval:
                self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        self._written_at = time.monotonic()
        line = {
            "files": self._files,
            "files_total": self._files_total,
            "bytes": self._bytes,
            "bytes_total": self._bytes_total,
        }
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
