# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes in a database of records, one row per deployment. Who holds one has an advisory lock of its connection."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_link import PostgresqlLink
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import SCHEMA, lock_key
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, RecordError, storable

_SAVE = """INSERT INTO notes (name, document) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET document = excluded.document"""


class PostgresqlNotes:
    """The `Notes` of a database."""

    def __init__(self, link: PostgresqlLink, kind: str = _notes.HOOKS) -> None:
        """Use the connection of the store."""
        self._link = link
        self._kind = kind

    @contextmanager
    def held(self, deployment: DeploymentKey, patience: float) -> Iterator[bool]:
        """Hold the notes, see `Notes`."""
        key = lock_key("notes", _notes.name(deployment, self._kind))
        end = time.monotonic() + patience
        while not self._lock("pg_try_advisory_lock", key):
            if time.monotonic() >= end:
                yield False
                return
            time.sleep(_notes.PAUSE)
        try:
            yield True
        except BaseException:
            self._link.close()  # whatever state it is in, the lock goes with it
            raise
        if not self._lock("pg_advisory_unlock", key):
            raise RecordError(
                f"records: {self._link.shown} lost the lock on the notes of {deployment.name!r}. A connection pooler "
                "that changes sessions between statements does that: use one that pools by session, or none."
            )

    def read(self, deployment: DeploymentKey) -> dict[str, Any]:
        """Read the notes, see `Notes`."""
        if not self._link.present():
            return {}
        asked = (_notes.name(deployment, self._kind),)
        with self._link.connection() as connection:
            row = connection.execute("SELECT document::text FROM notes WHERE name = %s", asked).fetchone()
        try:
            return _notes.parsed(row[0]) if row else {}
        except DamagedError as error:
            place = f"{self._link.shown}, notes of {deployment.name!r}"
            remedy = f"Delete them from {SCHEMA}.notes: {_notes.REMEDY[self._kind]}"
            raise RecordError(f"records: {place}: the document {error}. {remedy}") from error

    def write(self, deployment: DeploymentKey, document: dict[str, Any]) -> None:
        """Write the notes, see `Notes`."""
        self._link.make()
        with self._link.connection() as connection:
            connection.execute(_SAVE, (_notes.name(deployment, self._kind), json.dumps(storable(document))))

    def _lock(self, function: str, key: int) -> bool:
        with self._link.connection() as connection:
            return connection.execute(f"SELECT {function}(%s)", (key,)).fetchone() == (True,)
