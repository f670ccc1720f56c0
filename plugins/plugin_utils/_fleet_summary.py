# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a deployment stands: its rings, counted from the standings of their hosts, and what somebody wants to hear of.

A pure view: nothing here asks hosts or stores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors, _rings
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Standing

UNVISITED = "unvisited"  #: counted like a state: no record of this deployment
FAILED = frozenset({"exhausted", "failed"})
#: The deployment has not come to these, so they show neither success nor failure of it.
UNTRIED = frozenset({UNVISITED, "waiting", "halted", "unreachable", "incompatible", "com_unavailable", "no_source"})


@dataclass(frozen=True)
class RingView:
    """One ring. `counts` are hosts by state."""

    name: str
    open: bool
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Halt:
    """Why nothing new begins: at all, or behind a ring (`ring`) of which one host has an error that stop_on names."""

    reason: str
    ring: str | None = None
    host: str | None = None


@dataclass(frozen=True)
class Summary:
    """One deployment at one moment, UTC."""

    at: datetime
    rings: tuple[RingView, ...]
    halts: tuple[Halt, ...] = ()
    ended: bool = False  #: nothing is left that a run would change, but for hosts that are away
    tried: int = 0  #: hosts that the deployment has come to
    failed: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()  #: hosts that are not as they should be
    restarts: tuple[str, ...] = ()  #: hosts whose restart hooks are to be told of

    @property
    def counts(self) -> dict[str, int]:
        """The hosts of all rings by state."""
        total: Counter[str] = Counter()
        for ring in self.rings:
            total.update(ring.counts)
        return dict(total)

    @property
    def failure_share(self) -> float:
        """How many percent of the hosts that the deployment has come to have failed."""
        return 100 * len(self.failed) / self.tried if self.tried else 0.0


def hosts_by_ring(deployment: Deployment, groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give the hosts of each ring in the rings' order; a host belongs to its first."""
    if not deployment.rings:
        return {_rings.EVERYONE: list(groups[_rings.EVERYONE])}
    rings = dict(_rings.before(deployment, _rings.REST, groups))
    if deployment.only_rings:
        return rings
    taken = {host for hosts in rings.values() for host in hosts}
    return {**rings, _rings.REST: [host for host in groups[_rings.EVERYONE] if host not in taken]}


def summarise(
    deployment: Deployment,
    groups: Mapping[str, Sequence[str]],
    standings: Mapping[str, Standing],
    now: datetime,
    utc_offset_minutes: int,
    elsewhere: Collection[str] = (),
) -> Summary:
    """Count. The offset is that of the wall clock by which local times of the deployment are told.

    Hosts that do not answer count among the "unreachable" ones. All else goes by how they were last seen, as gates do.

    `elsewhere`: hosts that belong to a deployment of another channel. They are none of this one's.
    """
    key = DeploymentKey.of(deployment)
    own = {host: standing for host, standing in standings.items() if standing.deployment.same(key)}
    by_ring = hosts_by_ring(deployment, groups)
    members = {ring: [host for host in names if host not in elsewhere] for ring, names in by_ring.items()}
    hosts = [host for ring in members.values() for host in ring]
    states = {host: own[host].last_seen if host in own else UNVISITED for host in hosts}
    ends = _rings.ends(deployment)
    good = {"compliant", "ahead", "waived"} | (ends & {"staged"})
    stopped = deployment.schedule.stopped
    halted = () if stopped is None else (Halt(stopped),)
    return Summary(
        at=now,
        rings=tuple(
            RingView(
                ring,
                _open(deployment, ring, groups, own, now, utc_offset_minutes),
                Counter(own[host].state if host in own else UNVISITED for host in names),
            )
            for ring, names in members.items()
        ),
        halts=(*halted, *_stops(deployment, members, own)),
        ended=all(_ended(deployment, ring, [own.get(host) for host in names]) for ring, names in members.items()),
        tried=sum(state not in UNTRIED | _rings.UNCOUNTED for state in states.values()),
        failed=tuple(host for host, state in states.items() if state in FAILED),
        lacking=tuple(host for host, state in states.items() if state not in good),
        restarts=tuple(host for host in hosts if host in own and own[host].restart_told == "hook"),
    )


def _open(
    deployment: Deployment,
    ring: str,
    groups: Mapping[str, Sequence[str]],
    own: Mapping[str, Standing],
    now: datetime,
    utc_offset_minutes: int,
) -> bool:
    schedule = deployment.at(ring, ()).schedule
    begun = all(
        moment.reached(now, utc_offset_minutes) for moment in (schedule.available_from, schedule.ring_available_from)
    )
    return begun and schedule.stopped is None and _rings.gate(deployment, ring, groups, own.get, (), now).open


def _stops(deployment: Deployment, members: Mapping[str, Sequence[str]], own: Mapping[str, Standing]) -> Iterator[Halt]:
    """Give the rings that an error keeps from being followed by the next, with the first host that has one."""
    for ring, following in zip(members, list(members)[1:]):  # noqa: B905  # the last one has none
        for host in members[ring]:
            error = own[host].error if host in own else None
            if error and (error["domain"], error["code"].lower()) in deployment.gate_rules(ring).stop_on:
                reason = f"{host} has {_errors.summary(error)}, which stop_on names, so ring {following} stays closed"
                yield Halt(reason, ring, host)
                break


def _ended(deployment: Deployment, ring: str, hosts: Sequence[Standing | None]) -> bool:
    """Tell whether all hosts of a ring that can be reached are at their end, and enough are, one at least."""
    coverage, ends = deployment.gate_rules(ring).coverage, _rings.ends(deployment)
    there = [host.last_seen for host in hosts if host is not None and _rings.shows(deployment, host)]
    enough = len(there) * 100 >= len(hosts) * (100 if coverage is None else coverage)
    return not hosts or (enough and bool(there) and all(state in ends for state in there))
