# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file as data. Fields are named as the keys of the file; spans are seconds; templates are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion, Window

EVERY_HOST = "all"  #: the group of the inventory that every host is in


@dataclass(frozen=True)
class StopError:
    """An error that keeps the next ring closed. `code` in the form of decode_error, as records have it."""

    domain: str
    code: str


@dataclass(frozen=True)
class Gates:
    """What a ring has to show before the next one opens."""

    ring_success: int = 95  #: percent compliant, of its reached hosts but those that went away before the installation
    ring_coverage: int = 90  #: percent of its hosts that have to have been reached
    soak_time: int = 86400  #: seconds since it was that far
    stop_on: tuple[StopError, ...] = ()


@dataclass(frozen=True)
class Ring:
    """A group of the inventory. `gates` are its own: those of the deployment with what the ring says otherwise."""

    group: str
    available_from: Moment = ASAP
    gates: Gates = field(default_factory=Gates)


@dataclass(frozen=True)
class Apps:
    """What happens where applications are open."""

    close: str = "never"  #: or "after_deadline"
    defer: int = 3
    wait: int = 4 * 3600
    multi_session_shutdown: bool = False


@dataclass(frozen=True)
class Notice:
    """The message to users, for user_notice."""

    text: str
    title: str = "Office update"
    postpone: bool = False
    seconds: int = 60


@dataclass(frozen=True)
class SlowLink:
    """A rule for hosts of these groups."""

    groups: tuple[str, ...]
    rule: str  #: "skip" or "trickle"
    max_active: int = 1


@dataclass(frozen=True)
class Source:
    """A library that hosts download from, without a slash at the end of its URL. No groups: it is meant for all."""

    url: str
    groups: tuple[str, ...] = ()
    max_active: int = 50
    group_limits: Mapping[str, int] = field(default_factory=dict)  #: by group
    slow_link: SlowLink | None = None

    def image(self, channel: str, version: str) -> str:
        """Give the URL or UNC path of an image, the directory that holds office/data."""
        slash = "\\" if self.url.startswith("\\\\") else "/"
        return slash.join((self.url, channel, version))


@dataclass(frozen=True)
class Restart:
    """What happens where Windows has to be restarted: "report", "notice" or "hook"."""

    servers: str = "report"
    workstations: str = "report"
    outside_windows: bool = False


@dataclass(frozen=True)
class Retries:
    """How often a step that failed is tried, and with which pause in seconds."""

    max_attempts: int = 3
    retry_delay: int = 3600


@dataclass(frozen=True)
class Hook:
    """A webhook. `url` may be, and `token` is, env:NAME or var:NAME, the variable that holds it."""

    url: str
    events: tuple[str, ...]
    token: str | None = None
    failure_share: int = 10  #: percent


@dataclass(frozen=True)
class Expedite:
    """What two people have agreed to shorten."""

    reason: str
    approved_by: str
    second_approver: str
    soak_time: int | None = None
    deadline: Moment | None = None


@dataclass(frozen=True)
class FleetDeployment:
    """One deployment. `version` None: not approved yet. `deadline` None: there is none; ASAP: at once."""

    name: str
    channel: str
    rings: tuple[Ring, ...]
    version: str | None = None
    bulletin: str | None = None
    template: str | None = None
    halted: bool = False
    ignore_withdrawn: str | None = None  #: why the version is rolled out although Microsoft withdrew it
    gates: Gates = field(default_factory=Gates)
    expedite: Expedite | None = None
    clock: str = "utc"
    available_from: Moment = ASAP
    deadline: Moment | None = None
    after_deadline: str = "wait"  #: "wait", "apply" or "force"
    windows: tuple[Window, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    downloads: str = "any_time"  #: or "in_windows"
    apps: Apps = field(default_factory=Apps)
    notice: Notice | None = None
    sources: tuple[Source, ...] = ()
    cdn_allowed: bool = False
    restart: Restart = field(default_factory=Restart)
    retries: Retries = field(default_factory=Retries)
    hooks: tuple[Hook, ...] = ()
    goal: str = "installed"  #: or "downloaded"
    pin_until: Moment | None = None
    allow_downgrade: bool = False
    take_over: bool = False
    min_free_disk: int | None = None  #: bytes; None: what the image says
    display_level: bool = False

    @property
    def active(self) -> bool:
        """Whether it may begin anything: it is approved and not halted."""
        return self.version is not None and not self.halted

    @property
    def force_app_shutdown(self) -> bool:
        """Whether open applications are closed once the deadline has passed."""
        return self.after_deadline == "force"

    @property
    def effective_deadline(self) -> Moment | None:
        """The deadline with what `expedite` says."""
        return self.expedite.deadline if self.expedite and self.expedite.deadline else self.deadline

    def effective_gates(self, ring: Ring) -> Gates:
        """Give the gates behind a ring with what `expedite` says."""
        shortest = self.expedite.soak_time if self.expedite else None
        return ring.gates if shortest is None else replace(ring.gates, soak_time=min(ring.gates.soak_time, shortest))


@dataclass(frozen=True)
class Waiver:
    """A host or a group that no deployment touches up to and including `expires`, in UTC."""

    reason: str
    owner: str
    expires: Moment  #: the first moment at which it does not hold any more
    host: str | None = None
    group: str | None = None
