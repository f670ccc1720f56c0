# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a deployment of the deployment file to the deployment that hosts are reconciled with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _download_size
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment, GateRules
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import model, reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import ImageSource

#: Gives the manifest of the image at a URL; CdnError says why there is none.
ManifestAt = Callable[[str], Manifest]
CDN = "http://officecdn.microsoft.com/pr/{guid}"


@dataclass(frozen=True)
class FleetPlan:
    """One deployment, ready to be reconciled. `warnings` are for whoever runs it."""

    deployment: Deployment
    warnings: tuple[str, ...] = ()
    events: dict[str, Any] | None = None  #: for the module rollout_events; None: there is nothing to tell anybody
    ignore_withdrawn: str | None = None  #: why its build is rolled out even if Microsoft withdrew it


def chosen(file: reading.DeploymentFile, name: str | None) -> model.FleetDeployment:
    """Give the deployment of this name; without one the only one that is approved. InputError names what there is."""
    if name is not None:
        found = file.deployment(name)
    else:
        approved = [each for each in file.deployments if each.version is not None]
        if len(approved) != 1:
            names = ", ".join(each.name for each in (approved or file.deployments))
            raise InputError(f"deployment: name one of those in the file: {names}.")
        found = approved[0]
    if found.version is None:
        raise InputError(
            f"deployment: {found.name!r} is not approved yet: it has no version. Pin one with the playbook "
            "officefleet.c2r.approve, and have the change reviewed."
        )
    return found


def plan(
    fleet: model.FleetDeployment,
    groups: Mapping[str, Collection[str]],
    waivers: reading.WaiverFile | None,
    manifest_at: ManifestAt,
    now: datetime,
) -> FleetPlan:
    """Put an approved deployment together with the images, the inventory and the waivers."""
    version = str(fleet.version)
    sources = tuple(_sources(fleet, version, manifest_at))
    first = next((source for source in sources if source.problem is None), sources[0] if sources else None)
    gates = {ring.group: _rules(fleet.effective_gates(ring)) for ring in fleet.rings}
    deployment = Deployment(
        name=fleet.name,
        version=version,
        channel=fleet.channel,
        source=first.url if first else "",
        sources=sources,
        no_source=None if sources else "the deployment names no source, and cdn_allowed is false",
        take_over=fleet.take_over,
        min_free_disk=fleet.min_free_disk,
        rings=tuple(ring.group for ring in fleet.rings),
        only_rings=True,
        ring_gates=gates,
        ring_available_from={ring.group: ring.available_from for ring in fleet.rings},
        max_attempts=fleet.retries.max_attempts,
        retry_delay=fleet.retries.retry_delay,
        schedule=Schedule(
            halted=fleet.halted,
            available_from=fleet.available_from,
            deadline=fleet.effective_deadline,
            after_deadline=fleet.after_deadline,
            windows=fleet.windows,
            exclusions=fleet.exclusions,
            downloads_in_windows=fleet.downloads == "in_windows",
        ),
        waivers=dict(_waived(waivers, groups)),
        apps=fleet.apps,
        notice=fleet.notice,
        restart=fleet.restart,
        multi_session_shutdown=fleet.apps.multi_session_shutdown,
        display_level=fleet.display_level,
        allow_downgrade=fleet.allow_downgrade and not _pin_ended(fleet, now),
        goal=fleet.goal,
    )
    warnings = [source.problem for source in sources if source.problem]
    return FleetPlan(deployment, tuple(warnings), _events(fleet), fleet.ignore_withdrawn)


def _pin_ended(fleet: model.FleetDeployment, now: datetime) -> bool:
    """Tell whether hosts that have left the earlier version since are to be left alone."""
    return fleet.pin_until is not None and fleet.pin_until.passed_everywhere(now)


def _events(fleet: model.FleetDeployment) -> dict[str, Any] | None:
    """Give what telling of a deployment needs: hooks as the file has them, secrets by the names of their variables."""
    if not fleet.hooks and fleet.expedite is None:
        return None
    expedite = fleet.expedite
    return {
        "hooks": [{**asdict(hook), "events": list(hook.events)} for hook in fleet.hooks],
        "bulletin": fleet.bulletin,
        "expedite": None
        if expedite is None
        else {
            "reason": expedite.reason,
            "approved_by": expedite.approved_by,
            "second_approver": expedite.second_approver,
        },
    }


def _sources(fleet: model.FleetDeployment, version: str, manifest_at: ManifestAt) -> Iterator[ImageSource]:
    known: Manifest | None = None
    for source in fleet.sources:
        slow = source.slow_link
        groups = slow.groups if slow is not None else ()
        trickles = slow is not None and slow.rule == "trickle"
        url = source.image(fleet.channel, version)
        manifest, problem = _image(url, fleet.channel, version, manifest_at)
        known = known or manifest
        yield ImageSource(
            url=url,
            library=source.url,
            groups=source.groups,
            max_active=source.max_active,
            group_limits=source.group_limits,
            skipped_groups=() if trickles else groups,
            trickle_groups=groups if trickles else (),
            trickle=slow.max_active if slow is not None else 1,
            languages=None if manifest is None else frozenset(manifest.languages),
            proofing_tools=frozenset() if manifest is None else frozenset(manifest.proofing_tools),
            architectures=None if manifest is None else frozenset(manifest.architectures),
            requirements={} if manifest is None else manifest.requirements,
            download_sizes={} if manifest is None else _download_size.of_image(manifest),
            problem=problem,
        )
    if fleet.cdn_allowed:
        # The build demands and takes the same wherever it comes from
        yield ImageSource(
            url=CDN.format(guid=channels.find(fleet.channel).guid),
            requirements={} if known is None else known.requirements,
            download_sizes={} if known is None else _download_size.of_image(known),
        )


def _image(url: str, channel: str, version: str, manifest_at: ManifestAt) -> tuple[Manifest, None] | tuple[None, str]:
    try:
        manifest = manifest_at(url)
    except CdnError as error:
        return None, str(error)
    if (manifest.channel, manifest.version) != (channel, version):
        return None, f"{url} holds {manifest.channel} {manifest.version} and not {channel} {version}"
    return manifest, None


def _rules(gates: model.Gates) -> GateRules:
    return GateRules(
        success=gates.ring_success,
        coverage=gates.ring_coverage,
        soak=gates.soak_time,
        stop_on=frozenset((error.domain, error.code.lower()) for error in gates.stop_on),
    )


def _waived(waivers: reading.WaiverFile | None, groups: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str]]:
    """Give the hosts that are left alone, each with the reason of the first waiver that holds for it."""
    everyone = frozenset(groups.get(model.EVERY_HOST, ()))
    waived: set[str] = set()
    for waiver in waivers.waivers if waivers is not None else ():
        hosts = groups.get(waiver.group, ()) if waiver.group else (str(waiver.host),)
        for host in hosts:
            if host in everyone and host not in waived:
                waived.add(host)
                yield host, f"waived until {waiver.expires}: {waiver.reason} ({waiver.owner})"
