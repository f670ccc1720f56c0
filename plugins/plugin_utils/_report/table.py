# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on the terminal: a summary, one line per ring, the hosts that need a person, then the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta

from tabulate import tabulate

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import (
    ATTENTION,
    UNDER_WAY,
    WAITING,
    state_of,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import Summary
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.terms import ENDED, LASTS

LARGE_FLEET = 60  # hosts; above, `auto` lists only those that need a person
BAR = 10  # columns
GAP = 2  # columns that tabulate's "simple" format puts between two columns
HEADER_MARGIN = 2  # columns that tabulate adds to a header's width
LONGEST_CELL = 24
LONGEST_RING = 40
REASON_LINES = 3
TERMS = 20  # pins and waivers named at most
REASON_LEAST = 20  # columns below which a reason is not readable
# Which column goes first, and the room for the reason below which it does; others need no reason (-GAP: only to fit).
DROPS_ATTENTION = (("version", 36), ("deployment", REASON_LEAST), ("ring", REASON_LEAST))
DROPS_OTHERS = (("deployment", -GAP), ("ring", -GAP), ("version", -GAP))


def render(summary: Summary, *, table: str, width: int, now: datetime) -> str:
    """Return the report as text no wider than `width` columns.

    `table` is "all", "attention", or "auto" (all up to LARGE_FLEET hosts).
    """
    if table == "auto":
        table = "all" if summary.tally.hosts <= LARGE_FLEET else "attention"
    parts = [headline(summary), _unreadable(summary, width), _rings(summary, width), _versions(summary, width)]
    several = len(summary.deployments) > 1
    if summary.attention:
        parts.append(
            f"Needs a person ({len(summary.attention)})\n"
            + _hosts(summary.attention, several, width, now, reason_lines=REASON_LINES, drops=DROPS_ATTENTION)
        )
    if summary.others and table == "all":
        parts.append(
            f"All others ({len(summary.others)})\n"
            + _hosts(summary.others, several, width, now, reason_lines=1, drops=DROPS_OTHERS)
        )
    elif summary.others:
        parts.append(f"{len(summary.others)} more hosts need nobody.")
    parts.append(_terms(summary, width))
    return "\n\n".join(part for part in parts if part)


def headline(summary: Summary) -> str:
    """Say in one line, and one per deployment, how far the fleet is."""
    tally = summary.tally
    if not tally.hosts:
        return "No host has a record yet."
    under_way, waiting, attention = (tally.groups[group.key] for group in (UNDER_WAY, WAITING, ATTENTION))
    lines = [
        f"{tally.up_to_date} of {tally.hosts} hosts up to date ({tally.percent:g} %), "
        f"{under_way} under way, {waiting} waiting, {attention} need a person"
    ]
    for deployment, part in summary.deployments:
        progress = f": {part.up_to_date} of {part.hosts}" if len(summary.deployments) > 1 else ""
        name = f"{deployment.name}: " if deployment.name != deployment.version else ""
        lines.append(f"{name}{deployment.channel} {deployment.version}{progress}")
    return "\n".join(lines)


def duration(length: timedelta) -> str:
    """Return a length of time in its largest unit, such as "3 h"; at least "0 s", as clocks differ."""
    seconds = max(0, int(length.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _unreadable(summary: Summary, width: int) -> str:
    """Name damaged records. The task warns of them too, but not every screen shows warnings."""
    count = len(summary.unreadable)
    if not count:
        return ""
    files = "; ".join(f"{item.file} {item.problem}" for item in summary.unreadable)
    return _wrap(f"{count} damaged {'record' if count == 1 else 'records'}: {files}", width, REASON_LINES)


def _terms(summary: Summary, width: int) -> str:
    """Name the pins and waivers that have ended or do so soon; the page has all of them."""
    due = [term for term in summary.terms if term.status != LASTS]
    if not due:
        return ""
    lines = [
        f"{'ended' if term.status == ENDED else 'ends '} {term.ends}: {term.kind} of {term.name}"
        + (f", {term.owner}" if term.owner else "")
        + f": {term.reason}"
        for term in due[:TERMS]
    ]
    more = [f"and {len(due) - TERMS} more"] if len(due) > TERMS else []
    return "\n".join(
        [f"Pins and waivers that have ended or end soon ({len(due)})", *(_cut(line, width) for line in lines), *more]
    )


def _rings(summary: Summary, width: int) -> str:
    """Return one line per ring; where the terminal is narrow, the bar goes then names are cut."""
    if not summary.rings:
        return ""
    tallies = [ring.tally for ring in summary.rings]
    several = len(summary.deployments) > 1
    names = [
        (ring.name or "(none)") + (f" of {ring.deployment.name}" if several and ring.deployment else "")
        for ring in summary.rings
    ]
    numbers = {
        "hosts": [str(tally.hosts) for tally in tallies],
        "up to date": [f"{tally.percent:g} %" for tally in tallies],
        "": [_bar(tally.percent) for tally in tallies],
        "under way": [str(tally.groups[UNDER_WAY.key]) for tally in tallies],
        "waiting": [str(tally.groups[WAITING.key]) for tally in tallies],
        "attention": [str(tally.groups[ATTENTION.key]) for tally in tallies],
    }
    room = width - _width(numbers) - GAP
    if min(LONGEST_RING, max(map(len, names))) > room:
        del numbers[""]
        room = width - _width(numbers) - GAP
    columns = {"ring": [_cut(name, min(room, LONGEST_RING)) for name in names], **numbers}
    align = ["left" if name in ("ring", "") else "right" for name in columns]
    return _tabulate(columns, align)


def _bar(percent: float) -> str:
    filled = int(percent * BAR / 100)
    return "█" * filled + "░" * (BAR - filled)


def _versions(summary: Summary, width: int) -> str:
    if not summary.versions:
        return ""
    text = ", ".join(f"{item.version or 'unknown'} on {item.hosts}" for item in summary.versions)
    return _wrap(f"Versions in use: {text}", width, REASON_LINES)


def _hosts(
    records: Sequence[Record],
    several: bool,
    width: int,
    now: datetime,
    *,
    reason_lines: int,
    drops: Sequence[tuple[str, int]],
) -> str:
    """Return a table of hosts; where the terminal is narrow, columns that say least go."""
    columns = {
        "host": [_cut(record.host, max(LONGEST_CELL, width // 4)) for record in records],
        "deployment": [_cut(record.deployment.name) for record in records],
        "ring": [_cut(record.ring) for record in records],
        "state": [f"{state_of(record).symbol} {record.state}" for record in records],
        "version": [_cut(record.version or "unknown") for record in records],
        "for": [duration(now - (record.since or now)) for record in records],
    }
    if not several:
        del columns["deployment"]
    for name, least in drops:
        if width - _width(columns) - GAP < least:
            columns.pop(name, None)
    room = width - _width(columns) - GAP
    if room >= REASON_LEAST:
        columns["reason"] = [_wrap(record.reason, room, reason_lines) for record in records]
    return _tabulate(columns, ["left"] * len(columns))


def _tabulate(columns: dict[str, list[str]], align: list[str]) -> str:
    rows = list(zip(*columns.values(), strict=True))
    return tabulate(rows, list(columns), tablefmt="simple", disable_numparse=True, colalign=align)


def _width(columns: dict[str, list[str]]) -> int:
    return sum(max(len(name) + HEADER_MARGIN, *map(len, cells)) + GAP for name, cells in columns.items()) - GAP


def _cut(text: str, longest: int = LONGEST_CELL) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _wrap(text: str, width: int, lines: int) -> str:
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …", break_on_hyphens=False))
