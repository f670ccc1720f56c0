# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: built aside, published by one rename, never half, never twice."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import library_once as library_module
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library_once import Library

NAME = ("MonthlyEnterprise", "16.0.20228.20190")
OTHER = ("MonthlyEnterprise", "16.0.20131.20206")
DATA = b"data"


FOLDER = f"office/data/{NAME[1]}"
REQUIRED = (
    "office/data/v64.cab",
    f"office/data/v64_{NAME[1]}.cab",
    *(f"{FOLDER}/{name}" for name in ("i640.cab", "s640.cab", "stream.x64.x-none.dat")),
)


def files(languages: tuple[str, ...]) -> list[str]:
    return [*REQUIRED, *(f"{FOLDER}/stream.x64.{language}.dat" for language in languages)]


def image(languages: tuple[str, ...] = ("en-us",)) -> manifest.Manifest:
    return manifest.Manifest(
        channel=NAME[0],
        version=NAME[1],
        architectures=("x64",),
        languages=languages,
        created="2026-11-21T08:00:00Z",
        files=tuple(
            manifest.ImageFile(path, len(DATA), "00" * 32, "http://cdn/v64", "authenticode")
            for path in files(languages)
        ),
        skipped=(manifest.SkippedFile("office/data/i640.cab.cat", "because"),),
    )


def build(folder: Path, languages: tuple[str, ...] = ("en-us",)) -> None:
    (folder / FOLDER).mkdir(parents=True)
    for path in files(languages):
        (folder / path).write_bytes(DATA)
    (folder / "manifest.json").write_text(image(languages).to_json(), encoding="utf-8")


def staging(root: Path) -> list[str]:
    return sorted(path.name for path in (root / ".staging").iterdir())


def test_nothing_there(tmp_path: Path) -> None:
    library = Library(tmp_path / "srv" / "office")
    assert library.published(*NAME) is None
    assert not (tmp_path / "srv").exists()


def test_published_is_read_back(tmp_path: Path) -> None:
    root = tmp_path / "srv" / "office"
    library = Library(root)
    with library.workspace(*NAME) as folder:
        assert folder.parent == root / ".staging"
        build(folder)
        assert library.published(*NAME) is None
        assert library.publish(folder, *NAME)
    assert library.published(*NAME) == image()
    assert (root / "MonthlyEnterprise/16.0.20228.20190/office/data/v64.cab").read_bytes() == DATA
    assert staging(root) == []
    assert library.published(*OTHER) is None


def test_the_manifest_is_what_hosts_and_people_read() -> None:
    document: dict[str, Any] = json.loads(image().to_json())
    assert list(document)[:3] == ["schema", "channel", "version"]
    assert document["schema"] == 1
    assert document["architectures"] == ["x64"]
    assert document["files"][0]["verified"] == "authenticode"
    assert document["skipped"] == [{"path": "office/data/i640.cab.cat", "reason": "because"}]


