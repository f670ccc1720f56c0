# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a library is kept with, through the real ansible-playbook: growing, repairing, mirroring, pruning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.tests.integration import team as staging_team
from ansible_collections.officefleet.c2r.tests.integration.team import Team
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

OLDEST = replace(staging_team.OLD, version="16.0.20026.20100", languages=("en-us",), payload_bytes=3000)
OLD = replace(staging_team.OLD, languages=("en-us",), payload_bytes=3000)
NEW = replace(staging_team.NEW, languages=("en-us", "de-de"), architectures=("x64", "x86"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (OLDEST, OLD, NEW)) as lab:
        yield lab


@pytest.fixture
def team(shared: LabCdn, tmp_path: Path) -> Team:
    shared.faults.clear()
    shared.requests.clear()
    return Team(shared, tmp_path)


def want(records: Path, build: Build) -> None:
    """Let a host's record say that its deployment wants the build."""
    key = DeploymentKey("august", build.channel, build.version, "http://dp/office")
    DirectoryStore(str(records)).save(Record("ws-1", "pilot", key, updated_at=datetime(2026, 8, 18, tzinfo=UTC)))


def test_everything_of_a_build_then_current_then_pruning(team: Team) -> None:
    for build in (OLDEST, OLD):
        assert team.play(version=build.version, languages=["en-us"]).status == 0
    records = team.home / "records"
    want(records, OLDEST)
    changes = {
        "architectures": ["x64", "x86"],
        "proofing_tools": "rm-ch",
        "current": True,
        "keep": 1,
        "records": str(records),
        "connections": 3,
        "bandwidth_limit": "500M",
    }
    checked = team.play("--check", "--diff", **changes)
    assert checked.status == 0
    assert f"would be pruned: {OLD.version}" in checked.output
    assert "+current is " + NEW.version in checked.output
    assert re.search(rf"^-version {re.escape(OLD.version)} \d+ bytes$", checked.output, re.MULTILINE)
    done = team.play(**changes)
    assert done.status == 0
    assert f"x64 x86, en-us de-de, proofing tools rm-ch; current; pruned: {OLD.version}" in " ".join(
        done.output.split()
    )
    there = {path.name for path in (team.library / NEW.channel).iterdir()}
    assert there == {OLDEST.version, NEW.version, "current"}
    assert (team.library / NEW.channel / "current" / "office/data/v32.cab").is_file()
    team.cdn.requests.clear()
    again = team.play(**changes)
    assert "changed=0" in again.output
    assert team.cdn.requests == []


def test_records_that_cannot_be_read_stop_a_run_that_would_prune(team: Team) -> None:
    (team.home / "records").mkdir()
    (team.home / "records" / "ws-1.json").write_text("{")
    error = team.play(records=str(team.home / "records"), keep=1).error
    assert error.startswith(f"records: {team.home}/records/ws-1.json is not JSON")
    assert not team.library.exists()


def test_damage_is_repaired_and_said(team: Team) -> None:
    assert team.play().status == 0
    stream = team.image / f"office/data/{NEW.version}/stream.x64.de-de.dat"
    genuine = stream.read_bytes()
    stream.unlink()
    stream.write_bytes(genuine[:-1] + bytes([genuine[-1] ^ 1]))
    assert "changed=0" in team.play().output
    result = team.module(verify=True).result
    assert result["repaired"] == [f"office/data/{NEW.version}/stream.x64.de-de.dat"]
    assert result["bytes_fetched"] == len(genuine)
    assert result["bytes_reused"] == result["bytes_total"] - len(genuine)
    assert stream.read_bytes() == genuine
    assert {moment["phase"] for moment in result["timeline"]} >= {"hashing what is there", "fetching"}


def test_what_a_failed_run_fetched_is_named_and_used(team: Team) -> None:
    team.cdn.faults[team.cdn.path(NEW, "stream.x64.x-none.dat")] = "flip"
    error = team.play().error
    folder = team.library / ".staging" / f"{NEW.channel}-{NEW.version}"
    assert error.endswith(f"What was fetched so far stays in {folder}; the next run for this image goes on from there.")
    team.cdn.faults.clear()
    result = team.module().result
    assert result["bytes_reused"] > 0
    assert (
        result["bytes_fetched"] + result["bytes_reused"]
        == result["bytes_total"] - (team.image / "office/data/v64.cab").stat().st_size
    )


def test_a_distribution_point_mirrors_another(team: Team) -> None:
    theirs = team.home / "theirs"
    staged = team.module(library=str(theirs), proofing_tools=["rm-ch"]).result
    url = team.cdn.serve(f"/{team.home.name}", theirs)
    team.cdn.requests.clear()
    of_the_cdn: dict[str, None] = dict.fromkeys(("cdn_url", "file_list_url"))
    mirrored = team.play(
        library_source=url, languages=["de-de"], manifest_sha256=staged["manifest_sha256"], **of_the_cdn
    )
    assert mirrored.status == 0, mirrored.output
    assert "x64, de-de, proofing tools rm-ch; verification: manifest" in " ".join(mirrored.output.split())
    assert {request.path.split("/")[1] for request in team.cdn.requests} == {team.home.name}
    assert json.loads((team.image / "manifest.json").read_text())["origin"]["source"] == url
    whole = team.play(library_source=str(theirs), languages=None, **of_the_cdn)
    assert whole.status == 0, whole.output
    assert "de-de en-us" in whole.output
    of_the_cdn["trust_anchors"] = None
    wrong = team.module(source=url, manifest_sha256="0" * 64, **of_the_cdn)
    assert wrong.result["msg"].startswith("manifest_sha256: ")
    team.cdn.requests.clear()
    named = {"architectures": ["x64"], "proofing_tools": ["rm-ch"]}
    assert team.module(source=url, **named, **of_the_cdn).result["changed"] is False
    assert team.cdn.requests == []


def test_a_more_info_url_in_place_of_channel_and_version(team: Team) -> None:
    url = f"https://go.microsoft.com/fwlink/?LinkId=626090&Ver={NEW.version}&Branch=MonthlyEnterprise&Arch=64"
    answer = team.play(more_info_url=url, channel=None, version=None)
    assert answer.status == 0, answer.output
    assert (team.image / "manifest.json").is_file()
    error = team.play(more_info_url=url, channel="Current", version=None).error
    assert error.startswith("channel: Current contradicts more_info_url, which names MonthlyEnterprise.")


def test_an_image_without_verification_says_so(team: Team) -> None:
    answer = team.play(verification="none", languages=["en-us"])
    assert "; verification: none" in answer.output
    assert json.loads((team.image / "manifest.json").read_text())["verification"] == "none"
