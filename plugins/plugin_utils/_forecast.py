# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout would do with each host, when and why: from what looks in check mode gave."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _slot_queue
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slot_queue import Turn
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot

NOW = "now"
STEPS = {"download": "download", "apply": "install"}
#: What follows in a state without a step that is possible now; in the others nothing does.
FOLLOWS = {
    "waiting": "download",
    "staged": "install",
    "blocked": "install",
    "downloading": "install",
    "applying": "be done",
    "com_unavailable": "prepare",
    "no_source": "download",
    "unreachable": "look again",
}
UNDER_WAY = frozenset({"downloading", "applying"})
REASON_LEAST = 24  #: columns
REASON_LINES = 3
GAP = 2  #: columns between two columns
MARGIN = 2  #: columns that tabulate adds to a header's width


@dataclass(frozen=True)
class Outlook:
    """One host. `next` "" where nothing would be done; `at` is "now", a moment in UTC, or "" where neither is known."""

    host: str
    ring: str
    version: str | None
    state: str
    next: str
    at: str
    reason: str
    after: int | None = None  #: downloads that have to end first, at least, where a slot has to become free


def outlook(host: str, visit: Mapping[str, Any], goal: str) -> Outlook:
    """Judge what reconcile gave in check mode. One that failed before it looked names no version."""
    state = str(visit.get("state") or "failed")
    step = str(visit.get("step") or "none")
    reason = str((visit.get("msg") if visit.get("failed") else None) or visit.get("reason") or "")
    if step in STEPS:
        following, at, reason = STEPS[step], NOW, ""
    elif state == "com_unavailable":
        following, at = FOLLOWS[state], "" if visit.get("ring_closed") else NOW
    elif state in FOLLOWS and not (state == "staged" and goal == "downloaded"):
        following, at = FOLLOWS[state], str(visit.get("until") or "")
    else:
        following, at = "", ""
    return Outlook(host, str(visit.get("ring") or ""), visit.get("version"), state, following, at, reason)


def outlooks(
    visits: Mapping[str, Mapping[str, Any]],
    deployment: Deployment,
    groups: Mapping[str, Collection[str]],
    active: Callable[[str], Collection[str]],
) -> list[Outlook]:
    """Judge all hosts, in the order of their rings' turns and their names.

    `visits` are in the order in which a rollout asks hosts; `active` names those who hold a slot.
    """
    order = {ring: place for place, ring in enumerate(deployment.rings)}
    judged = [outlook(host, visit, deployment.goal) for host, visit in visits.items()]
    wanted = {each.host: _slots(each, deployment, groups) for each in judged if _downloads_now(each)}
    waiting = _slot_queue.turns(wanted, active)
    found = [_behind(each, waiting[each.host]) if each.host in waiting else each for each in judged]
    return sorted(found, key=lambda each: (order.get(each.ring, len(order)), each.host))


def _downloads_now(each: Outlook) -> bool:
    return (each.next, each.at) == (STEPS["download"], NOW)


def _slots(each: Outlook, deployment: Deployment, groups: Mapping[str, Collection[str]]) -> Sequence[Slot]:
    mine = frozenset(name for name, hosts in groups.items() if each.host in hosts)
    return deployment.at(each.ring, mine).slots


def _behind(each: Outlook, turn: Turn) -> Outlook:
    reason = f"{turn.slot.name}: {turn.slot.limit} downloads at a time, {turn.active} under way"
    return replace(each, at="", reason=reason, after=turn.after)


def document(deployment: Deployment, found: Iterable[Outlook], now: datetime) -> dict[str, Any]:
    """Give all of it for other programs."""
    return {
        "generated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "deployment": deployment.name,
        "channel": deployment.channel,
        "version": deployment.version,
        "hosts": [asdict(each) for each in found],
    }


def headline(deployment: Deployment, found: Sequence[Outlook]) -> str:
    """Say in a few lines what is ahead."""
    counts = Counter(_kind(each) for each in found)
    lines = [
        f"{deployment.name}: {deployment.channel} {deployment.version}; {len(found)} hosts",
        ", ".join(f"{count} {kind}" for kind, count in counts.most_common()),
    ]
    waiting = sum(each.after is not None for each in found)
    if waiting:
        lines.append(
            f"{waiting} of them wait for a download slot, at least after so many other downloads, if hosts get slots "
            "in the order of the inventory. How long a download takes is not known."
        )
    return "\n".join(lines)


def table(found: Sequence[Outlook], width: int) -> str:
    """Give one line for each host, no wider than `width` columns where names are not very long."""
    from tabulate import tabulate  # what the terminal alone needs

    columns = {
        "host": [each.host for each in found],
        "ring": [each.ring for each in found],
        "version": [each.version or "unknown" for each in found],
        "state": [each.state for each in found],
        "next": [each.next or "-" for each in found],
        "when": [_when(each) for each in found],
    }
    taken = sum(max(len(name) + MARGIN, *map(len, cells)) + GAP for name, cells in columns.items())
    room = max(REASON_LEAST, width - taken)
    columns["why"] = [_wrapped(each.reason, room) for each in found]
    rows = list(zip(*columns.values(), strict=True))
    return tabulate(rows, list(columns), tablefmt="simple", disable_numparse=True)


def _kind(each: Outlook) -> str:
    if not each.next:
        return each.state
    if each.state in UNDER_WAY or each.state in ("com_unavailable", "unreachable"):
        return each.state
    return f"{each.next} {'now' if each.at == NOW else 'later'}"


def _when(each: Outlook) -> str:
    if each.after is None:
        return _moment(each.at)
    return f"after {each.after} other{'' if each.after == 1 else 's'}"


def _moment(at: str) -> str:
    """Shorten a moment as records write it; a rollout knows no seconds."""
    return f"{at[:10]} {at[11:16]}Z" if at.endswith("Z") else at


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width, max_lines=REASON_LINES, placeholder=" …", break_on_hyphens=False))
