# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in a directory, one JSON file per host.

A record is replaced as a whole (temporary file, then rename), so a reader sees the old one or the new one. Whoever
visits a host holds the lock file beside its record, so that two runs never work on one host at a time.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _locked_files, _notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_leases import DirectoryLeases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_notes import DirectoryNotes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    NoRecordsError,
    Record,
    RecordError,
    Standing,
    Unreadable,
    decoded,
    from_json,
    to_json,
)

LARGEST = 4 * 1024 * 1024  # bytes; a record's history is bounded, so anything larger is not one
WRITER = (
    "Name the directory that the playbook officefleet.c2r.rollout (the action officefleet.c2r.reconcile) writes its "
    "records to."
)
REMEDY = "Name a directory on the controller that the user who runs Ansible may write to"


class DirectoryStore:
    """A `RecordStore` in a directory."""

    def __init__(self, directory: str) -> None:
        """Use `directory`; it is made when the first record is saved."""
        self.directory = Path(directory).expanduser()
        self.leases = DirectoryLeases(self.directory)
        self.notes = DirectoryNotes(self.directory)
        self.roll_calls = DirectoryNotes(self.directory, _notes.SLICES)

    def close(self) -> None:
        """Nothing is kept open."""

    def path(self, host: str) -> Path:
        """Give the file of a host. Whatever a name contains, the file lies in the directory and is not hidden."""
        name = quote(host, safe="")
        return self.directory / f"{'%2E' + name[1:] if name.startswith('.') else name}.json"

    def place(self, host: str) -> str:
        """Say where the record of a host is."""
        return str(self.path(host))

    def load(self, host: str) -> Record | None:
        """Read the record of a host; None when there is none, RecordError when it cannot be used."""
        path = self.path(host)
        try:
            record = _read(path)
            if record.host != host:
                raise DamagedError(f"is the record of host {record.host!r}")
            return record
        except FileNotFoundError:
            return None
        except DamagedError as error:
            raise RecordError(
                f"records: {path} {error}. Move it away: the host is then looked at as if for the first time."
            ) from error

    def save(self, record: Record) -> None:
        """Replace the record of a host; RecordError names the directory."""
        text = json.dumps(to_json(record), indent=1, ensure_ascii=False) + "\n"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            _locked_files.replace(self.path(record.host), text)
        except OSError as error:
            raise RecordError(
                f"records: {str(self.directory)!r} cannot be written ({error.strerror}). {REMEDY}."
            ) from error

    @contextmanager
    def locked(self, host: str) -> Iterator[bool]:
        """Hold a host for one visit; gives False at once while another process holds it. A killed one holds nothing."""
        place = self.directory / f".{self.path(host).stem}.lock"
        with _locked_files.locked(place) as ours:
            yield ours

    def standings(self, deployment: DeploymentKey, hosts: Collection[str]) -> dict[str, Standing]:
        """Read the standings of those of `hosts` whose record can be read and is of this deployment."""
        records = filter(None, map(self._try, hosts))
        return {record.host: record.standing for record in records if record.deployment.same(deployment)}

    def everything(self) -> tuple[list[Record], list[Unreadable]]:
        """Read all records, and name the files that are none, both by file name. RecordError for the directory."""
        answers = [(path, _read_or_name(path)) for path in self._files()]
        found = [(path, answer) for path, answer in answers if isinstance(answer, Record)]
        unreadable = [answer for _, answer in answers if isinstance(answer, Unreadable)]
        records: dict[str, Record] = {}
        # The file that is written for a host wins over a copy under another name.
        for path, record in sorted(found, key=lambda item: (self.path(item[1].host).name != item[0].name, item[0])):
            if record.host in records:
                unreadable.append(_unreadable(path, f"is a second record of host {clean(record.host)!r}"))
            else:
                records[record.host] = record
        return list(records.values()), unreadable

    def check(self) -> None:
        """Refuse a directory that no record can be written to (RecordError); nothing is made yet."""
        try:
            present = next(path for path in (self.directory, *self.directory.absolute().parents) if path.exists())
            writable = present.is_dir() and os.access(present, os.W_OK | os.X_OK)
        except OSError:  # behind a directory that may not be searched, say
            writable = False
        if not writable:
            raise RecordError(f"records: {str(self.directory)!r} cannot be written. {REMEDY}.")

    def _try(self, host: str) -> Record | None:
        try:
            return self.load(host)
        except RecordError:
            return None  # its own visit says what is wrong with it

    def _files(self) -> list[Path]:
        shown = f"records: {str(self.directory)!r}"
        try:
            if not self.directory.exists():
                raise NoRecordsError(f"{shown} does not exist. {WRITER}")
            if not self.directory.is_dir():
                raise RecordError(f"{shown} is not a directory. {WRITER}")
            return sorted(
                path for path in self.directory.iterdir() if path.suffix == ".json" and not path.name.startswith(".")
            )
        except OSError as error:
            raise RecordError(
                f"{shown} cannot be listed ({error.strerror}). Let the user that runs Ansible read it."
            ) from error


def _read(path: Path) -> Record:
    """Read one file; FileNotFoundError when there is none, DamagedError when it holds no record."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DamagedError("is not a regular file")
        if found.st_size > LARGEST:
            raise DamagedError(f"has {found.st_size} bytes; a record has at most {LARGEST}")
        return from_json(decoded(path.read_bytes()))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedError(f"cannot be read ({error.strerror})") from error


def _read_or_name(path: Path) -> Record | Unreadable | None:
    try:
        return _read(path)
    except FileNotFoundError:  # removed this moment, unless it is a link to nowhere
        return _unreadable(path, "is not a regular file") if path.is_symlink() else None
    except DamagedError as error:
        return _unreadable(path, str(error))


def _unreadable(path: Path, problem: str) -> Unreadable:
    return Unreadable(clean(path.name), problem, clean(str(path)))
