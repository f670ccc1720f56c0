# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records are kept: what every store can do, and which one the option `records` means.

Texts of errors begin with "records:", the option's name wherever a store is used.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _postgresql_address
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._leases import Leases
from ansible_collections.officefleet.c2r.plugins.plugin_utils._notes import Notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import (
    DeploymentKey,
    Record,
    RecordError,
    Standing,
    Unreadable,
)


class RecordStore(Protocol):
    """One record per host, shared by all runs that use the store. Each method raises RecordError when it cannot work.

    Reading makes nothing: no directory, no table. A store belongs to one process; `close` it (contextlib.closing).
    """

    @property
    def leases(self) -> Leases:
        """The leases that are kept beside the records."""

    @property
    def notes(self) -> Notes:
        """What hooks were told of deployments, kept beside the records."""

    @property
    def roll_calls(self) -> Notes:
        """What slices of runs have told of their hosts, kept beside the records."""

    def place(self, host: str) -> str:
        """Say where the record of a host is, for messages: no user names and passwords in it."""

    def load(self, host: str) -> Record | None:
        """Read the record of a host; None when there is none, RecordError when it is damaged."""

    def save(self, record: Record) -> None:
        """Replace the record of a host as a whole; what this returned from survives a power cut."""

    def locked(self, host: str) -> AbstractContextManager[bool]:
        """Hold a host for one visit; False at once while another visit does. A process that is killed holds nothing."""

    def standings(self, deployment: DeploymentKey, hosts: Collection[str]) -> dict[str, Standing]:
        """Read at once what rings are judged by, for those of `hosts` that have a good record of this deployment."""

    def everything(self) -> tuple[list[Record], list[Unreadable]]:
        """Read all records; what is damaged comes beside the good ones. NoRecordsError where none were ever kept."""

    def check(self) -> None:
        """Find out whether records can be written, without writing any."""

    def close(self) -> None:
        """Let go of what is open."""


def open_store(records: str) -> RecordStore:
    """Give the store that the option `records` names, a directory or a PostgreSQL address; nothing is opened yet."""
    if _postgresql_address.is_one(records):
        return _postgresql(_postgresql_address.checked(records))
    if "://" in records:
        scheme = records.partition("://")[0]
        raise RecordError(
            f"records: an address that begins with {scheme[:20]!r} is none of a store. Name a directory on the "
            "controller, or the address of a PostgreSQL database, postgresql://user@server/database."
        )
    return DirectoryStore(records)


def _postgresql(address: str) -> RecordStore:
    """Load what only those need who keep records in a database."""
    try:
        from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_store import PostgresqlStore
    except ImportError as error:
        raise RecordError(
            f"records: {_postgresql_address.shown(address)} needs the Python library psycopg 3, which cannot be loaded "
            f'({error}). Install it on the controller, for {sys.executable}: pip install "psycopg[binary]".'
        ) from error
    return PostgresqlStore(address)
