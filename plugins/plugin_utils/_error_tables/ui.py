# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes in Office's error windows, PRIMARY-SECONDARY (SYSTEM) as in 30015-11 (3221225477). No public table exists."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import (
    FIELD,
    INTUNE,
    RESOURCE_KIT,
    Meaning,
)

_NOTHING_TO_REMOVE = Meaning(
    "", "An uninstallation was asked for where no Click-to-Run Office is.", "There is nothing to do.", INTUNE
)
_SEEN = Meaning("", "Seen in the field; no source known to us explains it.", "", FIELD)

#: (primary, secondary, system) -> meaning; None: whatever stands there.
UI: dict[tuple[int, int | None, int | None], Meaning] = {
    (30088, 27, None): Meaning(
        "",
        "Updates fail with it on many machines at a time; public reports take it for an error in Office.",
        "Try another build.",
        FIELD,
    ),
    (30088, 1008, None): _NOTHING_TO_REMOVE,
    (30125, 1011, 404): _NOTHING_TO_REMOVE,
    (30175, 4, None): _SEEN,
    (30182, 2016, 448): _SEEN,
}

#: Primary codes that pass a code of the system on, and the kind of that code.
PASSED_ON: dict[int, tuple[str, Meaning]] = {
    30015: ("win32", Meaning("ErrorCodeOnly", "Passes a Windows error on.", "", RESOURCE_KIT)),
    30023: ("hresult", Meaning("HResultOnly", "Passes an HRESULT on.", "", RESOURCE_KIT)),
}
