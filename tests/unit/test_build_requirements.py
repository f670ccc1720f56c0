# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build demands of hosts: from its descriptor, Microsoft's own too, into the manifests of libraries."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import build_requirements, cabinet, image_result
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest, Requirements
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

SAMPLES = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES") or "no-samples")
DEMANDING = Build(
    "MonthlyEnterprise",
    "16.0.20228.20190",
    languages=("en-us", "de-de"),
    architectures=("x64", "x86"),
    payload_bytes=30_000,
    language_bytes=7_000,
    min_os="10.0.17763",
    min_client="16.0.9330.2087",
)
UNDEMANDING = replace(DEMANDING, version="16.0.20131.20206", architectures=("x64",), min_os=None)
WANTED = Requirements("10.0.17763", "16.0.9330.2087")
XML = (
    '<Version><Prereq><MinOSVersion Build="6.1.7601" FailMessage="NoMinOS" />'
    '<MinClientVersion Build="15.0.4446.1000" /></Prereq>'
    '<ProductReleaseIds><ProductReleaseId Name="O365ProPlusRetail"><PreReq><MinOSVersion Build="10.0" /></PreReq>'
    "</ProductReleaseId></ProductReleaseIds></Version>"
)


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (UNDEMANDING, DEMANDING)) as lab:
        yield lab


def manifest_of(library: Path, build: Build = DEMANDING) -> Path:
    return library / build.channel / build.version / "manifest.json"


def written(library: Path, build: Build = DEMANDING) -> dict[str, Requirements]:
    return dict(Manifest.from_json(manifest_of(library, build).read_text()).requirements)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="OFFICEFLEET_CDN_SAMPLES does not name a folder with Microsoft's files"
)
def test_microsofts_own_descriptors_are_read() -> None:
    cabinets = [path for path in SAMPLES.rglob("*.cab") if "VersionDescriptor.xml" in cabinet.members(path)]
    assert {path.name[:3] for path in cabinets} >= {"v64", "v32"}
    found = {build_requirements.parse(cabinet.read_member(path, "VersionDescriptor.xml")) for path in cabinets}
    assert found == {Requirements("10.0", "15.0.4446.1000")}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("", "", Requirements("6.1.7601", "15.0.4446.1000")),
        ("Prereq>", "Other>", Requirements()),
        ("MinOSVersion", "MinimumVersion", Requirements(None, "15.0.4446.1000")),
        ("MinClientVersion", "MinimumVersion", Requirements("6.1.7601", None)),
        ('"6.1.7601"', '""', Requirements(None, "15.0.4446.1000")),
        ('"6.1.7601"', '" 10.0.17763 "', Requirements("10.0.17763", "15.0.4446.1000")),
    ],
)
def test_what_is_not_demanded_is_none(old: str, new: str, wanted: Requirements) -> None:
    assert build_requirements.parse(XML.replace(old, new).encode("utf-8-sig")) == wanted


@pytest.mark.parametrize("build", ["ten", "10.0.x", "-1", "1.2.3.4.5", "9" * 5000, "\u0661\u0660.0"])
def test_what_is_no_version_is_refused(build: str) -> None:
    with pytest.raises(FeedError, match=r"^VersionDescriptor\.xml: in Prereq, .* is not a version\.$"):
        build_requirements.parse(XML.replace("6.1.7601", build).encode())


def test_an_image_says_what_its_own_descriptors_demand(cdn: LabCdn, tmp_path: Path) -> None:
    foretold = staged.stage(staged.options(cdn, DEMANDING, tmp_path), check_mode=True)
    assert image_result.of(foretold, tmp_path, DEMANDING.version, None)["requirements"] == {}
    outcome = staged.stage(staged.options(cdn, DEMANDING, tmp_path))
    assert written(tmp_path) == {"x64": WANTED}
    told = {"min_os": "10.0.17763", "min_client": "16.0.9330.2087"}
    assert image_result.of(outcome, tmp_path, DEMANDING.version, None)["requirements"] == {"x64": told}
    assert json.loads(manifest_of(tmp_path).read_text())["schema"] == 1
    staged.stage(staged.options(cdn, DEMANDING, tmp_path, architectures=["x86"]))
    assert written(tmp_path) == {"x64": WANTED, "x86": WANTED}


def test_a_build_without_prereq_demands_nothing(cdn: LabCdn, tmp_path: Path) -> None:
    staged.stage(staged.options(cdn, UNDEMANDING, tmp_path))
    assert written(tmp_path, UNDEMANDING) == {"x64": Requirements()}


def test_an_image_from_before_learns_it_with_the_next_language(cdn: LabCdn, tmp_path: Path) -> None:
    staged.stage(staged.options(cdn, DEMANDING, tmp_path))
    document = json.loads(manifest_of(tmp_path).read_text())
    del document["requirements"]
    manifest_of(tmp_path).write_text(json.dumps(document))
    assert written(tmp_path) == {}
    assert not staged.stage(staged.options(cdn, DEMANDING, tmp_path)).changed
    staged.stage(staged.options(cdn, DEMANDING, tmp_path, languages=["de-de"]))
    assert written(tmp_path) == {"x64": WANTED}


def test_a_damaged_descriptor_is_told_with_the_remedy(cdn: LabCdn, tmp_path: Path) -> None:
    """Its size is right, so adding a language does not read it again."""
    staged.stage(staged.options(cdn, DEMANDING, tmp_path))
    descriptor = manifest_of(tmp_path).parent / f"office/data/v64_{DEMANDING.version}.cab"
    descriptor.write_bytes(bytes(descriptor.stat().st_size))
    with pytest.raises(FeedError, match=rf"^library: v64_{DEMANDING.version}\.cab of the image .* verify: true\.$"):
        staged.stage(staged.options(cdn, DEMANDING, tmp_path, languages=["de-de"]))
    staged.stage(staged.options(cdn, DEMANDING, tmp_path, languages=["de-de"], verify=True))
    assert written(tmp_path) == {"x64": WANTED}


def test_a_mirror_takes_it_over_for_what_it_has(cdn: LabCdn, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    staged.stage(staged.options(cdn, DEMANDING, theirs, architectures=["x64", "x86"]))
    staged.stage(staged.mirroring(theirs, DEMANDING, ours, architectures=["x86"]))
    assert written(ours) == {"x86": WANTED}
    document = json.loads(manifest_of(theirs).read_text())
    document["requirements"] = {"x64": {"min_os": "10.0", "min_client": None}}
    manifest_of(theirs).write_text(json.dumps(document))
    foretold = staged.stage(staged.mirroring(theirs, DEMANDING, ours), check_mode=True)
    assert foretold.plan is not None
    staged.stage(staged.mirroring(theirs, DEMANDING, ours))
    both = {"x86": WANTED, "x64": Requirements("10.0")}
    assert written(ours) == dict(foretold.plan.requirements) == both, "what was here stays"
