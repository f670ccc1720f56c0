# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records in PostgreSQL, one row per host: for several controllers, or execution environments that forget their disk.

Whoever visits a host holds a session-level advisory lock, which ends with its connection, however the process ends.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_leases import PostgresqlLeases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_link import PostgresqlLink
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_notes import PostgresqlNotes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import SCHEMA, lock_key, make
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    NoRecordsError,
    Record,
    RecordError,
    Standing,
    Unreadable,
    decoded,
    from_json,
    standing_from_json,
    standing_to_json,
    to_json,
)

_SAVE = """INSERT INTO records (host, record, standing, updated_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (host) DO UPDATE
    SET record = excluded.record, standing = excluded.standing, updated_at = excluded.updated_at"""


class PostgresqlStore:
    """A `RecordStore` in a database."""

    def __init__(self, address: str) -> None:
        """Use `address`, which holds no password; the first thing asked for connects."""
        self._link = PostgresqlLink(address)
        self._held: set[str] = set()
        self.leases = PostgresqlLeases(self._link)
        self.notes = PostgresqlNotes(self._link)
        self.roll_calls = PostgresqlNotes(self._link, _notes.SLICES)

    def close(self) -> None:
        """End the connection, if there is one."""
        self._link.close()

    def place(self, host: str) -> str:
        """Say where the record of a host is."""
        return f"{self._link.shown}, host {host}"

    def load(self, host: str) -> Record | None:
        """Read the record of a host; None when there is none, RecordError when it cannot be used."""
        rows = self._rows("SELECT host, record::text FROM records WHERE host = %s", (host,))
        try:
            return _record(*rows[0]) if rows else None
        except DamagedError as error:
            raise RecordError(
                f"records: {self.place(host)} {error}. Delete it from {SCHEMA}.records: "
                "the host is then looked at as if for the first time."
            ) from error

    def save(self, record: Record) -> None:
        """Replace the record of a host. While it is locked this is the connection that holds the lock."""
        self._link.make()
        with self._link.connection() as connection:
            connection.execute(_SAVE, _row(record))

    @contextmanager
    def locked(self, host: str) -> Iterator[bool]:
        """Hold a host for one visit; gives False at once while another holds it. A killed process holds nothing."""
        key = lock_key("host", host)
        if host in self._held:  # the server lets a session have its own lock again
            yield False
            return
        with self._link.connection() as connection:
            ours = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,)
        if not ours:
            yield False
            return
        self._held.add(host)
        try:
            yield True
        except BaseException:
            self._link.close()  # whatever state it is in, the lock goes with it
            raise
        finally:
            self._held.discard(host)
        self._unlock(host, key)

    def standings(self, deployment: DeploymentKey, hosts: Collection[str]) -> dict[str, Standing]:
        """Read the standings of those of `hosts` whose record is of this deployment, with one question."""
        if not hosts:
            return {}
        rows = self._rows("SELECT host, standing::text FROM records WHERE host = ANY(%s)", (list(hosts),))
        found = {host: _standing(text) for host, text in rows}
        return {host: standing for host, standing in found.items() if standing and standing.deployment.same(deployment)}

    def everything(self) -> tuple[list[Record], list[Unreadable]]:
        """Read all records, and name the rows that hold none, both by host."""
        if not self._link.present():
            raise NoRecordsError(
                f"records: {self._link.shown} has no records (no schema {SCHEMA}). Name the database that the playbook "
                "officefleet.c2r.rollout (the action officefleet.c2r.reconcile) writes its records to."
            )
        rows = self._rows("SELECT host, record::text FROM records ORDER BY host")
        answers = [self._read_or_name(host, text) for host, text in rows]
        records = [answer for answer in answers if isinstance(answer, Record)]
        return records, [answer for answer in answers if isinstance(answer, Unreadable)]

    def check(self) -> None:
        """Do what a first visit does, and take it back: what would refuse a visit refuses this."""
        present = self._link.present()
        with self._link.connection() as connection, connection.transaction(force_rollback=True):
            if not present:
                make(connection, self._link.shown)
            connection.execute(_SAVE, ("", "{}", "{}", datetime.now(timezone.utc)))
            connection.execute("DELETE FROM leases WHERE host = ''")
            connection.execute("DELETE FROM notes WHERE name = ''")

    def _read_or_name(self, host: str, text: str) -> Record | Unreadable:
        try:
            return _record(host, text)
        except DamagedError as error:
            return Unreadable(clean(host), str(error), clean(self.place(host)))

    def _rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Give the rows; none where there are no tables yet."""
        if not self._link.present():
            return []
        with self._link.connection() as connection:
            return connection.execute(statement, parameters).fetchall()

    def _unlock(self, host: str, key: int) -> None:
        with self._link.connection() as connection:
            given_back = connection.execute("SELECT pg_advisory_unlock(%s)", (key,)).fetchone() == (True,)
        if not given_back:
            raise RecordError(
                f"records: {self._link.shown} lost the lock on host {host!r} during a visit. A connection pooler that "
                "changes sessions between statements does that: use one that pools by session, or none."
            )


def _record(host: str, text: str) -> Record:
    record = from_json(decoded(text))
    if record.host != host:
        raise DamagedError(f"is the record of host {clean(record.host)!r}")
    return record


def _standing(text: str) -> Standing | None:
    try:
        return standing_from_json(decoded(text))
    except DamagedError:
        return None  # its host's own visit writes it anew


def _row(record: Record) -> tuple[str, str, str, datetime]:
    updated = record.updated_at or datetime.now(timezone.utc)
    return record.host, json.dumps(to_json(record)), json.dumps(standing_to_json(record.standing)), updated
