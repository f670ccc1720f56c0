# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab publishes: one build of one channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MIB = 1 << 20


def days_ago(days: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """That hour, so many days before today: a feed whose newest builds are months old is held."""
    return datetime.now(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0) - timedelta(days=days)


NEWEST = days_ago(3, 21, 5, 15)  #: the signer of what the lab publishes has expired since


@dataclass(frozen=True)
class Build:
    """One build of one channel; sizes in bytes, languages and proofing as cultures ("en-us")."""

    channel: str  #: name in channels.CHANNELS, such as "MonthlyEnterprise"
    version: str  #: full, such as "16.0.20326.20100"
    label: str = "2608"  #: what the release history calls Version
    published: datetime = NEWEST
    languages: tuple[str, ...] = ("en-us", "de-de", "fr-fr")
    payload_bytes: int = 8 * MIB
    language_bytes: int = MIB
    proofing: tuple[str, ...] = ("rm-ch",)  #: languages that exist as proofing tools alone
    architectures: tuple[str, ...] = ("x64",)  #: "x64", "x86" or both; the fewer, the sooner the lab starts
    min_os: str | None = "10.0"  #: the oldest Windows it runs on, as its descriptor says; None: it has no Prereq
    min_client: str = "15.0.4446.1000"  #: the oldest Click-to-Run client, there too
    throttle: int = 1000  #: per mille of clients that the live v64.cab offers the build to


DEFAULT_BUILDS: tuple[Build, ...] = (
    Build("MonthlyEnterprise", "16.0.20131.20206", "2606", days_ago(10, 13, 0, 26)),
    Build("MonthlyEnterprise", "16.0.20228.20190", "2607", days_ago(10, 15, 29, 3)),
    Build("Current", "16.0.20326.20100", "2608", NEWEST),
)


def newest_first(builds: tuple[Build, ...], channel: str) -> list[Build]:
    """The channel's builds in the order of the release history: highest version first."""
    return sorted((b for b in builds if b.channel == channel), key=lambda b: _numbers(b.version), reverse=True)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
