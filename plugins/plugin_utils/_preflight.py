# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host suits a deployment's image, asked before any call of the update interface.

What a host did not say (an older module's answer, an empty registry value) is not taken for a misfit, but for its
channel and architecture, without which nobody knows the image to be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import ceil, floor

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState

#: Tools that update Office themselves. A group policy that only sets a channel does not, nor does Office alone.
FOREIGN_MANAGERS = {
    "cloud_update": "Cloud Update of the Microsoft 365 Apps admin center",
    "configmgr": "ConfigMgr",
    "intune": "Intune",
    "unknown": "an unknown tool that turned the update interface on",
}
_YEAR = re.compile(
    r"(?:ProPlus|Standard|HomeBusiness|HomeStudent|Professional)(20\d\d)(?:Volume|Retail)", re.IGNORECASE
)
_SUBSCRIPTION = re.compile(r"O365|M365", re.IGNORECASE)
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")
_PARTS = 4
_PERPETUAL = re.compile(r"PerpetualVL(20\d\d)")


def misfits(deployment: Deployment, host: HostState, *, download_begun: bool = False) -> Iterator[str]:
    """Name what keeps the image from suiting the host, the weightiest first. `download_begun`: see Record."""
    for check in _CHECKS:
        found = check(deployment, host)
        if found:
            yield found
    if found := _disk(deployment, host, download_begun=download_begun):
        yield found


def on_channel(deployment: Deployment, host: HostState) -> bool:
    """Tell whether the host's channel is the image's; a deployment without one takes any."""
    return deployment.channel is None or host.channel == deployment.channel


def _channel(deployment: Deployment, host: HostState) -> str | None:
    if on_channel(deployment, host):
        return None
    on = host.channel or host.channel_url or "no known channel"
    pending = ", a change of channel is pending" if host.channel_change_pending else ""
    return f"is on {on}{pending}; {deployment.version} comes from {deployment.channel}"


def _product_family(deployment: Deployment, host: HostState) -> str | None:
    """Office LTSC takes the builds of its own year, Microsoft 365 Apps those of no year; Visio and Project go along."""
    if deployment.channel is None:
        return None
    perpetual = _PERPETUAL.fullmatch(deployment.channel)
    year = perpetual[1] if perpetual else None
    for product in host.products:
        own = _YEAR.match(product)
        if own and own[1] != year and own[0].lower().endswith("volume"):
            return f"product {product} takes builds of PerpetualVL{own[1]}, not of {deployment.channel}"
        if year and _SUBSCRIPTION.match(product):
            return f"product {product} takes no builds of {deployment.channel}"
    return None


def _architecture(deployment: Deployment, host: HostState) -> str | None:
    if deployment.architectures is None or (host.architecture or "") in deployment.architectures:
        return None
    image = ", ".join(sorted(deployment.architectures))
    return f"architecture {host.architecture or 'unknown'} is not in the image ({image})"


def _languages(deployment: Deployment, host: HostState) -> str | None:
    if deployment.languages is None:
        return None
    # A culture that only has proofing tools stands among the host's languages too
    missing = sorted(set(host.languages) - _proofing_alone(host) - deployment.languages)
    if not missing:
        return None
    return f"language {', '.join(missing)} is not in the image ({', '.join(sorted(deployment.languages))})"


def _proofing_tools(deployment: Deployment, host: HostState) -> str | None:
    if deployment.languages is None:
        return None
    missing = sorted(_proofing_alone(host) - deployment.languages - deployment.proofing_tools)
    if not missing:
        return None
    image = ", ".join(sorted(deployment.proofing_tools)) or "none"
    return f"proofing tools of {', '.join(missing)} are not in the image ({image})"


def _proofing_alone(host: HostState) -> set[str]:
    """Give the cultures without a display language; none where the host does not tell the two apart."""
    return set(host.proofing_tools) - set(host.display_languages) if host.display_languages else set()


def _windows(deployment: Deployment, host: HostState) -> str | None:
    """Hold Windows against the oldest one that the build's version descriptor allows."""
    lowest = _required(deployment, host).min_os
    if not _is_below(host.os_build, lowest):
        return None
    return f"Windows {host.os_build} is older than {lowest}, the oldest that {deployment.version} runs on"


def _client(deployment: Deployment, host: HostState) -> str | None:
    lowest = _required(deployment, host).min_client
    if not _is_below(host.client_version, lowest):
        return None
    return f"Click-to-Run {host.client_version} is older than {lowest}, the oldest that takes {deployment.version}"


def _disk(deployment: Deployment, host: HostState, *, download_begun: bool) -> str | None:
    wanted = _room(deployment, host)
    if host.free_disk_bytes is None or host.free_disk_bytes >= wanted:
        return None
    if host.busy or host.ready == deployment.version:
        return None  # the download took the room already
    if download_begun and deployment.min_free_disk is None:
        return None  # what broke off took a part of it, and nobody knows how much; a full disk is the download's error
    free, needed = floor(host.free_disk_bytes / 1e8) / 10, ceil(wanted / 1e8) / 10  # never the same figure twice
    return f"{free:.1f} GB free on the disk of Office, {needed:.1f} GB needed (min_free_disk)"


def _room(deployment: Deployment, host: HostState) -> int:
    """Give the bytes that have to be free: as the deployment says, or what a whole download takes on this host."""
    if deployment.min_free_disk is not None:
        return deployment.min_free_disk
    alone = _proofing_alone(host)
    size = deployment.download_sizes.get(host.architecture or "")
    return 0 if size is None else size.on(set(host.languages) - alone, alone)


def _manager(deployment: Deployment, host: HostState) -> str | None:
    if deployment.take_over or host.managed_by not in FOREIGN_MANAGERS:
        return None
    return f"updates are managed by {FOREIGN_MANAGERS[host.managed_by]}; take_over: true overrides that"


def _required(deployment: Deployment, host: HostState) -> Requirements:
    return deployment.requirements.get(host.architecture or "", Requirements())


def _is_below(own: str | None, lowest: str | None) -> bool:
    """Compare as numbers, where both are known; "10.0" is as good as "10.0.0"."""
    have, need = _numbers(own), _numbers(lowest)
    return bool(have) and have < need


def _numbers(text: str | None) -> tuple[int, ...]:
    parts = [int(part) for part in text.split(".")] if text and _VERSION.fullmatch(text) else []
    return tuple(parts + [0] * (_PARTS - len(parts))) if parts else ()


_CHECKS: tuple[Callable[[Deployment, HostState], str | None], ...] = (
    _manager,
    _channel,
    _product_family,
    _architecture,
    _languages,
    _proofing_tools,
    _windows,
    _client,
)
