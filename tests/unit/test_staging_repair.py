# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged and unverified images: only what is wrong is fetched again, and what a killed run left is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build(
    "MonthlyEnterprise", "16.0.20228.20190", languages=("en-us", "de-de"), payload_bytes=90_000, language_bytes=7_000
)
FOLDER = f"office/data/{BUILD.version}"
STREAM = f"{FOLDER}/stream.x64.x-none.dat"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    shared.faults.clear()
    shared.requests.clear()
    return shared


@pytest.fixture
def image(cdn: LabCdn, tmp_path: Path) -> Path:
    """A published image; the CDN has forgotten the requests for it."""
    stage(cdn, tmp_path)
    cdn.requests.clear()
    return tmp_path / BUILD.channel / BUILD.version


def stage(cdn: LabCdn, library: Path, *, check_mode: bool = False, **changes: Any) -> Outcome:
    return staged.stage(staged.options(cdn, BUILD, library, **changes), check_mode=check_mode)


def alter(path: Path) -> None:
    """Change a byte and nothing else, in a file of its own."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.unlink()
    path.write_bytes(data)


@pytest.mark.parametrize("path", [STREAM, f"{FOLDER}/i640.cab", f"{FOLDER}/s640.cab"])
@pytest.mark.parametrize("gone", [True, False], ids=["missing", "short"])
def test_what_is_missing_or_short_is_found_by_every_run(cdn: LabCdn, image: Path, path: str, *, gone: bool) -> None:
    before = staged.tree(image)
    (image / path).unlink()
    if not gone:
        (image / path).write_bytes(b"short")
    outcome = stage(cdn, image.parent.parent)
    assert list(outcome.present.damaged) == [path]
    assert staged.fetched(cdn) == [path.rpartition("/")[2]]
    after = staged.tree(image)
    assert {p: h for p, h in after.items() if p != "manifest.json"} == {
        p: h for p, h in before.items() if p != "manifest.json"
    }
    assert not stage(cdn, image.parent.parent).changed


def test_v64_cab_is_copied_from_its_twin(cdn: LabCdn, image: Path) -> None:
    before = (image / "office/data/v64.cab").read_bytes()
    (image / "office/data/v64.cab").unlink()
    outcome = stage(cdn, image.parent.parent)
    assert list(outcome.present.damaged) == ["office/data/v64.cab"]
    assert staged.fetched(cdn) == []
    assert (image / "office/data/v64.cab").read_bytes() == before
    twin = image / f"office/data/v64_{BUILD.version}.cab"
    assert twin.stat().st_ino != (image / "office/data/v64.cab").stat().st_ino


@pytest.mark.parametrize("path", [STREAM, f"{FOLDER}/i640.cab"])
def test_other_contents_are_found_when_asked_for(cdn: LabCdn, image: Path, path: str) -> None:
    alter(image / path)
    damaged = staged.tree(image)
    assert not stage(cdn, image.parent.parent).changed
    foretold = stage(cdn, image.parent.parent, check_mode=True, verify=True)
    assert list(foretold.present.damaged) == [path]
    assert staged.tree(image) == damaged
    outcome = stage(cdn, image.parent.parent, verify=True)
    assert list(outcome.present.damaged) == [path]
    assert staged.fetched(cdn) == [path.rpartition("/")[2]]
    assert outcome.image is not None
    assert staged.tree(image)[path] == next(file.sha256 for file in outcome.image.files if file.path == path)
    again = stage(cdn, image.parent.parent, verify=True)
    assert not again.changed
    assert not again.present.damaged


def test_damage_that_cannot_be_repaired_leaves_the_rest(cdn: LabCdn, image: Path) -> None:
    (image / STREAM).unlink()
    before = staged.tree(image)
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    with pytest.raises(TransferError, match="was damaged or altered"):
        stage(cdn, image.parent.parent)
    assert staged.tree(image) == before


def test_a_damaged_file_that_the_list_lacks_is_named(cdn: LabCdn, image: Path) -> None:
    (image / FOLDER / "sa640.cab").unlink()  # newer than ofl.cab
    with pytest.raises(InputError, match=rf"^library: {FOLDER}/sa640\.cab of the image is damaged .* does not have it"):
        stage(cdn, image.parent.parent, file_list_url=cdn.ofl_url)


def test_without_verification_nothing_is_called_verified(cdn: LabCdn, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"verification": "none", "trust_anchors": None}
    outcome = stage(cdn, tmp_path, **changes)
    assert outcome.image is not None
    assert {file.verified for file in outcome.image.files} == {"none"}
    assert outcome.image.verification == "none"
    assert not stage(cdn, tmp_path, **changes).changed


def test_without_verification_a_damaged_stream_is_found_all_the_same(cdn: LabCdn, tmp_path: Path) -> None:
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    with pytest.raises(TransferError, match=r"^cdn_url: .* damaged or altered .* the unsigned s640\.cab/stream"):
        stage(cdn, tmp_path, verification="none")


def test_an_unverified_image_is_verified_later_without_fetching(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path, verification="none")
    cdn.requests.clear()
    outcome = stage(cdn, tmp_path)
    assert outcome.changed
    assert staged.fetched(cdn) == []
    assert outcome.image is not None
    assert {file.verified for file in outcome.image.files} == {"authenticode", "stream-hash"}
    assert outcome.image.verification == "full"
    assert not stage(cdn, tmp_path).changed
    assert not stage(cdn, tmp_path, verification="none").changed


def test_what_was_forged_in_an_unverified_image_is_fetched(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path, verification="none")
    image = tmp_path / BUILD.channel / BUILD.version
    genuine = staged.tree(image)
    alter(image / FOLDER / "i640.cab")
    alter(image / STREAM)
    cdn.requests.clear()
    assert stage(cdn, tmp_path).image is not None
    assert staged.fetched(cdn) == ["i640.cab", "stream.x64.x-none.dat"]
    assert {p: h for p, h in staged.tree(image).items() if p.startswith("office")} == {
        p: h for p, h in genuine.items() if p.startswith("office")
    }


def test_a_language_without_verification_makes_the_image_unverified(cdn: LabCdn, image: Path) -> None:
    outcome = stage(cdn, image.parent.parent, languages=["de-de"], verification="none")
    assert outcome.image is not None
    assert outcome.image.verification == "none"
    assert {f.verified for f in outcome.image.files if f.language != "de-de"} == {"authenticode", "stream-hash"}


def test_what_an_earlier_run_fetched_is_not_fetched_again(cdn: LabCdn, tmp_path: Path) -> None:
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    run = staged.staging(staged.options(cdn, BUILD, tmp_path))
    with pytest.raises(TransferError):
        run.run()
    assert run.kept == tmp_path / ".staging" / f"{BUILD.channel}-{BUILD.version}"
    assert {"s640.cab", "s641033.cab"} <= {path.name for path in run.kept.rglob("*.cab")}
    left = {path.name for path in run.kept.rglob("*") if path.suffix in (".cab", ".dat")}
    cdn.faults.clear()
    cdn.requests.clear()
    outcome = stage(cdn, tmp_path)
    assert not left.intersection(staged.fetched(cdn))
    assert "stream.x64.x-none.dat" in staged.fetched(cdn)
    assert outcome.image is not None
    assert outcome.taken.bytes_reused > 0
    assert outcome.taken.bytes_fetched < outcome.image.size
    assert [path.name for path in (tmp_path / ".staging").iterdir()] == [f"{BUILD.channel}.lock"]


def test_what_an_earlier_run_left_is_checked_again(cdn: LabCdn, tmp_path: Path) -> None:
    """It may have been told to check nothing, or the disk may have been cut off from power."""
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    with pytest.raises(TransferError):
        stage(cdn, tmp_path)
    folder = tmp_path / ".staging" / f"{BUILD.channel}-{BUILD.version}"
    alter(folder / FOLDER / "s640.cab")
    cdn.faults.clear()
    cdn.requests.clear()
    stage(cdn, tmp_path)
    assert "s640.cab" in staged.fetched(cdn)
    assert "s641033.cab" not in staged.fetched(cdn)


def test_what_an_earlier_run_was_asked_for_is_not_published(cdn: LabCdn, tmp_path: Path) -> None:
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    with pytest.raises(TransferError):
        stage(cdn, tmp_path, languages=["en-us", "de-de"])
    cdn.faults.clear()
    outcome = stage(cdn, tmp_path)
    assert outcome.image is not None
    on_disk = staged.tree(tmp_path / BUILD.channel / BUILD.version)
    assert on_disk.keys() == {*(file.path for file in outcome.image.files), "manifest.json"}
    assert not [path for path in on_disk if "de-de" in path or "1031" in path]


def test_what_is_published_wins_over_what_an_earlier_run_left(cdn: LabCdn, image: Path) -> None:
    """That run may have checked less; the published file needs no look."""
    cdn.faults[cdn.path(BUILD, "stream.x64.de-de.dat")] = "flip"
    with pytest.raises(TransferError):
        stage(cdn, image.parent.parent, languages=["de-de"])
    left = image.parent.parent / ".staging" / f"{BUILD.channel}-{BUILD.version}"
    genuine = staged.tree(image)
    alter(left / STREAM)
    assert staged.tree(image) == genuine
    cdn.faults.clear()
    stage(cdn, image.parent.parent, languages=["de-de"])
    assert staged.tree(image)[STREAM] == genuine[STREAM]


def test_check_mode_counts_what_an_earlier_run_left(cdn: LabCdn, tmp_path: Path) -> None:
    cdn.faults[cdn.path(BUILD, "stream.x64.x-none.dat")] = "flip"
    with pytest.raises(TransferError):
        stage(cdn, tmp_path)
    cdn.faults.clear()
    before = staged.tree(tmp_path)
    kept = {path.name for path in (tmp_path / ".staging").rglob("*.cab")}
    foretold = stage(cdn, tmp_path, check_mode=True).plan
    assert staged.tree(tmp_path) == before
    outcome = stage(cdn, tmp_path)
    assert foretold is not None
    assert kept
    assert not kept.intersection(one.url.rpartition("/")[2] for one in foretold.fetch)
    assert foretold.bytes_to_fetch is not None
    assert foretold.bytes_reused > 0
    # What there is of a part shows only when the server is asked for the rest of it
    assert foretold.bytes_to_fetch >= outcome.taken.bytes_fetched
    assert foretold.bytes_to_fetch + foretold.bytes_reused == outcome.taken.bytes_fetched + outcome.taken.bytes_reused
