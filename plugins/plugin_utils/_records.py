# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered about a host between two looks: one JSON file per host.

A record is replaced as a whole (temporary file, then rename), so a reader sees the old one or the new one. Whoever
visits a host holds the lock file beside its record, so that two runs never work on one host at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import DecodedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.fields import TIME_FORMAT, DamagedError, Fields

SCHEMA = 1
HISTORY = 50  # transitions kept per host


class RecordError(Exception):
    """A record, or the directory of records, cannot be used; the text is for the user."""


@dataclass(frozen=True)
class DeploymentKey:
    """What a record's counters belong to: another name, version or source starts them anew."""

    name: str
    channel: str
    version: str
    source: str

    @classmethod
    def of(cls, deployment: Deployment) -> DeploymentKey:
        """Give the key of a deployment."""
        return cls(deployment.name, deployment.channel or "", deployment.version, deployment.source)


@dataclass(frozen=True)
class Transition:
    """The moment a host entered a state."""

    at: datetime
    state: str
    version: str | None
    note: str


@dataclass(frozen=True)
class Record:
    """What is known about one host. Times are UTC with whole seconds; `updated_at` None means never visited."""

    host: str
    ring: str
    deployment: DeploymentKey
    state: str = "waiting"
    reason: str = "not visited yet"
    version: str | None = None
    status: str | None = None
    error: DecodedError | None = None
    blocking_apps: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    architecture: str | None = None
    attempts: int = 0  #: failed attempts of this deployment
    failure: str | None = None  #: why the last attempt failed
    deferrals: int = 0  #: times an apply was put off because applications were open
    not_before: datetime | None = None
    submitted: str | None = None  #: the step ("download", "apply") asked for whose end has not been seen
    submitted_at: datetime | None = None
    arrived: bool = False  #: the host is known to have got that step
    lost_steps: int = 0  #: steps of this deployment that never arrived and are no failed attempts
    staged: bool = False  #: our download was seen complete
    seen_at: datetime | None = None
    updated_at: datetime | None = None
    at_rest: bool = False
    revisit_at: datetime | None = None  #: when a run that goes on looks again; None: not in this run
    history: tuple[Transition, ...] = field(default=())

    def started(self, deployment: Deployment, ring: str) -> Record:
        """Give the record as this deployment begins with it: counters of another deployment are dropped."""
        key = DeploymentKey.of(deployment)
        if key == self.deployment:
            return replace(self, ring=ring)
        fresh = Record(self.host, ring, key)
        return replace(fresh, version=self.version, seen_at=self.seen_at, history=self.history)


def to_json(record: Record) -> dict[str, Any]:
    """Give the record as its file holds it."""
    document = {"schema": SCHEMA, **asdict(record)}
    for key in ("not_before", "submitted_at", "seen_at", "updated_at", "revisit_at"):
        document[key] = _iso(document[key])
    document["history"] = [{**asdict(item), "at": _iso(item.at)} for item in record.history]
    return document


def from_json(document: Any) -> Record:
    """Read a record's document; RecordError says what does not fit."""
    try:
        fields = Fields("", document, raw=True)
        if fields.get("schema") != SCHEMA or fields.get("schema") is True:
            raise RecordError(f"is not a record of schema {SCHEMA}")
        return _record(fields)
    except DamagedError as error:
        raise RecordError(str(error)) from error


