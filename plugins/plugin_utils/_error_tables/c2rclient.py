# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OfficeC2RClient.exe and the Office Deployment Tool end with.

Microsoft lists these for the Office CSP, which runs both. That the client alone ends with the same numbers is our
reading of the list's wording.
"""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import (
    BROADCOM,
    OFFICE_CSP,
    Meaning,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.win32 import NEXT_ATTEMPT

CLOSE_APPS = "Close Office on the host, or let force_app_shutdown close it; update_info lists blocking_apps."


def _listed(name: str, message: str, hint: str = "") -> Meaning:
    return Meaning(name, message, hint, OFFICE_CSP)


C2RCLIENT: dict[int, Meaning] = {
    0: _listed(
        "",
        "The installation succeeded.",
        "The client may end before the work is done: compare the installed version, as officefleet.c2r.update does.",
    ),
    13: _listed("ERROR_INVALID_DATA", "The signature of the downloaded Office Deployment Tool cannot be verified."),
    997: _listed("", "The installation is in progress."),
    1460: _listed("ERROR_TIMEOUT", "The Office Deployment Tool could not be downloaded."),
    1602: _listed("ERROR_INSTALL_USEREXIT", "The user cancelled the installation."),
    1603: _listed(
        "ERROR_INSTALL_FAILURE",
        "A prerequisite is not met: an MSI Office of the same generation is installed, or Office of the other bitness.",
    ),
    1638: Meaning(
        "ERROR_PRODUCT_VERSION",
        "Microsoft does not list it for these programs; Broadcom's updater typically ends with it while Office "
        "applications are open.",
        CLOSE_APPS,
        BROADCOM,
    ),
    17000: _listed("ERROR_PROCESSPOOL_INITIALIZATION", "The Click-to-Run client could not be started."),
    17001: _listed("ERROR_QUEUE_SCENARIO", "The scenario could not be queued in the Click-to-Run client."),
    17002: _listed(
        "ERROR_COMPLETING_SCENARIO",
        "The process was not completed: cancelled by the user or by another installation, the disk is full, or a "
        "language is unknown.",
        "Check the free space of the system drive, the languages of the image and the Click-to-Run log.",
    ),
    17003: _listed("ERROR_ANOTHER_RUNNING_SCENARIO", "Another scenario is running.", NEXT_ATTEMPT),
    17004: _listed(
        "ERROR_COMPLETING_SCENARIO_NEED_CLEAN_UP",
        "The process was not completed: a product is unknown, content is missing at the source, a signature does not "
        "verify, or the user cancelled.",
        "Check that the source holds the whole image, with every language of the host.",
    ),
    17005: _listed("ERROR_SCENARIO_CANCELLED_AS_PLANNED", "The scenario was cancelled as planned."),
    17006: _listed("ERROR_SCENARIO_CANCELLED", "Running applications blocked the update.", CLOSE_APPS),
    17007: _listed("ERROR_REMOVE_INSTALLATION_NEEDED", "The client asks for a clean-up that removes the installation."),
    17100: _listed("ERROR_HANDLING_COMMAND_LINE", "The command line of the Click-to-Run client is wrong."),
    0x80004005: _listed("E_FAIL", "The Office Deployment Tool cannot be used to install a volume licence."),
    0x8000FFFF: _listed("E_UNEXPECTED", "An uninstallation was asked for where no Click-to-Run Office is."),
}
