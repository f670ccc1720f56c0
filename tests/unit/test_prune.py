# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pruning: the library's own rules, never the current image, never what no manifest knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity, prune
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.tests.unit.killed_at import killed_at
from ansible_collections.officefleet.c2r.tests.unit.sample_image import (
    CHANNEL,
    OLDER,
    OLDEST,
    VERSION,
    content,
    image,
    paths,
    publish,
    staging,
)

NEWER = "16.0.20326.20100"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "office")
    for version in (VERSION, OLDEST, OLDER):
        publish(library, version)
    return library


def versions(plan: prune.PrunePlan) -> list[str]:
    return [candidate.version for candidate in plan.remove]


def run(library: Library, keep: int | None, protected: dict[str, str] | None = None) -> prune.PrunePlan:
    with library.lock(CHANNEL):
        return prune.apply(library, CHANNEL, prune.plan(library, CHANNEL, keep, protected or {}))


def test_the_newest_stay(library: Library) -> None:
    before = sorted(os.walk(library.root))
    plan = prune.plan(library, CHANNEL, 1, {})
    assert versions(plan) == [OLDER, OLDEST]
    assert [candidate.size for candidate in plan.remove] == [image(OLDER).size, image(OLDEST).size]
    assert plan.kept == ()
    assert versions(prune.plan(library, CHANNEL, 2, {})) == [OLDEST]
    assert prune.plan(library, CHANNEL, 3, {}) == prune.plan(library, CHANNEL, None, {}) == prune.PrunePlan()
    assert sorted(os.walk(library.root)) == before


def test_a_version_to_come_counts(library: Library) -> None:
    assert versions(prune.plan(library, CHANNEL, 2, {}, coming=NEWER)) == [OLDER, OLDEST]
    assert versions(prune.plan(library, CHANNEL, 2, {}, coming=VERSION)) == [OLDEST]
    old_one = prune.plan(library, CHANNEL, 3, {"16.0.4266.1001": "just staged"}, coming="16.0.4266.1001")
    assert old_one == prune.PrunePlan()


def test_what_is_removed_is_gone_and_the_rest_untouched(library: Library) -> None:
    assert versions(run(library, 1)) == [OLDER, OLDEST]
    assert library.versions(CHANNEL) == (VERSION,)
    assert sorted(path.name for path in (library.root / CHANNEL).iterdir()) == [VERSION]
    assert staging(library.root) == []
    assert integrity.check(library.image(CHANNEL, VERSION), image()) == ()


def test_what_is_protected_stays_with_the_reason(library: Library) -> None:
    library.set_current(CHANNEL, OLDEST)
    protected = {OLDER: "pinned", "16.0.1.2": "a deployment's"}
    done = run(library, 1, protected)
    assert done == prune.plan(library, CHANNEL, 1, protected)  # what check mode foretells
    assert done == prune.PrunePlan((), (prune.Kept(OLDER, "pinned"), prune.Kept(OLDEST, "current")))
    assert library.versions(CHANNEL) == (VERSION, OLDER, OLDEST)


def test_what_became_current_since_stays(library: Library) -> None:
    plan = prune.plan(library, CHANNEL, 1, {})
    library.set_current(CHANNEL, OLDER)
    with library.lock(CHANNEL):
        done = prune.apply(library, CHANNEL, plan)
    assert versions(done) == [OLDEST]
    assert done.kept == (prune.Kept(OLDER, "current"),)
    with library.lock(CHANNEL), pytest.raises(InputError, match=rf"^library: {OLDER} is the current version"):
        library.retire(CHANNEL, OLDER)
    assert library.versions(CHANNEL) == (VERSION, OLDER)


def test_without_knowing_the_current_one_nothing_goes(library: Library) -> None:
    (library.root / CHANNEL / "current").mkdir()
    with pytest.raises(InputError, match="current is no symbolic link"):
        run(library, 1)
    assert library.versions(CHANNEL) == (VERSION, OLDER, OLDEST)


def test_what_no_manifest_knows_keeps_its_image(library: Library) -> None:
    (library.image(CHANNEL, OLDER) / "setup.exe").write_text("theirs")
    (library.image(CHANNEL, OLDER) / "notes").mkdir()
    done = run(library, 1)
    assert versions(done) == [OLDEST]
    assert done.kept == (prune.Kept(OLDER, "has files that its manifest does not know: notes/ and 1 more"),)
    assert integrity.by_size(library.image(CHANNEL, OLDER), image(OLDER)) == ()


