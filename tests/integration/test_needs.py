# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook needs: every host's languages, one file for each channel that the playbook stage takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.tests.integration.test_rollout import (
    CHANNEL,
    COUNT,
    VERSION,
    Lab,
    lab,
    source,
)
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds

__all__ = ["lab", "source"]  # fixtures, found by their names


def test_needs_are_told_for_each_channel(lab: Lab) -> None:
    kinds = {kind.name: host for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    gone = kinds["unreachable"]
    needs = lab.work / "needs"
    needs.mkdir()
    given: dict[str, Any] = {"playbook": "officefleet.c2r.needs", "officefleet_needs_output": str(needs)}
    status, output = lab.rollout("--check", **given)
    assert status == 0, output
    assert list(needs.iterdir()) == []
    assert f"\n# {gone} is not counted: " in output
    assert {what for _host, what in lab.calls} == {"update_info"}

    key = DeploymentKey("monthly", CHANNEL, VERSION, lab.source)
    record = Record(gone, "broad", key, state="unreachable", languages=("it-IT",), architecture="x86")
    DirectoryStore(str(lab.work / "records")).save(replace(record, updated_at=datetime.now(UTC)))
    status, output = lab.rollout(**given)
    assert status == 0, output
    assert sorted(path.name for path in needs.iterdir()) == ["Current.yml", f"{CHANNEL}.yml"]
    text = (needs / f"{CHANNEL}.yml").read_text()
    assert text.startswith(f"# {COUNT - 1} hosts, 1 of them by their records\n")
    assert f"\n{text}" in output
    assert "changed=1" in output
    variables = yaml.safe_load(text)
    assert (variables["officefleet_channel"], variables["officefleet_architectures"]) == (CHANNEL, ["x64", "x86"])
    assert {"en-us", "it-it", "ja-jp"} <= set(variables["officefleet_languages"])
    assert f"  - ja-jp  # {kinds['lacking_language']}\n" in text
    assert f"  - it-it  # {gone}\n" in text
    status, output = lab.rollout(**given)
    assert (status, "changed=1" in output) == (0, False), "nothing is written twice"
