# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a directory of host records (one JSON document per host) for the report.

A damaged or foreign file never stops a report: it is returned beside the good ones, with what is wrong with it. Every
type is checked, and text is made safe to print.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import SCHEMA, RecordStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.fields import DamagedError, Fields, clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import STATES

LARGEST = 4 * 1024 * 1024  # bytes; a record's history is bounded, so anything larger is not one


class RecordsError(Exception):
    """The directory of records cannot be used; the text is for the user."""


@dataclass(frozen=True, order=True)
class Deployment:
    """What a host is to become."""

    name: str
    channel: str
    version: str


@dataclass(frozen=True)
class Failure:
    """A decoded error of a host."""

    domain: str
    code: str
    name: str
    hresult: str
    message: str
    hint: str


@dataclass(frozen=True)
class Event:
    """One transition in a host's history."""

    at: datetime
    state: str
    version: str
    note: str


@dataclass(frozen=True)
class HostRecord:
    """One host as its record describes it. All times are UTC."""

    host: str
    ring: str
    deployment: Deployment
    state: str
    reason: str
    version: str | None
    error: Failure | None
    blocking_apps: tuple[str, ...]
    updated_at: datetime
    seen_at: datetime | None
    not_before: datetime | None
    attempts: int
    history: tuple[Event, ...] = field(default=())

    @property
    def since(self) -> datetime:
        """When the host entered its present state, as far back as the history goes."""
        since = self.updated_at
        for event in reversed(self.history):
            if event.state != self.state:
                break
            since = event.at
        return since


@dataclass(frozen=True)
class Unreadable:
    """A file of the directory that is no record."""

    file: str
    problem: str


def read_directory(directory: Path) -> tuple[list[HostRecord], list[Unreadable]]:
    """Return the records of a directory and the files that are none, both by file name.

    Raises RecordsError when the directory itself is missing or cannot be listed.
    """
    try:
        if not directory.is_dir():
            what = "is not a directory" if directory.exists() else "does not exist"
            raise RecordsError(
                f"records: {str(directory)!r} {what}. Name the directory that the playbook "
                "officefleet.c2r.rollout (the action officefleet.c2r.reconcile) writes its records to."
            )
        paths = sorted(path for path in directory.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except OSError as error:
        raise RecordsError(
            f"records: {str(directory)!r} cannot be listed ({error.strerror}). Let the user that runs Ansible read it."
        ) from error
    answers = [(path, _try(path)) for path in paths]
    found = [(path, answer) for path, answer in answers if isinstance(answer, HostRecord)]
    unreadable = [answer for _, answer in answers if isinstance(answer, Unreadable)]
    records: dict[str, HostRecord] = {}
    store = RecordStore(str(directory))
    # The file that the rollout itself would write wins over a copy under another name.
    for path, record in sorted(found, key=lambda item: (store.path(item[1].host).name != item[0].name, item[0].name)):
        if record.host in records:
            unreadable.append(Unreadable(clean(path.name), f"is a second record of host {record.host!r}"))
        else:
            records[record.host] = record
    return list(records.values()), unreadable


def parse(document: object) -> HostRecord:
    """Turn the decoded JSON of one record into a HostRecord; DamagedError says what is wrong."""
    fields = Fields("", document)
    schema = fields.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise DamagedError(f"has schema {clean(repr(schema))[:80]}; this release reads schema {SCHEMA}")
    state = fields.text("state")
    if state not in STATES:
        raise DamagedError(f"has state {state[:80]!r}; a state is one of {', '.join(sorted(STATES))}")
    deployment = fields.fields("deployment")
    error = fields.optional_fields("error")
    return HostRecord(
        host=fields.text("host"),
        ring=fields.optional_text("ring") or "",
        deployment=Deployment(
            deployment.text("name"), deployment.optional_text("channel") or "", deployment.text("version")
        ),
        state=state,
        reason=fields.optional_text("reason") or "",
        version=fields.optional_text("version"),
        error=None if error is None else _failure(error),
        blocking_apps=fields.texts("blocking_apps"),
        updated_at=fields.time("updated_at"),
        seen_at=fields.optional_time("seen_at"),
        not_before=fields.optional_time("not_before"),
        attempts=fields.number("attempts"),
        history=tuple(
            Event(
                event.time("at"),
                event.text("state"),
                event.optional_text("version") or "",
                event.optional_text("note") or "",
            )
            for event in fields.many_fields("history")
        ),
    )


def _failure(fields: Fields) -> Failure:
    return Failure(
        domain=fields.text("domain"),
        code=fields.text("code"),
        name=fields.optional_text("name") or "",
        hresult=fields.optional_text("hresult") or "",
        message=fields.optional_text("message") or "",
        hint=fields.optional_text("hint") or "",
    )


def _try(path: Path) -> HostRecord | Unreadable:
    try:
        return parse(_read(path))
    except DamagedError as error:
        return Unreadable(clean(path.name), str(error))


def _read(path: Path) -> object:
    try:
        if not path.is_file():
            raise DamagedError("is not a regular file")
        size = path.stat().st_size
        if size > LARGEST:
            raise DamagedError(f"has {size} bytes; a record has at most {LARGEST}")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DamagedError(f"cannot be read ({error.strerror})") from error
    except RecursionError as error:
        raise DamagedError("is nested too deeply to be a record") from error
    except UnicodeDecodeError as error:
        raise DamagedError("is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise DamagedError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except ValueError as error:  # a number with thousands of digits
        raise DamagedError(f"is not JSON: {error}") from error
