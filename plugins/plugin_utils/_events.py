# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a deployment: what hooks are told, each thing once. From where it stands now and what was told before.

- start: the first ring opened. gate: a later one did. finish: nothing is left to do. Once each, ring and deployment.
- halt: the deployment was halted, or its build withdrawn; again after that was lifted. Or a ring has an error that
  stop_on names; once.
- failures: more than a hook's share of the hosts that the deployment came to have failed. Again after it was not so.
- restart_pending: hosts wait for a restart of Windows. Each host once until it was restarted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import Fields
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import Halt, Summary
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, iso

SCHEMA = 1
HOSTS = 50  #: named in one event


@dataclass(frozen=True)
class Event:
    """One thing to tell. `share`: the percentage of a "failures" event; it is for hooks with this one."""

    kind: str
    ring: str | None = None
    reason: str = ""
    hosts: tuple[str, ...] = ()
    share: int | None = None


@dataclass(frozen=True)
class Told:
    """What was told and is not told again."""

    opened: tuple[str, ...] = ()  #: rings
    halted: bool = False  #: while it lasts
    stopped: tuple[str, ...] = ()  #: rings with an error that stop_on names; such an error comes and goes with attempts
    finished: bool = False
    failing: tuple[int, ...] = ()  #: shares that are exceeded
    restarts: tuple[str, ...] = ()  #: hosts that have not been restarted since

    def to_json(self) -> dict[str, Any]:
        """Give it as notes keep it."""
        return {
            key: value if isinstance(value, bool) else [str(item) for item in value]
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, document: object) -> Told:
        """Read what `to_json` gave; DamagedError says what does not fit."""
        fields = Fields("told", document)
        return cls(
            opened=fields.texts("opened"),
            halted=fields.truth("halted"),
            stopped=fields.texts("stopped"),
            finished=fields.truth("finished"),
            failing=tuple(int(share) for share in fields.texts("failing") if share.isdecimal()),
            restarts=fields.texts("restarts"),
        )


def news(told: Told, now: Summary, shares: Collection[int]) -> tuple[list[Event], Told]:
    """Give what is to be told now, and what will have been told then. `shares`: the percentages of hooks."""
    opened = tuple(ring.name for ring in now.rings if ring.open and ring.name not in told.opened)
    finished = told.finished or (now.ended and bool(told.opened or opened))
    exceeded = tuple(share for share in sorted(set(shares)) if now.failure_share > share)
    events = [
        *_opened(opened, first=not told.opened),
        *(_halt(halt) for halt in now.halts if (halt.ring not in told.stopped if halt.ring else not told.halted)),
        *(_failures(share, now) for share in exceeded if share not in told.failing),
        *_restarts([host for host in now.restarts if host not in told.restarts]),
    ]
    if finished and not told.finished:
        events.append(Event("finish", None, _finish(now), now.lacking))
    after = Told(
        opened=(*told.opened, *opened),
        halted=any(halt.ring is None for halt in now.halts),
        stopped=(*told.stopped, *(halt.ring for halt in now.halts if halt.ring and halt.ring not in told.stopped)),
        finished=finished,
        failing=exceeded,
        restarts=now.restarts,
    )
    return events, after


def message(
    event: Event, number: str, now: Summary, deployment: DeploymentKey, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the JSON document of an event. `number` tells it from all others; `extra`: bulletin and expedite."""
    return {
        "schema": SCHEMA,
        "id": number,
        "event": event.kind,
        "at": iso(now.at),
        "deployment": deployment.name,
        "channel": deployment.channel,
        "version": deployment.version,
        **extra,
        "ring": event.ring,
        "reason": event.reason,
        "counts": now.counts,
        "rings": [{"ring": ring.name, "open": ring.open, "counts": dict(ring.counts)} for ring in now.rings],
        "hosts": list(event.hosts[:HOSTS]),
        "hosts_omitted": max(len(event.hosts) - HOSTS, 0),
    }


def _opened(rings: tuple[str, ...], *, first: bool) -> Iterator[Event]:
    for number, ring in enumerate(rings):
        if first and number == 0:
            yield Event("start", ring, f"ring {ring} is open")
        else:
            yield Event("gate", ring, f"ring {ring} is open: the rings before it are far enough")


def _halt(halt: Halt) -> Event:
    return Event("halt", halt.ring, halt.reason, (halt.host,) if halt.host else ())


def _failures(share: int, now: Summary) -> Event:
    reason = f"{len(now.failed)} of {now.tried} hosts have failed, which is more than {share} %"
    return Event("failures", None, reason, now.failed, share)


def _restarts(hosts: list[str]) -> Iterator[Event]:
    """Name every host, since whoever restarts them has to know all; in several events where they are many."""
    for first in range(0, len(hosts), HOSTS):
        some = tuple(hosts[first : first + HOSTS])
        yield Event("restart_pending", None, "the update is complete once Windows has been restarted", some)


def _finish(now: Summary) -> str:
    if not now.lacking:
        return "every host is as it should be"
    return f"nothing is left to do but for {len(now.lacking)} hosts that are not as they should be"
