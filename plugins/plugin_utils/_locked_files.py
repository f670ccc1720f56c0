# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two things that files of records rest on: a lock that dies with its holder, and replacement as a whole."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import flush
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError

_PAUSE = 0.01  # seconds between two attempts
#: Some file systems flush no directories, and one that may be written need not be one that may be read.
_NEVER_FLUSHED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})


@contextmanager
def locked(place: Path, *, patience: float = 0) -> Iterator[bool]:
    """Hold the lock file `place`, made when missing; False when another process held it for `patience` seconds."""
    handle = -1
    try:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            handle = _open(place)
            ours = _lock(handle, patience)
        except OSError as error:
            raise RecordError(
                f"records: {place} cannot be locked ({error.strerror}). Name a directory on the controller that "
                "the user who runs Ansible may write to, on a file system that has locks."
            ) from error
        yield ours
    finally:
        if handle >= 0:
            os.close(handle)


def _lock(handle: int, patience: float) -> bool:
    """Try for so long: a wait without end would hang with a holder that was stopped."""
    end = time.monotonic() + patience
    while not _lock_now(handle):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True


def _lock_now(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def replace(path: Path, text: str) -> None:
    """Give `path` new content by one rename: readers see the old or the new one. It outlasts a power cut. OSError."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            os.fchmod(handle, 0o644)  # reports are written by others
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        Path(temporary).replace(path)
        _flush(path.parent)  # or a power cut could bring the old content back
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _flush(folder: Path) -> None:
    try:
        flush.directory(folder)
    except OSError as error:
        if error.errno not in _NEVER_FLUSHED:
            raise


def _open(place: Path) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        return os.open(place, os.O_RDONLY)  # made by another user; only network file systems lock by writers alone
