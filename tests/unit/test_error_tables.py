# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of errors hold together, and docs/errors.md is what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.dev import error_table
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables import meaning
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.c2rclient import C2RCLIENT
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.com_status import COM_STATUS
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.hresult import HRESULT, NTSTATUS
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.log import LOG
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.ui import PASSED_ON, UI
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.win32 import WIN32
from ansible_collections.officefleet.c2r.tests.lab.com_codes import UpdateError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
SOURCES = {value for name, value in vars(meaning).items() if name.isupper() and name != "IN_THE_LOG"}
ALL = [
    *COM_STATUS.values(),
    *HRESULT.values(),
    *NTSTATUS.values(),
    *WIN32.values(),
    *C2RCLIENT.values(),
    *UI.values(),
    *(carrier for _, carrier in PASSED_ON.values()),
    *(entry for _, entry in LOG),
]


def test_the_document_is_what_the_tables_say() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == error_table.render(), "run dev/error_table.py"


def test_the_enumeration_has_no_gap_and_the_names_of_the_lab() -> None:
    assert list(COM_STATUS) == list(range(14))
    for error in UpdateError:
        assert COM_STATUS[error].name.upper() == f"E{error.name}"


def test_every_entry_says_something_and_who_says_it() -> None:
    for entry in ALL:
        assert entry.message.endswith("."), entry
        assert not entry.hint or entry.hint.endswith("."), entry
        assert set(entry.source.split("; ")) <= {part for source in SOURCES for part in source.split("; ")}, entry


def test_no_name_stands_for_two_codes() -> None:
    for table in (COM_STATUS, HRESULT, WIN32, C2RCLIENT):
        names = [entry.name for entry in table.values() if entry.name]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("code", WIN32)
def test_a_windows_error_says_the_same_as_an_hresult(code: int) -> None:
    win32 = _errors.explain("win32", code)
    hresult = _errors.explain("hresult", str(win32["hresult"]))
    assert (hresult["message"], hresult["hresult"]) == (win32["message"], win32["hresult"])


def test_texts_are_advice_and_not_markup() -> None:
    for entry in ALL:
        assert not re.search(r"[`*_]{2}|\bTODO\b", entry.message + entry.hint), entry
