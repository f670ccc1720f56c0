# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.more_info_url); its documentation is more_info_url.yml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import more_info_url as reader
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


def more_info_url(value: Any, allowed_hosts: Any = None) -> dict[str, str | None]:
    """Give what a MoreInfoURL says; AnsibleFilterError where it is none or leads elsewhere."""
    try:
        if not isinstance(value, str):
            raise InputError(f"more_info_url: {value!r} is a {type(value).__name__}, not text.")
        if allowed_hosts is None:
            found = reader.parse(value)
        elif isinstance(allowed_hosts, list) and all(isinstance(host, str) for host in allowed_hosts):
            found = reader.parse(value, allowed_hosts)
        else:
            raise InputError(f"allowed_hosts: {allowed_hosts!r} is no list of host names.")
    except InputError as error:
        raise AnsibleFilterError(f"officefleet.c2r.more_info_url: {error}") from None  # it says all there is to say
    return {**asdict(found), "channel": found.channel.name}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"more_info_url": more_info_url}
