# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered about a host between two looks, and its form as a JSON document. Stores keep one per host."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import DecodedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import TIME_FORMAT, DamagedError, Fields, clean

SCHEMA = 1
_TIMES = (
    "not_before",
    "deferred_until",
    "submitted_at",
    "seen_at",
    "updated_at",
    "revisit_at",
    "retries_reset_at",
)
HISTORY = 50  # transitions kept per host
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # UTF-8 or PostgreSQL's jsonb cannot carry them


class RecordError(Exception):
    """A record, or the place of records, cannot be used; the text is for the user."""


class NoRecordsError(RecordError):
    """Nothing was ever kept there: no rollout has begun, or it is not the place."""


@dataclass(frozen=True, order=True)
class DeploymentKey:
    """What a record's counters belong to: another name, version or source starts them anew, and so do other rules."""

    name: str
    channel: str
    version: str
    source: str

    @classmethod
    def of(cls, deployment: Deployment) -> DeploymentKey:
        """Give the key of a deployment."""
        return cls(deployment.name, deployment.channel or "", deployment.version, deployment.source)

    def same(self, other: DeploymentKey) -> bool:
        """Tell whether it is the same deployment; its hosts may have different sources."""
        return (self.name, self.channel, self.version) == (other.name, other.channel, other.version)


@dataclass(frozen=True)
class Transition:
    """The moment a host entered a state."""

    at: datetime
    state: str
    version: str | None
    note: str


@dataclass(frozen=True)
class Standing:
    """What rings and hooks need of a host's record. Times are UTC."""

    deployment: DeploymentKey
    ring: str
    state: str
    at_rest: bool
    since: datetime | None  #: when the host entered the state it was last seen in
    seen_at: datetime | None
    error: DecodedError | None
    restart_told: str | None = None
    seen_as: str | None = None  #: while it is unreachable, as in Record
    waits_until: datetime | None = None  #: see Record

    @property
    def last_seen(self) -> str:
        """The state it was last seen in under its deployment; "unreachable" where it never was."""
        return self.seen_as or self.state


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
    deferred_until: datetime | None = None  #: when the present deferral ends
    consented: bool = False  #: every user agreed to have applications closed
    asked: bool = False  #: users were asked that
    waits_for_slot: str | None = None  #: the name of the download slot that was not free
    awaits_restart: bool = False  #: an apply ended in a way that only a restart of Windows completes
    restart_told: str | None = None  #: who is told of that: "notice" its users, "hook" the deployment's hooks
    not_before: datetime | None = None
    submitted: str | None = None  #: the step ("download", "apply") asked for whose end has not been seen
    submitted_at: datetime | None = None
    arrived: bool = False  #: the host is known to have got that step
    forced: bool = False  #: that step may close applications
    retries_reset_at: datetime | None = None  #: when a run last gave it new attempts, or saw that it needs none
    lost_steps: int = 0  #: steps of this deployment that never arrived and are no failed attempts
    staged: bool = False  #: our download was seen complete
    download_begun: bool = False  #: one of this build was asked for: what it left may take room on the disk
    seen_at: datetime | None = None
    seen_as: str | None = None  #: while it is unreachable: the state it was last seen in under this deployment
    updated_at: datetime | None = None
    at_rest: bool = False
    revisit_at: datetime | None = None  #: when a run that goes on looks again; None: not in this run
    history: tuple[Transition, ...] = field(default=())
    goal: str = "installed"  #: of its deployment; with "downloaded", who is staged is done
    policy: str | None = (
        None  #: mark of the deployment's rules that counters belong to; None: an older release wrote it
    )

    def started(self, deployment: Deployment, ring: str) -> Record:
        """Give the record as this deployment begins with it: what another one counted is dropped.

        What goes on at the host does not end with a new name, source or rule: a step under way, an awaited restart.
        """
        return replace(self._begun(deployment, ring), goal=deployment.goal)

    def _begun(self, deployment: Deployment, ring: str) -> Record:
        key, policy = DeploymentKey.of(deployment), deployment.policy
        if key == self.deployment and self.policy in (policy, None):
            return replace(self, ring=ring, policy=policy)
        if key.same(self.deployment):
            return replace(self.with_fresh_counters(), ring=ring, deployment=key, policy=policy)
        fresh = Record(self.host, ring, key, policy=policy)
        fresh = replace(fresh, version=self.version, seen_at=self.seen_at, history=self.history)
        if (key.channel, key.version) != (self.deployment.channel, self.deployment.version):
            return fresh
        going_on = {name: getattr(self, name) for name in _GOING_ON}
        return replace(fresh, **going_on, failure=self.failure if self.awaits_restart else None)

    def with_fresh_counters(self) -> Record:
        """Give the record as if no attempt had been made."""
        failure = self.failure if self.awaits_restart else None
        return replace(self, attempts=0, lost_steps=0, failure=failure, error=None, not_before=None)

    @property
    def since(self) -> datetime | None:
        """When the host entered its present state, as far back as the history goes; None when never visited.

        A host that did not answer meanwhile, such as a laptop at night, has been in it all the same; one that was
        compliant with another version has not.
        """
        return self._entered(self.state)

    def _entered(self, state: str) -> datetime | None:
        since = self.updated_at
        for entry in reversed(self.history):
            if entry.state == "unreachable" != state:
                continue
            if entry.state != state or (state == "compliant" and entry.version != self.version):
                break
            since = entry.at
        return since

    @property
    def waits_until(self) -> datetime | None:
        """The moment before which no look finds anything new; None: there is none, or something else may come first.

        A download slot may come free at any time, and what was asked of the host may end.
        """
        by_time_alone = self.state in ("waiting", "staged") and self.submitted is None and self.waits_for_slot is None
        return self.revisit_at if by_time_alone else None

    @property
    def standing(self) -> Standing:
        """The part that rings are judged by and hooks are told of."""
        return Standing(
            self.deployment,
            self.ring,
            self.state,
            self.at_rest,
            self._entered(self.seen_as or self.state),
            self.seen_at,
            self.error,
            self.restart_told,
            self.seen_as,
            self.waits_until,
        )


