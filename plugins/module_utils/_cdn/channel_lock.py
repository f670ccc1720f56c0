# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run per channel: a locked file, which says who holds it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path


@contextmanager
def hold(path: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Lock the file, waiting for it if need be; `on_wait` is then called once with a text that says for whom.

    The kernel frees the lock when its process ends, however it ends. The file itself stays.
    """
    descriptor = _locked(path, on_wait)
    try:
        _write(descriptor, f"process {os.getpid()} on {socket.gethostname()}, since {_now()}")
        yield
    finally:
        _write(descriptor, "")
        os.close(descriptor)


def _locked(path: Path, on_wait: Callable[[str], None]) -> int:
    told = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            if not _try(descriptor):
                if not told:
                    on_wait(_holder(descriptor))
                    told = True
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:  # an interrupted wait, too
            os.close(descriptor)
            raise
        os.close(descriptor)  # somebody removed the file meanwhile, and perhaps another run locked a new one


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 300, 0).decode("utf-8", "replace")
    return " ".join(text.split()) or "another run"


def _write(descriptor: int, text: str) -> None:
    with suppress(OSError):  # only a hint, and a full disk must not keep anybody from pruning
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
