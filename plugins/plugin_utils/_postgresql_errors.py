# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when PostgreSQL refuses: the option, the address without secrets, the server's words, the remedy."""

from __future__ import annotations

import psycopg

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError

#: How a connection fails, by a piece of libpq's or the server's text: a failed connection carries no SQLSTATE.
_CONNECTING = (
    (
        ("password authentication failed", "no password supplied", "password retrieved from file"),
        "Check the user in the address, and the password in PGPASSWORD, ~/.pgpass or the service file",
    ),
    (
        ("connection slots", "too many clients", "too many connections"),
        "The server has to admit as many connections (max_connections) as all runs together have forks",
    ),
    (("no pg_hba.conf entry",), "Let the server's pg_hba.conf admit this controller, database and user"),
    (
        ("service file", "definition of service"),
        "Name a service of the service file (PGSERVICEFILE, ~/.pg_service.conf)",
    ),
    (('role "',), "Name a user that the server knows, or create it: CREATE ROLE name LOGIN"),
    (('database "',), "Name a database that the server has, or create it: createdb --owner USER NAME"),
    (("SSL", "certificate"), "Check sslmode and sslrootcert in the address against what the server offers"),
    (
        (
            "refused",
            "timeout",
            "resolve",
            "translate host",
            "No such file",
            "unreachable",
            "No route",
            "closed the conn",
        ),
        "Check server and port in the address, and that PostgreSQL runs there and listens for this controller",
    ),
)
_OTHERWISE = "Check the address, and ask who looks after the server"

GRANTS = (
    "Let the owner of the database allow it: GRANT CREATE ON DATABASE ... TO ... before the first run makes the schema "
    "officefleet_c2r; for others than who made it, GRANT USAGE ON SCHEMA officefleet_c2r and GRANT SELECT, INSERT, "
    "UPDATE, DELETE ON ALL TABLES IN SCHEMA officefleet_c2r (to read a report, SELECT)"
)
#: How a statement fails, by SQLSTATE or the beginning of one.
_WORKING = (
    ("42501", GRANTS),
    ("25006", "It is read-only: name the primary server, not a standby"),
    ("57014", "The server did not answer in time: see what keeps it busy or holds locks"),
    ("55P03", "Another process holds a lock for too long: see what keeps it busy"),
    ("53100", "The server's disk is full: make room"),
    ("42P", "The schema officefleet_c2r is not as this collection makes it: restore it, or drop it with all records"),
    ("42703", "The schema officefleet_c2r is not as this collection makes it: restore it, or drop it with all records"),
)
_LOST = "What is under way on hosts goes on, and the next run takes it up"


def connecting(shown: str, error: psycopg.Error) -> RecordError:
    """Say why there is no connection to the database at `shown`."""
    said = _line(error)
    remedy = next((text for pieces, text in _CONNECTING if any(piece in said for piece in pieces)), _OTHERWISE)
    return RecordError(f"records: {shown} cannot be reached: {said}. {remedy}.")


def no_place(error: psycopg.Error) -> bool:
    """Tell whether the server has no connection free just now, or is about to be ready."""
    said = _line(error)
    return any(piece in said for piece in (*_CONNECTING[1][0], "is starting up"))


def working(shown: str, error: psycopg.Error) -> RecordError:
    """Say why the database did not do what it was asked for."""
    said = _line(error)
    state = error.sqlstate or ""
    if not state or state.startswith(("08", "57P")):
        return RecordError(f"records: the connection to {shown} was lost: {said}. {_LOST}.")
    remedy = next((text for start, text in _WORKING if state.startswith(start)), _OTHERWISE)
    return RecordError(f"records: {shown} cannot be used: {said}. {remedy}.")


def _line(error: psycopg.Error) -> str:
    """Give the error's own words in one line, without a position in our statements."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split()).rstrip(".")
