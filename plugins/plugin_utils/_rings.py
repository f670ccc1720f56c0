# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rings: which one a host is in, and whether its turn has come. A ring is a group of the inventory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record

EVERYONE = "all"  #: the ring of a deployment without rings
REST = "rest"  #: the ring of hosts that are in none of the named ones; it comes last


@dataclass(frozen=True)
class Gate:
    """Whether a host's ring may take steps. `settled`: a closed gate that this run cannot open any more."""

    open: bool
    settled: bool = False
    reason: str = ""


OPEN = Gate(open=True)


def ring_of(deployment: Deployment, groups: Mapping[str, Sequence[str]], host_groups: Collection[str]) -> str:
    """Give the first ring the host is in. A ring that is no group is a mistake that must not pass for an empty one."""
    for ring in deployment.rings:
        if ring not in groups:
            raise InputError(
                f"rings: {ring!r} is not a group of the inventory. Make a group of that name, or name existing groups."
            )
    if not deployment.rings:
        return EVERYONE
    return next((ring for ring in deployment.rings if ring in host_groups), REST)


def gate(
    deployment: Deployment,
    ring: str,
    groups: Mapping[str, Sequence[str]],
    load: Callable[[str], Record | None],
    in_run: Collection[str],
) -> Gate:
    """Judge a ring by the records of the last ring before it that has hosts.

    `load` gives a host's record; `in_run` names the hosts this run can still change. Hosts that are ahead of the
    deployment show nothing about it and are not counted.
    """
    before = _before(deployment, ring, groups)
    if before is None:
        return OPEN
    name, hosts = before
    key = DeploymentKey.of(deployment)
    loaded = {host: load(host) for host in hosts}
    records = {host: record if record and record.deployment == key else None for host, record in loaded.items()}
    counted = [record for record in records.values() if record is None or record.state != "ahead"]
    good = sum(record is not None and _good(deployment, record) for record in counted)
    if good * 100 >= deployment.ring_success * len(counted):
        return OPEN
    active = any(host in in_run and (record is None or not record.at_rest) for host, record in records.items())
    needed = -(-deployment.ring_success * len(counted) // 100)
    done = "downloaded" if deployment.goal == "downloaded" else "compliant"
    return Gate(
        open=False,
        settled=not active,
        reason=f"ring {name}: {good} of {len(counted)} {done}, {needed} needed to open ring {ring}",
    )


def _good(deployment: Deployment, record: Record) -> bool:
    return record.state == "compliant" or (deployment.goal == "downloaded" and record.state == "staged")


def _before(deployment: Deployment, ring: str, groups: Mapping[str, Sequence[str]]) -> tuple[str, list[str]] | None:
    """Give name and hosts of the ring to wait for: the nearest earlier one that is not empty."""
    place = deployment.rings.index(ring) if ring in deployment.rings else len(deployment.rings)
    taken: set[str] = set()
    found: tuple[str, list[str]] | None = None
    for name in deployment.rings[:place]:
        hosts = [host for host in groups[name] if host not in taken]  # a host belongs to its first ring
        taken.update(hosts)
        if hosts:
            found = name, hosts
    return found
