# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.bulletin_name); its documentation is bulletin_name.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bulletin
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._published import published_for


def bulletin_name(value: Any) -> str:
    """Give the name of the bulletin of a build; AnsibleFilterError where channel or date is missing."""
    try:
        return bulletin.name_of(*published_for(value, "value"))
    except InputError as error:
        raise AnsibleFilterError(f"officefleet.c2r.bulletin_name: {error}") from None  # it says all there is to say


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"bulletin_name": bulletin_name}
