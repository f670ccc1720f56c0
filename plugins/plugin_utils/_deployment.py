# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet is to become: one version of one channel, from one source, under a few rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.version import Version
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps, Notice, Restart
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import ImageSource, Slot, choose, slots

#: Rules that give a host new attempts when they change; the times of the schedule do so, too.
_POLICY = (
    "min_free_disk",
    "take_over",
    "max_attempts",
    "retry_delay",
    "apps",
    "force_app_shutdown",
    "multi_session_shutdown",
    "display_level",
    "allow_downgrade",
    "goal",
)


@dataclass(frozen=True)
class GateRules:
    """What a ring has to show before the next one opens."""

    success: int = 95  #: percent of its hosts at the version; with `coverage`, of those that show anything
    coverage: int | None = None  #: percent of its hosts reached; None: hosts not reached count as not compliant
    soak: int = 0  #: seconds for which that share has to have been there
    stop_on: frozenset[tuple[str, str]] = frozenset()  #: domains and codes, lower case; one host with one stops all


@dataclass(frozen=True)
class Deployment:
    """One deployment. Versions are full text, languages and architectures lower case; times are seconds.

    `channel`, `languages` and `architectures` are None where nobody knows the image: they are not compared then.
    """

    name: str
    version: str
    source: str
    channel: str | None = None
    languages: frozenset[str] | None = None
    architectures: frozenset[str] | None = None
    proofing_tools: frozenset[str] = frozenset()
    requirements: Mapping[str, Requirements] = field(default_factory=dict)  #: of the build, by architecture
    min_free_disk: int | None = None  #: bytes free on the volume of Office; None: as much as the download takes
    download_sizes: Mapping[str, DownloadSize] = field(default_factory=dict)  #: by architecture, as far as known
    take_over: bool = False  #: also where another tool manages the updates
    rings: tuple[str, ...] = ()
    gate: GateRules = GateRules()  # immutable
    ring_gates: Mapping[str, GateRules] = field(default_factory=dict)  #: of single rings, instead of `gate`
    ring_available_from: Mapping[str, Moment] = field(default_factory=dict)
    only_rings: bool = False  #: hosts in none of the rings are left alone
    others: tuple[str, ...] = ()  #: the names of the other deployments of its file that are approved and not halted
    sources: tuple[ImageSource, ...] = ()  #: instead of `source`, in the order of preference
    no_source: str | None = None  #: why a host has none of them
    slots: tuple[Slot, ...] = ()  #: what a host has to hold while it downloads
    max_attempts: int = 3
    retry_delay: int = 900
    schedule: Schedule = Schedule()  # noqa: RUF009  # immutable
    waivers: Mapping[str, str] = field(default_factory=dict)  #: by host, why it is left alone for now
    apps: Apps = field(default_factory=Apps)
    notice: Notice | None = None
    restart: Restart = field(default_factory=Restart)
    force_app_shutdown: bool = False  #: always, whatever the deadline
    multi_session_shutdown: bool = False  #: force_app_shutdown holds where several people work on one host, too
    display_level: bool = False
    allow_downgrade: bool = False
    goal: str = "installed"
    sliced: Slice | None = None  #: the run sees a part of the inventory alone

    def gate_rules(self, ring: str) -> GateRules:
        """Give what a ring has to show before the next one opens."""
        return self.ring_gates.get(ring, self.gate)

    def at(self, ring: str, groups: Collection[str]) -> Deployment:
        """Give it as a host of this ring and these groups gets it: from when, and from which source."""
        schedule = replace(self.schedule, ring_available_from=self.ring_available_from.get(ring, ASAP))
        chosen = choose(self.sources, groups) if self.sources else None
        if chosen is None:
            return replace(self, schedule=schedule)
        if isinstance(chosen, str):
            return replace(self, schedule=schedule, no_source=chosen)
        return replace(
            self,
            schedule=schedule,
            source=chosen.url,
            slots=slots(chosen, groups),
            languages=chosen.languages,
            architectures=chosen.architectures,
            proofing_tools=chosen.proofing_tools,
            requirements=chosen.requirements,
            download_sizes=chosen.download_sizes,
        )

    @property
    def policy(self) -> str:
        """A mark of the rules that say how and when a host is updated; another mark gives it new attempts."""
        schedule = replace(self.schedule, halted=False, withdrawn=None, ring_available_from=ASAP)
        rules = [(name, getattr(self, name)) for name in _POLICY]
        return hashlib.sha256(repr((schedule, rules)).encode()).hexdigest()[:16]

    @property
    def target(self) -> Version:
        """The version as numbers, for comparisons."""
        return version.parse(self.version)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Deployment:
        """Build it from reconcile's validated suboptions; InputError names the suboption, its value and the remedy."""
        full = version.full(str(options["version"]), "version")
        deployment = cls(
            name=str(options.get("name") or full),
            version=full,
            source=source(str(options["source"])),
            channel=channels.find(str(options["channel"])).name,
            languages=frozenset(str(language).lower() for language in options["languages"]),
            architectures=frozenset(str(architecture).lower() for architecture in options["architectures"]),
            rings=tuple(str(ring) for ring in options["rings"]),
            gate=GateRules(success=options["ring_success"]),
            max_attempts=options["max_attempts"],
            retry_delay=options["retry_delay"],
            force_app_shutdown=options["force_app_shutdown"],
            multi_session_shutdown=options["multi_session_shutdown"],
            display_level=options["display_level"],
            allow_downgrade=options["allow_downgrade"],
            goal=str(options["goal"]),
        )
        deployment._check()
        return deployment

    def _check(self) -> None:
        for option, value, lowest, highest in (
            ("ring_success", self.gate.success, 0, 100),
            ("max_attempts", self.max_attempts, 1, 100),
            ("retry_delay", self.retry_delay, 0, 7 * 86400),
        ):
            if not lowest <= value <= highest:
                raise InputError(f"{option}: {value} is not between {lowest} and {highest}.")
        for option, values in (("languages", self.languages), ("architectures", self.architectures)):
            if not values:
                raise InputError(f"{option}: the list is empty; give what manifest.json of the image lists.")
        if len(set(self.rings)) != len(self.rings):
            raise InputError(f"rings: {', '.join(self.rings)} names a ring twice.")


def source(text: str, option: str = "source") -> str:
    """Check the place hosts download from: an http(s) URL or a UNC path, without a slash at its end."""
    trimmed = text.rstrip("/\\")
    # Without the value, which would be written into records and logs. A password may hold a slash.
    if re.search(r"//([^/\\]*@|[^/\\:\[]*:(?![0-9]*([/\\?#]|$))[\s\S]*@)", trimmed):
        raise InputError(f"{option}: the URL holds a user name or a password, which Click-to-Run does not use.")
    if re.search("[?#]", trimmed) and not trimmed.startswith("\\\\"):
        raise InputError(
            f"{option}: the URL has a query ('?') or a fragment ('#'), to which Click-to-Run cannot append its paths; "
            "leave it out, also where it is an access token."
        )
    # Click-to-Run's parameters are name=value with spaces between and know no quoting
    if not trimmed.startswith(("http://", "https://", "\\\\")) or re.search(r"[\s=\"']", trimmed):
        raise InputError(
            f"{option}: {text!r} is neither an http(s) URL nor a UNC path without spaces, = and quotes; give the one "
            r"that holds the image's 'office' folder, such as http://server/office/Current/16.0.20326.20100."
        )
    return trimmed