def test_the_slower_of_two_runs_loses(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.workspace(*NAME) as first, library.workspace(*NAME) as second:
        build(first, ("en-us",))
        build(second, ("de-de",))
        assert library.publish(first, *NAME)
        assert not library.publish(second, *NAME)
    assert library.published(*NAME) == image(("en-us",))
    assert staging(tmp_path) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    library = Library(tmp_path)

    def fail() -> None:
        with library.workspace(*NAME) as folder:
            build(folder)
            raise error

    with pytest.raises(error):
        fail()
    assert staging(tmp_path) == []
    assert library.published(*NAME) is None


def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library_once import Library\n"
        "with Library(pathlib.Path(sys.argv[1])).workspace(*sys.argv[2:]) as folder:\n"
        "    (folder / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path), *OTHER], check=False)
    assert killed.returncode == -9
    assert len(staging(tmp_path)) == 2  # a directory and its lock file
    lost = tmp_path / ".staging" / f"{NAME[0]}-{NAME[1]}-00000000"  # one whose lock file somebody removed
    lost.mkdir()
    strange = tmp_path / ".staging" / "notes"
    strange.mkdir()
    with Library(tmp_path).workspace(*NAME) as folder:
        assert staging(tmp_path) == [folder.name, f"{folder.name}.lock", "notes"]  # not ours
    assert staging(tmp_path) == ["notes"]


def test_what_cannot_be_removed_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / ".staging" / "Current-16.0.1.2-00000000"
    left.mkdir(parents=True)

    def refuse(_lock: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(library_module, "_remove_abandoned", refuse)
    with Library(tmp_path).workspace(*NAME) as folder:
        assert folder.is_dir()
    assert left.is_dir()


def test_a_run_that_still_works_is_left_alone(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.workspace(*NAME) as first:
        build(first)
        with library.workspace(*NAME), library.workspace(*OTHER):
            assert (first / "manifest.json").exists()
        assert (first / "manifest.json").exists()
        assert library.publish(first, *NAME)


def test_a_lock_file_removed_before_it_was_locked_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run may take it for an abandoned one in that moment."""
    real = library_module._locked
    names: list[list[str]] = []

    def locked(descriptor: int) -> bool:
        names.append(staging(tmp_path))
        if len(names) == 1:
            (tmp_path / ".staging" / names[0][0]).unlink()
        return real(descriptor)

    monkeypatch.setattr(library_module, "_locked", locked)
    with Library(tmp_path).workspace(*NAME) as folder:
        assert len(names) == 2
        assert names[1] == [f"{folder.name}.lock"]
        assert (folder.parent / f"{folder.name}.lock").exists()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system."""
    memory = Path("/dev/shm")  # noqa: S108  # one that every Linux has
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip(f"{memory} is no file system of its own")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def begin(library: Library) -> None:
    with library.workspace(*NAME):
        pytest.fail("too late: the download would begin")


@pytest.mark.parametrize("name", [NAME[0], ".staging"])
def test_a_directory_on_another_file_system_is_seen_first(tmp_path: Path, elsewhere: Path, name: str) -> None:
    (tmp_path / name).symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"^library: /\S+ is on another file system than /\S+/\.staging, .* Mount or "):
        begin(Library(tmp_path))
    assert list(elsewhere.iterdir()) == []


def test_a_bind_mount_is_seen_by_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the same device number, and still no rename leads there."""

    def rename(_self: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", rename)
    library = Library(tmp_path)
    with library.workspace(*NAME) as folder:
        build(folder)
        with pytest.raises(InputError, match=rf"^library: {tmp_path}/{NAME[0]} is on another file system "):
            library.publish(folder, *NAME)


@pytest.mark.parametrize("dangling", [False, True])
def test_what_stands_in_the_place_of_the_channel_is_named_first(tmp_path: Path, dangling: bool) -> None:
    place = tmp_path / NAME[0]
    place.symlink_to(tmp_path / "nowhere") if dangling else place.write_text("a file")
    with pytest.raises(InputError, match=rf"^library: {place} is not a directory\. "):
        begin(Library(tmp_path))


def test_everybody_may_read_an_image_whatever_the_umask(tmp_path: Path) -> None:
    root = tmp_path / "srv" / "office"
    before = os.umask(0o077)
    try:
        library = Library(root)
        with library.workspace(*NAME) as folder:
            build(folder)
            assert library.publish(folder, *NAME)
    finally:
        os.umask(before)
    image = library.image(*NAME)
    folders = {path for path in (root.parent, *root.parent.rglob("*")) if path.is_dir()} - {root / ".staging"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o755}
    files = [path for path in image.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o644}


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with Library(tmp_path).workspace(*NAME) as folder:
        build(folder)
        assert Library(tmp_path).publish(folder, *NAME)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def damage_missing(path: Path) -> None:
    (path / "office/data/v64.cab").unlink()


def damage_size(path: Path) -> None:
    (path / "office/data/v64.cab").write_bytes(DATA + DATA)


def damage_no_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def damage_text(path: Path) -> None:
    (path / "manifest.json").write_bytes(b"\xff\xfe{")


def damage_schema(path: Path) -> None:
    document = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**document, "schema": 2}))


def damage_form(path: Path) -> None:
    (path / "manifest.json").write_text('{"schema": 1, "channel": "MonthlyEnterprise"}')


def rewrite(path: Path, **changes: Any) -> None:
    document = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**document, **changes}))


def damage_version(path: Path) -> None:
    rewrite(path, version=OTHER[1])


def damage_channel(path: Path) -> None:
    rewrite(path, channel="Current")


def damage_no_files(path: Path) -> None:
    rewrite(path, files=[])


def damage_no_stream(path: Path) -> None:
    listed = json.loads((path / "manifest.json").read_text())["files"]
    rewrite(path, files=[file for file in listed if not file["path"].endswith("x-none.dat")])


def damage_language(path: Path) -> None:
    rewrite(path, languages=["en-us", "de-de"])


def damage_no_architecture(path: Path) -> None:
    rewrite(path, architectures=[])


def damage_architecture(path: Path) -> None:
    rewrite(path, architectures=["x64", "arm"])


def damage_path(path: Path) -> None:
    listed = json.loads((path / "manifest.json").read_text())["files"]
    rewrite(path, files=[*listed, {**listed[0], "path": "office/data/\0"}])


def damage_nesting(path: Path) -> None:
    (path / "manifest.json").write_text("[" * 200_000)


def damage_infinite_size(path: Path) -> None:
    text = (path / "manifest.json").read_text()
    (path / "manifest.json").write_text(text.replace(f'"size": {len(DATA)}', '"size": 1e999', 1))


@pytest.mark.parametrize(
    "damage",
    [
        damage_missing,
        damage_size,
        damage_no_manifest,
        damage_text,
        damage_schema,
        damage_form,
        damage_version,
        damage_channel,
        damage_no_files,
        damage_no_stream,
        damage_language,
        damage_no_architecture,
        damage_architecture,
        damage_path,
        damage_nesting,
        damage_infinite_size,
    ],
)
def test_a_damaged_image_is_named_and_not_touched(tmp_path: Path, damage: Any) -> None:
    library = Library(tmp_path)
    build(library.image(*NAME))
    damage(library.image(*NAME))
    before = sorted(os.walk(tmp_path))
    with pytest.raises(
        InputError, match=r"^library: .*20190 exists but is not a whole image \(.*Move it away"
    ) as caught:
        library.published(*NAME)
    assert "\n" not in str(caught.value)
    assert sorted(os.walk(tmp_path)) == before
