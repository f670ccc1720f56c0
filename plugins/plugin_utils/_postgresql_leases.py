# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases in a database of records. They are given one at a time; who finds no place free does not queue for that."""

from __future__ import annotations

from datetime import datetime

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _leases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_link import PostgresqlLink
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import lock_key

_FULL = """SELECT count(*) >= %(max_active)s AND NOT coalesce(bool_or(host = %(host)s), false)
    FROM leases WHERE source = %(source)s AND until > %(now)s"""
# The expired are gone by then, so what is there counts.
_TAKE = """INSERT INTO leases (host, source, until)
    SELECT %(host)s, %(source)s, %(until)s
    WHERE EXISTS (SELECT FROM leases WHERE host = %(host)s AND source = %(source)s)
    OR (SELECT count(*) FROM leases WHERE source = %(source)s) < %(max_active)s
    ON CONFLICT (host) DO UPDATE SET source = excluded.source, until = excluded.until"""


class PostgresqlLeases:
    """The `Leases` of a database."""

    def __init__(self, link: PostgresqlLink) -> None:
        """Use the connection of the store."""
        self._link = link

    def acquire(self, source: str, host: str, max_active: int, until: datetime, now: datetime) -> bool:
        """Give a host a lease, see `Leases`."""
        until = _leases.checked(until, now)
        asked = {"source": source, "host": host, "max_active": max_active, "until": until, "now": now}
        self._link.make()
        with self._link.connection() as connection:
            if connection.execute(_FULL, asked).fetchone() == (True,):
                return False
            with connection.transaction():
                # One lock for all sources: hosts change between them, and two who clear up would wait for each other
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("leases", ""),))
                connection.execute("DELETE FROM leases WHERE until <= %(now)s", asked)
                return connection.execute(_TAKE, asked).rowcount == 1

    def renew(self, host: str, until: datetime, now: datetime) -> bool:
        """Prolong a lease, see `Leases`."""
        until = _leases.checked(until, now)
        if not self._link.present():
            return False
        with self._link.connection() as connection:
            statement = "UPDATE leases SET until = %s WHERE host = %s AND until > %s"
            return connection.execute(statement, (until, host, now)).rowcount == 1

    def release(self, host: str) -> None:
        """Give a lease up, see `Leases`."""
        if self._link.present():
            with self._link.connection() as connection:
                connection.execute("DELETE FROM leases WHERE host = %s", (host,))

    def active(self, source: str, now: datetime) -> tuple[str, ...]:
        """Name the holders, see `Leases`."""
        if not self._link.present():
            return ()
        with self._link.connection() as connection:
            statement = "SELECT host FROM leases WHERE source = %s AND until > %s"
            return tuple(sorted(host for (host,) in connection.execute(statement, (source, now))))
