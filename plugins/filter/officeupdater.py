# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.officeupdater); its documentation is officeupdater.yml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _office_updater


def officeupdater(value: Any) -> dict[str, Any]:
    """Translate a command line of OfficeUpdater.exe; AnsibleFilterError where something in it is not understood."""
    try:
        if not isinstance(value, str):
            raise InputError(f"officeupdater: {value!r} is a {type(value).__name__}, not text.")
        found = _office_updater.translate(value)
    except InputError as error:
        raise AnsibleFilterError(f"officefleet.c2r.officeupdater: {error}") from None  # it says all there is to say
    log_level = None
    if found.log_level is not None:
        log_level = {
            "path": _office_updater.LOG_LEVEL_KEY,
            "name": _office_updater.LOG_LEVEL_NAME,
            "data": found.log_level,
            "type": "dword",
        }
    return {
        "options": dict(found.options),  # not "update": Jinja would find the method of dictionaries
        "log_level": log_level,
        "without_counterpart": [asdict(each) for each in found.without_counterpart],
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"officeupdater": officeupdater}
