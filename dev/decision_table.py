# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/decisions.md by asking decide() for every state, event and rule.

From the project's root: make copy && PYTHONPATH=.build .venv/bin/python dev/decision_table.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import Decision, decide
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps, Notice, Restart
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._rings import OPEN, Gate
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion
from ansible_collections.officefleet.c2r.tests.lab import sample_host
from ansible_collections.officefleet.c2r.tests.lab.sample_host import HOST, NEWER, NIGHT, NOW, OLD, RECORD, TARGET

TARGET_FILE = Path(__file__).resolve().parent.parent / "docs" / "decisions.md"
INTRODUCTION = """<!--
Copyright (c) 2026, officefleet.c2r contributors
SPDX-License-Identifier: GPL-3.0-or-later
Written by dev/decision_table.py, which asks plugins/plugin_utils/_decide.py; change it there.
-->

# What is decided for a host

Each pass looks at a host and takes at most one step. Which one follows from the deployment, the look and the host's
record alone. Every line below is an answer of that function, for a deployment of {target} to a host that
runs {old}, on {now:%A, %Y-%m-%d %H:%M} UTC, with three attempts an hour apart.

- *Step* is what the pass asks of the host: `download`, `apply`, or nothing.
- *State* is what the record says once the step is taken.
- *Rests*: nothing that this run can still change. States that a person may change at any time
  ({retried}) are looked at again for as long as the run goes on.
"""

DEPLOYMENT = replace(sample_host.DEPLOYMENT, retry_delay=3600)
KNOWN = replace(RECORD, updated_at=NOW - timedelta(hours=1), status="unknown")
ASKED = replace(KNOWN, submitted="download", submitted_at=NOW - timedelta(minutes=10), state="downloading")
APPLY_ASKED = replace(ASKED, submitted="apply", state="applying", status="download_succeeded", staged=True)
STAGED = replace(KNOWN, state="staged", status="download_succeeded", staged=True)

#: What a record says before the look. A state stands for itself where it remembers nothing that counts.
REMEMBERED: dict[str, Record] = {
    "nothing yet": RECORD,
    **{f"`{state}`": replace(KNOWN, state=state) for state in ("compliant", "ahead", "waived", "halted", "waiting")},
    "`waiting`, an attempt has failed": replace(
        KNOWN,
        state="waiting",
        attempts=1,
        failure="download failed: timed out",
        not_before=NOW + timedelta(minutes=30),
    ),
    "`downloading`, the answer got lost": ASKED,
    "`downloading`": replace(ASKED, arrived=True),
    "`staged`": STAGED,
    "`applying`, the answer got lost": APPLY_ASKED,
    "`applying`": replace(APPLY_ASKED, arrived=True),
    "`applying`, applications may be closed": replace(APPLY_ASKED, arrived=True, forced=True),
    "`restart_pending`": replace(
        STAGED, state="restart_pending", awaits_restart=True, failure="the installation reported success, and …"
    ),
    "`no_source`": replace(KNOWN, state="no_source"),
    "`blocked`": replace(STAGED, state="blocked", deferrals=1, deferred_until=NOW + timedelta(hours=2)),
    "`exhausted`": replace(KNOWN, state="exhausted", attempts=3, failure="download failed: timed out"),
    **{
        f"`{state}`": replace(KNOWN, state=state)
        for state in ("failed", "incompatible", "com_unavailable", "unreachable")
    },
}

