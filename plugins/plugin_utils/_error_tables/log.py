# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of update logs that a source explains, causes before their consequences."""

from __future__ import annotations

import re

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import BROADCOM, FIELD, Meaning

#: The download's time-out, by the code in it or by its text alone; both mean Windows error 1229.
TIMED_OUT = re.compile(r"\b0x(?:0000|8007)04CD\b|nonexistent network connection", re.IGNORECASE)

#: "error: TEXT (0x000004CD)": a Windows error, or an HRESULT where the first bit is set.
WITH_CODE = re.compile(r"\berror: [^()\r\n]*\((0x[0-9a-f]{8})\)", re.IGNORECASE)

LOG: tuple[tuple[str, Meaning], ...] = (
    (
        "Office update installation failed",
        Meaning(
            "",
            "The update was not installed. The line says nothing of the cause.",
            "The cause stands in the lines before it. Where they have (0x000004CD), the download timed out.",
            BROADCOM,
        ),
    ),
    (
        "Please execute Click2Run tool manually using command line",
        Meaning(
            "",
            "Broadcom's updater could not update Office. The line says nothing of the cause.",
            "The cause stands in the lines before it. Where they have (0x000004CD), the download timed out.",
            BROADCOM,
        ),
    ),
    ("Already up to date", Meaning("", "No error: the source has nothing newer than what is installed.", "", FIELD)),
    ("Channel changed from", Meaning("", "No error: the update channel was changed.", "", FIELD)),
    ("Set executing scenario to UPDATE", Meaning("", "No error: an update begins.", "", FIELD)),
)
