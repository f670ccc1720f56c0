# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of rollouts as a table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ansible_collections.officefleet.c2r.tests.bench.rollout.contestants import DEFAULT_FORKS, Measured
from ansible_collections.officefleet.c2r.tests.bench.rollout.fleet import MEAN

SWEEPS = 4  # that the time of a rollout is held against


@dataclass(frozen=True)
class Facts:
    """What the figures are of."""

    day: date
    machine: str
    hosts: int
    forks: int
    download: float
    apply: float


@dataclass(frozen=True)
class Charged:
    """All runs with one charge for each command."""

    command_seconds: float
    sweeps: Sequence[Measured]
    rollout: Measured
    current: Measured
    visits: Measured  #: one task of reconcile over hosts that are current
    blocking: Measured  #: with as many forks as the rollout
    blocking_default: Measured  #: with Ansible's default


def text(facts: Facts, charged: Sequence[Charged]) -> str:
    """Give the whole section."""
    introduction = (
        f"{facts.day.isoformat()}; {facts.machine}. {facts.hosts} hosts at forks {facts.forks}; the slowest download "
        f"takes {facts.download:g} s, the slowest installation {facts.apply:g} s.\n"
    )
    names = " | ".join(f"{one.command_seconds:g} s per command" for one in charged)
    lines = [f"| what | {names} | wanted |", f"|---|{'---|' * len(charged)}---|"]
    columns = [_column(facts, one) for one in charged]
    for row in zip(*columns, strict=True):
        what, wanted = row[0][0], row[0][2]
        lines.append(f"| {what} | {' | '.join(figure for _what, figure, _wanted in row)} | {wanted} |")
    return f"{introduction}\n" + "".join(f"{line}\n" for line in lines)


def _column(facts: Facts, one: Charged) -> list[tuple[str, str, str]]:
    sweep = statistics.mean(run.seconds for run in one.sweeps)
    bare = sum(run.cpu_seconds for run in one.sweeps) / sum(run.traffic.commands for run in one.sweeps)
    floor = facts.download + facts.apply + SWEEPS * sweep
    ours = one.rollout.seconds
    most = max(one.current.traffic.by_host.values())
    return [
        ("bare sweep (`update_info` on all hosts)", f"{sweep:.1f} s", ""),
        (f"slowest download + slowest installation + {SWEEPS} bare sweeps", f"{floor:.1f} s", ""),
        ("rollout, from nothing to all compliant", f"{ours:.1f} s", ""),
        ("rollout to that sum", f"**{ours / floor:.2f} x**", "≤ 1.15 x"),
        (f"a waiting task for each host, forks {facts.forks}", _waiting(one.blocking, facts, facts.forks), ""),
        ("how much faster the rollout is", f"**{_whole(one.blocking, facts, facts.forks) / ours:.1f} x**", "≥ 3 x"),
        (
            f"a waiting task for each host, forks {DEFAULT_FORKS} (Ansible's default)",
            _waiting(one.blocking_default, facts, DEFAULT_FORKS),
            "",
        ),
        (
            "how much faster the rollout is",
            f"**{_whole(one.blocking_default, facts, DEFAULT_FORKS) / ours:.1f} x**",
            "≥ 10 x",
        ),
        ("controller's CPU per command, bare sweep", f"{bare * 1000:.0f} ms", ""),
        ("the same, a task of `reconcile` on all hosts, which are current", _per_command(one.visits, bare), "≤ 1.3 x"),
        ("the same, rollout", _per_command(one.rollout, bare), "≤ 1.3 x"),
        ("the same, rollout where all hosts are current", _per_command(one.current, bare), "≤ 1.3 x"),
        ("commands of a whole rollout, per host", f"{one.rollout.traffic.commands / facts.hosts:.1f}", ""),
        ("commands for a host that is current, at most", f"**{most}**", "1"),
    ]


def _per_command(run: Measured, bare: float) -> str:
    return f"{run.cpu_per_command * 1000:.0f} ms, **{run.cpu_per_command / bare:.2f} x**"


def _whole(run: Measured, facts: Facts, forks: int) -> float:
    """Give the seconds for the whole fleet, where a part of it was run.

    Forks are filled anew as hosts get done: all waves but the last one take what the average host takes.
    """
    whole, part = (-(-hosts // forks) for hosts in (facts.hosts, run.hosts))
    return run.seconds * ((whole - 1) * MEAN + 1) / ((part - 1) * MEAN + 1)


def _waiting(run: Measured, facts: Facts, forks: int) -> str:
    whole = f"{_whole(run, facts, forks):.0f} s"
    return whole if run.hosts == facts.hosts else f"{whole} ({run.seconds:.0f} s for {run.hosts} hosts, extrapolated)"
