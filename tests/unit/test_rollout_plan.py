# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout is told: one check, whose messages name the variable, its value and what would be valid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest, Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _rollout_plan as plan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize

VERSION = "16.0.20228.20190"
DEMANDS = {"x64": Requirements("10.0", "15.0.4446.1000")}
NEEDED = {"channel": "MonthlyEnterprise", "version": VERSION, "source": r"\\files\office", "records": "/srv/records"}
FLEET = "officefleet_"


def typed(**given: Any) -> dict[str, Any]:
    return plan.typed({**NEEDED, **given}, FLEET)


def test_a_survey_gives_strings_and_leaves_others_empty() -> None:
    options = typed(ring_success="0", retry_delay="0", timeout="1.5", force_app_shutdown="true", rings="pilot, broad")
    assert (options["ring_success"], options["retry_delay"], options["timeout"]) == (0, 0, 1.5)
    assert (options["force_app_shutdown"], options["rings"]) == (True, ["pilot", "broad"])
    empty = typed(**dict.fromkeys(("ring_success", "retry_delay", "timeout", "pass_seconds", "goal", "rings"), ""))
    assert (empty["ring_success"], empty["retry_delay"], empty["timeout"]) == (95, 900, 7200)
    assert (empty["pass_seconds"], empty["goal"], empty["rings"]) == (30, "installed", [])
    assert typed(allow_downgrade=" ", manifest_url=None, rings=[])["manifest_url"] is None


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("channel", "", "officefleet_channel is not set; it takes an update channel such as MonthlyEnterprise."),
        ("version", None, "officefleet_version is not set; it takes a build such as 16.0.20228.20190, or the lookup"),
        ("source", " ", "officefleet_source is not set; it takes the URL of the image"),
        ("records", "", "officefleet_records is not set; it takes a directory on this machine that lasts"),
        ("ring_success", "most", "officefleet_ring_success: 'most' is not a whole number."),
        ("timeout", "2h", "officefleet_timeout: '2h' is not a number."),
        ("timeout", "nan", "officefleet_timeout: nan is not between 0 and 604800 (seconds)."),
        ("pass_seconds", -1, "officefleet_pass_seconds: -1 is not between 0 and 86400 (seconds)."),
        ("answer_timeout", "0", "officefleet_answer_timeout: 0 is not between 1 and 3600 (seconds)."),
        ("fresh_for", "-1", "officefleet_fresh_for: -1 is not between 0 and 2678400 (seconds)."),
        ("force_app_shutdown", "maybe", "officefleet_force_app_shutdown: 'maybe' is not true or false."),
        (
            "version",
            20228.2019,
            "officefleet_version: 20228.2019 is a float, not text, and may have lost digits; write ",
        ),
        ("goal", "instaled", "officefleet_goal: 'instaled' is not one of installed, downloaded."),
        (
            "min_free_disk",
            "8",
            'officefleet_min_free_disk: \'8\' is not a size on disk, such as "5G", "800M", or 0 for',
        ),
        ("goals", "installed", "goals: there is no such option. Valid are deployments, "),
    ],
)
def test_what_cannot_be_used_is_named(option: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        typed(**{option: value})
    assert str(error.value).startswith(message)


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    file = tmp_path / "manifest.json"
    files = (ImageFile("office/data/stream.x64.x-none.dat", 1_000, "0" * 64, "", "NONE", None, ("x64",)),)
    image = Manifest("MonthlyEnterprise", VERSION, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", files)
    file.write_text(replace(image, proofing_tools=("rm-ch",), requirements=DEMANDS).to_json())
    return str(file)


@pytest.mark.parametrize("channel", ["monthlyenterprise", "MEC", "55336b82-a18d-4dd6-b5f6-9e5095c314a6"])
@pytest.mark.parametrize("version", [VERSION, "20228.20190"])
def test_names_are_taken_as_elsewhere(manifest: str, channel: str, version: str) -> None:
    found = plan.image(
        typed(manifest_url=manifest, channel=channel, version=version, source="\\\\files\\office\\"), FLEET
    )
    image = ("MonthlyEnterprise", VERSION, r"\\files\office", ("en-us",), ("x64",), ("rm-ch",), DEMANDS)
    assert found == plan.Image(*image, {"x64": DownloadSize(1_000, {}, {})})


@pytest.mark.parametrize(
    ("given", "room"), [(None, None), (" ", None), ("0", 0), (0, 0), ("0G", 0), ("8G", 8 * 10**9), ("800M", 8 * 10**8)]
)
def test_the_room_on_disk_is_written_as_in_the_deployment_file(given: Any, room: int | None) -> None:
    assert typed(min_free_disk=given)["min_free_disk"] == room


def test_with_a_deployment_file_the_room_on_disk_is_told_there() -> None:
    with pytest.raises(InputError, match="officefleet_min_free_disk: with officefleet_deployments the file says this"):
        plan.typed({"deployments": "d.yml", "records": "/srv/records", "min_free_disk": "0"}, FLEET)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"channel": "Bogus"},
            "officefleet_channel: 'Bogus' is not an update channel of Office. Valid are BetaChannel, ",
        ),
        (
            {"version": "latest"},
            "officefleet_version: 'latest' is not an Office version; write it in full, such as '16",
        ),
        ({"source": "ftp://x"}, "officefleet_source: 'ftp://x' is neither an http(s) URL nor a UNC path"),
        ({"source": "http://me:secret@x/y"}, "officefleet_source: the URL holds a user name or a password"),
        (
            {"manifest_url": None},
            r"officefleet_manifest_url is not set; where officefleet_source is a UNC path (\\files",
        ),
        ({"manifest_url": "http://me:secret@x/y"}, "officefleet_manifest_url: the URL holds a user name or a password"),
        (
            {"manifest_url": "/absent"},
            "officefleet_manifest_url: '/absent' cannot be read: No such file or directory. ",
        ),
        (
            {"manifest_url": __file__},
            f"officefleet_manifest_url: {__file__} is no manifest of an image. manifest.json ",
        ),
        (
            {"version": "16.0.1.2"},
            "officefleet_source: MANIFEST describes MonthlyEnterprise 16.0.20228.20190, but the run is ",
        ),
        (
            {"channel": "Current"},
            "officefleet_source: MANIFEST describes MonthlyEnterprise 16.0.20228.20190, but the run is ",
        ),
    ],
)
def test_what_is_no_image_of_this_build_is_named(manifest: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        plan.image(typed(**{"manifest_url": manifest, **changes}), FLEET)
    assert str(error.value).startswith(message.replace("MANIFEST", manifest))
    assert "secret" not in str(error.value)


def test_the_records_directory_is_one_that_can_be_made(tmp_path: Path) -> None:
    plan.check_writable(str(tmp_path / "deep" / "records"), "officefleet_records")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(
        InputError, match=r"officefleet_records: '/dev/null/records' cannot be written\. Name a directory"
    ):
        plan.check_writable("/dev/null/records", "officefleet_records")


def test_a_variable_that_differs_between_hosts_is_refused() -> None:
    plan.check_same("officefleet_goal", {"ws-001": "installed", "ws-002": "installed"})
    values = {f"ws-{number:03d}": "http://me:secret@a/b" for number in range(1, 6)}
    with pytest.raises(InputError) as error:
        plan.check_same("officefleet_source", {**values, "ws-006": None, "ws-007": 5})
    assert str(error.value).startswith(
        "officefleet_source differs between the hosts of this run: http://a/b for ws-001, ws-002, ws-003 and 2 more; "
        "nothing for ws-006; 5 for ws-007. A run has one deployment"
    )