def test_what_came_into_the_image_since_keeps_it(library: Library) -> None:
    plan = prune.plan(library, CHANNEL, 1, {})
    (library.image(CHANNEL, OLDER) / "setup.exe").write_text("theirs")
    with library.lock(CHANNEL):
        done = prune.apply(library, CHANNEL, plan)
    assert done.kept == (prune.Kept(OLDER, "has files that its manifest does not know: setup.exe"),)
    assert integrity.by_size(library.image(CHANNEL, OLDER), image(OLDER)) == ()


def test_what_is_no_image_is_neither_counted_nor_removed(library: Library) -> None:
    for name in (NEWER, "16.0.1.2", "notes"):
        (library.root / CHANNEL / name).mkdir()
        (library.root / CHANNEL / name / "file").write_text("theirs")
    (library.root / CHANNEL / "16.0.2.2").symlink_to(OLDEST)
    assert versions(run(library, 2)) == [OLDEST]
    assert len(list((library.root / CHANNEL).iterdir())) == 6


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's directory with a file and an empty directory, both called like an image's."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "data" / OLDER).mkdir(parents=True)
    (outside / "data" / "v64.cab").write_text("theirs")
    return outside


def test_links_are_not_followed(library: Library, outside: Path) -> None:
    older = library.image(CHANNEL, OLDER)
    (older / paths(OLDER)[0]).unlink()
    (older / paths(OLDER)[0]).symlink_to(outside / "data" / "v64.cab")
    assert versions(run(library, 2)) == [OLDEST]
    assert versions(run(library, 1)) == [OLDER]  # the link itself was where the manifest has a file
    assert (outside / "data" / "v64.cab").read_text() == "theirs"


def test_a_directory_that_leads_elsewhere_is_not_entered(library: Library, outside: Path) -> None:
    """Also not by the run that goes on removing what a killed one had begun to remove."""
    older = library.image(CHANNEL, OLDER)
    (older / "office").rename(outside.parent / "moved")
    (older / "office").symlink_to(outside)
    assert run(library, 1).kept == (prune.Kept(OLDER, "has files that its manifest does not know: office"),)
    older.rename(library.root / ".staging" / f"{CHANNEL}-{OLDER}.pruned")
    with library.lock(CHANNEL):
        pass
    assert (outside / "data" / "v64.cab").read_text() == "theirs"
    assert (outside / "data" / OLDER).is_dir()
    assert (library.root / ".staging" / f"{CHANNEL}-{OLDER}.pruned" / "office").is_symlink()


def steps() -> Iterator[int]:
    yield from range(200)
    pytest.fail("the work has no end")


def test_killed_at_any_step(tmp_path: Path) -> None:
    """An image is whole or gone, and the next run removes what is left of it."""
    for step in steps():
        library = Library(tmp_path / str(step))
        publish(library, OLDER)
        publish(library)
        killed = killed_at(step, lambda library=library: run(library, 1))  # type: ignore[misc]  # bound now
        for version in library.versions(CHANNEL):
            assert integrity.check(library.image(CHANNEL, version), image(version)) == ()
        if os.path.lexists(library.image(CHANNEL, OLDER)):
            assert library.read(CHANNEL, OLDER) == image(OLDER)
        with library.lock(CHANNEL):
            assert staging(library.root) == []
        run(library, 1)
        assert library.versions(CHANNEL) == (VERSION,)
        assert (library.image(CHANNEL, VERSION) / paths()[0]).read_bytes() == content(paths()[0])
        if not killed:
            assert step > 10  # as many as there are
            return


@pytest.mark.parametrize(
    "path", ["{outside}/data/v64.cab", "../../../outside/data/v64.cab", "../{VERSION}/manifest.json"]
)
def test_a_manifest_that_lists_files_elsewhere_removes_none(library: Library, path: str) -> None:
    theirs = library.root.parent / "outside" / "data" / "v64.cab"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    older = library.image(CHANNEL, OLDER)
    text = (older / "manifest.json").read_text()
    hostile = text.replace(paths(OLDER)[0], path.format(outside=theirs.parent.parent, VERSION=VERSION))
    (older / "manifest.json").write_text(hostile)
    assert versions(run(library, 1)) == [OLDEST]
    assert os.path.lexists(older)
    older.rename(library.root / ".staging" / f"{CHANNEL}-{OLDER}.pruned")
    with library.lock(CHANNEL):
        pass
    assert theirs.read_text() == "theirs"
    assert integrity.check(library.image(CHANNEL, VERSION), image()) == ()
