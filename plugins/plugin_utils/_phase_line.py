# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line per host and change of phase, for the person who watches."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record

COLORS = {
    "compliant": "green",
    "ahead": "green",
    "staged": "green",
    "downloading": "cyan",
    "applying": "cyan",
    "waiting": "bright gray",
    "waived": "bright gray",
    "halted": "yellow",
    "restart_pending": "yellow",
    "no_source": "red",
    "blocked": "yellow",
    "com_unavailable": "red",
    "exhausted": "red",
    "failed": "red",
    "incompatible": "red",
    "unreachable": "red",
}
_PLAIN = frozenset({"compliant", "ahead", "downloading", "applying"})  # the versions say it all
_WIDTH = len("16.0.20131.20206 -> 16.0.20228.20190")


def line(record: Record, width: int) -> str:
    """Give the line of a host; `width` is that of the longest name."""
    target = record.deployment.version
    versions = target if record.version == target else f"{record.version or '-'} -> {target}"
    reason = "" if record.state in _PLAIN else record.reason
    return f"{record.host:<{width}}  {record.state:<15}  {versions:<{_WIDTH}}  {reason}".rstrip()


def changed(before: Record, after: Record) -> bool:
    """Tell whether something happened that a person wants to see."""
    return (before.updated_at is None) or any(
        getattr(before, key) != getattr(after, key) for key in ("state", "version", "attempts", "blocking_apps")
    )
