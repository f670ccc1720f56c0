# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on the disk of hosts where there is no deployment file: from the plan's options to the decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile, rollout_plan
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest
from ansible_collections.officefleet.c2r.tests.unit.transcript import SOURCE, TARGET, Transcript, answer

CHANNEL = "MonthlyEnterprise"
STREAM = ImageFile("office/data/stream.x64.x-none.dat", 2 * 10**9, "0" * 64, "", "NONE", None, ("x64",))


@pytest.mark.parametrize(
    ("asked", "free", "needed"),
    [
        ({}, 10**9, "2.0 GB"),
        ({"min_free_disk": ""}, 10**9, "2.0 GB"),
        ({}, 3 * 10**9, None),
        ({}, None, None),  # the host does not say
        ({"min_free_disk": "5G"}, 3 * 10**9, "5.0 GB"),
        ({"min_free_disk": "800M"}, 10**9, None),
        ({"min_free_disk": 0}, 0, None),
    ],
)
def test_a_host_without_room_is_left_alone(tmp_path: Path, asked: Any, free: int | None, needed: str | None) -> None:
    manifest = tmp_path / "manifest.json"
    image = Manifest(CHANNEL, TARGET, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", (STREAM,))
    manifest.write_text(image.to_json())
    records = str(tmp_path / "records")
    options = {"channel": CHANNEL, "version": TARGET, "source": SOURCE, "manifest_url": str(manifest), **asked}
    rules = Transcript(rollout_plan.ActionModule, {**options, "records": records}).run([])["run"]["rules"]
    look = Transcript(reconcile.ActionModule, {"rules": rules, "records": records, "look_only": True})
    result = look.run([answer(free_disk_bytes=free)])
    if needed is None:
        assert result["step"] == "download"
    else:
        assert (result["state"], result["step"]) == ("incompatible", "none")
        assert f"GB free on the disk of Office, {needed} needed (min_free_disk)" in result["reason"]
