# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases in a directory of records: one file for all sources, so that no host can hold two, behind one lock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _leases, _locked_files
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, Fields
from ansible_collections.officefleet.c2r.plugins.plugin_utils._leases import Lease
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError, decoded, iso

SCHEMA = 1
PATIENCE = 30  # seconds; the lock is held for the time of one small write
# No host's file can have these names: a "+" in a host's name is written as %2B.
FILE, LOCK = ".+leases.json", ".+leases.lock"


class DirectoryLeases:
    """The `Leases` of a directory."""

    def __init__(self, directory: Path) -> None:
        """Use `directory`; it is made when the first lease is asked for."""
        self._directory, self._file = directory, directory / FILE

    def acquire(self, source: str, host: str, max_active: int, until: datetime, now: datetime) -> bool:
        """Give a host a lease, see `Leases`."""
        until = _leases.checked(until, now)
        with self._alone():
            after = _leases.granted(self._read(), source, host, max_active, until, now)
            if after is not None:
                self._write(after)
            return after is not None

    def renew(self, host: str, until: datetime, now: datetime) -> bool:
        """Prolong a lease, see `Leases`."""
        until = _leases.checked(until, now)
        if not self._file.exists():
            return False  # without making a directory for it
        with self._alone():
            held = self._read()
            own = held.get(host)
            if own is None or own.until <= now:
                return False
            self._write({**held, host: Lease(own.source, until)})
            return True

    def release(self, host: str) -> None:
        """Give a lease up, see `Leases`."""
        if not self._file.exists():
            return
        with self._alone():
            held = self._read()
            if held.pop(host, None):
                self._write(held)

    def active(self, source: str, now: datetime) -> tuple[str, ...]:
        """Name the holders, see `Leases`."""
        return tuple(
            sorted(host for host, lease in self._read().items() if lease.source == source and lease.until > now)
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        place = self._directory / LOCK
        with _locked_files.locked(place, patience=PATIENCE) as ours:
            if not ours:
                raise RecordError(
                    f"records: another process has held {place} for {PATIENCE} s. End it if it hangs, and run again."
                )
            yield

    def _read(self) -> dict[str, Lease]:
        try:
            fields = Fields("", decoded(self._file.read_bytes()))
            if fields.get("schema") != SCHEMA:
                raise DamagedError(f"is not a list of leases of schema {SCHEMA}")
            leases = fields.many_fields("leases")
            return {lease.text("host"): Lease(lease.text("source"), lease.time("until")) for lease in leases}
        except FileNotFoundError:
            return {}
        except (OSError, DamagedError) as error:
            problem = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
            raise RecordError(
                f"records: {self._file} {problem}. Remove it: the downloads that run now are then not counted."
            ) from error

    def _write(self, held: Mapping[str, Lease]) -> None:
        leases = [{"host": host, "source": lease.source, "until": iso(lease.until)} for host, lease in held.items()]
        try:
            _locked_files.replace(self._file, json.dumps({"schema": SCHEMA, "leases": leases}, indent=1) + "\n")
        except OSError as error:
            raise RecordError(
                f"records: {self._file} cannot be written ({error.strerror}). Give the user who runs Ansible the right "
                "to, and the disk room."
            ) from error