#: What a look finds.
EVENTS: dict[str, HostState | None] = {
    "does not answer": None,
    "no Click-to-Run Office": replace(HOST, installed=False, version=None),
    "runs the target, whatever else": replace(HOST, version=TARGET, status="apply_succeeded"),
    "runs a newer build": replace(HOST, version=NEWER),
    "another channel": replace(HOST, channel="Current"),
    "a language that is not in the image": replace(HOST, languages=("en-us", "ja-jp")),
    "another tool manages the updates": replace(HOST, managed_by="configmgr"),
    "the update interface (COM) is silent": replace(HOST, status=None, management_reason="the class is not registered"),
    "idle, nothing staged (a restart, say)": HOST,
    "idle, the target is staged": replace(HOST, ready=TARGET),
    "idle, another build is staged": replace(HOST, ready=NEWER),
    "Click-to-Run executes something else": replace(HOST, scenario="REPAIR"),
    "`download_pending`": replace(HOST, status="download_pending"),
    "`downloading`": replace(HOST, status="downloading"),
    "`download_cancelling`": replace(HOST, status="download_cancelling"),
    "`download_cancelled`": replace(HOST, status="download_cancelled"),
    "`download_failed`": replace(HOST, status="download_failed", error_code=0x800704DA),
    "`download_succeeded`, the target is staged": replace(HOST, status="download_succeeded", ready=TARGET),
    "`download_succeeded`, nothing staged": replace(HOST, status="download_succeeded"),
    "the target is staged, Word is open": replace(
        HOST, status="download_succeeded", ready=TARGET, blocking_apps=("WINWORD",)
    ),
    "`apply_pending`": replace(HOST, status="apply_pending", ready=TARGET),
    "`applying`": replace(HOST, status="applying", ready=TARGET),
    "`applying`, another build is staged": replace(HOST, status="applying", ready=NEWER),
    "`apply_failed`": replace(HOST, status="apply_failed", error_code=10, ready=TARGET),
    "`apply_failed`, Word is open": replace(
        HOST, status="apply_failed", error_code=10, ready=TARGET, blocking_apps=("WINWORD",)
    ),
    "`apply_succeeded`, the old build runs": replace(HOST, status="apply_succeeded"),
    "`apply_succeeded`, Windows waits for a restart": replace(HOST, status="apply_succeeded", restart_pending=True),
}


@dataclass(frozen=True)
class Rule:
    """What a deployment says, and the moment at which it is asked."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    gate: Gate = OPEN
    now: datetime = NOW


PASSED, TO_COME = Moment(datetime(2026, 11, 20, 18)), Moment(datetime(2026, 12, 1, 8))
CLOSING = {"apps": Apps(close="after_deadline", defer=2, wait=4 * 3600)}


def _times(**times: Any) -> dict[str, Any]:
    return {"schedule": Schedule(**times)}


RULES: dict[str, Rule] = {
    "no rule": Rule(),
    "`halted`": Rule(_times(halted=True)),
    "its build was withdrawn": Rule(
        _times(withdrawn=f"{TARGET} was withdrawn: seen in Current on 2026-11-18 …, no longer on 2026-11-20 …")
    ),
    "the host is waived": Rule({"waivers": {"ws-001": "waived until 2027-01-31: an old add-in (lab)"}}),
    "the ring is closed": Rule(gate=Gate(False, reason="ring pilot: 3 of 5 compliant, 5 needed to open ring all")),
    "the ring is closed for this run": Rule(
        gate=Gate(False, settled=True, reason="ring pilot: 3 of 5 compliant, 5 needed to open ring all")
    ),
    "`available_from` has not come": Rule(_times(available_from=TO_COME)),
    "`available_from` of the ring has not come": Rule(_times(ring_available_from=TO_COME)),
    "no source has the image": Rule({"no_source": "http://office.example cannot be fetched: no route to host"}),
    "`goal: downloaded`": Rule({"goal": "downloaded"}),
    "`allow_downgrade`": Rule({"allow_downgrade": True}),
    "in a window": Rule(_times(windows=(NIGHT,)), now=NOW.replace(hour=23)),
    "outside the windows": Rule(_times(windows=(NIGHT,))),
    "outside the windows, `downloads: in_windows`": Rule(_times(windows=(NIGHT,), downloads_in_windows=True)),
    "an excluded date": Rule(_times(exclusions=(Exclusion(date(2026, 11, 21), date(2026, 11, 22)),))),
    "outside the windows, the deadline has passed, `wait`": Rule(_times(windows=(NIGHT,), deadline=PASSED)),
    "outside the windows, the deadline has passed, `apply`": Rule(
        _times(windows=(NIGHT,), deadline=PASSED, after_deadline="apply")
    ),
    "outside the windows, the deadline has passed, `force`": Rule(
        {**_times(windows=(NIGHT,), deadline=PASSED, after_deadline="force"), **CLOSING}
    ),
    "an excluded date, the deadline has passed, `force`": Rule(
        {
            **_times(
                exclusions=(Exclusion(date(2026, 11, 21), date(2026, 11, 21)),), deadline=PASSED, after_deadline="force"
            ),
            **CLOSING,
        }
    ),
    "`notice`, the deadline is to come": Rule(
        {**_times(deadline=TO_COME, after_deadline="force"), **CLOSING, "notice": Notice("Office has to be closed.")}
    ),
    "`notice` with `postpone`, the deadline has passed, `force`": Rule(
        {
            **_times(deadline=PASSED, after_deadline="force"),
            **CLOSING,
            "notice": Notice("Office has to be closed.", postpone=True),
        }
    ),
    "`restart: {workstations: notice}`": Rule({"restart": Restart(workstations="notice")}),
}
_OPEN_APPS = replace(HOST, status="download_succeeded", ready=TARGET, blocking_apps=("WINWORD",))
_USED_UP = replace(STAGED, state="blocked", deferrals=2, deferred_until=NOW - timedelta(hours=1))
#: A host as each rule finds it, and its record.
SITUATIONS: dict[str, tuple[HostState, Record]] = {
    "nothing is staged": (HOST, KNOWN),
    "a download runs": (replace(HOST, status="downloading"), replace(ASKED, arrived=True)),
    "the target is staged": (replace(HOST, status="download_succeeded", ready=TARGET), STAGED),
    "… and Word is open": (_OPEN_APPS, STAGED),
    "… and Word is open, the deferrals are used up": (_OPEN_APPS, _USED_UP),
    "… and Word is open, the users agreed": (
        _OPEN_APPS,
        replace(STAGED, state="blocked", deferrals=1, deferred_until=NOW + timedelta(hours=2), consented=True),
    ),
    "… and Word is open on a host that several people use": (replace(_OPEN_APPS, multi_session=True), _USED_UP),
    "the installation waits for a restart": (
        replace(HOST, status="apply_succeeded", ready=TARGET, restart_pending=True),
        replace(STAGED, awaits_restart=True, failure="the installation reported success, and Windows waits for one"),
    ),
    "a newer build runs": (replace(HOST, version=NEWER), KNOWN),
    "the target runs": (replace(HOST, version=TARGET), KNOWN),
}


def by_event() -> Iterator[tuple[str, str, Decision]]:
    """Give each event, the records that lead to the same answer, and that answer."""
    for event, host in EVENTS.items():
        answers = {said: decide(DEPLOYMENT, host, record, NOW, OPEN) for said, record in REMEMBERED.items()}
        yield from ((event, said, answer) for said, answer in _grouped(answers))


def by_rule() -> Iterator[tuple[str, str, Decision]]:
    """Give each situation, the rules that lead to the same answer, and that answer."""
    for situation, (host, record) in SITUATIONS.items():
        answers = {
            said: decide(replace(DEPLOYMENT, **rule.changes), host, record, rule.now, rule.gate)
            for said, rule in RULES.items()
        }
        yield from ((situation, said, answer) for said, answer in _grouped(answers))


def _grouped(answers: Mapping[str, Decision]) -> Iterator[tuple[str, Decision]]:
    """Put together what has one answer. The largest group, if it is one, comes last as all others."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for said, answer in answers.items():
        shown = (answer.state, answer.step, answer.at_rest, answer.reason, answer.force, answer.notice)
        groups.setdefault(shown, []).append(said)
    largest = max(groups.values(), key=len)
    for members in groups.values():
        if members is not largest or len(members) == 1:
            yield "; ".join(members), answers[members[0]]
    if len(largest) > 1:
        yield ("any" if len(groups) == 1 else "any other"), answers[largest[0]]


