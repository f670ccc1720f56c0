# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to a database of records: opened late, with limits to every wait, its errors told for people."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ansible_collections.officefleet.c2r.plugins.plugin_utils import (
    _postgresql_address,
    _postgresql_errors,
    _postgresql_schema,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import Connection

PATIENCE = 30.0  #: seconds to wait for a server that has no connection free just now

#: What the address leaves open. A server that vanished is noticed within about a minute; numbers are seconds.
_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "fallback_application_name": "officefleet.c2r",
}
#: The server's side of it: a controller that vanished must not hold its hosts for hours.
_SETTINGS = """
SET search_path = officefleet_c2r;
SET statement_timeout = '30s';
SET lock_timeout = '20s';
SET idle_in_transaction_session_timeout = '60s';
SET default_transaction_isolation = 'read committed';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
"""


class PostgresqlLink:
    """A connection that is opened when it is first used. Belongs to one process; never opened again once it broke.

    The locks of a visit are the connection's: with it they are lost, and the visit must not write any more.
    """

    def __init__(self, address: str) -> None:
        """Use `address`, which holds no password."""
        self.shown = _postgresql_address.shown(address)
        self._address = address
        self._connection: Connection | None = None
        self._present = False  # the tables

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give the connection; what fails on it is told as a RecordError."""
        if self._connection is None:
            self._connection = self._connect()
        try:
            yield self._connection
        except psycopg.Error as error:
            raise _postgresql_errors.working(self.shown, error) from error

    def present(self) -> bool:
        """Tell whether the tables are there. Nothing is made."""
        if not self._present:
            with self.connection() as connection:
                self._present = _postgresql_schema.present(connection, self.shown)
        return self._present

    def make(self) -> None:
        """See that the tables are there."""
        if not self.present():
            with self.connection() as connection:
                _postgresql_schema.make(connection, self.shown)

    def close(self) -> None:
        """End the connection and with it all of its locks."""
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> Connection:
        """Connect; a server that is full or about to be ready is waited for."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._try()
            except psycopg.Error as error:
                if not _postgresql_errors.no_place(error) or time.monotonic() >= until:
                    raise _postgresql_errors.connecting(self.shown, error) from error
            time.sleep(0.1 + os.getpid() % 40 / 100)  # not all forks of a run at once

    def _try(self) -> Connection:
        given = conninfo_to_dict(self._address)
        if "PGCONNECT_TIMEOUT" in os.environ:
            given["connect_timeout"] = os.environ["PGCONNECT_TIMEOUT"]
        target = make_conninfo("", **{**_DEFAULTS, **given})
        connection = psycopg.connect(target, autocommit=True, prepare_threshold=None)
        try:
            connection.execute(_SETTINGS)
        except BaseException:
            connection.close()
            raise
        return connection
