# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HRESULTs that are not a Windows error in another form, or that have a name of their own; and process end codes."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import IN_THE_LOG, Meaning
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.win32 import ELEVATION, WHOLE_IMAGE

_TRUST = "Check that the image is whole and that the host trusts Microsoft's roots."

HRESULT: dict[int, Meaning] = {
    0x00000000: Meaning("S_OK", "No error."),
    0x80004001: Meaning("E_NOTIMPL", "Not implemented."),
    0x80004002: Meaning("E_NOINTERFACE", "No such interface supported."),
    0x80004003: Meaning("E_POINTER", "Invalid pointer."),
    0x80004004: Meaning("E_ABORT", "The operation was aborted."),
    0x80004005: Meaning("E_FAIL", "Unspecified error.", IN_THE_LOG),
    0x8000000E: Meaning(
        "E_ILLEGAL_METHOD_CALL",
        "A method was called at an unexpected time: Click-to-Run was busy or in a state that does not allow the call.",
        "The next pass reads the state again.",
    ),
    0x8000401A: Meaning(
        "CO_E_RUNAS_LOGON_FAILURE",
        "The server process could not be started because the configured identity is incorrect.",
        "Run the task with become: true, become_method: runas and become_user: SYSTEM, and compare.",
    ),
    0x8000FFFF: Meaning("E_UNEXPECTED", "Catastrophic failure.", IN_THE_LOG),
    0x80040154: Meaning(
        "REGDB_E_CLASSNOTREG",
        "The COM class is not registered.",
        "Turn management on with officefleet.c2r.update_policy (officemgmtcom: true); the Click-to-Run service "
        "registers the class when it starts.",
    ),
    0x80070005: Meaning("E_ACCESSDENIED", "Access is denied.", ELEVATION),
    0x8007000E: Meaning("E_OUTOFMEMORY", "Not enough memory."),
    0x80070057: Meaning("E_INVALIDARG", "A parameter is not valid.", "Check version and source of the deployment."),
    0x80080005: Meaning(
        "CO_E_SERVER_EXEC_FAILURE",
        "Server execution failed.",
        "Check that the Click-to-Run service (ClickToRunSvc) runs.",
    ),
    0x80096010: Meaning("TRUST_E_BAD_DIGEST", "The digital signature of the object did not verify.", _TRUST),
    0x800B0100: Meaning("TRUST_E_NOSIGNATURE", "No signature was present in the subject.", _TRUST),
    0x800B0109: Meaning("CERT_E_UNTRUSTEDROOT", "A certificate chain ends in a root that is not trusted.", _TRUST),
    0x80190193: Meaning(
        "HTTP_E_STATUS_FORBIDDEN", "Forbidden (403).", "Let the web server give the files of the image to every host."
    ),
    0x80190194: Meaning("HTTP_E_STATUS_NOT_FOUND", "Not found (404).", WHOLE_IMAGE),
}

#: NTSTATUS codes that a program ends with.
NTSTATUS: dict[int, Meaning] = {
    0xC0000005: Meaning("STATUS_ACCESS_VIOLATION", "A program crashed: it used memory that it may not.", IN_THE_LOG),
}
