# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows error codes, and what we advise where Click-to-Run meets them. The HRESULT of each is 0x80070000 + code."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import BROADCOM, WINDOWS, Meaning

ELEVATION = (
    "The account needs an elevated administrator's token: a domain administrator's or the built-in Administrator's; "
    "other local administrators get one over the network with LocalAccountTokenFilterPolicy set to 1. Or run the task "
    "with become: true, become_method: runas and become_user: SYSTEM. If a share is the source, the computer account "
    "must be allowed to read it."
)
WHOLE_IMAGE = "Check that the source holds the whole image."
WAY_TO_SOURCE = "Check the way from the host to the source (proxy, firewall)."
FREE_SPACE = "Free space on the host's system drive."
NEXT_ATTEMPT = "The next attempt may find it done."

WIN32: dict[int, Meaning] = {
    0: Meaning("ERROR_SUCCESS", "No error."),
    2: Meaning("ERROR_FILE_NOT_FOUND", "The system cannot find the file specified.", WHOLE_IMAGE),
    3: Meaning("ERROR_PATH_NOT_FOUND", "The system cannot find the path specified.", WHOLE_IMAGE),
    5: Meaning("ERROR_ACCESS_DENIED", "Access is denied.", ELEVATION),
    13: Meaning("ERROR_INVALID_DATA", "The data is invalid."),
    14: Meaning("ERROR_OUTOFMEMORY", "Not enough memory."),
    32: Meaning("ERROR_SHARING_VIOLATION", "Another process uses the file."),
    53: Meaning("ERROR_BAD_NETPATH", "The network path was not found.", "Check the server's name in the source."),
    64: Meaning("ERROR_NETNAME_DELETED", "The network name is no longer available.", WAY_TO_SOURCE),
    67: Meaning("ERROR_BAD_NET_NAME", "The network name cannot be found.", "Check the share's name in the source."),
    87: Meaning("ERROR_INVALID_PARAMETER", "A parameter is not valid."),
    112: Meaning("ERROR_DISK_FULL", "There is not enough space on the disk.", FREE_SPACE),
    997: Meaning("ERROR_IO_PENDING", "An overlapped operation is in progress."),
    1058: Meaning("ERROR_SERVICE_DISABLED", "The service cannot be started: it is disabled."),
    1060: Meaning("ERROR_SERVICE_DOES_NOT_EXIST", "The service is not installed."),
    1062: Meaning("ERROR_SERVICE_NOT_ACTIVE", "The service has not been started."),
    1223: Meaning("ERROR_CANCELLED", "The operation was cancelled by the user."),
    1229: Meaning(
        "ERROR_CONNECTION_INVALID",
        "An operation was attempted on a nonexistent network connection; in the field: the download timed out.",
        "Raise documentsynctimeout (officefleet_document_sync_timeout, module document_sync_timeout) and check that "
        "the host reaches the source. That this value governs the download is field experience, not Microsoft's text.",
        f"{WINDOWS}; {BROADCOM}",
    ),
    1231: Meaning("ERROR_NETWORK_UNREACHABLE", "The network location cannot be reached.", WAY_TO_SOURCE),
    1232: Meaning("ERROR_HOST_UNREACHABLE", "The network location cannot be reached.", WAY_TO_SOURCE),
    1326: Meaning("ERROR_LOGON_FAILURE", "The user name or password is incorrect."),
    1460: Meaning("ERROR_TIMEOUT", "The operation returned because the time-out period expired."),
    1602: Meaning("ERROR_INSTALL_USEREXIT", "The user cancelled the installation."),
    1603: Meaning("ERROR_INSTALL_FAILURE", "Fatal error during installation."),
    1618: Meaning(
        "ERROR_INSTALL_ALREADY_RUNNING",
        "Another installation is already in progress.",
        f"{NEXT_ATTEMPT} As an HRESULT it is 0x80070652; 0x80070666 is 1638, another error.",
    ),
    1638: Meaning(
        "ERROR_PRODUCT_VERSION",
        "Another version of this product is already installed.",
        "Broadcom's updater typically ends with this number while Office applications are open: close them. As an "
        "HRESULT it is 0x80070666; 0x80070652 is 1618, another error.",
        f"{WINDOWS}; {BROADCOM}",
    ),
    1641: Meaning("ERROR_SUCCESS_REBOOT_INITIATED", "It was successful, and a restart has begun."),
    1722: Meaning(
        "RPC_S_SERVER_UNAVAILABLE",
        "The RPC server is unavailable.",
        "Check that the Click-to-Run service (ClickToRunSvc) runs.",
    ),
    3010: Meaning("ERROR_SUCCESS_REBOOT_REQUIRED", "It was successful; changes take effect after a restart."),
    12002: Meaning("ERROR_INTERNET_TIMEOUT", "The request timed out.", WAY_TO_SOURCE),
    12007: Meaning(
        "ERROR_INTERNET_NAME_NOT_RESOLVED",
        "The name of the server could not be resolved.",
        "Check the source's name in the host's DNS.",
    ),
    12029: Meaning("ERROR_INTERNET_CANNOT_CONNECT", "No connection to the server.", WAY_TO_SOURCE),
    12031: Meaning("ERROR_INTERNET_CONNECTION_RESET", "The connection with the server was reset.", WAY_TO_SOURCE),
}
