# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extending a published image: whoever reads sees the one or the other, whole, and a kill changes nothing of that."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import exchange as exchange_module
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import library as library_module
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.exchange import exchange
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.tests.unit.killed_at import killed_at
from ansible_collections.officefleet.c2r.tests.unit.sample_image import (
    CHANNEL,
    NAME,
    VERSION,
    build,
    content,
    image,
    paths,
    publish,
    staging,
)

BOTH = ("en-us", "de-de")
GERMAN = f"office/data/{VERSION}/stream.x64.de-de.dat"


@pytest.fixture(params=["exchange", "two renames"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to replace an image."""
    if request.param == "two renames":
        monkeypatch.setattr(library_module, "exchange", unable)
    return str(request.param)


def unable(_first: Path, _second: Path) -> bool:
    return False


def test_two_directories_change_places(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / folder.name).write_text("x")
    assert exchange(first, second)
    assert [path.name for path in first.iterdir()] == ["second"]
    assert [path.name for path in second.iterdir()] == ["first"]


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
def test_a_system_that_cannot_exchange_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_arguments: Any) -> int:
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(exchange_module, "_renameat2", lambda: refuse)
    assert not exchange(tmp_path / "first", tmp_path / "second")


def test_a_c_library_without_the_function_cannot_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_more: object())
    assert not exchange(tmp_path / "first", tmp_path / "second")


def test_other_trouble_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="first"):
        exchange(tmp_path / "first", tmp_path)


@pytest.mark.usefixtures("way")
def test_a_language_is_added(tmp_path: Path) -> None:
    library = Library(tmp_path)
    found = publish(library)
    before = (found / paths()[0]).stat().st_ino
    publish(library, languages=BOTH)
    assert library.read(*NAME) == image(languages=BOTH)
    assert integrity.check(found, image(languages=BOTH)) == ()
    assert (found / paths()[0]).stat().st_ino == before  # not fetched, not even copied
    assert staging(tmp_path) == []


def test_a_reader_always_sees_a_whole_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)  # the disk's time is no part of this
    library = Library(tmp_path)
    found = publish(library)
    stop = threading.Event()
    trouble: list[BaseException] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        try:
            while not stop.is_set():
                listed = manifest.read(found)
                for file in listed.files:
                    assert (found / file.path).read_bytes() == content(file.path)
                reads += 1
        except BaseException as error:  # the thread's end is the test's
            trouble.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        languages: tuple[str, ...] = ("en-us",)
        for number in range(300):
            if number % 20 == 0:  # not each time, or there would be no end of files
                languages = (*languages, f"l{number}")
            publish(library, languages=languages)
    finally:
        stop.set()
        thread.join()
    assert trouble == []
    assert reads > 10
    assert library.read(*NAME) == image(languages=languages)


@pytest.mark.usefixtures("way")
def test_what_somebody_put_into_the_image_stays(tmp_path: Path) -> None:
    library = Library(tmp_path)
    found = publish(library)
    (found / "setup.exe").write_text("theirs")
    (found / "office" / "notes" / "deep").mkdir(parents=True)
    (found / "office" / "notes" / "deep" / "a").write_text("theirs too")
    (found / "office" / "notes" / "b").symlink_to("deep/a")
    (found / "link").symlink_to("office/data")
    (found / GERMAN).write_text("what somebody thinks the stream is")
    publish(library, languages=BOTH)
    assert (found / "setup.exe").read_text() == "theirs"
    assert (found / "office" / "notes" / "b").read_text() == "theirs too"
    assert str((found / "link").readlink()) == "office/data"
    assert (found / GERMAN).read_bytes() == content(GERMAN)
    assert staging(tmp_path) == []


def test_what_cannot_be_taken_over_is_named(tmp_path: Path) -> None:
    library = Library(tmp_path)
    found = publish(library)
    os.mkfifo(found / "pipe")
    with pytest.raises(InputError, match=rf"^library: {found}/pipe is neither a file nor a directory\. Move"):
        publish(library, languages=BOTH)
    assert library.read(*NAME) == image()


def test_a_failed_replacement_leaves_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(tmp_path)
    found = publish(library)
    monkeypatch.setattr(library_module, "exchange", unable)
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if target == found and not self.name.endswith(".old"):
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="Input/output"):
        publish(library, languages=BOTH)
    assert integrity.check(found, image()) == ()


# Killed


def steps() -> Iterator[int]:
    yield from range(500)
    pytest.fail("the work has no end")


def extend(root: Path) -> None:
    publish(Library(root), languages=BOTH)


@pytest.mark.parametrize("before", [None, ("en-us",)])
def test_killed_at_any_step(tmp_path: Path, way: str, before: tuple[str, ...] | None) -> None:
    """The image is whole at each moment, or what was fetched is in the workspace; the next run comes to its end."""
    for step in steps():
        root = tmp_path / str(step)
        library = Library(root)
        found = library.image(*NAME)
        if before:
            publish(library, languages=before)
            (found / "setup.exe").write_text("theirs")
        with library.lock(CHANNEL):
            build(library.workspace(*NAME), languages=BOTH)  # all is fetched
        killed = killed_at(step, lambda root=root: extend(root))  # type: ignore[misc]  # bound now
        if killed and (way == "exchange" or found.exists()):
            check_whole(library, before)
        with library.lock(CHANNEL):
            there = check_whole(library, before)
            left = staging(root)
            if there == image(languages=BOTH):
                assert left == []
            else:
                assert left == [f"{CHANNEL}-{VERSION}"]
                assert (root / ".staging" / left[0] / GERMAN).read_bytes() == content(GERMAN)
        extend(root)
        assert integrity.check(found, image(languages=BOTH)) == (
            (integrity.Damage("setup.exe", "is not in the manifest", unexpected=True),) if before else ()
        )
        assert staging(root) == []
        if not killed:
            assert step > 15  # as many as there are
            return


def check_whole(library: Library, before: tuple[str, ...] | None) -> manifest.Manifest | None:
    there = library.read(*NAME)
    assert there in (image(languages=before) if before else None, image(languages=BOTH))
    if there is not None:
        damage = integrity.check(library.image(*NAME), there)
        assert [one.path for one in damage] == (["setup.exe"] if before else [])
    return there


def test_what_was_replaced_is_never_taken_for_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged files of the old image would be taken over as checked ones."""
    library = Library(tmp_path)
    found = publish(library)
    (found / paths()[0]).write_bytes(b"damaged")

    class Killed(BaseException):
        pass

    def killed(_first: Path, _second: Path) -> bool:
        exchange(_first, _second)
        raise Killed

    monkeypatch.setattr(library_module, "exchange", killed)
    with library.lock(CHANNEL):
        build(library.workspace(*NAME))
        with pytest.raises(Killed):
            library.publish(library.workspace(*NAME), *NAME)
    with library.lock(CHANNEL):
        assert list(library.workspace(*NAME).iterdir()) == []
    assert integrity.check(found, image()) == ()


def test_a_power_cut_leaves_a_whole_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """All of the new image is on the disk before it gets its place, and then the names of both."""
    library = Library(tmp_path)
    found = publish(library)
    order: list[str] = []
    durable: set[Path] = set()
    flush, rename = os.fsync, Path.rename

    def flushed(descriptor: int) -> None:
        flush(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        durable.add(path)
        if path in (found.parent, tmp_path / ".staging"):
            order.append(path.name)

    def check(folder: Path) -> None:
        assert durable.issuperset({folder, *folder.rglob("*")})
        assert tmp_path / ".staging" / f"{CHANNEL}-{VERSION}.exchange" in durable
        order.append("replaced")

    def exchanged(first: Path, second: Path) -> bool:
        if way == "two renames":
            return False
        check(first)
        return exchange(first, second)

    def renamed(self: Path, target: Path) -> Path:
        if target == found:
            check(self)
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(library_module, "exchange", exchanged)
    publish(library, languages=BOTH)
    assert order[: order.index("replaced")] == [".staging"]
    assert order[order.index("replaced") + 1 :][:2] == [CHANNEL, ".staging"]
