# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host, its record and the deployment that it suits: what decisions are tried with and documented by."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import WEEKDAYS, Window

OLD, TARGET, NEWER = "16.0.20131.20206", "16.0.20228.20190", "16.0.20326.20100"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DEPLOYMENT = Deployment(
    name="2607",
    version=TARGET,
    source=f"http://library.example/MonthlyEnterprise/{TARGET}",
    channel="MonthlyEnterprise",
    languages=frozenset({"en-us", "de-de"}),
    architectures=frozenset({"x64"}),
    max_attempts=3,
    retry_delay=600,
)
HOST = HostState(
    installed=True,
    version=OLD,
    architecture="x64",
    languages=("en-us",),
    channel="MonthlyEnterprise",
    status="unknown",
)
RECORD = Record("ws-001", "pilot", DeploymentKey.of(DEPLOYMENT))
NIGHT = Window.from_mapping({"days": list(WEEKDAYS), "start": "22:00", "end": "04:00"})
