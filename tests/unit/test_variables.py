# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's table of variables says of the playbooks what is true."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.modules.rollout_plan import ARGUMENT_SPEC

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "officefleet_"


def table() -> dict[str, str]:
    """Give the default of each variable as the table has it."""
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \| (.+?) \| .+ \|$", readme, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "no variable twice"
    return dict(rows)


def test_the_table_has_the_variables_of_the_playbooks() -> None:
    used = {
        name for book in (ROOT / "playbooks").glob("*.yml") for name in re.findall(rf"{PREFIX}\w+", book.read_text())
    }
    assert set(table()) == used - {PREFIX}


def test_the_table_has_the_defaults_of_the_rollout() -> None:
    rows = table()
    for option, specification in ARGUMENT_SPEC.items():
        default = specification.get("default")
        if option == "variables":
            continue
        if specification.get("required"):
            assert rows[PREFIX + option] == ("newest of the channel" if option == "version" else "required")
        elif isinstance(default, (bool, float, int, str)):
            text = (
                str(default).lower()
                if isinstance(default, bool)
                else f"{default:g}"
                if isinstance(default, float)
                else default
            )
            assert rows[PREFIX + option] == f"`{text}`", option
