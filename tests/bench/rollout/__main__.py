# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure rollouts, print the table, write it into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.bench import document, measure
from ansible_collections.officefleet.c2r.tests.bench.rollout import report
from ansible_collections.officefleet.c2r.tests.bench.rollout.contestants import DEFAULT_FORKS, Contestants, Measured
from ansible_collections.officefleet.c2r.tests.bench.rollout.fleet import Shape
from ansible_collections.officefleet.c2r.tests.bench.rollout.report import Charged, Facts
from ansible_collections.officefleet.c2r.tests.bench.rounds import say


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="tests.bench.rollout", description=__doc__)
    parser.add_argument("--hosts", type=int, default=200, help="hosts of the fleet (%(default)s)")
    parser.add_argument("--forks", type=int, default=50, help="forks of Ansible (%(default)s)")
    parser.add_argument("--download", type=float, default=200.0, help="seconds of the slowest download (%(default)s)")
    parser.add_argument("--apply", type=float, default=80.0, help="seconds of the slowest installation (%(default)s)")
    parser.add_argument(
        "--charges", type=float, nargs="+", default=[0.0, 4.0], help="seconds per command (%(default)s)"
    )
    parser.add_argument(
        "--waves",
        type=int,
        default=1,
        help="how often the waiting task fills its forks; 0: the whole fleet, at many forks (%(default)s)",
    )
    parser.add_argument("--disk", type=Path, required=True, help="a directory for records and the like")
    parser.add_argument("--document", type=Path, help="docs/benchmarks.md, whose figures are replaced")
    arguments = parser.parse_args()
    arguments.disk.mkdir(parents=True, exist_ok=True)
    facts = Facts(
        datetime.now(UTC).date(),
        measure.machine(),
        arguments.hosts,
        arguments.forks,
        arguments.download,
        arguments.apply,
    )
    with tempfile.TemporaryDirectory(prefix="bench-rollout-", dir=arguments.disk) as home:
        contestants = Contestants(Path(home))
        charged = [_charged(contestants, facts, seconds, arguments.waves) for seconds in arguments.charges]
    text = report.text(facts, charged)
    say(text)
    if arguments.document is not None:
        document.write(arguments.document, "bench-rollout", text)


def _charged(contestants: Contestants, facts: Facts, command_seconds: float, waves: int) -> Charged:
    """Measure everything with one charge for each command."""
    shape = Shape(facts.download, facts.apply, command_seconds)

    def said(what: str, done: Measured) -> Measured:
        say(f"{command_seconds:g} s per command, {what}, {done.hosts} hosts: {done.label}")
        return done

    before = said("bare sweep", contestants.sweep(shape, facts.hosts, facts.forks))
    rollout, current = contestants.rollout(shape, facts.hosts, facts.forks)
    said("rollout", rollout)
    said("rollout where all is current", current)
    visits = said("a task of reconcile, all current", contestants.visits(shape, facts.hosts, facts.forks))
    after = said("bare sweep", contestants.sweep(shape, facts.hosts, facts.forks))
    many = min(facts.hosts, facts.forks * waves) if waves else facts.hosts
    few = min(facts.hosts, DEFAULT_FORKS * max(1, waves))
    return Charged(
        command_seconds,
        (before, after),
        rollout,
        current,
        visits,
        said(f"waiting task, forks {facts.forks}", contestants.blocking(shape, many, facts.forks)),
        said(f"waiting task, forks {DEFAULT_FORKS}", contestants.blocking(shape, few, DEFAULT_FORKS)),
    )


if __name__ == "__main__":
    main()
