# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates as people write them: 20M is twenty million bytes per second."""

from __future__ import annotations

import re

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

_RATE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([kmg]?)")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_LEAST = 1000  # less would take years for an image, so a unit was forgotten


def bytes_per_second(text: str | None, option: str) -> int | None:
    """Give the number, None for None; InputError names the option."""
    if text is None:
        return None
    found = _RATE.fullmatch(text.strip().lower())
    rate = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if rate < _LEAST:
        raise InputError(
            f"{option}: {text!r} is no rate of at least {_LEAST} bytes per second. Write it as 500K, 20M or 1G, which "
            "are thousands, millions and thousand millions of bytes per second."
        )
    return rate
