# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of channels in PowerShell against the one in Python."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
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
