# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of a channel the deployments of a directory of records want. Internal to this collection."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import RecordsError, read_directory


def wanted_versions(directory: Path, channel: str | None) -> dict[str, str]:
    """Give each version in full with the reason for which it must stay; RecordsError if that cannot be told.

    Records of other channels do not count; those that name no channel do, as does everything if `channel` is None.
    """
    records, unreadable = read_directory(directory)
    if unreadable:
        first = unreadable[0]
        more = f", as {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        raise RecordsError(
            f"records: {directory / first.file} {first.problem}{more}. Nothing is pruned while a record cannot be "
            "read: move it away, or leave out keep."
        )
    wanted: dict[str, str] = {}
    for deployment in sorted({record.deployment for record in records}):
        if channel is None or not deployment.channel or _same(deployment.channel, channel):
            try:
                full = version.full(deployment.version, "records")
            except InputError as error:
                raise RecordsError(str(error)) from error
            wanted.setdefault(full, f"wanted by deployment {deployment.name}")
    return wanted


def _same(one: str, other: str) -> bool:
    try:
        return channels.find(one) == channels.find(other)
    except InputError:
        return False
