# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far a staging run is while its module still runs. Internal to this collection."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

INTERVAL = 5.0  #: seconds between two lines


class ProgressLines:
    """Follows a file of JSON lines (module_utils/_cdn/progress.py) in a thread while the context lasts.

    Every `interval` seconds, and once at the end, one line goes to `show`; a run that writes nothing shows nothing.
    """

    def __init__(self, path: Path, title: str, show: Callable[[str], object], interval: float = INTERVAL) -> None:
        self._path = path
        self._title = title
        self._show = show
        self._interval = interval
        self._offset = 0
        self._latest: dict[str, Any] | None = None
        self._rate_from = (time.monotonic(), 0)  # when and bytes
        self._shown: dict[str, Any] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="officefleet-progress", daemon=True)

    def __enter__(self) -> ProgressLines:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._read()
        if self._latest != self._shown:
            self._show_latest()

    def _follow(self) -> None:
        while not self._stop.wait(self._interval):
            self._read()
            self._show_latest()

    def _read(self) -> None:
        """Take the newest complete line."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return
        complete, newline, _rest = data.rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        if complete:
            self._latest = json.loads(complete.rpartition(b"\n")[2])

    def _show_latest(self) -> None:
        if self._latest is None:
            return
        now, (then, before) = time.monotonic(), self._rate_from
        if self._shown is None or self._shown["phase"] != self._latest["phase"]:
            before = 0
        rate = max(self._latest["bytes"] - before, 0) / max(now - then, 0.001)
        self._rate_from = (now, self._latest["bytes"])
        self._shown = self._latest
        self._show(f"{self._title}: {describe(self._latest, rate)}")


def describe(state: dict[str, Any], rate: float) -> str:
    """Give "fetching, 3/15 files, 42 %, 1.2 of 2.9 GB, 35.0 MB/s"; `rate` in bytes per second.

    A phase without files to count is all there is to say.
    """
    if not state["files_total"]:
        return str(state["phase"])
    parts = [str(state["phase"]), f"{state['files']}/{state['files_total']} files"]
    total = state["bytes_total"]
    if total:
        parts += [f"{100 * state['bytes'] // total} %", f"{_in_unit(state['bytes'], total)} of {_size(total)}"]
    else:
        parts.append(_size(state["bytes"]))
    return ", ".join([*parts, f"{rate / 1e6:.1f} MB/s"])


def _size(count: int) -> str:
    return f"{_in_unit(count, count)} {'GB' if count >= 1e9 else 'MB'}"


def _in_unit(count: int, largest: int) -> str:
    return f"{count / (1e9 if largest >= 1e9 else 1e6):.1f}"
