# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How entries of a file list become downloads, each of which something vouches for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cdn_offer
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import FileEntry
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Download

FOLDER = "office/data/16.0.20228.20190"
BASE = "http://officecdn.microsoft.com/pr/55336b82-a18d-4dd6-b5f6-9e5095c314a6"
CABINET = FileEntry(f"{BASE}/{FOLDER}/s640.cab", f"{FOLDER}/s640.cab")
STREAM = FileEntry(
    f"{BASE}/{FOLDER}/stream.x64.x-none.dat",
    f"{FOLDER}/stream.x64.x-none.dat",
    hash_location="s640.cab/stream.x64.x-none.hash",
)


def sort_out(*entries: FileEntry, architecture: str = "x64") -> list[Download]:
    return cdn_offer.sort_out([(architecture, entry) for entry in entries], "http://mirror")[0]


def test_entries_of_one_source_are_fetched_once() -> None:
    copy = replace(CABINET, path="office/data/copy.cab")
    assert sort_out(CABINET, copy) == [
        Download(
            f"http://mirror/pr/{BASE[-36:]}/{FOLDER}/s640.cab",
            (CABINET.path, copy.path),
            "authenticode",
            architectures=("x64",),
        )
    ]


def test_what_both_architectures_list_is_one_file() -> None:
    client = FileEntry(f"{BASE}/{FOLDER}/i640.cab", f"{FOLDER}/i640.cab")
    own = FileEntry(f"{BASE}/{FOLDER}/i320.cab", f"{FOLDER}/i320.cab")
    found, _skipped = cdn_offer.sort_out([("x64", client), ("x86", client), ("x86", own)], "http://mirror")
    assert [(one.paths, one.architectures) for one in found] == [
        ((client.path,), ("x64", "x86")),
        ((own.path,), ("x86",)),
    ]


def test_nothing_counts_as_verified_where_that_was_asked_for() -> None:
    found, _skipped = cdn_offer.sort_out([("x64", CABINET), ("x64", STREAM)], "http://mirror", verified=False)
    assert [one.verified for one in found] == ["none", "none"]
    assert [one.verified for one in sort_out(CABINET, STREAM)] == ["authenticode", "stream-hash"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CABINET, replace(STREAM, url=CABINET.url)),  # a stream that would have been verified as the cabinet is
        (STREAM, replace(STREAM, path=f"{FOLDER}/x.dat", hash_location="s640.cab/x.hash")),
        (CABINET, replace(CABINET, path=f"{FOLDER}/s641033.cab", language="en-us")),
        (CABINET, replace(CABINET, path=f"{FOLDER}/experiment/s640.cab", optional=True)),
    ],
)
def test_entries_of_one_source_that_differ_are_refused(one: FileEntry, other: FileEntry) -> None:
    for entries in ((one, other), (other, one)):
        with pytest.raises(FeedError, match=r"^file_list_url: the file list wants http.* both as office.* and office"):
            sort_out(CABINET, *entries)


@pytest.mark.parametrize(
    "entry",
    [
        replace(STREAM, hash_location=None),
        replace(CABINET, path=f"{FOLDER}/i640.cab", hash_location="s640.cab/i640.hash"),
        replace(CABINET, path=f"{FOLDER}/setup.exe"),
        replace(CABINET, path=f"{FOLDER}/setup.exe", hash_location="s640.cab/setup.hash"),
    ],
)
def test_what_nothing_could_vouch_for_is_refused(entry: FileEntry) -> None:
    with pytest.raises(FeedError, match=r"^file_list_url: the file list has .* could not be verified"):
        sort_out(CABINET, entry)


@pytest.mark.parametrize("holders", [(), (replace(CABINET, optional=True),)])
def test_the_cabinet_with_a_hash_is_part_of_the_image(holders: tuple[FileEntry, ...]) -> None:
    with pytest.raises(FeedError, match=rf"the hash of {STREAM.path} in {CABINET.path}, which is not part"):
        sort_out(STREAM, *holders)
