# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as options have them: 12h, 7d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

_SPAN = re.compile(r"([0-9]{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def parse(text: str, option: str) -> timedelta:
    """Give the span; InputError names `option`. A number alone is refused: it could be hours or days."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise InputError(f"{option}: {text!r} is not a span of time; write hours, days or weeks: 12h, 7d or 2w.")
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])
