# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records for the report: text made safe to print, and a damaged record never stops it.

What is damaged or in a state that this release does not know comes beside the good ones, with what is wrong with it.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import DecodedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record, Unreadable, from_json
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import STATES


def read(store: RecordStore) -> tuple[list[Record], list[Unreadable]]:
    """Return the records of a store, fit to print, and what is none. RecordError when the store cannot be read."""
    records, unreadable = store.everything()
    answers = [_try(record, store) for record in records]
    fit = [answer for answer in answers if isinstance(answer, Record)]
    return fit, [*unreadable, *(answer for answer in answers if isinstance(answer, Unreadable))]


def parse(document: object) -> Record:
    """Turn the decoded JSON of one record into one fit to print; DamagedError says what is wrong."""
    return printable(from_json(document))


def printable(record: Record) -> Record:
    """Make the text safe to print and drop the source, which tells no deployment from another in a report.

    DamagedError for a state that has no place in a report.
    """
    state = clean(record.state)
    if state not in STATES:
        raise DamagedError(f"has state {state[:80]!r}; a state is one of {', '.join(sorted(STATES))}")
    key = record.deployment
    return replace(
        record,
        host=clean(record.host),
        ring=clean(record.ring),
        deployment=replace(
            key, name=clean(key.name), channel=clean(key.channel), version=clean(key.version), source=""
        ),
        state=state,
        reason=clean(record.reason),
        version=None if record.version is None else clean(record.version),
        error=None if record.error is None else _error(record.error),
        blocking_apps=tuple(map(clean, record.blocking_apps)),
        history=tuple(
            replace(
                entry,
                state=clean(entry.state),
                version=None if entry.version is None else clean(entry.version),
                note=clean(entry.note),
            )
            for entry in record.history
        ),
    )


def _try(record: Record, store: RecordStore) -> Record | Unreadable:
    try:
        return printable(record)
    except DamagedError as error:
        return Unreadable(clean(record.host), str(error), clean(store.place(record.host)))


def _error(error: DecodedError) -> DecodedError:
    return DecodedError(
        domain=clean(error["domain"]),
        code=clean(error["code"]),
        name=clean(error["name"]),
        hresult=None if error["hresult"] is None else clean(error["hresult"]),
        message=clean(error["message"]),
        hint=clean(error["hint"]),
    )
