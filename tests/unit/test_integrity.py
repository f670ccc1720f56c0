# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding an image against its manifest by reading every file."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity, manifest
from ansible_collections.officefleet.c2r.tests.unit.sample_image import VERSION, build, content, image, paths

FOLDER = f"office/data/{VERSION}"
V64 = "office/data/v64.cab"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(tmp_path)
    return tmp_path


def test_a_whole_image(folder: Path) -> None:
    counts: list[int] = []
    assert integrity.check(folder, image(), counts.append) == ()
    assert sum(counts) == image().size


def test_each_kind_of_damage_is_named(folder: Path) -> None:
    changed = bytearray(content(V64))
    changed[3] ^= 1
    (folder / V64).write_bytes(changed)
    (folder / f"office/data/v64_{VERSION}.cab").unlink()
    (folder / f"{FOLDER}/i640.cab").write_bytes(b"12345")
    (folder / f"{FOLDER}/s640.cab").unlink()
    (folder / f"{FOLDER}/s640.cab").mkdir()
    (folder / f"{FOLDER}/stream.x64.en-us.dat").unlink()
    os.mkfifo(folder / f"{FOLDER}/stream.x64.en-us.dat")
    (folder / "office/data/v64.cab.bak").write_text("x")
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("x")
    actual, listed = (hashlib.sha256(data).hexdigest() for data in (changed, content(V64)))
    size = len(content(f"{FOLDER}/i640.cab"))
    found = integrity.check(folder, image())
    assert {damage.path: damage.problem for damage in found if not damage.unexpected} == {
        V64: f"has the SHA-256 {actual} instead of {listed}",
        f"office/data/v64_{VERSION}.cab": "is missing",
        f"{FOLDER}/i640.cab": f"has 5 bytes instead of {size}",
        f"{FOLDER}/s640.cab": "is missing",
        f"{FOLDER}/stream.x64.en-us.dat": "is not a regular file",
    }
    assert [damage.path for damage in found if damage.unexpected] == [
        "a/",
        f"{FOLDER}/s640.cab/",
        "office/data/v64.cab.bak",
    ]
    by_size = [damage.path for damage in integrity.by_size(folder, image())]
    assert by_size == [damage.path for damage in found if not damage.unexpected and damage.path != V64]
    assert [damage for damage in integrity.look(folder, image()) if damage.unexpected] == [
        damage for damage in found if damage.unexpected
    ]


def test_damage_comes_in_the_manifests_order(folder: Path) -> None:
    for path in paths():
        (folder / path).write_bytes(b"")
    assert [damage.path for damage in integrity.check(folder, image(), workers=3)] == paths()


def test_a_file_that_cannot_be_read_is_damaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one on a bad sector."""
    real = os.open

    def refuse(path: Path, flags: int) -> int:
        if path == folder / V64:
            raise OSError(5, "Input/output error")
        return real(path, flags)

    monkeypatch.setattr(os, "open", refuse)
    assert integrity.check(folder, image()) == (integrity.Damage(V64, "cannot be read: Input/output error"),)


def test_a_file_that_becomes_a_link_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = integrity.contents(folder, image())
    (folder / V64).rename(folder / "elsewhere")
    (folder / V64).symlink_to(folder / "elsewhere")
    monkeypatch.setattr(integrity, "contents", lambda _image, _listed: seen)
    assert [damage.path for damage in integrity.check(folder, image())] == [V64]


def test_a_file_larger_than_a_block_is_read_to_its_end(folder: Path) -> None:
    data = os.urandom(2_500_000)
    (folder / V64).write_bytes(data)
    listed = image(files=(manifest.ImageFile(V64, len(data), hashlib.sha256(data).hexdigest(), "", "authenticode"),))
    counts: list[int] = []
    found = integrity.check(folder, listed, counts.append)
    assert [damage for damage in found if not damage.unexpected] == []
    assert sum(counts) == len(data)
    (folder / V64).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert [damage.path for damage in integrity.check(folder, listed) if not damage.unexpected] == [V64]


def test_an_interruption_does_not_wait_for_the_rest(folder: Path) -> None:
    """What stops it is an error here, a signal in life: no further block is read."""
    with (folder / V64).open("wb") as file:
        file.truncate(1 << 30)  # a hole, which takes no room
    listed = image(
        files=(
            manifest.ImageFile(V64, 1 << 30, "00" * 32, "", "authenticode"),
            manifest.ImageFile(paths()[1], len(content(paths()[1])), "00" * 32, "", "authenticode"),
        )
    )
    counts: list[int] = []
    first = threading.Event()

    def count(size: int) -> None:
        counts.append(size)
        if size < 1000:
            first.wait(10)
            raise KeyboardInterrupt
        first.set()

    # The large file is second, so that the small one's error is the first thing that is waited for.
    with pytest.raises(KeyboardInterrupt):
        integrity.check(folder, image(files=tuple(reversed(listed.files))), count)
    assert sum(counts) < 1 << 30


def test_a_directory_that_cannot_be_read_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows then what is in there: it is no damage, and nothing to repair."""

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        integrity.check(folder, image())
