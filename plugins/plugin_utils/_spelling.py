# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedy for a name that nobody knows: the nearest one that is known, else all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def remedy(name: str, known: Iterable[str]) -> str:
    """Give a sentence such as "Did you mean 'deadline'?" or "Valid are a, b."."""
    names = list(known)
    near = nearest(name.replace("-", "_"), names)
    if near:
        return f"Did you mean {near!r}?"
    return f"Valid are {', '.join(names)}." if names else "None is known."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that is most like this one, None where none is."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None
