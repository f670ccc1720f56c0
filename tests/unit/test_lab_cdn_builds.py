# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated CDN's builds of both architectures with their proofing tools, and what its service says besides."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    build_identity,
    cabinet,
    channels,
    file_list_api,
    file_list_ofl,
    hash_file,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import OFL_MEMBERS, FileEntry
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

BUILD = Build(
    "MonthlyEnterprise",
    "16.0.20228.20190",
    languages=("en-us", "ca-es"),
    payload_bytes=3000,
    language_bytes=3000,
    architectures=("x64", "x86"),
)
X64_ALONE = Build(
    "Current",
    "16.0.20326.20100",
    published=datetime(2026, 8, 18, 21, 5, 15, tzinfo=UTC),
    languages=("en-us",),
    payload_bytes=3000,
    language_bytes=3000,
)
CHANNEL = channels.find(BUILD.channel)


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD, X64_ALONE)) as lab:
        yield lab


@pytest.fixture(scope="module")
def anchors(cdn: LabCdn) -> authenticode.TrustAnchors:
    return authenticode.TrustAnchors.from_pem([cdn.anchors], include_microsoft=False)


def ask(cdn: LabCdn, architecture: str, build: Build = BUILD) -> bytes:
    query = {"Channel": build.channel, "Version": build.version, "Arch": architecture, "AllLanguages": "True"}
    return requests.get(cdn.file_list_url, params=query, timeout=10).content


def selected(cdn: LabCdn, architecture: str, form: str) -> tuple[FileEntry, ...]:
    """All there is of the build's two languages, and of the proofing tools of a third."""
    if form == "api":
        listed = file_list_api.read(ask(cdn, architecture), BUILD.version, architecture, CHANNEL)
        return listed.select(["en-us", "ca-es"], ["rm-ch", "en-us"])
    data = requests.get(cdn.ofl_url, timeout=10).content
    xml = cabinet.read_member(data, OFL_MEMBERS[architecture])
    return file_list_ofl.read(xml, CHANNEL, BUILD.version, architecture).select(["en-us", "ca-es"], ["rm-ch"])


@pytest.mark.parametrize("form", ["api", "ofl"])
@pytest.mark.parametrize("architecture", ["x64", "x86"])
def test_every_file_is_there_signed_marked_and_hashed(
    cdn: LabCdn, anchors: authenticode.TrustAnchors, architecture: str, form: str, tmp_path: Path
) -> None:
    entries = selected(cdn, architecture, form)
    for entry in entries:
        answer = requests.get(cdn.url + entry.url[entry.url.index("/pr/") :], timeout=10)
        assert answer.status_code == 200, entry.url
        (tmp_path / entry.name).write_bytes(answer.content)
    kinds = set()
    for entry in entries:
        path = tmp_path / entry.name
        if entry.name.endswith(".cab"):
            authenticode.verify(path, anchors)
            proofing = entry.name.startswith("sp")
            build_identity.check(path, build_identity.Claim(entry.name, BUILD.version, entry.language, proofing))
            kinds.add(entry.name.rstrip("0123456789.cab"))
        if entry.hash_location:
            holder, _slash, member = entry.hash_location.partition("/")
            digest = hash_file.parse(cabinet.read_member(tmp_path / holder, member))
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
            kinds.add("dat")
    assert {"dat", "s", "i", "v"} <= kinds
    assert ("sp" in kinds) == (form == "api")  # ofl.cab knows proofing tools only as languages of their own


def test_an_architecture_that_a_build_does_not_have_is_unknown(cdn: LabCdn) -> None:
    assert json.loads(ask(cdn, "x86", X64_ALONE))["version"] == ""
    assert json.loads(ask(cdn, "x86"))["architecture"] == "x32"
    for name, status in (("v32.cab", 404), ("v64.cab", 200)):
        assert requests.get(cdn.url + cdn.path(X64_ALONE, name), timeout=10).status_code == status
    assert requests.get(cdn.url + cdn.path(BUILD, "v32.cab"), timeout=10).status_code == 200


def test_the_names_are_those_of_a_real_build(cdn: LabCdn) -> None:
    """Of build 16.0.17928.20148 for both architectures."""
    folder = os.environ.get("OFFICEFLEET_CDN_SAMPLES")
    if not folder:
        pytest.skip("OFFICEFLEET_CDN_SAMPLES does not name the folder with the real samples")
    for real in sorted((Path(folder) / "build-17928").glob("*.cab")):
        name = real.name.replace("16.0.17928.20148", BUILD.version)
        ours = requests.get(cdn.url + cdn.path(BUILD, name), timeout=10).content
        assert set(cabinet.members(ours)) == set(cabinet.members(real)), name


@pytest.mark.parametrize("path", ["/api/filelist", "/releases/v1.0/filelist"])
def test_the_service_lists_channels_and_products(cdn: LabCdn, path: str) -> None:
    def get(what: str) -> Any:
        return requests.get(f"{cdn.url}{path}/{what}", timeout=10).json()

    found = {channel["name"]: channel for channel in get("channels")}
    assert set(found) == {"MonthlyEnterprise", "Current"}
    assert found["Current"]["latestUpdateVersion"] == X64_ALONE.version
    assert found["Current"]["updates"][0]["pubTime"] == "8/18/2026 9:05:15 PM"
    assert "O365ProPlusRetail" in {product["productID"] for product in get("skus")}
