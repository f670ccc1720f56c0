# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of an invented fleet, half way through a rollout: what the report is tested and looked at with."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._errors import decode

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TARGET = "16.0.20228.20190"
BEFORE = "16.0.20131.20206"
DEPLOYMENT = {"name": "2607", "channel": "MonthlyEnterprise", "version": TARGET}

REASONS = {
    "compliant": f"runs {TARGET}",
    "ahead": f"runs 16.0.20326.20100, newer than {TARGET}",
    "waiting": "ring broad opens when 90 % of ring pilot are up to date",
    "downloading": f"the service downloads {TARGET}",
    "staged": f"{TARGET} is downloaded and ready to apply",
    "applying": f"the service applies {TARGET}",
    "blocked": "applications are open: Word, Outlook",
    "exhausted": "3 of 3 attempts failed: apply reported success, yet 16.0.20131.20206 still runs",
    "failed": "3 of 3 attempts failed: download of the update package failed, 0x800704CD: "
    "an operation was attempted on a nonexistent network connection",
    "restart_pending": "the installation reported success, and Windows waits for a restart",
    "no_source": "http://office.example.com has no image MonthlyEnterprise 16.0.20228.20190",
    "halted": "the deployment is halted",
    "waived": "the payroll add-in does not start (payroll@example.com, until 2027-01-31)",
    "incompatible": "Office follows channel SemiAnnual, the image is MonthlyEnterprise",
    "com_unavailable": "the COM application OfficeC2RCom is not registered although officemgmtcom is 1",
    "unreachable": "no answer on port 5985: connection refused",
}
DOWNLOAD_TIMED_OUT = 0x800704CD + 13  # as Click-to-Run reports it
ERRORS = {"failed": decode("com_status", DOWNLOAD_TIMED_OUT)}
ROADS = {
    "compliant": ("waiting", "downloading", "staged", "applying", "compliant"),
    "staged": ("waiting", "downloading", "staged"),
    "applying": ("waiting", "downloading", "staged", "applying"),
    "downloading": ("waiting", "downloading"),
    "blocked": ("waiting", "downloading", "staged", "applying", "blocked"),
    "failed": ("waiting", "downloading", "waiting", "downloading", "failed"),
}
# How often a state is met in each ring.
PILOT = {"compliant": 20, "failed": 1, "blocked": 1}
BROAD = {
    "compliant": 40,
    "ahead": 1,
    "waiting": 6,
    "downloading": 8,
    "staged": 3,
    "applying": 4,
    "blocked": 2,
    "failed": 1,
    "incompatible": 1,
    "com_unavailable": 1,
    "unreachable": 2,
}


def stamp(moment: datetime) -> str:
    """Return a time as records write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def record(host: str = "ws-001", state: str = "compliant", **changes: Any) -> dict[str, Any]:
    """Return one record; `changes` replace its fields."""
    road = ROADS.get(state, (state,))
    updated = datetime.fromisoformat(changes.get("updated_at", stamp(NOW - timedelta(minutes=5))))
    at_target = state in ("compliant", "ahead")
    document: dict[str, Any] = {
        "schema": 1,
        "host": host,
        "ring": "pilot",
        "deployment": dict(DEPLOYMENT),
        "state": state,
        "reason": REASONS[state],
        "version": TARGET if at_target else BEFORE,
        "status": None if state in ("unreachable", "com_unavailable") else "unknown",
        "error": ERRORS.get(state),
        "blocking_apps": ["Word", "Outlook"] if state == "blocked" else [],
        "products": ["O365ProPlusRetail"],
        "languages": ["en-us"],
        "architecture": "x64",
        "attempts": 3 if state in ("failed", "exhausted") else 0,
        "deferrals": 0,
        "not_before": None,
        "submitted_at": None,
        "seen_at": stamp(updated),
        "updated_at": stamp(updated),
        "at_rest": state not in ("downloading", "applying"),
        "history": [
            {
                "at": stamp(updated - timedelta(minutes=20 * (len(road) - number))),
                "state": name,
                "version": TARGET if name == "compliant" else BEFORE,
                "note": REASONS[name],
            }
            for number, name in enumerate(road, 1)
        ],
    }
    document.update(changes)
    return document


def fleet(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return `count` records: a fifth in ring pilot and nearly done, the rest in ring broad and on its way."""
    dice = random.Random(seed)
    documents = []
    for number in range(1, count + 1):
        ring, mix = ("pilot", PILOT) if number <= count // 5 else ("broad", BROAD)
        state = dice.choices(list(mix), list(mix.values()))[0]
        changes: dict[str, Any] = {"ring": ring, "updated_at": stamp(NOW - timedelta(minutes=dice.randint(1, 90)))}
        if state == "unreachable":
            seen = None if number % 2 else stamp(NOW - timedelta(days=9, minutes=number))
            changes.update(seen_at=seen, version=BEFORE if seen else None)
        if state == "ahead":
            changes["version"] = "16.0.20326.20100"
        documents.append(record(f"ws-{number:03}.corp.example.com", state, **changes))
    return documents


def write(directory: Path, documents: list[dict[str, Any]]) -> Path:
    """Write records as the rollout does, one file per host; return the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for document in documents:
        (directory / f"{document['host']}.json").write_text(json.dumps(document), encoding="utf-8")
    return directory
