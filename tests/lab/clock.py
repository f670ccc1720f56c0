# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's time: durations in the lab are simulated seconds, which may pass faster than real ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class ManualTime:
    """A time source that stands still until it is advanced: for tests."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let so many real seconds pass."""
        self._seconds += seconds


class Clock:
    """Durations run `speed` times as fast as real time; the wall clock does not, so that hosts and controller agree.

    :param start: what the wall clock shows at first (default: the time it is).
    :param source: real seconds, counted from anywhere.
    :param sleep: lets real seconds pass.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        start: datetime | None = None,
        source: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed: {speed} is not above 0")
        self.speed = speed
        self._source, self._sleep = source, sleep
        self._origin = source()
        self._start = start or datetime.now(UTC)

    def now(self) -> float:
        """Simulated seconds since the clock was made."""
        return (self._source() - self._origin) * self.speed

    def sleep(self, seconds: float) -> None:
        """Wait for so many simulated seconds."""
        self._sleep(seconds / self.speed)

    def utc(self, at: float | None = None) -> datetime:
        """What the wall clock shows at the simulated second `at` (default: now)."""
        simulated = self.now() if at is None else at
        return self._start + timedelta(seconds=simulated / self.speed)
