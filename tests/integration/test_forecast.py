# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook forecast: what a rollout would do with every host, and not a trace of it anywhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.tests.integration.test_rollout import (
    CHANNEL,
    COUNT,
    VERSION,
    Lab,
    lab,
    source,
)
from ansible_collections.officefleet.c2r.tests.integration.test_rollout_deployment_file import WITHOUT
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds

__all__ = ["lab", "source"]  # fixtures, found by their names


def test_a_forecast_says_what_when_and_why(lab: Lab) -> None:
    kinds = {kind.name: host for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    before = {name: host.registry.tree() for name, host in lab.fleet.items()}
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    deployment = {
        "name": "monthly",
        "channel": CHANNEL,
        "version": VERSION,
        "rings": [{"group": "pilot", "available_from": tomorrow.isoformat()}, "all"],
        "sources": [{"url": lab.source.rsplit("/", 2)[0]}],
    }
    (lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
    given: dict[str, Any] = {f"officefleet_{name}": value for name, value in WITHOUT.items()}
    given["officefleet_deployments"] = str(lab.work / "deployments.yml")
    given["officefleet_forecast_output"] = str(lab.work / "forecast.json")
    status, output = lab.rollout(playbook="officefleet.c2r.forecast", **given)
    assert status == 0, output

    forecast = json.loads((lab.work / "forecast.json").read_text())
    assert (forecast["deployment"], forecast["version"]) == ("monthly", VERSION)
    hosts = {each["host"]: each for each in forecast["hosts"]}
    assert list(hosts)[:2] == ["ws-001", "ws-002"], "the pilots first"
    assert (hosts["ws-001"]["next"], hosts["ws-001"]["at"]) == ("download", f"{tomorrow.isoformat()}Z")
    assert hosts["ws-001"]["reason"].startswith("its ring is available from")
    broad = hosts[kinds["willing"]]
    assert (broad["next"], broad["at"]) == ("download", "")
    assert broad["reason"].startswith("ring pilot: ")
    assert (hosts[kinds["current"]]["state"], hosts[kinds["current"]]["next"]) == ("compliant", "")
    assert hosts[kinds["unreachable"]]["state"] == "unreachable"
    assert "ja-jp" in hosts[kinds["lacking_language"]]["reason"]
    assert re.search(rf"^ws-001 +pilot .* download +{tomorrow:%Y-%m-%d %H:%M}Z ", output, re.MULTILINE), output
    assert f"monthly: {CHANNEL} {VERSION}; {COUNT} hosts\n" in output

    assert {what for _host, what in lab.calls} == {"update_info"}
    assert not (lab.work / "records").exists()
    assert {name: host.registry.tree() for name, host in lab.fleet.items()} == before


def test_hosts_whose_turn_it_is_download_now_or_after_others(lab: Lab) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    store = DirectoryStore(str(lab.work / "records"))
    library = lab.source.rsplit("/", 2)[0]
    store.leases.acquire(library, "ws-099", 2, now + timedelta(hours=1), now)
    deployment = {
        "name": "monthly",
        "channel": CHANNEL,
        "version": VERSION,
        "rings": ["pilot"],
        "available_from": "asap",
        "deadline": "none",
        "sources": [{"url": library, "max_active": 2}],
    }
    (lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
    given: dict[str, Any] = {f"officefleet_{name}": value for name, value in WITHOUT.items()}
    given["officefleet_deployments"] = str(lab.work / "deployments.yml")
    status, output = lab.rollout("--check", playbook="officefleet.c2r.forecast", limit="pilot", **given)
    assert status == 0, output
    assert re.search(r"^ws-002 +pilot .* download +now *$", output, re.MULTILINE), output
    store.leases.acquire(library, "ws-098", 2, now + timedelta(hours=1), now)
    status, output = lab.rollout(playbook="officefleet.c2r.forecast", limit="pilot", **given)
    assert status == 0, output
    assert re.search(r"^ws-002 +pilot .* download +after 1 other +http://", output, re.MULTILINE), output
    status, output = lab.rollout(playbook="officefleet.c2r.forecast", officefleet_source="")
    assert status == 2
    assert "officefleet_source is not set" in output


def test_a_job_that_looks_like_a_slice_has_to_say_of_how_many(lab: Lab) -> None:
    awx = {"awx_job_id": 101, "awx_job_template_name": "office", "awx_workflow_job_name": "office"}
    given: dict[str, Any] = {**awx, "awx_workflow_job_id": 100}
    status, output = lab.rollout(playbook="officefleet.c2r.forecast", limit="pilot", **given)
    assert status == 2
    assert "officefleet_slices is not set, and this job of 'office' looks like a slice" in output
    status, output = lab.rollout(playbook="officefleet.c2r.forecast", **given, officefleet_slices=2)
    assert status == 0, output
    assert "0 of 2 slices have told" in re.sub(r"\s+", " ", output)
    assert not (lab.work / "records").exists(), "a forecast tells nobody"
