# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says about each state a host can be in: its group, its symbol and what a person can do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record


@dataclass(frozen=True)
class Group:
    """States that mean the same to whoever reads the report."""

    key: str
    label: str


@dataclass(frozen=True)
class State:
    """One state of a host. `symbol` is one column wide and in every common font."""

    name: str
    label: str
    group: Group
    symbol: str
    action: str = ""  #: what a person can do when the record itself carries no hint
    afterwards: str = ""  #: what to do after that, or after what the hint says


UP_TO_DATE = Group("up_to_date", "Up to date")
UNDER_WAY = Group("under_way", "Under way")
WAITING = Group("waiting", "Waiting")
ATTENTION = Group("attention", "Needs a person")
GROUPS = (UP_TO_DATE, UNDER_WAY, WAITING, ATTENTION)

# Most urgent first: reports list hosts in this order.
_ALL = (
    State(
        "failed",
        "failed",
        ATTENTION,
        "✗",
        "Remove the cause that the error names; the next run tries again.",
    ),
    State(
        "exhausted",
        "attempts used up",
        ATTENTION,
        "✗",
        "Remove the cause that the error names.",
        "Then run with reset_retries, or approve another version.",
    ),
    State(
        "incompatible",
        "incompatible",
        ATTENTION,
        "≠",
        "Give the host what the image expects, stage an image that suits it, or take it out of the deployment.",
    ),
    State(
        "com_unavailable",
        "COM unavailable",
        ATTENTION,
        "?",
        "Set the policy officemgmtcom and restart the Click-to-Run service (officefleet.c2r.update_policy does both).",
    ),
    State(
        "no_source",
        "no source",
        ATTENTION,
        "⊘",
        "Bring the source that it names back, stage the image there, or allow Microsoft's CDN (cdn_allowed).",
    ),
    State(
        "blocked",
        "blocked",
        ATTENTION,
        "!",
        "Have the user close the applications named; the next run applies the update.",
    ),
    State(
        "unreachable",
        "unreachable",
        ATTENTION,
        "○",
        "Check that the host is on and that WinRM answers; the next run tries again.",
    ),
    State(
        "restart_pending",
        "restart pending",
        ATTENTION,
        "⟳",
        "Have the host restarted; the next run looks at it again.",
    ),
    State("applying", "applying", UNDER_WAY, "↻"),
    State("staged", "staged", UNDER_WAY, "◆"),
    State("downloading", "downloading", UNDER_WAY, "↓"),
    State("waiting", "waiting", WAITING, "·"),
    State("halted", "halted", WAITING, "‖"),
    State("waived", "waived", WAITING, "-"),
    State("ahead", "ahead", UP_TO_DATE, "↑"),
    State("compliant", "compliant", UP_TO_DATE, "✓"),
)
STATES = {state.name: state for state in _ALL}
URGENCY = {state.name: rank for rank, state in enumerate(_ALL)}
_DOWNLOADED = replace(STATES["staged"], group=UP_TO_DATE)


def state_of(record: Record) -> State:
    """Give the state of a host; one that only had to download is done once it has."""
    return _DOWNLOADED if record.state == "staged" and record.goal == "downloaded" else STATES[record.state]