def _table(first: str, second: str, rows: Iterator[tuple[str, str, Decision]]) -> str:
    lines = [f"| {first} | {second} | step | state | rests | reason |", "|---|---|---|---|---|---|"]
    before = ""
    for one, other, answer in rows:
        step = f"`{answer.step}`" if answer.step != "none" else ""
        extra = [*(["applications are closed"] if answer.force else []), *_told(answer)]
        reason = "; ".join([answer.reason.replace("|", "\\|"), *extra])
        first_cell = one if one != before else ""
        cells = (first_cell, other, step, f"`{answer.state}`", "yes" if answer.at_rest else "", reason)
        lines.append("| " + " | ".join(cells) + " |")
        before = one
    return "\n".join(lines) + "\n"


def _told(answer: Decision) -> list[str]:
    told = {"ask": "users are asked", "inform": "users are told", "restart": "users are asked to restart"}
    return [] if answer.notice is None else [told[answer.notice]]


def render() -> str:
    """Give the text of docs/decisions.md."""
    retried = ", ".join(f"`{state}`" for state in sorted(_decide.RETRIED))
    return (
        INTRODUCTION.format(target=TARGET, old=OLD, now=NOW, retried=retried)
        + "\n## What a look finds, by what the record says\n\n"
        "For a deployment without windows, whose rings are open. `failed` comes from outside: a module failed, or the\n"
        "preparation of the host.\n\n"
        + _table("a look finds", "the record says", by_event())
        + "\n## What a deployment says, by how the host stands\n\n"
        + _table("the host", "the deployment", by_rule())
    )


if __name__ == "__main__":
    TARGET_FILE.write_text(render(), encoding="utf-8")