def _record(fields: Fields) -> Record:
    deployment, error = fields.fields("deployment"), fields.optional_fields("error")
    return Record(
        host=fields.text("host"),
        ring=fields.optional_text("ring") or "",
        deployment=DeploymentKey(
            deployment.text("name"),
            deployment.optional_text("channel") or "",
            deployment.text("version"),
            deployment.optional_text("source") or "",
        ),
        state=fields.text("state"),
        reason=fields.optional_text("reason") or "",
        version=fields.optional_text("version"),
        status=fields.optional_text("status"),
        error=None if error is None else _error(error),
        blocking_apps=fields.texts("blocking_apps"),
        products=fields.texts("products"),
        languages=fields.texts("languages"),
        architecture=fields.optional_text("architecture"),
        attempts=fields.number("attempts"),
        failure=fields.optional_text("failure"),
        deferrals=fields.number("deferrals"),
        not_before=fields.optional_time("not_before"),
        submitted=fields.optional_text("submitted"),
        submitted_at=fields.optional_time("submitted_at"),
        arrived=fields.truth("arrived"),
        lost_steps=fields.number("lost_steps"),
        staged=fields.truth("staged"),
        seen_at=fields.optional_time("seen_at"),
        updated_at=fields.optional_time("updated_at"),
        at_rest=fields.truth("at_rest"),
        revisit_at=fields.optional_time("revisit_at"),
        history=tuple(
            Transition(
                entry.time("at"),
                entry.text("state"),
                entry.optional_text("version"),
                entry.optional_text("note") or "",
            )
            for entry in fields.many_fields("history")
        ),
    )


def _error(fields: Fields) -> DecodedError:
    return DecodedError(
        domain=fields.text("domain"),
        code=fields.text("code"),
        name=fields.optional_text("name") or "",
        hresult=fields.optional_text("hresult"),
        message=fields.optional_text("message") or "",
        hint=fields.optional_text("hint") or "",
    )


class RecordStore:
    """A directory of records, one file per host."""

    def __init__(self, directory: str) -> None:
        """Use `directory`; it is made when the first record is saved."""
        self.directory = Path(directory).expanduser()

    def path(self, host: str) -> Path:
        """Give the file of a host. Whatever a name contains, the file lies in the directory and is not hidden."""
        name = quote(host, safe="")
        return self.directory / f"{'%2E' + name[1:] if name.startswith('.') else name}.json"

    @contextmanager
    def locked(self, host: str) -> Iterator[bool]:
        """Hold a host for one visit; gives False at once while another process holds it. A killed one holds nothing."""
        place = self.directory / f".{self.path(host).stem}.lock"
        handle = -1
        try:
            try:
                self.directory.mkdir(parents=True, exist_ok=True)
                handle = _open(place)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                ours = True
            except BlockingIOError:
                ours = False
            except OSError as error:
                raise RecordError(
                    f"records: {place} cannot be locked ({error.strerror}). Name a directory on the controller that "
                    "the user who runs Ansible may write to, on a file system that has locks."
                ) from error
            yield ours
        finally:
            if handle >= 0:
                os.close(handle)

    def load(self, host: str) -> Record | None:
        """Read the record of a host; None when there is none, RecordError when it cannot be used."""
        path = self.path(host)
        try:
            record = from_json(json.loads(path.read_bytes()))
            if record.host != host:
                raise RecordError(f"is the record of host {record.host!r}")
            return record
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError, RecordError) as error:
            raise RecordError(
                f"records: {path} {_problem(error)}. Move it away: the host is then looked at as if for the first time."
            ) from error

    def save(self, record: Record) -> None:
        """Replace the record of a host; RecordError names the directory."""
        text = json.dumps(to_json(record), indent=1, ensure_ascii=False) + "\n"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self.directory)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    os.fchmod(handle, 0o644)  # reports are written by others
                    stream.write(text)
                    stream.flush()
                    os.fsync(handle)
                Path(temporary).replace(self.path(record.host))
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise RecordError(
                f"records: {str(self.directory)!r} cannot be written ({error.strerror}). Name a directory on the "
                "controller that the user who runs Ansible may write to."
            ) from error


def _open(place: Path) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        return os.open(place, os.O_RDONLY)  # made by another user; only network file systems lock by writers alone


def _problem(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror})"
    return str(error) if isinstance(error, RecordError) else "is not JSON"


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(timezone.utc).strftime(TIME_FORMAT)
