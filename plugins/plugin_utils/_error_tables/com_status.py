# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""UPDATE_ERROR_CODE, the field `error` of the update interface's status report, up to its last member."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import (
    IN_THE_LOG,
    UPDATE_ERROR_CODE,
    Meaning,
)

UNKNOWN = 13  # eUNKNOWN, kept last in the enumeration; above it Click-to-Run reports an HRESULT plus this number

_BY_NAME_ALONE = "Microsoft documents this code by its name alone."


def _named(name: str, hint: str = "", message: str = _BY_NAME_ALONE) -> Meaning:
    return Meaning(name, message, hint, UPDATE_ERROR_CODE)


COM_STATUS: dict[int, Meaning] = {
    0: _named("eOK", message="No error was reported."),
    1: _named("eFAILED_UNEXPECTED", IN_THE_LOG),
    2: _named("eTRIGGER_DISABLED"),
    3: _named("ePIPELINE_IN_USE", "Click-to-Run runs something else; the next attempt may find it free."),
    4: _named("eFAILED_STOP_C2RSERVICE"),
    5: _named("eFAILED_GET_CLIENTUPDATEFOLDER"),
    6: _named("eFAILED_LOCK_PACKAGE_TO_UPDATE"),
    7: _named("eFAILED_CREATE_STREAM_SESSION"),
    8: _named("eFAILED_PUBLISH_WORKING_CONFIGURATION"),
    9: _named(
        "eFAILED_DOWNLOAD_UPGRADE_PACKAGE",
        "Check that the host itself reaches the source: <source>/office/data/v64.cab in its browser, as the machine.",
    ),
    10: _named("eFAILED_APPLY_UPGRADE_PACKAGE", IN_THE_LOG),
    11: _named("eFAILED_INITIALIZE_RSOD"),
    12: _named("eFAILED_PUBLISH_RSOD"),
    UNKNOWN: _named(
        "eUNKNOWN", message="Click-to-Run gave no reason; Microsoft does not define this code.", hint=IN_THE_LOG
    ),
}
