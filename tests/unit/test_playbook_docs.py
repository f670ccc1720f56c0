# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/deployments.md: the patches that its playbooks show are those of its complete example."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.approving import approve
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.rolling_back import roll_back

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "deployments.md").read_text(encoding="utf-8")
COMPLETE = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]


def shown(playbook: str) -> str:
    """Give the patch in the section of a playbook."""
    section = re.split(r"^### ", PAGE.partition(f"\n### {playbook}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return section[section.index("--- a/") : section.index("```\n\n")]


def bare(patch: str) -> str:
    """Leave out blanks at the ends of lines, which a page should not have."""
    return re.sub(r" +$", "", patch, flags=re.MULTILINE)


def test_the_approval_is_that_of_the_example() -> None:
    assert shown("approve") == bare(approve(COMPLETE, "2026-12 servers", "16.0.19127.20752", NOW).diff)


def test_the_way_back_is_that_of_the_example() -> None:
    found = roll_back(COMPLETE, "2026-12 monthly", "2027-01-31", NOW, version="16.0.20131.20206", rings=["pilot"])
    assert shown("rollback") == bare(found.diff)