_GOING_ON = (
    "status",
    "submitted",
    "submitted_at",
    "arrived",
    "forced",
    "staged",
    "download_begun",
    "awaits_restart",
    "restart_told",
)


@dataclass(frozen=True)
class Unreadable:
    """What lies among the records and is none. `file`: the file's name, in a database the host's."""

    file: str
    problem: str
    place: str = ""  #: the whole path or address


def to_json(record: Record) -> dict[str, Any]:
    """Give the record as stores hold it."""
    document = {"schema": SCHEMA, **asdict(record)}
    for key in _TIMES:
        document[key] = iso(document[key])
    document["history"] = [{**asdict(item), "at": iso(item.at)} for item in record.history]
    return {key: storable(value) for key, value in document.items()}


def standing_to_json(standing: Standing) -> dict[str, Any]:
    """Give a standing as a database holds it beside the record."""
    times = {key: iso(getattr(standing, key)) for key in ("since", "seen_at", "waits_until")}
    return {key: storable(value) for key, value in {**asdict(standing), **times}.items()}


def decoded(content: str | bytes) -> object:
    """Decode what a store holds for one record; DamagedError says why it is no JSON."""
    try:
        return json.loads(content)
    except RecursionError as error:
        raise DamagedError("is nested too deeply to be a record") from error
    except UnicodeDecodeError as error:
        raise DamagedError("is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise DamagedError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except ValueError as error:  # a number with thousands of digits
        raise DamagedError(f"is not JSON: {error}") from error


def from_json(document: object) -> Record:
    """Read a record's document; DamagedError says what does not fit. Fields that it does not know are passed over."""
    fields = Fields("", document)
    schema = fields.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise DamagedError(f"has schema {clean(repr(schema))[:80]}; this release reads schema {SCHEMA}")
    error = fields.optional_fields("error")
    return Record(
        host=fields.text("host"),
        ring=fields.optional_text("ring") or "",
        deployment=_key(fields.fields("deployment")),
        goal=fields.optional_text("goal") or "installed",
        policy=fields.optional_text("policy"),
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
        deferred_until=fields.optional_time("deferred_until"),
        consented=fields.truth("consented"),
        asked=fields.truth("asked"),
        waits_for_slot=fields.optional_text("waits_for_slot"),
        awaits_restart=fields.truth("awaits_restart"),
        restart_told=fields.optional_text("restart_told"),
        not_before=fields.optional_time("not_before"),
        submitted=fields.optional_text("submitted"),
        submitted_at=fields.optional_time("submitted_at"),
        arrived=fields.truth("arrived"),
        forced=fields.truth("forced"),
        lost_steps=fields.number("lost_steps"),
        retries_reset_at=fields.optional_time("retries_reset_at"),
        staged=fields.truth("staged"),
        # Older releases told it by these alone
        download_begun=fields.truth("download_begun")
        or fields.optional_text("submitted") == "download"
        or fields.number("attempts") > 0,
        seen_at=fields.optional_time("seen_at"),
        seen_as=fields.optional_text("seen_as"),
        updated_at=fields.time("updated_at"),
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


def standing_from_json(document: object) -> Standing:
    """Read what `standing_to_json` gave; DamagedError says what does not fit."""
    fields = Fields("", document)
    error = fields.optional_fields("error")
    return Standing(
        deployment=_key(fields.fields("deployment")),
        ring=fields.optional_text("ring") or "",
        state=fields.text("state"),
        at_rest=fields.truth("at_rest"),
        since=fields.optional_time("since"),
        seen_at=fields.optional_time("seen_at"),
        error=None if error is None else _error(error),
        restart_told=fields.optional_text("restart_told"),
        seen_as=fields.optional_text("seen_as"),
        waits_until=fields.optional_time("waits_until"),
    )


def _key(fields: Fields) -> DeploymentKey:
    return DeploymentKey(
        fields.text("name"),
        fields.optional_text("channel") or "",
        fields.text("version"),
        fields.optional_text("source") or "",
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


def iso(time: datetime | None) -> str | None:
    """Write a time as records do: UTC, whole seconds."""
    return None if time is None else time.astimezone(timezone.utc).strftime(TIME_FORMAT)


def storable(value: Any) -> Any:
    """Replace, in text at any depth, what not every store can hold: a record must not be lost for a host's odd text."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, (list, tuple)) else value
