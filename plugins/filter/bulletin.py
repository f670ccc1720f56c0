# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.bulletin); its documentation is bulletin.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bulletin as reader
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._published import published_for


def bulletin(value: Any, releases: Any = None) -> dict[str, Any]:
    """Give what a bulletin's name says and which of the releases it means; AnsibleFilterError where it is none."""
    try:
        if not isinstance(value, str):
            raise InputError(f"bulletin: {value!r} is a {type(value).__name__}, not text.")
        found = reader.parse(value)
        return {
            "name": value.strip(),
            "year": found.year,
            "month": found.month,
            "day": found.day,
            "channel": found.channel.name if found.channel else None,
            "builds": None if releases is None else _meant(found, releases),
        }
    except InputError as error:
        raise AnsibleFilterError(f"officefleet.c2r.bulletin: {error}") from None  # it says all there is to say


def _meant(found: reader.Bulletin, releases: Any) -> list[Any]:
    if not isinstance(releases, list):
        raise InputError(f"releases: {releases!r} is a {type(releases).__name__}, not a list of builds.")
    return [release for release in releases if found.means(*published_for(release, "releases"))]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"bulletin": bulletin}
