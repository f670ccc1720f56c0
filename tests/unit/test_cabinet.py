# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cabarchive import CabArchive, CabFile

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, RequirementError

CONTENTS = b"first\r\n" * 20000  # several data blocks


@pytest.fixture(scope="module", params=[True, False], ids=["MSZIP", "stored"])
def made(request: pytest.FixtureRequest) -> bytes:
    archive = CabArchive()
    archive["ReleaseHistory.xml"] = CabFile(CONTENTS)
    archive["v64.hash"] = CabFile(b"second")
    return bytes(archive.save(compress=request.param))


def test_members_are_listed_in_order(made: bytes) -> None:
    assert cabinet.members(made) == ["ReleaseHistory.xml", "v64.hash"]


def test_members_are_read_without_regard_to_case(made: bytes, tmp_path: Path) -> None:
    assert cabinet.read_member(made, "releasehistory.XML") == CONTENTS
    path = tmp_path / "some.cab"
    path.write_bytes(made)
    assert cabinet.read_member(path, "V64.hash") == b"second"


def test_a_missing_member_is_named_with_those_that_are_there(made: bytes) -> None:
    with pytest.raises(FeedError, match=r"'s640\.hash'.*ReleaseHistory\.xml, v64\.hash"):
        cabinet.read_member(made, "s640.hash")


def test_a_truncated_cabinet_is_refused(made: bytes) -> None:
    for length in (0, 30, 100, len(made) // 2, len(made) - 10):
        with pytest.raises(FeedError):
            cabinet.read_member(made[:length], "v64.hash")


def test_a_member_shorter_than_said_is_refused() -> None:
    archive = CabArchive()
    archive["v64.hash"] = CabFile(b"second")
    data = bytearray(archive.save(compress=False))
    size = data.index(b"v64.hash\0") - 16
    assert data[size : size + 4] == b"\x06\0\0\0"
    data[size] = 7
    with pytest.raises(FeedError):
        cabinet.read_member(bytes(data), "v64.hash")


def test_what_is_no_cabinet_is_refused() -> None:
    for data in (b"", b"<html></html>", b"PK\x03\x04" + bytes(100), b"MSCF" + bytes(100)):
        with pytest.raises(FeedError, match="not a readable cabinet"):
            cabinet.members(data)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"^gone\.cab cannot be read"):
        cabinet.members(tmp_path / "gone.cab")


def test_a_member_that_is_too_large_is_not_read(made: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cabinet, "MAX_MEMBER", len(CONTENTS) - 1)
    with pytest.raises(FeedError, match="larger than"):
        cabinet.read_member(made, "ReleaseHistory.xml")


def test_a_missing_library_has_a_remedy(made: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libarchive", None)
    with pytest.raises(RequirementError, match="pip install libarchive-c, and the C library"):
        cabinet.members(made)
