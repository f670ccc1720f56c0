# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lookup fetched from a URL, kept for a while. Nothing rests on the directory: what is read is checked again."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ansible.utils.display import Display

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError

display = Display()


class FeedCache:
    """One document on disk.

    :param source: the URL it comes from; each has its own entry.
    :param directory: option `cache_dir`; made when missing, for its owner alone.
    :param ttl: option `cache_ttl`, seconds; 0 keeps nothing. InputError if negative.
    :param plugin: full name of the plugin, for messages.
    """

    def __init__(self, source: str, directory: str, ttl: int, plugin: str, suffix: str = ".cab") -> None:
        if ttl < 0:
            raise InputError(f"cache_ttl: {ttl} is negative; give seconds, or 0 to keep nothing.")
        self._ttl = ttl
        self._plugin = plugin
        self._path = Path(directory).expanduser() / f"{hashlib.sha256(source.encode()).hexdigest()}{suffix}"

    def read(self, check: Callable[[bytes, str], object]) -> bytes | None:
        """Give the document if it is there, fresh, and `check(data, path)` raises no CdnError; None otherwise."""
        try:
            age = time.time() - self._path.stat().st_mtime
            if not 0 <= age < self._ttl:
                return None
            data = self._path.read_bytes()
        except OSError:
            return None
        try:
            check(data, str(self._path))
        except CdnError as error:
            display.vvv(f"{self._plugin}: {error} Fetching it again.")
            return None
        return data

    def write(self, data: bytes) -> None:
        """Keep the document; a directory that cannot be written to costs a fetch next time, not this run."""
        if self._ttl == 0:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            display.warning(f"{self._plugin}: cache_dir {str(self._path.parent)!r} cannot be used: {error}.")
