# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions the records of a rollout keep from being pruned."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record, RecordError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._wanted_versions import wanted_versions


def save(directory: Path, host: str, channel: str, version: str, name: str = "august") -> None:
    now = datetime(2026, 8, 18, tzinfo=UTC)
    key = DeploymentKey(name, channel, version, "http://dp/office")
    DirectoryStore(str(directory)).save(Record(host, "pilot", key, updated_at=now))


def test_versions_of_the_channel_are_wanted(tmp_path: Path) -> None:
    save(tmp_path, "a", "MonthlyEnterprise", "16.0.20228.20190")
    save(tmp_path, "b", "MEC", "20131.20206", "july")
    save(tmp_path, "c", "Current", "16.0.20326.20100")
    save(tmp_path, "d", "", "16.0.1.2", "without a channel")
    assert wanted_versions(str(tmp_path), "monthlyenterprise") == {
        "16.0.20228.20190": "wanted by deployment august",
        "16.0.20131.20206": "wanted by deployment july",
        "16.0.1.2": "wanted by deployment without a channel",
    }
    assert "16.0.20326.20100" in wanted_versions(str(tmp_path), None)


def test_a_record_that_cannot_be_read_stops_pruning(tmp_path: Path) -> None:
    save(tmp_path, "a", "MonthlyEnterprise", "16.0.20228.20190")
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(RecordError, match=r"^records: \S+b\.json is not JSON.* Nothing is pruned while"):
        wanted_versions(str(tmp_path), "MonthlyEnterprise")


def test_a_version_that_is_none_stops_pruning(tmp_path: Path) -> None:
    save(tmp_path, "a", "MonthlyEnterprise", "16.0.20228.20190")
    path = tmp_path / "a.json"
    document = json.loads(path.read_text())
    document["deployment"]["version"] = "newest"
    path.write_text(json.dumps(document))
    with pytest.raises(RecordError, match=r"^records: 'newest' is not an Office version"):
        wanted_versions(str(tmp_path), "MonthlyEnterprise")
