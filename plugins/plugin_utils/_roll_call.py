# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roll call: which hosts of which ring each slice of a run has, so that rings are judged as a whole.

Each slice tells its hosts when it is planned. The whole is the newest run of which all slices have told theirs; it
holds until the next one is complete, for `VALID` at most. What slices of newer, incomplete runs tell is added to it, so
that a host counts from the moment it is told of, and one that left the inventory until the next run is complete. Runs
with other rings or of another inventory are of no account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _rings
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, Fields
from ansible_collections.officefleet.c2r.plugins.plugin_utils._notes import Notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, RecordError, iso
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice

SCHEMA = 1
VALID = timedelta(days=7)
INCOMPLETE = 3  #: runs remembered that are not complete, the newest; slices of several may run at once
PATIENCE = 15.0  #: seconds to wait while another slice tells

#: The hosts of each ring.
Members = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Called:
    """What the slices of one run have told; `at` is when the last one did, UTC."""

    run: str
    inventory: str
    count: int
    rings: tuple[str, ...]
    at: datetime
    parts: Mapping[str, Members]

    @property
    def complete(self) -> bool:
        """Whether every slice has told."""
        return len(self.parts) == self.count

    def of(self, one: Slice, rings: Sequence[str]) -> bool:
        """Tell whether it can be added to what runs like this slice's tell."""
        return (self.inventory, self.rings) == (one.inventory, tuple(rings))


def tell(notes: Notes, deployment: Deployment, one: Slice, members: Members, now: datetime, option: str) -> None:
    """Write down what this slice has. InputError when it cannot be one of so many; RecordError from the store."""
    key = DeploymentKey.of(deployment)
    with notes.held(key, PATIENCE) as ours:
        if not ours:
            raise RecordError(
                f"records: another slice of {key.name!r} has told its hosts for {PATIENCE:.0f} s. Run this again."
            )
        told = _told(one, deployment.rings, _read(notes, key), members, now, option)
        notes.write(key, _to_json(told))


def whole(notes: Notes, deployment: Deployment, one: Slice, now: datetime) -> Members | str:
    """Give the hosts of all slices by ring, and those of all rings as "all"; or why they are not known."""
    return _whole(_read(notes, DeploymentKey.of(deployment)), one, deployment.rings, now)


def _told(
    one: Slice, rings: Sequence[str], calls: Iterable[Called], members: Members, now: datetime, option: str
) -> list[Called]:
    calls = list(calls)
    mine = next((call for call in calls if call.run == one.run and call.of(one, rings)), None)
    parts = {**(mine.parts if mine else {}), one.part: members}
    if mine is not None and (len(parts) > one.count or mine.count != one.count):
        raise InputError(
            f"{option}: {one.count} slices cannot be: {len(parts) - 1} others of this run, of {mine.count}, have told "
            "their hosts before. Set it to the number of slices of the job template."
        )
    now_called = Called(one.run, one.inventory, one.count, tuple(rings), now, parts)
    calls = sorted([*(call for call in calls if call is not mine), now_called], key=lambda call: call.at)
    valid = [call for call in calls if now - call.at <= VALID]
    complete = {call.inventory: call for call in valid if call.complete}  # the newest of each
    incomplete = [call for call in valid if not call.complete]
    return [*complete.values(), *incomplete[-INCOMPLETE:]]


def _whole(calls: Iterable[Called], one: Slice, rings: Sequence[str], now: datetime) -> Members | str:
    valid = sorted((call for call in calls if call.of(one, rings) and now - call.at <= VALID), key=lambda call: call.at)
    complete = next((call for call in reversed(valid) if call.complete), None)
    if complete is None:
        told = max((len(call.parts) for call in valid if call.run == one.run), default=0)
        return f"{told} of {one.count} slices have told their hosts yet"
    ring_of: dict[str, str] = {}
    for call in valid[valid.index(complete) :]:
        for part in call.parts.values():
            ring_of.update({host: ring for ring, hosts in part.items() for host in hosts})
    members: dict[str, list[str]] = {ring: [] for ring in rings}
    for host, ring in sorted(ring_of.items()):
        members.setdefault(ring, []).append(host)
    return {**members, _rings.EVERYONE: sorted(ring_of)}


def _read(notes: Notes, key: DeploymentKey) -> list[Called]:
    document = notes.read(key)
    try:
        return _from_json(document) if document else []
    except DamagedError:
        return []  # then gates stay closed until all slices have told again


def _to_json(calls: Iterable[Called]) -> dict[str, Any]:
    runs = [
        {
            "run": call.run,
            "inventory": call.inventory,
            "slices": call.count,
            "rings": list(call.rings),
            "at": iso(call.at),
            "told": [
                {"slice": part, "hosts": [{"ring": ring, "names": list(names)} for ring, names in members.items()]}
                for part, members in call.parts.items()
            ],
        }
        for call in calls
    ]
    return {"schema": SCHEMA, "runs": runs}


def _from_json(document: Mapping[str, Any]) -> list[Called]:
    fields = Fields("", document)
    if fields.get("schema") != SCHEMA:
        raise DamagedError(f"is not of schema {SCHEMA}")
    return [
        Called(
            run=run.text("run"),
            inventory=run.optional_text("inventory") or "",
            count=run.number("slices"),
            rings=run.texts("rings"),
            at=run.time("at"),
            parts={
                part.text("slice"): {of.text("ring"): of.texts("names") for of in part.many_fields("hosts")}
                for part in run.many_fields("told")
            },
        )
        for run in fields.many_fields("runs")
    ]
