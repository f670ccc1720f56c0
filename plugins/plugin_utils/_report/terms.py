# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the deployment file and the waivers file add to a report: the order of rings, and what ends by a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import checks, files, reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import clean

SOON = checks.PIN_NOTICE  #: how long before its end somebody is to know of it
PIN, WAIVER = "pin", "waiver"
LASTS, ENDS_SOON, ENDED = "lasts", "soon", "ended"


@dataclass(frozen=True)
class Term:
    """A pin or a waiver. `name`: the deployment; the host or group. `status`: "lasts", "soon" or "ended"."""

    kind: str
    name: str
    ends: Moment
    status: str
    reason: str
    owner: str | None = None


@dataclass(frozen=True)
class Files:
    """What the files say. `rings`: by deployment, in the order in which they open."""

    rings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()  #: what ends first comes first


NOTHING = Files()


def read(deployments: str | None, waivers: str | None, now: datetime) -> Files:
    """Read the files that are given; InputError tells what is wrong with them."""
    rings: dict[str, Sequence[str]] = {}
    terms: list[Term] = []
    if deployments:
        # Past dates are what a report is to show: fresh=() lets them pass
        file = reading.read(files.read_text(deployments, "deployments"), now, file=deployments, fresh=())
        rings = {clean(each.name): [clean(ring.group) for ring in each.rings] for each in file.deployments}
        terms += _pins(file, now)
    if waivers:
        terms += _waivers(reading.read_waivers(files.read_text(waivers, "waivers"), now, file=waivers), now)
    return Files(rings, tuple(sorted(terms, key=lambda term: (term.ends.latest(), term.kind, term.name))))


def _pins(file: reading.DeploymentFile, now: datetime) -> Iterator[Term]:
    for each in file.deployments:
        if each.pin_until is not None and each.active:
            status = _status(each.pin_until, now)
            yield Term(PIN, clean(each.name), each.pin_until, status, f"holds hosts at {each.version}")


def _waivers(file: reading.WaiverFile, now: datetime) -> Iterator[Term]:
    for each in (*file.waivers, *file.expired):
        name = clean(each.host or each.group or "")
        yield Term(WAIVER, name, each.expires, _status(each.expires, now), clean(each.reason), clean(each.owner))


def _status(ends: Moment, now: datetime) -> str:
    if ends.passed_everywhere(now):
        return ENDED
    return ENDS_SOON if ends.passed_everywhere(now + SOON) else LASTS
