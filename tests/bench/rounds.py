# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contestants in turn, several rounds, and what came of it."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.tests.bench.measure import Run


@dataclass(frozen=True)
class Rounds:
    """The runs of each contestant; runs at the same place are of the same round."""

    runs: Mapping[str, list[Run]]

    def seconds(self, name: str) -> list[float]:
        """Give the contestant's times."""
        return [run.seconds for run in self.runs[name]]

    def median(self, name: str) -> float:
        """Give the median of the contestant's times."""
        return statistics.median(self.seconds(name))

    def ratios(self, name: str, other: str) -> list[float]:
        """Give the ratio of each round."""
        return [a / b for a, b in zip(self.seconds(name), self.seconds(other), strict=True)]

    def differences(self, name: str, other: str) -> list[float]:
        """Give the seconds between both in each round."""
        return [a - b for a, b in zip(self.seconds(name), self.seconds(other), strict=True)]

    def peak_bytes(self, name: str) -> int:
        """Give the most memory that any run had."""
        return max(run.peak_bytes for run in self.runs[name])


def play(title: str, contestants: Mapping[str, Callable[[], Run]], rounds: int, warm_up: int = 1) -> Rounds:
    """Let each run in every round, in an order that turns round by round; the warm-up does not count."""
    names = list(contestants)
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(-warm_up, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            done = contestants[name]()
            say(f"{title}, {'warm-up' if number < 0 else f'round {number + 1}'}: {name} {done.label}")
            if number >= 0:
                runs[name].append(done)
    return Rounds(runs)


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
