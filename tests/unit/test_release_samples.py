# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels, feeds and offers on Microsoft's own files: OFFICEFLEET_CDN_SAMPLES names the folder. Skipped without it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lxml import etree

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, channels, file_list, release_history

SAMPLES = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES") or "no-samples")
FEEDS = SAMPLES / "feeds"
METADATA = SAMPLES / "metadata-2026-08"
HISTORIES = [*sorted(FEEDS.glob("*.cab")), *sorted(SAMPLES.rglob("releasehistory*.cab"))]

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="OFFICEFLEET_CDN_SAMPLES does not name a folder with Microsoft's files"
)


# Channels


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name)
def test_name_and_id_of_every_feed_mean_the_same_channel(path: Path) -> None:
    root = etree.fromstring(cabinet.read_member(path, release_history.MEMBER))
    for node in root.iterchildren("UpdateChannel"):
        assert channels.find(node.get("Name") or "") == channels.find(node.get("ID") or "")


def test_every_branch_of_ofl_is_known_by_name_and_url() -> None:
    for path in SAMPLES.rglob("ofl*.cab"):
        root = etree.fromstring(cabinet.read_member(path, file_list.OFL_MEMBERS["x64"]))
        branches = {node.get("branch") or "": node.get("URL") or "" for node in root.iterchildren("baseURL")}
        assert len(branches) >= 8
        for branch, url in branches.items():
            assert channels.find(branch) == channels.find(url)


def test_every_name_of_office_releases_is_known() -> None:
    for entry in json.loads((METADATA / "OfficeReleases_2024-12-15.json").read_text(encoding="utf-8-sig")):
        names = [entry["channel"], entry["channelId"], *entry["alternateNames"]]
        urls = {release["cdnBaseUrl"] for release in entry["officeVersions"]}
        assert {channels.find(name).name for name in (*names, *urls)} == {entry["channelId"]}


def test_every_channel_is_in_the_release_data_by_its_guid() -> None:
    listed = {entry["FFN"] for entry in json.loads((METADATA / "C2RReleaseData").read_text(encoding="utf-8-sig"))}
    assert {channel.guid for channel in channels.CHANNELS} <= listed
