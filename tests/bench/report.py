# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as a table, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ansible_collections.officefleet.c2r.tests.bench.rounds import Rounds

MIB = 1 << 20


@dataclass(frozen=True)
class Facts:
    """What the figures are of."""

    day: date
    machine: str
    image_bytes: int
    languages: int
    rounds: int
    slow_bytes_per_second: int
    connections: int


def text(facts: Facts, loopback: Rounds, slow: Rounds, again: Rounds, payload_bytes_read: int) -> str:
    """Give the whole section."""
    rate = facts.slow_bytes_per_second // 1_000_000
    peak = loopback.peak_bytes("module") / MIB
    rows = [
        _ratio("loopback, `ansible -m image`", loopback, "ansible", "aria2c+openssl", "≤ 1.0 x, goal 0.8 x"),
        _ratio("loopback, the module's own process", loopback, "module", "aria2c+openssl", "≤ 1.0 x, goal 0.8 x"),
        _ratio(f"{rate} MB/s per connection, `ansible -m image`", slow, "ansible", "aria2c", "≤ 1.1 x"),
        (
            "nothing new, `ansible -m image`",
            f"{again.median('image'):.2f} s",
            f"{again.median('ping'):.2f} s (`ping`)",
            f"{_spread(again.differences('image', 'ping'), '+.2f', ' s')}",
            "≤ 1 s more",
        ),
        ("nothing new, bytes of the payload read", f"{payload_bytes_read}", "", "", "0"),
        ("peak memory of the module", f"{peak:.0f} MiB", "", "", "≤ 150 MB"),
    ]
    lines = [
        "| what | ours (median) | theirs (median) | ratio or difference by round (median; range) | wanted |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    introduction = (
        f"{facts.day.isoformat()}; {facts.machine}. An image of {facts.image_bytes / 1e9:.2f} GB (x64, "
        f"{facts.languages} languages), {facts.rounds} rounds.\n"
    )
    return f"{introduction}\n" + "".join(f"{line}\n" for line in lines)


def _ratio(what: str, rounds: Rounds, ours: str, theirs: str, wanted: str) -> tuple[str, ...]:
    return (
        what,
        f"{rounds.median(ours):.2f} s",
        f"{rounds.median(theirs):.2f} s (`{theirs.replace('+', '`, `')}`)",
        _spread(rounds.ratios(ours, theirs), ".2f", " x"),
        wanted,
    )


def _spread(values: Sequence[float], form: str, unit: str) -> str:
    """Give the median and the range."""
    return f"**{statistics.median(values):{form}}{unit}**; {min(values):{form}} to {max(values):{form}}"
