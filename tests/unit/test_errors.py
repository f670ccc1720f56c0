# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What error codes mean, and that nothing is claimed beyond what a source says."""

from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors


@pytest.mark.parametrize(
    ("domain", "code", "shown", "name", "hresult"),
    [
        ("com_status", 0, "0", "eOK", None),
        ("com_status", 9, "9", "eFAILED_DOWNLOAD_UPGRADE_PACKAGE", None),
        ("com_status", 10, "10", "eFAILED_APPLY_UPGRADE_PACKAGE", None),
        ("com_status", 13, "13", "eUNKNOWN", None),
        ("com_status", 0x80070012, "0x80070012", "E_ACCESSDENIED", "0x80070005"),
        ("com_status", 0x800704DA, "0x800704DA", "ERROR_CONNECTION_INVALID", "0x800704CD"),
        (
            "com_status",
            0x800704DA - 2**32,
            "0x800704DA",
            "ERROR_CONNECTION_INVALID",
            "0x800704CD",
        ),  # as a signed number
        ("com_status", 14, "0x0000000E", "", "0x00000001"),
        ("hresult", "0x8000000E", "0x8000000E", "E_ILLEGAL_METHOD_CALL", "0x8000000E"),
        ("hresult", 0x80040154, "0x80040154", "REGDB_E_CLASSNOTREG", "0x80040154"),
        ("hresult", 0x80070652, "0x80070652", "ERROR_INSTALL_ALREADY_RUNNING", "0x80070652"),
        ("hresult", 0x80070666, "0x80070666", "ERROR_PRODUCT_VERSION", "0x80070666"),
        ("winrm", "401", "401", "credentials rejected", None),
    ],
)
def test_decode(domain: str, code: int | str, shown: str, name: str, hresult: str | None) -> None:
    error = _errors.decode(domain, code)
    assert (error["domain"], error["code"], error["name"], error["hresult"]) == (domain, shown, name, hresult)
    assert error["message"]


def test_a_timeout_names_the_value_to_raise_and_who_says_so() -> None:
    hint = _errors.decode("hresult", 0x800704CD)["hint"]
    assert "documentsynctimeout" in hint
    assert "not Microsoft's" in hint


def test_what_nobody_explains_says_so() -> None:
    assert "by its name alone" in _errors.decode("com_status", 5)["message"]
    assert "does not define" in _errors.decode("com_status", 13)["message"]
    assert "No source" in _errors.decode("hresult", 0x88990001)["message"]
    assert "Windows error 4711" in _errors.decode("hresult", 0x80070000 + 4711)["message"]
    assert "No source" in _errors.decode("winrm", "999")["message"]


def test_summaries_are_short() -> None:
    assert _errors.summary(_errors.decode("com_status", 0x800704DA)) == "0x800704CD ERROR_CONNECTION_INVALID"
    assert _errors.summary(_errors.decode("com_status", 9)) == "9 eFAILED_DOWNLOAD_UPGRADE_PACKAGE"
