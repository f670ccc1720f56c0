# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rings: which one a host is in, and whether its turn has come. A ring is a group of the inventory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Standing

EVERYONE = "all"  #: the ring of a deployment without rings
UNCOUNTED = frozenset({"ahead", "waived"})  #: states that show nothing about a deployment
ENDS = frozenset({"compliant", "incompatible", "exhausted", "failed", *UNCOUNTED})  #: states that hosts stay in
INSTALLING = frozenset({"applying", "restart_pending"})  #: states in which a build itself may keep a host away
REST = "rest"  #: the ring of hosts that are in none of the named ones; it comes last


@dataclass(frozen=True)
class Gate:
    """Whether a host's ring may take steps. `settled`: a closed gate that this run cannot open any more.

    `rests`: one that the hosts of this run cannot open before its end, since they wait for moments after that. Other
    slices, hosts left out by a limit and other runs may open it all the same; the next run finds it so.
    """

    open: bool
    settled: bool = False
    reason: str = ""
    until: datetime | None = None  #: when it opens if nothing else happens, UTC
    rests: bool = False


OPEN = Gate(open=True)


def ring_of(deployment: Deployment, groups: Mapping[str, Sequence[str]], host: str) -> str:
    """Give the first ring the host is in. A ring that is no group is a mistake that must not pass for an empty one."""
    for ring in deployment.rings:
        if ring not in groups:
            known = ", ".join(sorted(groups))
            raise InputError(f"rings: {ring!r} is not a group of the inventory. Make one of that name, or use {known}.")
        if ring == REST:
            raise InputError(f"rings: {ring!r} stands for the hosts in none of the rings; give the group another name.")
    if not deployment.rings:
        return EVERYONE
    return next((ring for ring in deployment.rings if host in groups[ring]), REST)


def left_out(deployment: Deployment, ring: str) -> bool:
    """Tell whether hosts of this ring are in none that the deployment names, and it leaves those alone."""
    return deployment.only_rings and ring == REST


def gate(
    deployment: Deployment,
    ring: str,
    groups: Mapping[str, Sequence[str]],
    load: Callable[[str], Standing | None],
    in_run: Collection[str],
    now: datetime,
    run_ends: datetime | None = None,
) -> Gate:
    """Judge a ring by the records of all rings before it; the first of them that is not far enough keeps it closed.

    `load` gives a host's standing; `in_run` names the hosts this run can still change, up to `run_ends` if that is
    known. Hosts that are ahead of the deployment or waived show nothing about it and are not counted. One that does not
    answer is judged as it was last seen, so whoever goes home closes no ring; but one that was good and has not been
    seen since it soaked was not reached, since a bad build shows itself so, too.
    """
    key = DeploymentKey.of(deployment)
    for name, hosts in before(deployment, ring, groups):
        loaded = {host: load(host) for host in hosts}
        records = {host: record if record and record.deployment.same(key) else None for host, record in loaded.items()}
        counted = {host: one for host, one in records.items() if one is None or one.last_seen not in UNCOUNTED}
        changing = [record for host, record in records.items() if host in in_run]
        active = any(one is None or not one.at_rest for one in changing)
        # One without a record may have that of another deployment, which this run never changes. One that has not been
        # looked at yet makes no soaking ring ripe any sooner.
        busy = any(one is not None and not (one.at_rest or later(one.waits_until, run_ends)) for one in changing)
        closed = _judge(deployment, name, counted, now)
        if closed is not None:
            reason, until = closed
            return Gate(
                open=False,
                settled=not active and until is None,
                reason=f"ring {name}: {reason.format(ring=ring)}",
                until=None if busy else until,
                rests=run_ends is not None and not busy and (until is None or until > run_ends),
            )
    return OPEN


def later(moment: datetime | None, run_ends: datetime | None) -> bool:
    """Tell whether what a host waits for (`waits_until` of its record) comes after the run's end."""
    return moment is not None and run_ends is not None and moment > run_ends


def _judge(
    deployment: Deployment, name: str, records: Mapping[str, Standing | None], now: datetime
) -> tuple[str, datetime | None] | None:
    """Give why a ring is not far enough ("{ring}" is the one to open), and until when if only time is missing."""
    rules = deployment.gate_rules(name)
    for host, record in records.items():
        error = record.error if record is not None else None
        if error is not None and (error["domain"], error["code"].lower()) in rules.stop_on:
            found = _errors.summary(error).replace("{", "{{").replace("}", "}}")
            return f"{host} has {found}, which stop_on names, so ring {{ring}} stays closed", None
    counted = len(records)
    seen = [record for record in records.values() if record is not None and record.last_seen != "unreachable"]
    reached = [record for record in seen if not _left_early(deployment, record, rules.soak)]
    early = len(seen) - len(reached)
    missed = f"; {early} went away before the end of their soak time" if early else ""
    if rules.coverage is not None:
        needed = _share(rules.coverage, len(records))
        if len(reached) < needed:
            return f"{len(reached)} of {len(records)} reached, {needed} needed to open ring {{ring}}{missed}", None
        # Who went away before it was installed is missed for as long as enough others show how they do
        telling = [one for one in reached if shows(deployment, one) or one.last_seen in INSTALLING]
        counted = max(needed, len(telling))
    good = [record for record in reached if _good(deployment, record)]
    needed = _share(rules.success, counted)
    if len(good) < needed:
        done = "downloaded" if deployment.goal == "downloaded" else "compliant"
        return f"{len(good)} of {counted} {done}, {needed} needed to open ring {{ring}}{missed}", None
    if needed and rules.soak:
        since = sorted(record.since or now for record in good)
        ripe = since[needed - 1] + timedelta(seconds=rules.soak)
        if ripe > now:
            return f"{len(good)} of {counted} compliant, ring {{ring}} opens at {ripe:%Y-%m-%d %H:%MZ}", ripe
    return None


def _share(percent: int, count: int) -> int:
    return -(-percent * count // 100)


def _good(deployment: Deployment, record: Standing) -> bool:
    return record.last_seen == "compliant" or (deployment.goal == "downloaded" and record.last_seen == "staged")


def _left_early(deployment: Deployment, record: Standing, soak: int) -> bool:
    """Tell whether a good host has not been seen since it soaked, and does not answer now."""
    if record.state != "unreachable" or not soak or not _good(deployment, record):
        return False
    if record.since is None or record.seen_at is None:
        return True
    return record.seen_at < record.since + timedelta(seconds=soak)


def ends(deployment: Deployment) -> frozenset[str]:
    """Give the states in which a host is done with the deployment, well or not."""
    return ENDS | {"staged"} if deployment.goal == "downloaded" else ENDS


def shows(deployment: Deployment, record: Standing) -> bool:
    """Tell whether it is known how the host does: it answers, or had come to an end before it went away."""
    return record.state != "unreachable" or record.last_seen in ends(deployment)


def before(deployment: Deployment, ring: str, groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    """Give names and hosts of the rings to wait for, in their order."""
    place = deployment.rings.index(ring) if ring in deployment.rings else len(deployment.rings)
    taken: set[str] = set()
    for name in deployment.rings[:place]:
        yield name, [host for host in groups[name] if host not in taken]  # a host belongs to its first ring
        taken.update(groups[name])
