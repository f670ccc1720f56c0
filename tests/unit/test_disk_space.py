# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is room, asked of the file system where the library is or will be."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import disk_space
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """1000 blocks of 4096 bytes are free for everybody; gives the places that were asked about."""
    places: list[Path] = []

    def statvfs(path: Path) -> SimpleNamespace:
        places.append(path)
        return SimpleNamespace(f_bavail=1000, f_bfree=2000, f_frsize=4096, f_bsize=8192)

    monkeypatch.setattr(os, "statvfs", statvfs)
    return places


def test_what_fits_exactly_fits(tmp_path: Path, asked: list[Path]) -> None:
    disk_space.require(tmp_path / "srv" / "office", 4_096_000)
    assert asked == [tmp_path]  # the nearest directory that is there
    with pytest.raises(
        InputError, match=r"^library: \S+office needs 0\.00 GB \(4096001 bytes\).* \(4096000 bytes\) free"
    ):
        disk_space.require(tmp_path / "srv" / "office", 4_096_001)


def test_what_is_not_known_is_tried(tmp_path: Path) -> None:
    disk_space.require(tmp_path, None)


def test_what_an_interrupted_run_has_on_the_disk_is_not_needed_again(tmp_path: Path) -> None:
    part = tmp_path / "work" / "office" / "stream.dat.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 100_000)
    taken = part.stat().st_blocks * 512
    disk_space.require(tmp_path, 4_096_000 + taken, tmp_path / "work")
    with pytest.raises(InputError):
        disk_space.require(tmp_path, 4_096_001 + taken, tmp_path / "work")
