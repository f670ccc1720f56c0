# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables in PowerShell against those in Python: channels, their precedence, the names of times."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys
from ansible_collections.officefleet.c2r.tests.lab.modules import update_history, update_management
from ansible_collections.officefleet.c2r.tests.unit import powershell_syntax as syntax

UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
CLICK_TO_RUN = UTILS / "_ClickToRun.psm1"
MANAGEMENT = UTILS / "_UpdateManagement.psm1"


def test_both_tables_say_the_same() -> None:
    table = syntax.value(syntax.assigned(syntax.parse(CLICK_TO_RUN.read_bytes()), "$script:ChannelNames"))
    assert table == {channel.guid: channel.name for channel in channels.CHANNELS}


def test_branches_are_called_as_in_python() -> None:
    table = syntax.value(syntax.assigned(syntax.parse(MANAGEMENT.read_bytes()), "$script:BranchNames"))
    assert table == {name: each.name for each in channels.CHANNELS for name in (each.name, *each.aliases)}


def test_order_of_precedence_is_the_twins() -> None:
    rules = syntax.value(syntax.assigned(syntax.parse(MANAGEMENT.read_bytes()), "$script:ChannelRules"))
    assert [(rule["rule"], rule["place"], rule["value"]) for rule in rules] == list(update_management.RULES)


def test_times_are_the_twins() -> None:
    table = syntax.value(
        syntax.assigned(syntax.parse((UTILS / "_UpdateHistory.psm1").read_bytes()), "$script:TimeNames")
    )
    below = {rf"{c2r_keys.CLICK_TO_RUN}\{key}": tuple(names) for key, names in table.items()}
    assert below == update_history.TIMES
