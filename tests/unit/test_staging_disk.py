# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the disk for sure when an image gets its place: every file and every directory of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build("MonthlyEnterprise", "16.0.20228.20190", languages=("en-us",), payload_bytes=3000, language_bytes=3000)


def test_a_power_cut_leaves_a_whole_image_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "library"
    image = library / BUILD.channel / BUILD.version
    sizes: dict[Path, int] = {}  # what was flushed under its name of then, and how large it was
    before_the_rename: set[Path] = set()
    flush, rename = os.fsync, Path.rename

    def recorded(descriptor: int) -> None:
        flush(descriptor)
        name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        # What is fetched gets its name once it is flushed.
        sizes[Path(name.removesuffix(".part"))] = os.fstat(descriptor).st_size

    def renamed(self: Path, target: Path) -> Path:
        if target == image:
            before_the_rename.update(path.relative_to(self) for path in sizes if path.is_relative_to(self))
            present = {path.relative_to(self): path for path in (self, *self.rglob("*"))}
            assert before_the_rename == present.keys()
            assert all(sizes[path] == path.stat().st_size for path in present.values() if path.is_file())
            sizes.clear()
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", recorded)
    monkeypatch.setattr(Path, "rename", renamed)
    with LabCdn(tmp_path / "cdn", (BUILD,)) as cdn:
        assert staged.stage(staged.options(cdn, BUILD, library)).changed
    assert {Path("manifest.json"), Path("office/data/v64.cab")} < before_the_rename
    assert {image.parent, library} <= sizes.keys()  # the new name itself
