# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit in time: what it interrupts, and that nothing of it stays behind."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _time_limit
from ansible_collections.officefleet.c2r.plugins.plugin_utils._time_limit import TimeLimitError, within


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """See that the process's alarm clock is as it was."""
    yield
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def blocking_read() -> None:
    """Read from somebody who never writes."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.recv(1)


def swallowing() -> None:
    """Take any error for one of its own, as libraries do."""
    try:
        blocking_read()
    except Exception:
        time.sleep(30)


def forgiving() -> None:
    """Go on as if nothing had been."""
    with suppress(Exception):
        blocking_read()


def changing() -> None:
    """Turn whatever ends it into another error."""
    try:
        blocking_read()
    finally:
        raise OSError("the clean-up failed")


def cleaning_up() -> None:
    """Wait for the other side when it cleans up, too."""
    try:
        blocking_read()
    finally:
        blocking_read()


@pytest.mark.parametrize("work", [blocking_read, swallowing, forgiving, changing, cleaning_up])
def test_what_takes_too_long_is_interrupted(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_time_limit, "AGAIN", 0.2)
    begun = time.monotonic()
    with pytest.raises(TimeLimitError, match=r"not done in 0\.2 s"):
        within(0.2, work)
    assert time.monotonic() - begun < 2


def test_what_is_done_in_time_passes_through() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_a_timeout_of_somebody_else_still_holds() -> None:
    rang = []

    def ring(*_: Any) -> None:
        rang.append(time.monotonic())

    signal.signal(signal.SIGALRM, ring)
    try:
        begun = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(TimeLimitError):
            within(0.2, blocking_read)
        assert not rang
        time.sleep(0.6)
        assert rang
        assert 0.4 < rang[0] - begun < 0.6, "a later one goes on as if nothing had been"
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        within(5, lambda: time.sleep(0.3))
        assert len(rang) == 2, "a sooner one rings"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def test_other_threads_have_no_limit() -> None:
    done: list[None] = []
    thread = threading.Thread(target=lambda: done.append(within(0.05, partial(time.sleep, 0.2))))
    thread.start()
    thread.join()
    assert done == [None]
