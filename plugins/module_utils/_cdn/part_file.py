# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is not whole yet: its bytes in `NAME.part`, what is known of them in `NAME.part.journal`.

The journal's first line is a JSON object {"url", "size", "etag", "last_modified"}; each further line is "START LENGTH"
of bytes that were written before the line was. So a process that is killed leaves no line without its bytes. A power
cut may; whoever fetches checks the whole file before using it.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.extents import Extents
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_ranges import Validator

if TYPE_CHECKING:
    from pathlib import Path

PART = ".part"
JOURNAL = ".part.journal"


@dataclass(frozen=True)
class FileState:
    """One state of a file on a server."""

    size: int
    validator: Validator


class PartFile:
    """The part of `target`; several threads may write at once. Trouble is an OSError."""

    def __init__(self, target: Path, url: str) -> None:
        self.path = target.with_name(target.name + PART)
        self._target = target
        self._journal_path = target.with_name(target.name + JOURNAL)
        self._url = http.redact(url)
        self._lock = threading.Lock()
        self._file = self._journal = -1
        self._extents = Extents()

    def resume(self) -> FileState | None:
        """Open what an interrupted run left of this URL's file; None if there is nothing of use."""
        found = _read_journal(self._journal_path, self._url)
        if found is None:
            return None
        state, extents = found
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        if os.fstat(self._file).st_size < extents.end:  # lines without their bytes, as after a power cut
            self.close()
            return None
        self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        os.write(self._journal, b"\n")  # ends a line that was cut off
        self._extents = extents
        return state

    def begin(self, state: FileState | None) -> None:
        """Begin with nothing. Without a state the next run does so, too."""
        self.close()
        with suppress(FileNotFoundError):
            self._journal_path.unlink()  # first: it would speak of bytes that are no longer there
        flags = os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._file = os.open(self.path, flags | os.O_RDWR, 0o666)
        if state is not None:
            header = {"url": self._url, "size": state.size, **vars(state.validator)}
            self._journal = os.open(self._journal_path, flags | os.O_WRONLY | os.O_APPEND, 0o666)
            os.write(self._journal, json.dumps(header).encode() + b"\n")

    def write(self, position: int, data: bytes) -> None:
        """Write, and note that it is written."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._file, rest, position + len(data) - len(rest))
            rest = rest[written:]
        with self._lock:
            self._extents.add(position, position + len(data))
            if self._journal >= 0:
                os.write(self._journal, b"%d %d\n" % (position, len(data)))

    def read(self, position: int, buffer: memoryview) -> int:
        """Read what was written; give how many bytes."""
        return os.preadv(self._file, [buffer], position)

    @property
    def forgotten(self) -> bool:
        """Tell whether it was begun and no later run will continue it."""
        return self._file >= 0 and self._journal < 0

    @property
    def present(self) -> int:
        """Give how many bytes are there."""
        with self._lock:
            return self._extents.total

    def gaps(self, size: int) -> list[tuple[int, int]]:
        """Give the stretches below `size` that are not there."""
        with self._lock:
            return list(self._extents.gaps(size))

    def reach(self, position: int) -> int:
        """Give the first byte from `position` on that is not there."""
        with self._lock:
            return self._extents.reach(position)

    def release(self, start: int, end: int) -> None:
        """Let the system write these bytes to the disk now, and forget those that are there: nobody needs them soon.

        So the flush at the end is short, and the page cache takes the next bytes in pages that it has; new ones are
        most of the cost on a virtual machine.
        """
        with suppress(OSError, AttributeError):  # a hint, and not every system takes it
            os.posix_fadvise(self._file, start, end - start, os.POSIX_FADV_DONTNEED)

    def publish(self) -> None:
        """Give the file, safely on disk, its name."""
        os.fsync(self._file)
        self.path.replace(self._target)
        with suppress(FileNotFoundError):
            self._journal_path.unlink()
        self.close()

    def discard(self) -> None:
        """Throw away what is there."""
        self.close()
        for path in (self._journal_path, self.path):
            with suppress(FileNotFoundError):
                path.unlink()

    def close(self) -> None:
        """Close the files; what was written stays for the next run."""
        for descriptor in (self._file, self._journal):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._journal = -1
        self._extents = Extents()


def kept(target: Path, url: str) -> int:
    """Give how many bytes of this URL's file an interrupted run left for `target`."""
    found = _read_journal(target.with_name(target.name + JOURNAL), http.redact(url))
    if found is None or not target.with_name(target.name + PART).exists():
        return 0
    return found[1].total


def _read_journal(path: Path, url: str) -> tuple[FileState, Extents] | None:
    """Read what was noted for this URL; None if there is nothing of use."""
    try:
        head, *lines = path.read_text(encoding="utf-8").split("\n")
        header = json.loads(head)
        state = FileState(int(header["size"]), Validator(str(header["etag"]), str(header["last_modified"])))
        if header["url"] != url or not lines or not state.validator.if_range:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    extents = Extents()
    for line in lines:
        # One that was cut off has one number, or two that speak of fewer bytes than there are.
        numbers = [int(number) for number in line.split() if number.isdecimal()]
        if len(numbers) == 2 and numbers[1] > 0:
            extents.add(numbers[0], numbers[0] + numbers[1])
    return (state, extents) if extents.end <= state.size else None
