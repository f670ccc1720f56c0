# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes of a file are there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Extents:
    """Disjoint stretches of a file, in order; ends are exclusive."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Count the bytes from start to end as there, joined with what they touch."""
        first = bisect_left(self._ends, start)
        behind = bisect_right(self._starts, end)
        if first < behind:
            start = min(start, self._starts[first])
            end = max(end, self._ends[behind - 1])
        self._starts[first:behind] = [start]
        self._ends[first:behind] = [end]

    def reach(self, position: int) -> int:
        """Give the first byte from `position` on that is not there."""
        index = bisect_right(self._starts, position) - 1
        return max(position, self._ends[index]) if index >= 0 else position

    def gaps(self, size: int) -> Iterator[tuple[int, int]]:
        """Give the stretches below `size` that are not there."""
        position = 0
        for start, end in zip(self._starts, self._ends):
            if position < min(start, size):
                yield position, min(start, size)
            position = end
        if position < size:
            yield position, size

    @property
    def end(self) -> int:
        """Give the end of the last stretch."""
        return self._ends[-1] if self._ends else 0

    @property
    def total(self) -> int:
        """Give how many bytes are there."""
        return sum(self._ends) - sum(self._starts)
