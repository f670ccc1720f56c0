# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of the Click-to-Run COM interface: UPDATE_STATUS, UPDATE_ERROR_CODE and the HRESULTs it answers with.

Source: Microsoft, "Integrating manageability applications with the Office 365 Click-to-Run installer". The page prints
E_ILLEGAL_METHOD_CALL with seven digits; winerror.h has 0x8000000E.
"""

from __future__ import annotations

from enum import IntEnum

S_OK = 0
E_ILLEGAL_METHOD_CALL = 0x8000000E
E_ACCESSDENIED = 0x80070005
E_INVALIDARG = 0x80070057
REGDB_E_CLASSNOTREG = 0x80040154
CO_E_SERVER_EXEC_FAILURE = 0x80080005

NETWORK_TIMEOUT = 0x800704CD  # Win32 1229: what Broadcom's article 184965 reports for a download that times out
CANNOT_CONNECT = 0x80072EFD  # Win32 12029
NAME_NOT_RESOLVED = 0x80072EE7  # Win32 12007


class Status(IntEnum):
    """UPDATE_STATUS, under the names that the modules report."""

    UNKNOWN = 0
    DOWNLOAD_PENDING = 1
    DOWNLOADING = 2
    DOWNLOAD_CANCELLING = 3
    DOWNLOAD_CANCELLED = 4
    DOWNLOAD_FAILED = 5
    DOWNLOAD_SUCCEEDED = 6
    APPLY_PENDING = 7
    APPLYING = 8
    APPLY_SUCCEEDED = 9
    APPLY_FAILED = 10

    @property
    def text(self) -> str:
        """The name in results: "download_pending"."""
        return self.name.lower()


#: In these an action runs or waits to run; neither Download nor Apply is allowed.
BUSY = frozenset(
    {
        Status.DOWNLOAD_PENDING,
        Status.DOWNLOADING,
        Status.DOWNLOAD_CANCELLING,
        Status.APPLY_PENDING,
        Status.APPLYING,
    }
)


class UpdateError(IntEnum):
    """The UPDATE_ERROR_CODE values that the lab uses."""

    OK = 0
    FAILED_DOWNLOAD_UPGRADE_PACKAGE = 9
    FAILED_APPLY_UPGRADE_PACKAGE = 10
    UNKNOWN = 13


def error_field(hresult: int) -> int:
    """How the status report's `error` carries an HRESULT: raised by eUNKNOWN, in unsigned 32-bit arithmetic."""
    return (hresult + UpdateError.UNKNOWN) & 0xFFFFFFFF


def hex_text(hresult: int) -> str:
    """An HRESULT as "0x8000000E"."""
    return f"0x{hresult & 0xFFFFFFFF:08X}"
