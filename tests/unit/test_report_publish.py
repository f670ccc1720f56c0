# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page replaces its predecessor whole, or leaves it as it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.publish import DestError, publish, read_present


def mode(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path: Path) -> None:
    dest = tmp_path / "office.html"
    assert read_present(dest) is None
    before = os.umask(0o027)
    try:
        publish(dest, "päge")
    finally:
        os.umask(before)
    assert (read_present(dest), mode(dest)) == ("päge", 0o640)
    assert list(tmp_path.iterdir()) == [dest]


def test_a_present_file_keeps_its_permissions_and_is_never_seen_half(tmp_path: Path) -> None:
    dest = tmp_path / "office.html"
    dest.write_text("old")
    dest.chmod(0o604)
    with dest.open() as reader:  # whoever reads goes on with the old page: it is another file
        publish(dest, "new")
        assert reader.read() == "old"
    assert (dest.read_text(), mode(dest)) == ("new", 0o604)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.html").symlink_to("real/office.html")
    publish(tmp_path / "link.html", "page")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real" / "office.html").read_text() == "page"


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_a_failure_leaves_the_old_page_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    dest = tmp_path / "office.html"
    dest.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(
        DestError, match=r"dest: '.*office\.html' cannot be written \(No space left on device\)\. Name a file"
    ):
        publish(dest, "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("office.html", "old")]


def test_a_place_that_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(DestError, match=r"dest: '.*' is a directory\. Name the file to write"):
        read_present(tmp_path)
    with pytest.raises(DestError, match=r"dest: the directory of '.*/none/x\.html' does not exist\. Create it"):
        read_present(tmp_path / "none" / "x.html")
    (tmp_path / "file").touch()
    with pytest.raises(DestError, match=r"dest: the directory of"):
        read_present(tmp_path / "file" / "x.html")


def test_a_loop_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DestError, match=r"dest: .*loop"):
        read_present(tmp_path / "loop")
