# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: built aside, published by one rename, never half, never twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import library as library_module
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library

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
        "from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library\n"
        "with Library(pathlib.Path(sys.argv[1])).workspace(*sys.argv[2:]) as folder:\n"
        "    (folder / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    for name in (NAME, OTHER):
        killed = subprocess.run([sys.executable, "-c", code, str(tmp_path), *name], check=False)
        assert killed.returncode == -9
    assert len(staging(tmp_path)) == 4  # a directory and its lock file each
    lost = tmp_path / ".staging" / f"{NAME[0]}-{NAME[1]}-00000000"  # one whose lock file somebody removed
    lost.mkdir()
    with Library(tmp_path).workspace(*NAME) as folder:
        mine = [name for name in staging(tmp_path) if NAME[1] in name]
        assert mine == [folder.name, f"{folder.name}.lock"]
        assert len([name for name in staging(tmp_path) if OTHER[1] in name]) == 2
    with Library(tmp_path).workspace(*OTHER):
        pass
    assert staging(tmp_path) == []


def test_a_run_that_still_works_is_left_alone(tmp_path: Path) -> None:
    library = Library(tmp_path)
    with library.workspace(*NAME) as first:
        build(first)
        with library.workspace(*NAME):
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
