# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums host records up: what a patch team asks first, in the order in which it asks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import DecodedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record, Unreadable
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import (
    ATTENTION,
    GROUPS,
    STATES,
    UP_TO_DATE,
    URGENCY,
    state_of,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.terms import NOTHING, Files, Term


@dataclass(frozen=True)
class Tally:
    """How many hosts stand where."""

    hosts: int
    states: dict[str, int]  #: every state, those without a host too
    groups: dict[str, int]  #: every group by its key

    @property
    def up_to_date(self) -> int:
        """Hosts that are done: at the version they are to run, or a newer one, or with it downloaded if that is all."""
        return self.groups[UP_TO_DATE.key]

    @property
    def percent(self) -> float:
        """Hosts up to date in percent, one decimal, rounded down: 100.0 means all. 0.0 when there is no host."""
        return self.up_to_date * 1000 // self.hosts / 10 if self.hosts else 0.0


@dataclass(frozen=True)
class Ring:
    """One ring of one deployment."""

    deployment: DeploymentKey | None  #: None for a ring that was asked for and has no host
    name: str
    tally: Tally


@dataclass(frozen=True)
class VersionInUse:
    """A version and the number of hosts that run it; None stands for hosts that never told theirs."""

    version: str | None
    hosts: int


@dataclass(frozen=True)
class ErrorInUse:
    """An error and the hosts that report it."""

    error: DecodedError
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """All that the table, the page and the task's result say."""

    tally: Tally
    deployments: tuple[tuple[DeploymentKey, Tally], ...]
    rings: tuple[Ring, ...]
    versions: tuple[VersionInUse, ...]  #: most used first
    errors: tuple[ErrorInUse, ...]  #: most hosts first
    attention: tuple[Record, ...]  #: most urgent first
    others: tuple[Record, ...]
    unreadable: tuple[Unreadable, ...]
    oldest: datetime | None  #: the record that was not updated for longest
    newest: datetime | None
    terms: tuple[Term, ...] = ()  #: pins and waivers; what ends first comes first


def summarise(
    records: Sequence[Record], unreadable: Sequence[Unreadable], ring_order: Sequence[str], files: Files = NOTHING
) -> Summary:
    """Sum records up. Rings come in the order given or, without one, in that of the file; others follow by name."""
    deployments = sorted({record.deployment for record in records})
    ranks = {each.name: _rank(ring_order or files.rings.get(each.name, ())) for each in deployments}

    def order(record: Record) -> tuple[object, ...]:
        rank = ranks[record.deployment.name]
        return (
            URGENCY[record.state],
            rank.get(record.ring, len(rank)),
            natural(record.ring),
            natural(record.host),
            record.host,
        )

    ordered = sorted(records, key=order)
    updates = [record.updated_at for record in records if record.updated_at]
    return Summary(
        tally=count(records),
        deployments=tuple(
            (deployment, count(r for r in records if r.deployment == deployment)) for deployment in deployments
        ),
        rings=tuple(_rings(records, deployments, ranks)) or tuple(Ring(None, name, count(())) for name in ring_order),
        versions=tuple(
            VersionInUse(version, hosts)
            for version, hosts in sorted(
                Counter(r.version for r in records).items(), key=lambda item: (-item[1], natural(item[0] or ""))
            )
        ),
        errors=tuple(_errors(ordered)),
        attention=tuple(record for record in ordered if needs_attention(record)),
        others=tuple(record for record in ordered if not needs_attention(record)),
        unreadable=tuple(unreadable),
        oldest=min(updates, default=None),
        newest=max(updates, default=None),
        terms=files.terms,
    )


def needs_attention(record: Record) -> bool:
    """Tell whether a person has to do something for this host."""
    return state_of(record).group is ATTENTION


def action(record: Record) -> str:
    """Say what a person can do for a host; empty when nothing is needed."""
    if not needs_attention(record):
        return ""
    state = state_of(record)
    hint = record.error["hint"] if record.error else ""
    return f"{hint or state.action} {state.afterwards}".rstrip()


def count(records: Iterable[Record]) -> Tally:
    """Count hosts by state and by group."""
    by_state = Counter(state_of(record) for record in records)
    states = {name: sum(count for state, count in by_state.items() if state.name == name) for name in STATES}
    groups = {group.key: sum(count for state, count in by_state.items() if state.group is group) for group in GROUPS}
    return Tally(sum(states.values()), states, groups)


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a sort key that puts ws-2 before ws-10 and 16.0.9 before 16.0.10."""
    return tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"([0-9]+)", text.casefold())
    )


def _rank(ring_order: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(ring_order)}


def _rings(
    records: Sequence[Record], deployments: Sequence[DeploymentKey], ranks: Mapping[str, Mapping[str, int]]
) -> Iterable[Ring]:
    for deployment in deployments:
        rank = ranks[deployment.name]
        own = [record for record in records if record.deployment == deployment]
        names = {record.ring for record in own}
        if len(deployments) == 1:
            names.update(rank)
        for name in sorted(names, key=lambda name: (rank.get(name, len(rank)), natural(name))):
            yield Ring(deployment, name, count(record for record in own if record.ring == name))


def _errors(records: Iterable[Record]) -> list[ErrorInUse]:
    hosts: dict[tuple[str, str, str | None], list[Record]] = {}
    for record in records:
        if record.error:
            hosts.setdefault((record.error["domain"], record.error["code"], record.error["hresult"]), []).append(record)
    found = [
        ErrorInUse(failure, tuple(record.host for record in group))
        for group in hosts.values()
        for failure in [group[0].error]
        if failure is not None
    ]
    return sorted(found, key=lambda item: (-len(item.hosts), item.error["domain"], natural(item.error["code"])))
