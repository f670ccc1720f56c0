# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: built aside, published by one rename, extended by one exchange, never in part."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import queue
import signal
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channel_lock
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.tests.unit.sample_image import (
    CHANNEL,
    NAME,
    OLDER,
    OLDEST,
    VERSION,
    build,
    content,
    image,
    in_another_process,
    paths,
    publish,
    staging,
)

V64 = "office/data/v64.cab"


def test_nothing_there(tmp_path: Path) -> None:
    library = Library(tmp_path / "srv" / "office")
    assert library.read(*NAME) is None
    assert library.channels() == library.versions(CHANNEL) == ()
    assert library.current(CHANNEL) is None
    assert not (tmp_path / "srv").exists()


def test_published_is_read_back(tmp_path: Path) -> None:
    root = tmp_path / "srv" / "office"
    library = Library(root)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        assert folder.parent == root / ".staging"
        build(folder)
        assert library.read(*NAME) is None
        library.publish(folder, *NAME)
    assert library.read(*NAME) == image()
    assert (root / CHANNEL / VERSION / V64).read_bytes() == content(V64)
    assert staging(root) == []
    assert stat.S_IMODE((root / ".staging").stat().st_mode) == 0o700  # nothing half-made is to be seen
    assert library.read(CHANNEL, OLDER) is None


