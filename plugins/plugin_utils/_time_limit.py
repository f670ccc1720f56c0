# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit in time for work that waits for someone else, blocking reads included."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN = 5.0  #: seconds until work that clean-up of its own still holds is interrupted once more


class TimeLimitError(Exception):
    """The work was not done in time."""


class _RangError(BaseException):
    """Goes through what catches Exception between the alarm and us."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Give what work() gives, or raise TimeLimitError after `seconds`.

    The process's alarm clock interrupts it. Only the main thread can have it, which is where Ansible's workers run
    their tasks; elsewhere there is no limit, and none beside an alarm that rings sooner, such as a task's `timeout`.
    """
    others, interval = signal.getitimer(signal.ITIMER_REAL)
    if threading.current_thread() is not threading.main_thread() or 0 < others <= seconds:
        return work()
    rang = False

    def ring(*_: Any) -> None:
        nonlocal rang
        rang = True
        raise _RangError

    begun = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (Exception, _RangError) as error:
        if rang:  # whatever became of it on its way here
            raise TimeLimitError(f"not done in {seconds:g} s") from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # it may have rung in the clause above, which rings no more for AGAIN
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - begun), 0.001), interval)
