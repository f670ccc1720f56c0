# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/module_utils/_UpdateHistory.psm1: times, results and the log of Click-to-Run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.modules.registry_text import text, text_or_none
from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryValue

PHASES = ("Detection", "ClientDownload", "Download", "Apply", "Finalize")
TIMES = {
    keys.UPDATES: ("UpdateDetectionLastRunTime", "UpdatesAppliedTime", "DownloadTime"),
    keys.UPDATE_STATUS: tuple(f"Update{phase}{end}Time" for phase in PHASES for end in ("Start", "End")),
}
LAST_MILLISECOND = 265046774399999  # of the year 9999
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
ISO = "%Y-%m-%dT%H:%M:%SZ"


def update_times(host: Host) -> dict[str, str | None]:
    """The times in the registry by lower-case name, None for a damaged one."""
    return {
        name.lower(): decoded_time(value)
        for key, names in TIMES.items()
        for name in names
        if (value := host.registry.get(key, name)) is not None
    }


def decoded_time(value: RegistryValue) -> str | None:
    """Milliseconds since 1601 as ISO text; None for anything else."""
    digits = text(value)
    if not re.fullmatch(r"[0-9]{1,15}", digits) or not 0 < int(digits) <= LAST_MILLISECOND:
        return None
    return (EPOCH + timedelta(milliseconds=int(digits))).strftime(ISO)


def last_result(host: Host) -> dict[str, str | None]:
    """What Click-to-Run carried out last, in its own words."""
    return {
        "scenario": text_or_none(host.registry.get(keys.CLICK_TO_RUN, "LastScenario")),
        "scenario_result": text_or_none(host.registry.get(keys.CLICK_TO_RUN, "LastScenarioResult")),
        "update_result": text_or_none(host.registry.get(keys.UPDATE_STATUS, "LastUpdateResult")),
    }


def log_tail(host: Host, lines: int) -> dict[str, Any] | None:
    """The last lines of the service's log, None where there is none."""
    if host.log is None:
        return None
    now = host.clock.utc()
    return {
        "path": rf"C:\Windows\Temp\{host.name.upper()}-{now:%Y%m%d-%H%M}.log",
        "written": now.strftime(ISO),
        "lines": list(host.log[-lines:]),
        "fault": None,
    }
