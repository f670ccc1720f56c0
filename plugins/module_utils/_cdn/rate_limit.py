# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rate that several threads keep together."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimit:
    """At most `bytes_per_second` on average; None: no limit."""

    def __init__(self, bytes_per_second: int | None) -> None:
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

    def portion(self, size: int) -> int:
        """Give how much of `size` bytes to take at once, so that the rate is kept within an eighth of a second."""
        return size if self._rate is None else max(1, min(size, self._rate // 8))

    def pay(self, size: int, wait: Callable[[float], object]) -> None:
        """Call `wait` with the seconds that are due for `size` bytes, if any are."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + size / self._rate
            due = self._free_at - now
        if due > 0:
            wait(due)
