# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of a channel the deployments in a store of records want. Internal to this collection."""

from __future__ import annotations

from contextlib import closing

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import clean
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError


def wanted_versions(store: str, channel: str | None) -> dict[str, str]:
    """Give each version in full with the reason for which it must stay; RecordError if that cannot be told.

    Records of other channels do not count; those that name no channel do, as does everything if `channel` is None.
    """
    with closing(open_store(store)) as opened:
        records, unreadable = opened.everything()
    if unreadable:
        first = unreadable[0]
        more = f", as {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        raise RecordError(
            f"records: {first.place or first.file} {first.problem}{more}. Nothing is pruned while a record cannot be "
            "read: move it away, or leave out keep."
        )
    wanted: dict[str, str] = {}
    deployments = {record.deployment for record in records}
    for deployment in sorted(deployments, key=lambda one: (one.name, one.version, one.channel)):
        if channel is None or not deployment.channel or _same(deployment.channel, channel):
            try:
                full = version.full(deployment.version, "records")
            except InputError as error:
                raise RecordError(str(error)) from error
            wanted.setdefault(full, f"wanted by deployment {clean(deployment.name)}")
    return wanted


def _same(one: str, other: str) -> bool:
    try:
        return channels.find(one) == channels.find(other)
    except InputError:
        return False
