# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.window_state); its documentation is window_state.yml."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _windows

_CLOCK = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z")
_FARTHEST_OFFSET = 18 * 60  #: minutes; the world's zones reach from -12 to +14 hours


def window_state(value: Any, now: Any = None, utc_offset: Any = None, exclusions: Any = ()) -> dict[str, Any]:
    """Tell whether a maintenance window is open; AnsibleFilterError where an argument does not fit."""
    try:
        rules = [
            _windows.Window.from_mapping(rule, f"windows[{place}]")
            for place, rule in enumerate(_list(value, "windows"))
        ]
        excluded = [
            _windows.Exclusion.from_text(text, f"exclusions[{place}]")
            for place, text in enumerate(_list(exclusions, "exclusions"))
        ]
        offset = _offset(utc_offset)
        local = _utc(now).replace(tzinfo=None) + timedelta(minutes=offset)
        state = _windows.window_state(rules, excluded, local, offset)
    except InputError as error:
        raise AnsibleFilterError(f"officefleet.c2r.window_state: {error}") from None  # it says all there is to say
    return {key: _text(entry) if isinstance(entry, datetime) else entry for key, entry in asdict(state).items()}


def _list(value: Any, option: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{option}: {value!r} is not a list.")
    return list(value)


def _offset(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _FARTHEST_OFFSET:
        raise InputError(
            f"utc_offset: {value!r} is no number of minutes. Give utc_offset_minutes of officefleet.c2r.update_info."
        )
    return value


def _utc(value: Any) -> datetime:
    try:
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return datetime.fromisoformat(value[:-1]).replace(tzinfo=timezone.utc)
    except ValueError:  # 31 February
        pass
    raise InputError(
        f"now: {value!r} is no UTC time such as 2026-11-21T07:38:00Z. Give clock of officefleet.c2r.update_info."
    )


def _text(moment: datetime) -> str:
    """Give ISO 8601, with Z where it is UTC and with nothing where it is wall clock time."""
    return moment.isoformat().replace("+00:00", "Z")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"window_state": window_state}
