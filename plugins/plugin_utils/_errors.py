# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of an error, as far as anyone has written it down.

Microsoft documents the numbers and names of UPDATE_ERROR_CODE and nothing more, so messages here say no more either.
"""

from __future__ import annotations

from typing import TypedDict

_UNKNOWN = 13  # eUNKNOWN, kept last in the enumeration; above it Click-to-Run reports an HRESULT plus this number

_COM_NAMES = (
    "eOK",
    "eFAILED_UNEXPECTED",
    "eTRIGGER_DISABLED",
    "ePIPELINE_IN_USE",
    "eFAILED_STOP_C2RSERVICE",
    "eFAILED_GET_CLIENTUPDATEFOLDER",
    "eFAILED_LOCK_PACKAGE_TO_UPDATE",
    "eFAILED_CREATE_STREAM_SESSION",
    "eFAILED_PUBLISH_WORKING_CONFIGURATION",
    "eFAILED_DOWNLOAD_UPGRADE_PACKAGE",
    "eFAILED_APPLY_UPGRADE_PACKAGE",
    "eFAILED_INITIALIZE_RSOD",
    "eFAILED_PUBLISH_RSOD",
    "eUNKNOWN",
)
_COM_HINTS = {
    3: "Click-to-Run runs something else; the next attempt may find it free.",
    9: "Check that the host itself reaches the source: <source>/office/data/v64.cab in its browser, as the machine.",
    10: "The host's Click-to-Run log in %windir%\\Temp has the details.",
}

#: HRESULT -> (name, message, hint). Standard Windows codes; what they mean for Click-to-Run is our reading.
_HRESULTS: dict[int, tuple[str, str, str]] = {
    0x00000000: ("S_OK", "No error.", ""),
    0x80004005: ("E_FAIL", "Unspecified error.", "The host's Click-to-Run log in %windir%\\Temp has the details."),
    0x8000000E: (
        "E_ILLEGAL_METHOD_CALL",
        "A method was called at an unexpected time: Click-to-Run was busy or in a state that does not allow the call.",
        "The next pass reads the state again.",
    ),
    0x80040154: (
        "REGDB_E_CLASSNOTREG",
        "The COM class is not registered.",
        "Turn management on with officefleet.c2r.update_policy (officemgmtcom: true); the Click-to-Run service "
        "registers the class when it starts.",
    ),
    0x8007000E: ("E_OUTOFMEMORY", "Not enough memory.", ""),
    0x80070002: (
        "ERROR_FILE_NOT_FOUND",
        "The system cannot find the file specified.",
        "Check that the source holds the whole image.",
    ),
    0x80070003: (
        "ERROR_PATH_NOT_FOUND",
        "The system cannot find the path specified.",
        "Check that the source holds the whole image.",
    ),
    0x80070005: (
        "E_ACCESSDENIED",
        "Access is denied.",
        "The account needs an elevated administrator's token (become: SYSTEM gives one). If a share is the source, "
        "the computer account must be allowed to read it.",
    ),
    0x80070057: ("E_INVALIDARG", "A parameter is not valid.", "Check version and source of the deployment."),
    0x80070070: ("ERROR_DISK_FULL", "There is not enough space on the disk.", "Free space on the host's system drive."),
    0x800704CD: (
        "ERROR_CONNECTION_INVALID",
        "An operation was attempted on a nonexistent network connection; in the field: the download timed out.",
        "Raise documentsynctimeout (officefleet_document_sync_timeout, module document_sync_timeout) and check that "
        "the host reaches the source. That this value governs the download is field experience, not Microsoft's text.",
    ),
    0x80070652: (
        "ERROR_INSTALL_ALREADY_RUNNING",
        "Another installation is already in progress.",
        "The next attempt may find it done.",
    ),
    0x80070666: ("ERROR_PRODUCT_VERSION", "Another version of this product is already installed.", ""),
    0x800706BA: (
        "RPC_S_SERVER_UNAVAILABLE",
        "The RPC server is unavailable.",
        "Check that the Click-to-Run service (ClickToRunSvc) runs.",
    ),
    0x80072EE2: (
        "ERROR_INTERNET_TIMEOUT",
        "The request timed out.",
        "Check the way from the host to the source (proxy, firewall).",
    ),
    0x80072EE7: (
        "ERROR_INTERNET_NAME_NOT_RESOLVED",
        "The name of the server could not be resolved.",
        "Check the source's name in the host's DNS.",
    ),
    0x80072EFD: (
        "ERROR_INTERNET_CANNOT_CONNECT",
        "No connection to the server.",
        "Check the way from the host to the source (proxy, firewall).",
    ),
    0x80190194: ("HTTP_E_STATUS_NOT_FOUND", "Not found (404).", "Check that the source holds the whole image."),
}

_WINRM: dict[str, tuple[str, str, str]] = {
    "401": (
        "credentials rejected",
        "The host refused the credentials.",
        "Check ansible_user and ansible_password of the host.",
    ),
}


class DecodedError(TypedDict):
    """An error as records and results carry it; `code` as it was reported, numbers above the enumeration in hex."""

    domain: str
    code: str
    name: str
    hresult: str | None
    message: str
    hint: str


def decode(domain: str, code: int | str) -> DecodedError:
    """Explain an error code of `domain` com_status (UPDATE_STATUS_REPORT.error), hresult or winrm.

    What no source explains says so; an unknown domain is answered, not refused.
    """
    if domain == "winrm":
        name, message, hint = _WINRM.get(str(code), ("", "No source explains this code.", ""))
        return DecodedError(domain=domain, code=str(code), name=name, hresult=None, message=message, hint=hint)
    number = (int(code, 0) if isinstance(code, str) else code) & 0xFFFFFFFF
    if domain == "com_status" and number <= _UNKNOWN:
        return _com(number)
    hresult = (number - _UNKNOWN) & 0xFFFFFFFF if domain == "com_status" else number
    name, message, hint = _HRESULTS.get(hresult) or _unlisted(hresult)
    return DecodedError(domain=domain, code=_hex(number), name=name, hresult=_hex(hresult), message=message, hint=hint)


def summary(error: DecodedError) -> str:
    """Give the error in a few words, for a reason: "0x800704CD ERROR_CONNECTION_INVALID"."""
    return f"{error['hresult'] or error['code']} {error['name'] or error['message']}"


def _com(number: int) -> DecodedError:
    message = "Microsoft documents this code by its name alone."
    if number == 0:
        message = "No error was reported."
    elif number == _UNKNOWN:
        message = "Click-to-Run gave no reason; Microsoft does not define this code."
    return DecodedError(
        domain="com_status",
        code=str(number),
        name=_COM_NAMES[number],
        hresult=None,
        message=message,
        hint=_COM_HINTS.get(number, ""),
    )


def _unlisted(hresult: int) -> tuple[str, str, str]:
    if hresult >> 16 == 0x8007:
        return (
            "",
            f"Windows error {hresult & 0xFFFF} (net helpmsg {hresult & 0xFFFF} on a Windows host explains it).",
            "",
        )
    return "", "No source known to us explains this code.", ""


def _hex(number: int) -> str:
    return f"0x{number:08X}"
