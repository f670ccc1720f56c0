# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last words of a rollout, as the role's variables put them together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

HOME = Path(__file__).parents[2]
ROLE = HOME / "roles" / "rollout"
PAGE = (HOME / "docs" / "deployments.md").read_text()


def said(unfinished: str = "", waiting: str = "", rings: int = 0) -> str:
    """Give them for hosts in these states, hosts that wait for days of December, and some that wait for rings."""
    waits = [{"until": f"2026-12-0{day}", "reason": f"day {day[0]}"} for day in waiting.split()]
    return closing(unfinished.split(), waits, rings)


def closing(unfinished: list[str], waiting: list[dict[str, str]], rings: int) -> str:
    """Put them together as Ansible does."""
    variables: dict[str, str] = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML
    known: dict[str, Any] = {
        "rollout_plan": {"timeout": 7200.0},
        "rollout_active": False,
        "rollout_unfinished": unfinished,
        "rollout_waiting": waiting,
        "rollout_waiting_for_rings": [{}] * rings,
    }
    for name in ("rollout_unfinished_text", "rollout_waiting_text", "rollout_closing"):
        known[name] = jinja.from_string(variables[name]).render(known)
    return str(known["rollout_closing"])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, ""),
        ({"rings": 3}, ""),
        (
            {"unfinished": "waiting downloading waiting"},
            "Time is up after 7200 s: 1 downloading, 2 waiting. What runs on the hosts goes on; run this again to go "
            "on with the rest.",
        ),
        (
            {"waiting": "4T22:00:00Z"},
            "1 host waits until 2026-12-04 22:00Z (day 4). Run this again at 2026-12-04 22:00Z.",
        ),
        (
            {"waiting": "4T22:00:00Z 3T06:10:05Z 4T22:00:00Z", "rings": 12},
            "1 host waits until 2026-12-03 06:10:05Z (day 3), 2 until 2026-12-04 22:00Z (day 4); 12 for the rings "
            "before theirs. Run this again at 2026-12-03 06:10:05Z.",
        ),
        (
            {"waiting": "1T01:00:00Z 1T01:00:00Z 2T01:00:00Z 3T01:00:00Z 4T01:00:00Z 4T01:00:00Z 5T01:00:00Z"},
            "2 hosts wait until 2026-12-01 01:00Z (day 1), 1 until 2026-12-02 01:00Z (day 2), "
            "1 until 2026-12-03 01:00Z (day 3), 3 after that. Run this again at 2026-12-01 01:00Z.",
        ),
        (
            {"unfinished": "applying", "waiting": "4T22:00:00Z"},
            "Time is up after 7200 s: 1 applying. What runs on the hosts goes on; run this again to go on with the "
            "rest. 1 host waits until 2026-12-04 22:00Z (day 4). Run this again at 2026-12-04 22:00Z.",
        ),
    ],
)
def test_a_run_says_what_is_left(given: dict[str, Any], text: str) -> None:
    assert said(**given) == text


def test_the_example_of_the_page_is_what_a_run_says() -> None:
    window = "outside all windows; the next, tuesday 22:00 to 04:00, opens 2026-11-24 22:00 local time"
    soak = "ring pilot: 19 of 20 compliant, ring early opens at 2026-11-25 08:10Z"
    waits = [{"until": "2026-11-24T22:00:00Z", "reason": window}] * 12
    waits += [{"until": "2026-11-25T08:10:00Z", "reason": soak}] * 2
    assert f"\n> {closing([], waits, 430)}\n" in PAGE
