# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room on the disk of hosts where there is no deployment file: from the plan's options to the decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile, rollout_plan
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest
from ansible_collections.officefleet.c2r.tests.unit.transcript import SOURCE, TARGET, Transcript, answer, failed, taken

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
    look = Transcript(reconcile.ActionModule, {**planned(tmp_path, asked), "look_only": True})
    result = look.run([answer(free_disk_bytes=free)])
    if needed is None:
        assert result["step"] == "download"
    else:
        assert (result["state"], result["step"]) == ("incompatible", "none")
        assert f"GB free on the disk of Office, {needed} needed (min_free_disk)" in result["reason"]


BROKEN_OFF = answer(free_disk_bytes=10**9)  #: by a restart of Windows: the host knows nothing of its download
BEGINS = [answer(free_disk_bytes=3 * 10**9), taken("download", "downloading", free_disk_bytes=2 * 10**9)]


@pytest.mark.parametrize("end", [BROKEN_OFF, failed("download_failed", 112, free_disk_bytes=10**9)])
def test_what_a_download_left_behind_does_not_keep_the_host_from_the_next(tmp_path: Path, end: dict[str, Any]) -> None:
    options = planned(tmp_path, {"max_attempts": 2, "retry_delay": 0})
    look = Transcript(reconcile.ActionModule, options)
    assert look.run(BEGINS)["step"] == "download"
    assert look.run([end, taken("download", "downloading", free_disk_bytes=10**9)])["step"] == "download"
    assert look.run([end])["state"] == "exhausted"
    again = Transcript(reconcile.ActionModule, {**options, "reset_retries": True})
    assert again.run([end, taken("download", "downloading", free_disk_bytes=10**9)])["step"] == "download"


def test_a_figure_of_ones_own_holds_for_each_attempt(tmp_path: Path) -> None:
    look = Transcript(reconcile.ActionModule, planned(tmp_path, {"min_free_disk": "2G"}))
    look.run(BEGINS)
    assert look.run([BROKEN_OFF])["state"] == "incompatible"


def planned(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """What reconcile is given by a run that was asked so; its image has one file."""
    manifest = folder / "manifest.json"
    image = Manifest(CHANNEL, TARGET, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", (STREAM,))
    manifest.write_text(image.to_json())
    options = {"channel": CHANNEL, "version": TARGET, "source": SOURCE, "manifest_url": str(manifest), **asked}
    records = str(folder / "records")
    rules = Transcript(rollout_plan.ActionModule, {**options, "records": records}).run([])["run"]["rules"]
    return {"rules": rules, "records": records}
