# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a PostgreSQL database, as libpq takes it: refused with a password in it, and fit for messages."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError

_SCHEME = re.compile("postgres(ql)?://", re.IGNORECASE)
_SECRET = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


def is_one(text: str) -> bool:
    """Tell an address from a directory."""
    return _SCHEME.match(text) is not None


def checked(address: str) -> str:
    """Give the address as libpq takes it; RecordError, which does not repeat it, when it holds a password."""
    scheme, _, rest = address.partition("://")
    # A password may hold any of the characters that end one, so all before the last @ counts.
    user, at, _ = rest.rpartition("@")
    query = dict(parse_qsl(rest.partition("?")[2], keep_blank_values=True))
    if (at and ":" in user) or any(name.strip().lower() in _SECRET for name in query):
        raise RecordError(
            "records: the address of the database holds a password or another secret, which would be shown in messages "
            "and on command lines. Leave it out, and give it in the environment variable PGPASSWORD, in ~/.pgpass "
            "(or the file that PGPASSFILE names), or in a service file (postgresql://?service=NAME). An @ "
            "that ends no user name is written %40."
        )
    return f"{scheme.lower()}://{rest}"


def shown(address: str) -> str:
    """Give the address without user and parameters, for messages."""
    scheme, _, rest = address.partition("://")
    before, _, query = rest.partition("?")
    service = dict(parse_qsl(query)).get("service")
    return f"{scheme}://{before.rpartition('@')[2]}" + (f"?service={service}" if service else "")
