# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary as the result of a task: plain JSON types under the documented names."""

from __future__ import annotations

from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record, iso
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import Summary, action


def from_summary(summary: Summary) -> dict[str, Any]:
    """Return the keys that RETURN of the module `report` describes, without `dest`."""
    return {
        "hosts": summary.tally.hosts,
        "states": dict(summary.tally.states),
        "compliant_percent": summary.tally.percent,
        "rings": [
            {
                "ring": ring.name,
                "deployment": ring.deployment.name if ring.deployment else None,
                "version": ring.deployment.version if ring.deployment else None,
                "hosts": ring.tally.hosts,
                "compliant_percent": ring.tally.percent,
                "states": dict(ring.tally.states),
            }
            for ring in summary.rings
        ],
        "versions": [{"version": item.version, "hosts": item.hosts} for item in summary.versions],
        "errors": [
            {
                "domain": item.error["domain"],
                "code": item.error["code"],
                "name": item.error["name"],
                "hresult": item.error["hresult"] or None,
                "message": item.error["message"],
                "hint": item.error["hint"],
                "hosts": list(item.hosts),
            }
            for item in summary.errors
        ],
        "attention": [_attention(record) for record in summary.attention],
        "terms": [
            {
                "kind": term.kind,
                "name": term.name,
                "ends": str(term.ends),
                "status": term.status,
                "reason": term.reason,
                "owner": term.owner,
            }
            for term in summary.terms
        ],
        "unreadable": [{"file": item.file, "problem": item.problem} for item in summary.unreadable],
    }


def _attention(record: Record) -> dict[str, Any]:
    return {
        "host": record.host,
        "ring": record.ring,
        "deployment": record.deployment.name,
        "state": record.state,
        "reason": record.reason,
        "action": action(record),
        "version": record.version,
        "since": iso(record.since),
        "seen_at": iso(record.seen_at),
    }
