# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of simulated hosts as a demo or a test needs it: mostly willing, with one of each kind of trouble."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.cdn import DEFAULT_BUILDS
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import Probe, Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.com_codes import NETWORK_TIMEOUT, error_field
from ansible_collections.officefleet.c2r.tests.lab.host import GIB, Host, Office
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp
from ansible_collections.officefleet.c2r.tests.lab.probe import http_probe
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryTree
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

PILOT, BROAD = "pilot", "broad"
MIN_HOSTS = 8
PILOT_SHARE = 0.2
HOSTS_PER_OF_A_KIND = 40  # so many hosts for each further host with the same trouble
CLOSED_PORT = 1  # tcpmux: needs root to listen on, and nobody does
TIMED_OUT = error_field(NETWORK_TIMEOUT)
MANAGED: RegistryTree = {keys.UPDATE_POLICY: {"officemgmtcom": 1}}


@dataclass(frozen=True)
class Kind:
    """One sort of host."""

    name: str
    ends_well: bool = False  #: gets to the target without help, if not at once
    apps: tuple[tuple[str, float | None], ...] = ()  #: process name, seconds after which the user closes it
    download_errors: Iterable[int] = ()
    languages: tuple[str, ...] | None = None
    current: bool = False
    channel: str | None = None
    reachable: bool = True


WILLING = Kind("willing", ends_well=True)
KINDS: tuple[Kind, ...] = (
    Kind("word_open", apps=(("WINWORD", None),)),
    Kind("word_open_for_a_while", ends_well=True, apps=(("WINWORD", 80.0),)),
    Kind("times_out_once", ends_well=True, download_errors=(TIMED_OUT,)),
    Kind("times_out_always", download_errors=itertools.repeat(TIMED_OUT)),
    Kind("unreachable", reachable=False),
    Kind("lacking_language", languages=("en-us", "ja-jp")),
    Kind("current", ends_well=True, current=True),
    Kind("other_channel", channel="Current"),
)


def build_fleet(
    count: int,
    *,
    channel: str = "MonthlyEnterprise",
    target: str | None = None,
    installed: str | None = None,
    speed: float = 10.0,
    probe: Probe = http_probe,
) -> list[Host]:
    """Make the same `count` hosts each time; the first fifth of them is the pilot ring.

    Each kind of trouble comes at least once, and once more for every 40 hosts. The pilot ring has only hosts that get
    to the target in the end, so that it lets the next ring start.

    :param target: the build that hosts of the kind "current" have: by default the channel's newest of the lab's CDN.
    :param installed: what the others have: by default the build before that.
    :param speed: how much faster than real time downloads, installations and users are.
    """
    if count < MIN_HOSTS:
        raise ValueError(f"count: {count} is too few for one host of each kind; {MIN_HOSTS} is the least")
    builds = sorted((build.version for build in DEFAULT_BUILDS if build.channel == channel), key=_numbers)
    target = target or builds[-1]
    installed = installed or builds[-2]
    clock = Clock(speed)
    kinds = assign_kinds(count)
    return [
        _make_host(
            f"ws-{number:03d}", kind, number, Office(target if kind.current else installed, channel), clock, probe
        )
        for number, kind in enumerate(kinds, 1)
    ]


def assign_kinds(count: int) -> list[Kind]:
    """Say of which kind the first, second, ... host is; spread evenly over each ring."""
    kinds = [WILLING] * count
    each = max(1, count // HOSTS_PER_OF_A_KIND)
    pilots = range(ring_size(count))
    well = [kind for kind in KINDS if kind.ends_well]
    bad = [kind for kind in KINDS if not kind.ends_well] * each
    broad = range(len(pilots), count)
    share = max(len(pilots) // 2, len(bad) + len(well) * each - len(broad))
    for ring, troubles in ((pilots, (well * each)[:share]), (broad, bad + (well * each)[share:])):
        for index, kind in enumerate(troubles):
            kinds[ring[(index * len(ring) + len(ring) // 2) // len(troubles)]] = kind
    return kinds


def ring_size(count: int) -> int:
    """How many of the first hosts are the pilot ring."""
    return max(1, int(count * PILOT_SHARE))


def inventory(
    hosts: Sequence[Host],
    server: WinrmServer,
    *,
    user: str = "fleet",
    password: str,
    rings: Mapping[str, Sequence[Host]] | None = None,
) -> dict[str, Any]:
    """Give an Ansible inventory of the hosts behind one running WinRM server, as plain data for YAML.

    The groups are `windows` and, as its children, the rings: by default `pilot` and `broad`. Hosts that are not
    reachable have an address that refuses every connection.
    """
    pilots = ring_size(len(hosts))
    rings = rings or {PILOT: hosts[:pilots], BROAD: hosts[pilots:]}
    return {
        "all": {
            "children": {
                "windows": {
                    "children": {
                        ring: {"hosts": {host.name: _host_variables(host) for host in members}}
                        for ring, members in rings.items()
                    },
                    "vars": {
                        "ansible_connection": "winrm",
                        "ansible_host": "127.0.0.1",
                        "ansible_port": server.port,
                        "ansible_winrm_scheme": "http",
                        "ansible_winrm_transport": "basic",
                        "ansible_user": user,
                        "ansible_password": password,
                    },
                }
            }
        }
    }


def _host_variables(host: Host) -> dict[str, Any]:
    variables: dict[str, Any] = {"ansible_winrm_path": f"/wsman/{host.name}"}
    if not host.reachable:
        variables["ansible_port"] = CLOSED_PORT
    return variables


def _make_host(name: str, kind: Kind, number: int, office: Office, clock: Clock, probe: Probe) -> Host:
    chance = random.Random(name)
    languages = kind.languages or (("en-us",), ("en-us", "de-de"), ("fr-fr",))[number % 3]
    channel, version = office.channel, office.version
    if kind.channel:
        channel = kind.channel
        version = next(build.version for build in DEFAULT_BUILDS if build.channel == channel)
    # Where an application is open the service may not be restarted, so management has been on there before.
    managed = bool(kind.apps) or number % 2 == 0
    return Host(
        name,
        Office(version, channel, languages=languages),
        clock=clock,
        apps=[OpenApp(app, closes_after) for app, closes_after in kind.apps],
        registry=MANAGED if managed else None,
        download_errors=kind.download_errors,
        timings=Timings(download=chance.uniform(20, 40), apply=chance.uniform(20, 40)),
        probe=probe,
        reachable=kind.reachable,
        free_disk_bytes=chance.randint(20, 200) * GIB,
        utc_offset_minutes=(0, 60, -300)[number % 3],
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
