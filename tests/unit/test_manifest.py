# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing manifest.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.tests.unit.sample_image import CHANNEL, NAME, OLDER, VERSION, image, paths

FULL = image(
    languages=("en-us", "de-de"),
    skipped=(manifest.SkippedFile("office/data/i640.cab.cat", "because"),),
    proofing_tools=("fr-fr",),
    updated="2026-11-22T08:00:00Z",
    verification="manifest",
    origin={"source": "http://dp1/office", "file_list": "api"},
    requirements={"x64": manifest.Requirements("10.0", None)},
)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(FULL.to_json()), **changes})


def with_file(**changes: Any) -> str:
    files = json.loads(FULL.to_json())["files"]
    return changed(files=[*files, {**files[0], "path": "office/data/v65.cab", **changes}])


def test_what_is_written_is_read_back() -> None:
    assert manifest.Manifest.from_json(FULL.to_json()) == FULL
    assert manifest.Manifest.from_json(image().to_json()) == image()
    assert manifest.Manifest.from_json(with_file()).size == FULL.size + FULL.files[0].size
    document: dict[str, Any] = json.loads(FULL.to_json())
    assert list(document)[:3] == ["schema", "channel", "version"]
    assert document["schema"] == 1
    assert document["origin"] == {"source": "http://dp1/office", "file_list": "api"}
    assert document["skipped"] == [{"path": "office/data/i640.cab.cat", "reason": "because"}]


def test_what_may_be_missing() -> None:
    document = json.loads(image().to_json())
    for name in ("skipped", "proofing_tools", "updated", "verification", "origin", "requirements"):
        del document[name]
    assert manifest.Manifest.from_json(json.dumps(document)) == image()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        '"schema"',
        '{"schema": 1, "channel": "MonthlyEnterprise"}',
        "[" * 200_000,
        changed(schema=2),
        changed(schema="1"),
        changed(channel=7),
        changed(version=16.0),
        changed(languages="en-us"),
        changed(languages=[1033]),
        changed(architectures=None),
        changed(created=None),
        changed(files={"path": "x"}),
        changed(files=["x"]),
        changed(skipped=[{"path": "x"}]),
        changed(proofing_tools="fr-fr"),
        changed(updated=7),
        changed(verification=True),
        changed(origin="http://dp1/office"),
        changed(origin={"source": None}),
        changed(requirements=None),
        changed(requirements=["x64"]),
        changed(requirements={"x64": "10.0"}),
        changed(requirements={"x64": {"min_os": 10.0}}),
        changed(requirements={"x64": {"min_client": "16.0.20228.20190.1"}}),
        changed(requirements={"x64": {"min_os": "9" * 5000}}),
        with_file(path=7),
        with_file(size="4"),
        with_file(size=4.0),
        with_file(size=True),
        with_file(size=-1),
        with_file(size=10**400),
        with_file(size=1).replace('"size": 1,', '"size": 1e999,'),
        with_file(sha256="00" * 31),
        with_file(sha256="AB" * 32),
        with_file(sha256=None),
        with_file(url=7),
        with_file(verified=None),
    ],
)
def test_what_has_another_form_is_refused(text: str) -> None:
    with pytest.raises(FeedError, match=r"^manifest\.json (has schema|does not have the form)") as caught:
        manifest.Manifest.from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../../etc/passwd",
        "office/data/../../../etc/passwd",
        "office/data/./v64.cab",
        "office/data//v64.cab",
        "office/data/\0",
        "office/data/a\nb",
        "office/data/-rf",
        "office/data/.hidden",
        "Office/Data/v65.cab",
        "setup.exe",
        "manifest.json",
        "office\\data\\v65.cab",
        "office/data/v64.cab",  # twice
        f"office/data/{VERSION}",  # a directory's name
    ],
)
def test_no_path_leads_elsewhere(path: str) -> None:
    found = manifest.Manifest.from_json(with_file(path=path))
    with pytest.raises(FeedError, match=r"^manifest\.json lists .* (no path of an image|twice|below another file)$"):
        found.require(*NAME)


def test_many_files_of_which_one_is_there_twice() -> None:
    """Counting each of them in all of them would take minutes."""
    counted = 0

    class Path(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal counted
            counted += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    many = tuple(
        manifest.ImageFile(Path(f"office/data/{n:05d}"), 0, "0" * 64, "", "none") for n in (*range(9000), 8999)
    )
    with pytest.raises(FeedError, match=r"^manifest\.json lists office/data/08999 twice$"):
        image(files=many).require(*NAME)
    assert counted < 1_000_000


def without(path: str) -> str:
    return changed(files=[file for file in json.loads(FULL.to_json())["files"] if file["path"] != path])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        *((without(path), "does not list") for path in paths(languages=("en-us", "de-de"))),
        (changed(files=[]), "does not list"),
        (changed(languages=["en-us", "de-de", "fr-fr"]), "does not list .*fr-fr"),
        (changed(languages=[]), "names the architectures"),
        (changed(architectures=[]), "names the architectures"),
        (changed(architectures=["x64", "arm"]), "names the architectures"),
        (changed(architectures=["x64", "x86"]), "does not list .*v32"),
        (changed(version=OLDER), "is that of channel"),
        (changed(channel="Current"), "is that of channel"),
    ],
)
def test_what_is_no_whole_image_is_refused(text: str, what: str) -> None:
    found = manifest.Manifest.from_json(text)
    with pytest.raises(FeedError, match=rf"^manifest\.json {what}"):
        found.require(*NAME)


def test_a_whole_image_is_taken() -> None:
    FULL.require(CHANNEL, VERSION)


def test_a_manifest_is_read_without_any_library(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(FULL.to_json())
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import pathlib\n"
        "from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import library, manifest, prune\n"
        "manifest.read(pathlib.Path(sys.argv[1]))\n"
        "ours = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(ours - {name.partition('.')[0] for name in before}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['ansible_collections']"
