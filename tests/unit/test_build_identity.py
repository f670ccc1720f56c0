# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cabinet's members have to say which file of which version it is; Microsoft's own do."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import build_identity
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.build_identity import Claim
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.tests.lab.cdn import cabinets

BUILD = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES", "absent")) / "build-17928"
VERSION = "16.0.17928.20148"
OTHER = "16.0.17928.20149"
REAL: list[tuple[str, str | None]] = [
    ("s640.cab", None),
    ("s641033.cab", "en-us"),
    ("sp641033.cab", "en-us"),
    (f"v64_{VERSION}.cab", None),
    ("s321033.cab", "en-us"),
    (f"v32_{VERSION}.cab", None),
]

real = pytest.mark.skipif(not BUILD.is_dir(), reason="Microsoft's own files are not at OFFICEFLEET_CDN_SAMPLES")


@real
@pytest.mark.parametrize(("name", "culture"), REAL)
def test_a_real_cabinet_names_its_version(name: str, culture: str | None) -> None:
    build_identity.check(BUILD / name, Claim(name, VERSION, culture))
    with pytest.raises(FeedError, match=rf"^{name} is signed, but its \w+\S* is that of version '{VERSION}', not of "):
        build_identity.check(BUILD / name, Claim(name, OTHER, culture))


@real
def test_no_real_cabinet_stands_for_another_file() -> None:
    cabs = [path for path in BUILD.parent.rglob("*.cab") if path.name not in dict(REAL)]
    cabs += [BUILD / name for name, _culture in REAL]
    targets = [*REAL, ("i640.cab", None), ("i641033.cab", "en-us"), ("a640_exp.cab", None), ("sa640.cab", None)]
    targets += [("i320.cab", None), ("i321033.cab", "en-us"), ("s320.cab", None), ("sp321033.cab", "en-us")]
    for name, culture in [*targets, ("s641031.cab", "de-de"), ("s641033.cab", "de-de")]:
        for path in cabs:
            if (path.name, culture) == (name, dict(targets).get(name)):
                continue
            with pytest.raises(FeedError, match=f"^{name} is signed, but "):
                build_identity.check(path, Claim(name, VERSION, culture))


@real
def test_the_live_descriptor_of_a_channel_is_no_builds() -> None:
    """The live v64.cab offers 16.0.20326.20100 but names the build for the oldest Windows."""
    live = BUILD.parent / "metadata-2026-08" / "live-Current-v64.cab"
    with pytest.raises(FeedError, match=r"version '16\.0\.12527\.22286', not of '16\.0\.20326\.20100'"):
        build_identity.check(live, Claim("v64_16.0.20326.20100.cab", "16.0.20326.20100"))


def made(folder: Path, name: str, *members: str, version: str = VERSION) -> Path:
    """A cabinet with these members, each of the version."""
    contents = {"placeholder.txt": b""}
    for member in members:
        if member.endswith(".hash"):
            contents[member] = cabinets.cabinet_hash(version)
        elif member.startswith("Version"):
            contents[member] = f'<Version><Available Build="{version}"/></Version>'.encode()
        else:
            contents[member] = f'<descriptor version="{version}"/>'.encode()
    path = folder / name
    path.write_bytes(cabinets.cabinet(contents, datetime(2026, 8, 18, tzinfo=UTC)))
    return path


