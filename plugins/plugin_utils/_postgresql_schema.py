# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables that a database of records has; made on first use, by whichever of several processes comes first."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError

Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMA = "officefleet_c2r"  #: the only one that statements look into, see the search_path of PostgresqlLink
VERSION = 1

_TABLES = (
    # `standing` is what rings are judged by, so that judging thousands of hosts reads no whole record.
    """CREATE TABLE records (
        host text PRIMARY KEY,
        record jsonb NOT NULL,
        standing jsonb NOT NULL,
        updated_at timestamptz NOT NULL
    )""",
    """CREATE TABLE leases (
        host text PRIMARY KEY,
        source text NOT NULL,
        until timestamptz NOT NULL
    )""",
    "CREATE INDEX leases_source ON leases (source)",
    """CREATE TABLE notes (
        name text PRIMARY KEY,
        document jsonb NOT NULL
    )""",
    """CREATE TABLE schema_version (
        one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
        version integer NOT NULL
    )""",
)


def lock_key(kind: str, name: str) -> int:
    """Give the number of an advisory lock: locks are numbers of 64 bits that a whole database shares."""
    digest = hashlib.sha256(f"officefleet.c2r\0{kind}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def present(connection: Connection, shown: str) -> bool:
    """Tell whether the tables are there; RecordError when a newer release made them."""
    try:
        row = connection.execute("SELECT version FROM officefleet_c2r.schema_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return False
    version = row[0] if row else None
    if version != VERSION:
        raise RecordError(
            f"records: {shown} has tables of version {version}; this release knows version {VERSION}. Use the release "
            "of officefleet.c2r that made them on every controller, or name another database."
        )
    return True


def make(connection: Connection, shown: str) -> None:
    """Make the tables unless they are there by now. All or nothing, and no two processes at once."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("schema", SCHEMA),))
        # Asked in a way that does not fail: an error would end the transaction
        if connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.schema_version",)).fetchone() != (None,):
            present(connection, shown)
            return
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise RecordError(
                f"records: {shown} has the encoding {encoding}, which does not hold every host's text. Create a "
                "database with the encoding UTF8: createdb --encoding UTF8 --template template0 NAME."
            )
        # Not IF NOT EXISTS, which asks for the right to create it also where it exists
        if connection.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
            connection.execute("CREATE SCHEMA officefleet_c2r")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO schema_version (version) VALUES (%s)", (VERSION,))
