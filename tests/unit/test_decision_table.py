# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/decisions.md is what decide() says, and leaves no state and no status out."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.dev import decision_table as table
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import STATUSES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"


def test_the_document_is_what_decide_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == table.render(), "run dev/decision_table.py"


def test_every_state_is_remembered_and_reached() -> None:
    remembered = {record.state for record in table.REMEMBERED.values() if record.updated_at is not None}
    assert remembered == set(_decide.STATES)
    answers = {answer.state for rows in (table.by_event(), table.by_rule()) for _, _, answer in rows}
    assert answers == set(_decide.STATES) - {"failed"}, "failed alone is not decide()'s"


def test_every_status_is_found() -> None:
    assert {host.status for host in table.EVENTS.values() if host is not None} == {None, *STATUSES}


def test_every_step_and_every_message_is_taken() -> None:
    answers = [answer for rows in (table.by_event(), table.by_rule()) for _, _, answer in rows]
    assert {answer.step for answer in answers} == {"none", "download", "apply"}
    assert {answer.notice for answer in answers} == {None, "ask", "inform", "restart"}
    assert {answer.force for answer in answers} == {True, False}
