# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one error code means, and who says so."""

from __future__ import annotations

from typing import NamedTuple

WINDOWS = "Microsoft: Windows error codes"
UPDATE_ERROR_CODE = "Microsoft: UPDATE_ERROR_CODE of the Click-to-Run interface"
OFFICE_CSP = "Microsoft: status codes of the Office CSP"
RESOURCE_KIT = "Microsoft: 2007 Office Resource Kit, setup errors; that Click-to-Run kept the number is our reading"
INTUNE = "Microsoft: Intune, Microsoft 365 Apps"
BROADCOM = "Broadcom: article 184965, from the field"
FIELD = "public reports from the field"

IN_THE_LOG = "The host's Click-to-Run log in %windir%\\Temp has the details."


class Meaning(NamedTuple):
    """An error's name, its meaning as the source has it, and what we advise; empty where there is none."""

    name: str
    message: str
    hint: str = ""
    source: str = WINDOWS