@pytest.mark.parametrize(
    ("name", "culture", "members"),
    [
        ("i640.cab", None, ["I640.hash"]),
        ("a640_exp.cab", None, ["a640_exp.hash"]),
        ("v64.cab", None, ["v64.hash", "VersionDescriptor.xml"]),
        (f"v64_{VERSION}.cab", None, ["v64.hash", "VersionDescriptor.xml"]),
        ("s640.cab", None, ["s640.hash", "MasterDescriptor.x-none.xml"]),
        ("s641031.cab", "de-de", ["s641031.hash", "MasterDescriptor.de-de.xml"]),
        ("sp641031.cab", "de-de", ["sp641031.hash", "MasterDescriptor.de-de.proof.xml"]),
        ("i320.cab", None, ["i320.hash"]),
        ("v32.cab", None, ["v32.hash", "VersionDescriptor.xml"]),
        (f"v32_{VERSION}.cab", None, ["v32.hash", "VersionDescriptor.xml"]),
        ("s320.cab", None, ["s320.hash", "MasterDescriptor.x-none.xml"]),
        ("s321031.cab", "de-de", ["s321031.hash", "MasterDescriptor.de-de.xml"]),
        ("sp321031.cab", "de-de", ["sp321031.hash", "MasterDescriptor.de-de.proof.xml"]),
    ],
)
def test_every_member_that_tells_is_needed(tmp_path: Path, name: str, culture: str | None, members: list[str]) -> None:
    build_identity.check(made(tmp_path, name, *members), Claim(name, VERSION, culture))
    for member in members:
        with pytest.raises(FeedError, match=f"^{name} is signed, but it is another file: "):
            build_identity.check(
                made(tmp_path, name, *(m for m in members if m != member)), Claim(name, VERSION, culture)
            )
    with pytest.raises(FeedError, match=f"version '{OTHER}', not of '{VERSION}'"):
        build_identity.check(made(tmp_path, name, *members, version=OTHER), Claim(name, VERSION, culture))


@pytest.mark.parametrize(
    ("name", "culture", "members"),
    [
        ("i640.cab", None, ["s640.hash", "MasterDescriptor.x-none.xml"]),
        ("s641031.cab", "de-de", ["s641031.hash", "MasterDescriptor.fr-fr.xml"]),
        ("s641031.cab", "de-de", ["s641031.hash", "MasterDescriptor.de-de.xml", "MasterDescriptor.fr-fr.xml"]),
        ("s641031.cab", None, ["s641031.hash", "MasterDescriptor.de-de.xml"]),
    ],
)
def test_members_of_another_file_are_refused(
    tmp_path: Path, name: str, culture: str | None, members: list[str]
) -> None:
    with pytest.raises(FeedError, match=f"^{name} is signed, but it is another file: "):
        build_identity.check(made(tmp_path, name, *members), Claim(name, VERSION, culture))


def test_a_hash_member_without_a_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "i640.cab"
    path.write_bytes(
        cabinets.cabinet({"i640.hash": cabinets.stream_hash("ab" * 16)}, datetime(2026, 8, 18, tzinfo=UTC))
    )
    with pytest.raises(FeedError, match=r"^i640\.cab is signed, but its i640\.hash is that of version None"):
        build_identity.check(path, Claim("i640.cab", VERSION))


def test_the_cabinet_of_a_language_of_proofing_tools_alone_may_say_so(tmp_path: Path) -> None:
    path = made(tmp_path, "s641047.cab", "s641047.hash", "MasterDescriptor.rm-ch.proof.xml")
    build_identity.check(path, Claim("s641047.cab", VERSION, "rm-ch", proofing=True))
    with pytest.raises(FeedError, match=r"^s641047\.cab is signed, but it is another file"):
        build_identity.check(path, Claim("s641047.cab", VERSION, "rm-ch"))
    path = made(tmp_path, "s641047.cab", "s641047.hash", "MasterDescriptor.rm-ch.xml")
    build_identity.check(path, Claim("s641047.cab", VERSION, "rm-ch", proofing=True))


def test_the_name_where_a_cabinet_lies_for_now_does_not_matter(tmp_path: Path) -> None:
    part = tmp_path / "i640.cab.part"
    made(tmp_path, "i640.cab", "i640.hash").rename(part)
    build_identity.check(part, Claim("i640.cab", VERSION))
    with pytest.raises(FeedError, match=r"^a640_exp\.cab is signed, but it is another file"):
        build_identity.check(part, Claim("a640_exp.cab", VERSION))