def test_only_what_the_manifest_names_is_published(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        build(folder, languages=("en-us", "de-de"))  # a run that was killed wanted more
        build(folder)
        (folder / f"{V64}.part").write_bytes(b"half")
        (folder / "tmp" / "deep").mkdir(parents=True)
        (folder / "link").symlink_to(tmp_path)
        library.publish(folder, *NAME)
    found = library.image(*NAME)
    files = {str(path.relative_to(found)) for path in found.rglob("*") if not path.is_dir()}
    assert files == {*paths(), "manifest.json"}
    assert not (found / "tmp").exists()
    assert library.damaged(image()) == ()


def remove_file(folder: Path) -> None:
    (folder / V64).unlink()


def cut_file(folder: Path) -> None:
    (folder / V64).write_bytes(b"")


def link_file(folder: Path) -> None:
    (folder / V64).unlink()
    (folder / V64).symlink_to(f"v64_{VERSION}.cab")


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def other_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text(image(OLDER).to_json())


@pytest.mark.parametrize("break_it", [remove_file, cut_file, link_file, remove_manifest, other_manifest])
def test_what_is_not_whole_is_not_published(tmp_path: Path, break_it: Any) -> None:
    library = Library(tmp_path)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        build(folder)
        break_it(folder)
        with pytest.raises(InputError, match=r"^library: \S+ cannot be published: .*\. Run again\.$"):
            library.publish(folder, *NAME)
    assert library.read(*NAME) is None
    assert folder.is_dir()


# One run per channel


def test_only_the_run_with_the_lock_may_change_anything(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish(library)
    with library.lock("Current"):
        for change in (
            lambda: library.workspace(*NAME),
            lambda: library.publish(tmp_path, *NAME),
            lambda: library.retire(*NAME),
        ):
            with pytest.raises(RuntimeError):
                change()
    with pytest.raises(RuntimeError):
        library.workspace("Current", VERSION)


def test_the_second_run_waits_and_finds_the_image(tmp_path: Path) -> None:
    waits: list[str] = []
    waiting = threading.Event()
    found: list[object] = []

    def second() -> None:
        def on_wait(holder: str) -> None:
            waits.append(holder)
            waiting.set()

        library = Library(tmp_path)
        with library.lock(CHANNEL, on_wait):
            found.append(library.read(*NAME))

    first = Library(tmp_path)
    thread = threading.Thread(target=second)
    with first.lock(CHANNEL):
        thread.start()
        assert waiting.wait(10)
        folder = first.workspace(*NAME)
        build(folder)
        first.publish(folder, *NAME)
        assert found == []
    thread.join(10)
    assert found == [image()]
    assert len(waits) == 1
    assert waits[0].startswith(f"process {os.getpid()} on {socket.gethostname()}, since 20")
    assert (tmp_path / ".staging" / f"{CHANNEL}.lock").read_text() == ""


def test_channels_are_locked_each_for_itself(tmp_path: Path) -> None:
    def fail(holder: str) -> None:
        pytest.fail(holder)

    with Library(tmp_path).lock(CHANNEL), Library(tmp_path).lock("Current", fail):
        pass


def test_a_lock_file_that_is_removed_meanwhile_is_not_relied_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waited for it tries again, since a third run may hold the new file; it tells only once that it waits."""
    lock = tmp_path / ".staging" / f"{CHANNEL}.lock"
    real = channel_lock._try
    tries, waits, entered = queue.SimpleQueue[bool](), list[str](), list[bool]()
    done = threading.Event()

    def observed(descriptor: int) -> bool:
        taken = real(descriptor)
        tries.put(taken)
        return taken

    def second() -> None:
        with Library(tmp_path).lock(CHANNEL, waits.append):
            entered.append(done.is_set())

    thread = threading.Thread(target=second)
    with Library(tmp_path).lock(CHANNEL):
        monkeypatch.setattr(channel_lock, "_try", observed)
        thread.start()
        assert tries.get(timeout=10) is False
        lock.unlink()
        third = lock.open("wb")
        fcntl.flock(third, fcntl.LOCK_EX)
    assert tries.get(timeout=10) is False
    done.set()
    third.close()
    thread.join(10)
    assert entered == [True]
    assert len(waits) == 1


# Killed runs


def test_the_next_run_goes_on_where_a_killed_one_was(tmp_path: Path) -> None:
    def killed() -> None:
        library = Library(tmp_path)
        with library.lock(CHANNEL):
            (library.workspace(*NAME) / "fetched").write_text("x")
            os.kill(os.getpid(), signal.SIGKILL)

    assert in_another_process(killed) == 9
    library = Library(tmp_path)
    with library.lock(CHANNEL):
        assert (library.workspace(*NAME) / "fetched").read_text() == "x"


def test_a_workspace_that_nobody_used_for_a_week_goes(tmp_path: Path) -> None:
    library = Library(tmp_path)
    left = tmp_path / ".staging"
    with library.lock(CHANNEL):
        for version in (OLDER, OLDEST, VERSION):
            (library.workspace(CHANNEL, version) / "fetched").write_text("x")
    others = [left / "Current-16.0.1.2", left / f"{CHANNEL}-notes", left / "notes"]
    for other in others:
        other.mkdir()
    others.append(left / f"{CHANNEL}-16.0.1.2")
    others[-1].symlink_to("notes")
    week = 7 * 86400
    for path in (left / f"{CHANNEL}-{OLDER}", left / f"{CHANNEL}-{VERSION}", *others):
        os.utime(path, (time.time() - week - 60,) * 2)
    os.utime(left / f"{CHANNEL}-{OLDEST}", (time.time() - week + 3600,) * 2)
    with library.lock(CHANNEL):
        assert (library.workspace(*NAME) / "fetched").exists()  # its own, however old
    assert staging(tmp_path) == sorted([*(path.name for path in others), f"{CHANNEL}-{OLDEST}", f"{CHANNEL}-{VERSION}"])


def test_what_stands_in_the_place_of_the_workspace_is_named(tmp_path: Path) -> None:
    library = Library(tmp_path)
    place = tmp_path / ".staging" / f"{CHANNEL}-{VERSION}"
    with library.lock(CHANNEL):
        for make in (lambda: place.symlink_to(tmp_path), lambda: place.write_text("x")):
            make()
            with pytest.raises(InputError, match=rf"^library: {place} is not a directory\. Move"):
                library.workspace(*NAME)
            place.unlink()


# Where images go


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system."""
    memory = Path("/dev/shm")  # noqa: S108  # one that every Linux has
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip(f"{memory} is no file system of its own")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def begin(library: Library) -> None:
    with library.lock(CHANNEL):
        library.workspace(*NAME)


@pytest.mark.parametrize("name", [CHANNEL, ".staging"])
def test_a_directory_on_another_file_system_is_seen_first(tmp_path: Path, elsewhere: Path, name: str) -> None:
    (tmp_path / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"^library: /\S+ is on another file system than /\S+/\.staging, .* Mount or "):
        begin(Library(tmp_path))
    assert [path.suffix for path in elsewhere.iterdir()] in ([], [".lock"])


def test_a_bind_mount_is_seen_by_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the same device number, and still no rename leads there."""

    def rename(_self: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(InputError, match=rf"^library: {tmp_path}/{CHANNEL} is on another file system "):
        publish(Library(tmp_path))


@pytest.mark.parametrize("dangling", [False, True])
def test_what_stands_in_the_place_of_the_channel_is_named_first(tmp_path: Path, dangling: bool) -> None:
    place = tmp_path / CHANNEL
    place.symlink_to(tmp_path / "nowhere") if dangling else place.write_text("a file")
    with pytest.raises(InputError, match=rf"^library: {place} is not a directory\. "):
        begin(Library(tmp_path))


@pytest.mark.parametrize("name", [("..", VERSION), (CHANNEL, ".."), (CHANNEL, f"{VERSION}/x"), (CHANNEL, "1.2")])
def test_no_name_leads_out_of_the_library(tmp_path: Path, name: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=r"^(channel|version): "):
        Library(tmp_path).read(*name)


@pytest.mark.parametrize("extended", [False, True])
def test_everybody_may_read_an_image_whatever_the_umask(tmp_path: Path, extended: bool) -> None:
    root = tmp_path / "srv" / "office"
    before = os.umask(0o077)
    try:
        found = publish(Library(root))
        if extended:
            publish(Library(root), languages=("en-us", "de-de"))
    finally:
        os.umask(before)
    everything = {root.parent, *root.parent.rglob("*")} - set((root / ".staging").rglob("*")) - {root / ".staging"}
    folders = [path for path in everything if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o755}
    files = [path for path in found.rglob("*") if path.is_file()]
    assert len(files) > 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o644}


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    publish(Library(tmp_path))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


# What is there


def test_versions_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for version in (OLDER, VERSION, OLDEST):
        publish(library, version)
    build(tmp_path / "Current" / VERSION)  # whose manifest is another channel's
    for foreign in ("16.0.30000.1", "notes", "016.0.1.2"):
        (tmp_path / CHANNEL / foreign).mkdir()
    (tmp_path / CHANNEL / "16.0.30000.2").symlink_to(VERSION)
    (tmp_path / CHANNEL / "file").write_text("x")
    (tmp_path / "feeds").mkdir()
    library.set_current(*NAME)
    assert library.versions(CHANNEL) == (VERSION, OLDER, OLDEST)
    assert library.channels() == (CHANNEL,)


def damage_no_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def damage_text(path: Path) -> None:
    (path / "manifest.json").write_bytes(b"\xff\xfe{")


def damage_version(path: Path) -> None:
    (path / "manifest.json").write_text(image(OLDER).to_json())


def damage_manifest_link(path: Path) -> None:
    (path / "manifest.json").rename(path / "other.json")
    (path / "manifest.json").symlink_to("other.json")


def damage_manifest_pipe(path: Path) -> None:
    (path / "manifest.json").unlink()
    os.mkfifo(path / "manifest.json")


def damage_manifest_size(path: Path) -> None:
    with (path / "manifest.json").open("ab") as file:
        file.truncate(17_000_000)


def damage_image_link(path: Path) -> None:
    path.rename(path.parent / "elsewhere")
    path.symlink_to("elsewhere")


def damage_image_file(path: Path) -> None:
    path.rename(path.parent / "elsewhere")
    path.write_text("x")


@pytest.mark.parametrize(
    "damage",
    [
        damage_no_manifest,
        damage_text,
        damage_version,
        damage_manifest_link,
        damage_manifest_pipe,
        damage_manifest_size,
        damage_image_link,
        damage_image_file,
    ],
)
def test_what_is_no_image_is_named_and_not_touched(tmp_path: Path, damage: Any) -> None:
    library = Library(tmp_path)
    damage(publish(library))
    before = sorted(os.walk(tmp_path))
    with pytest.raises(
        InputError, match=r"^library: .*20190 exists but is not an image \(.*\)\. Move it away"
    ) as caught:
        library.read(*NAME)
    assert "\n" not in str(caught.value)
    with library.lock(CHANNEL):
        folder = tmp_path / "workspace"
        build(folder)
        with pytest.raises(InputError, match="exists but is not an image"):
            library.publish(folder, *NAME)
    (folder / "manifest.json").unlink()
    assert [entry for entry in sorted(os.walk(tmp_path)) if "workspace" not in entry[0]][1:] == before[1:]


def test_damage_is_seen_without_reading_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(tmp_path)
    found = publish(library)
    folder = f"office/data/{VERSION}"
    (found / V64).unlink()
    (found / f"{folder}/i640.cab").write_bytes(b"12345")
    (found / f"{folder}/s640.cab").unlink()
    (found / f"{folder}/s640.cab").symlink_to("/etc/hostname")
    (found / "setup.exe").write_text("x")
    there = library.read(*NAME)
    assert there is not None

    def refuse(*_arguments: object, **_more: object) -> int:
        raise AssertionError

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert [(damage.path, damage.problem) for damage in library.damaged(there)] == [
        (V64, "is missing"),
        (f"{folder}/i640.cab", f"has 5 bytes instead of {len(content(f'{folder}/i640.cab'))}"),
        (f"{folder}/s640.cab", "is not a regular file"),
    ]


def test_a_directory_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    library = Library(tmp_path)
    found = publish(library)
    (found / "office").rename(tmp_path / "elsewhere")
    (found / "office").symlink_to(tmp_path / "elsewhere")
    assert [damage.problem for damage in library.damaged(image())] == ["is missing"] * len(paths())


# Taking files over


def test_files_are_taken_over_by_links(tmp_path: Path) -> None:
    library = Library(tmp_path)
    found = publish(library)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        (folder / V64).parent.mkdir(parents=True)
        (folder / V64).write_text("this run's own")
        library.seed(folder, image(), [V64, paths()[-1], "../../../etc/hostname", "manifest.json"])
    assert (folder / V64).read_text() == "this run's own"
    assert (folder / paths()[-1]).samefile(found / paths()[-1])
    assert sum(path.is_file() for path in folder.rglob("*")) == 2


@pytest.mark.parametrize("number", [errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EXDEV])
def test_files_are_copied_where_links_are_impossible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    library = Library(tmp_path)
    found = publish(library)

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        library.seed(folder, image(), [V64])
    assert (folder / V64).read_bytes() == content(V64)
    assert not (folder / V64).samefile(found / V64)
    assert [path.name for path in (folder / V64).parent.iterdir()] == ["v64.cab"]


def test_a_copy_is_never_there_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(tmp_path)
    publish(library)
    monkeypatch.delattr(os, "link")

    def no_link(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EPERM, "")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", no_link, raising=False)
    with library.lock(CHANNEL):
        folder = library.workspace(*NAME)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            library.seed(folder, image(), [V64])
        assert not (folder / V64).exists()


# The alias


def test_current_leads_to_a_version(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish(library)
    publish(library, OLDER)
    assert library.current(CHANNEL) is None
    assert library.set_current(CHANNEL, OLDER)
    assert library.current(CHANNEL) == OLDER
    assert not library.set_current(CHANNEL, OLDER)
    assert library.set_current(*NAME)
    link = tmp_path / CHANNEL / "current"
    assert str(link.readlink()) == VERSION  # relative, so that the library can be moved and be mounted elsewhere
    assert (link / V64).read_bytes() == content(V64)
    assert staging(tmp_path) == []


def test_current_is_never_absent(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish(library)
    publish(library, OLDER)
    library.set_current(*NAME)
    link = tmp_path / CHANNEL / "current"
    done = threading.Event()
    seen: set[str] = set()

    def follow() -> None:
        while not done.is_set():
            seen.add(str(link.readlink()) if (link / V64).exists() else "absent")

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        for _ in range(200):
            library.set_current(CHANNEL, OLDER)
            library.set_current(*NAME)
    finally:
        done.set()
        thread.join()
    assert seen <= {OLDER, VERSION}


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda link: link.mkdir(), "is no symbolic link"),
        (lambda link: link.write_text("x"), "is no symbolic link"),
        (lambda link: link.symlink_to("/srv/other"), "is a link to /srv/other"),
        (lambda link: link.symlink_to("../16.0.1.2"), r"is a link to \.\./16\.0\.1\.2"),
    ],
)
def test_what_is_no_alias_is_named_and_stays(tmp_path: Path, make: Any, what: str) -> None:
    library = Library(tmp_path)
    publish(library)
    link = tmp_path / CHANNEL / "current"
    make(link)
    for call in (lambda: library.current(CHANNEL), lambda: library.set_current(*NAME)):
        with pytest.raises(
            InputError, match=rf"^library: {link} {what}; it has to be one to a version beside it\. Move"
        ):
            call()
    assert os.path.lexists(link)
    assert staging(tmp_path) == []


def test_a_dangling_alias_is_named_and_can_be_moved(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish(library)
    (tmp_path / CHANNEL / "current").symlink_to(OLDER)
    with pytest.raises(InputError, match=rf"^library: \S+/current leads to {OLDER}, which is not there\. Stage"):
        library.current(CHANNEL)
    assert library.set_current(*NAME)
    assert library.current(CHANNEL) == VERSION


def test_only_a_published_version_becomes_current(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish(library)
    library.set_current(*NAME)
    with pytest.raises(InputError, match=rf"^version: '{OLDER}' cannot become current"):
        library.set_current(CHANNEL, OLDER)
    (tmp_path / CHANNEL / OLDER).mkdir()
    with pytest.raises(InputError, match="is not an image"):
        library.set_current(CHANNEL, OLDER)
    assert library.current(CHANNEL) == VERSION


def test_the_manifest_is_what_hosts_and_people_read(tmp_path: Path) -> None:
    document = json.loads((publish(Library(tmp_path)) / "manifest.json").read_text())
    assert list(document)[:3] == ["schema", "channel", "version"]
    assert document["architectures"] == ["x64"]
