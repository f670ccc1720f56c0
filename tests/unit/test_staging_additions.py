# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that grow: what is added is fetched, what is there is taken over, and nobody sees a part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
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
DE_DE = ["i641031.cab", "s641031.cab", "stream.x64.de-de.dat"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    shared.faults.clear()
    shared.requests.clear()
    return shared


def stage(cdn: LabCdn, library: Path, **changes: Any) -> tuple[Outcome, Manifest]:
    """Stage; give the outcome and the image, whose files are as its manifest says."""
    cdn.requests.clear()
    outcome = staged.stage(staged.options(cdn, BUILD, library, **changes))
    image = Manifest.from_json((library / BUILD.channel / BUILD.version / "manifest.json").read_text())
    assert outcome.image == image
    on_disk = staged.tree(library / BUILD.channel / BUILD.version)
    del on_disk["manifest.json"]
    assert on_disk == {file.path: file.sha256 for file in image.files}
    image.require(BUILD.channel, BUILD.version)
    return outcome, image


def names(image: Manifest) -> set[str]:
    return {file.path.rpartition("/")[2] for file in image.files}


def test_only_a_new_language_is_fetched(cdn: LabCdn, tmp_path: Path) -> None:
    _first, before = stage(cdn, tmp_path)
    document = tmp_path / BUILD.channel / BUILD.version / "manifest.json"
    before = replace(before, created="2026-08-18T21:05:15Z")
    document.write_text(before.to_json())
    outcome, after = stage(cdn, tmp_path, languages=["de-de"])
    assert staged.fetched(cdn) == DE_DE
    assert not [request for request in cdn.requests if request.method == "HEAD" and "en-us" in request.path]
    assert after.languages == ("en-us", "de-de")
    assert names(after) - names(before) == set(DE_DE)
    assert outcome.taken.bytes_fetched == after.size - before.size
    assert outcome.plan is not None
    assert outcome.plan.bytes_reused == before.size
    assert (after.created, before.updated) == (before.created, None)
    assert after.updated is not None
    assert stage(cdn, tmp_path, languages=["en-us"])[0].changed is False


def test_what_is_taken_over_is_linked_not_copied(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    stream = tmp_path / BUILD.channel / BUILD.version / "office/data" / BUILD.version / "stream.x64.x-none.dat"
    before = stream.stat().st_ino
    stage(cdn, tmp_path, languages=["de-de"])
    assert stream.stat().st_ino == before


def test_only_a_new_architecture_is_fetched(cdn: LabCdn, tmp_path: Path) -> None:
    _first, before = stage(cdn, tmp_path)
    _outcome, after = stage(cdn, tmp_path, architectures=["x86"])
    assert after.architectures == ("x64", "x86")
    fetched = staged.fetched(cdn)
    assert {"stream.x86.x-none.dat", "stream.x86.en-us.dat", "s320.cab", f"v32_{BUILD.version}.cab"} <= set(fetched)
    assert not [name for name in fetched if "64" in name]  # x86 takes i640.cab and i641033.cab too; they are there
    assert {"v64.cab", "v32.cab", f"v64_{BUILD.version}.cab", f"v32_{BUILD.version}.cab"} <= names(after)
    for_both = {file.path.rpartition("/")[2] for file in after.files if set(file.architectures) == {"x64", "x86"}}
    assert for_both == {"a640_exp.cab", "i640.cab", "i641033.cab"}
    assert names(before) < names(after)


def test_both_architectures_at_once_share_files(cdn: LabCdn, tmp_path: Path) -> None:
    _outcome, image = stage(cdn, tmp_path, architectures=["x64", "x86"], languages=["en-us", "de-de"])
    asked = [r.path for r in cdn.requests if r.method == "GET" and r.path.endswith("/i640.cab")]
    assert len(asked) == 1
    assert {file.verified for file in image.files} == {"authenticode", "stream-hash"}
    # An image that lacks a language in one of its architectures is none
    assert {"stream.x86.de-de.dat", "stream.x64.de-de.dat", "i321031.cab", "i641031.cab"} <= names(image)


def test_a_language_is_added_in_every_architecture_there_is(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path, architectures=["x86", "x64"])
    stage(cdn, tmp_path, languages=["de-de"])
    assert {"stream.x64.de-de.dat", "stream.x86.de-de.dat"} <= set(staged.fetched(cdn))


def test_proofing_tools_are_added_and_attributed(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    _outcome, image = stage(cdn, tmp_path, proofing_tools=["de-DE", "rm-ch"])
    fetched = staged.fetched(cdn)
    assert "sp641031.cab" in fetched
    assert "stream.x64.de-de.proof.dat" in fetched
    assert "stream.x64.de-de.dat" not in fetched
    assert image.proofing_tools == ("de-de", "rm-ch")
    proofing = {file.path.rpartition("/")[2] for file in image.files if file.proofing}
    assert proofing == set(fetched)
    assert image.languages == ("en-us",)
    with pytest.raises(InputError, match=r"^proofing_tools: 'xx-xx' cannot be staged"):
        stage(cdn, tmp_path, proofing_tools=["xx-xx"])


def test_readers_see_the_old_image_until_the_new_one_is_whole(cdn: LabCdn, tmp_path: Path) -> None:
    _outcome, before = stage(cdn, tmp_path)
    cdn.faults[cdn.path(BUILD, "stream.x64.de-de.dat")] = "missing"
    given = staged.options(cdn, BUILD, tmp_path, languages=["de-de"])
    with pytest.raises(InputError, match=r"^languages: 'de-de' is not in"):
        staged.stage(given)
    cdn.faults[cdn.path(BUILD, "stream.x64.de-de.dat")] = "flip"
    run = staged.staging(given)
    with pytest.raises(Exception, match="was damaged or altered on the way"):
        run.run()
    library = Library(tmp_path)
    assert library.read(BUILD.channel, BUILD.version) == before
    assert library.damaged(before) == ()
    assert run.kept is not None
    assert run.kept.is_dir()
    cdn.faults.clear()
    stage(cdn, tmp_path, languages=["de-de"])
    assert "stream.x64.de-de.dat" in staged.fetched(cdn)
    assert "s641031.cab" not in staged.fetched(cdn)  # without which the stream was not begun


def test_check_mode_foretells_what_is_added(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    given = staged.options(cdn, BUILD, tmp_path, languages=["de-de"])
    before = staged.tree(tmp_path)
    foretold = staged.stage(given, check_mode=True).plan
    assert staged.tree(tmp_path) == before
    assert foretold is not None
    assert sorted(one.url.rpartition("/")[2] for one in foretold.fetch) == DE_DE
    outcome, image = stage(cdn, tmp_path, languages=["de-de"])
    assert foretold.bytes_to_fetch == outcome.taken.bytes_fetched
    assert foretold.size == image.size


def test_files_that_the_present_list_does_not_name_stay(cdn: LabCdn, tmp_path: Path) -> None:
    """ofl.cab is older than some files of the API's list."""
    stage(cdn, tmp_path)
    _outcome, image = stage(cdn, tmp_path, languages=["de-de"], file_list_url=cdn.ofl_url)
    assert staged.fetched(cdn) == sorted(["ofl.cab", *DE_DE])
    assert "sa640.cab" in names(image)


def test_what_somebody_put_into_an_image_survives(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    note = tmp_path / BUILD.channel / BUILD.version / "note.txt"
    note.write_text("ours")
    staged.stage(staged.options(cdn, BUILD, tmp_path, languages=["de-de"]))
    assert note.read_text() == "ours"
    assert "note" not in json.dumps((tmp_path / BUILD.channel / BUILD.version / "manifest.json").read_text())
