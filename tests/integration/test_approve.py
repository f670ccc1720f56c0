# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook approve: it proposes one line, and nobody's file is changed who did not ask for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.tests.integration.desk import CHANNEL, SOURCE, VERSION, Desk
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import NEWEST

OLD = Build(CHANNEL, VERSION, "2607", NEWEST, ("en-us",), 1000, 1000, ())
NEW = Build(CHANNEL, "16.0.20326.20100", "2608", NEWEST, ("en-us",), 1000, 1000, ())
TEXT = f"""\
# reviewed by two\r
deployments:\r
  - name: monthly      # every month\r
    channel: {CHANNEL}\r
    rings: [pilot, broad]\r
    sources:\r
      - url: {SOURCE}\r
"""
LINE = f'    version: "{VERSION}"\r\n'


def test_a_version_is_proposed_and_written_only_if_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.stage(VERSION)
    desk.path.write_bytes(TEXT.encode())
    patch = tmp_path / "approval.patch"

    status, output = desk.play("approve", version=VERSION.removeprefix("16.0."), approve_output=str(patch))
    assert status == 0, output
    assert desk.path.read_bytes().decode() == TEXT
    assert f'\n+    version: "{VERSION}"' in output
    assert "+++ b/office/deployments.yml" in output
    desk.git("apply", str(patch))
    after = desk.path.read_bytes().decode()
    assert after == TEXT.replace("every month\r\n", f"every month\r\n{LINE}")
    desk.path.write_bytes(TEXT.encode())

    whole = tmp_path / "proposal.yml"
    status, output = desk.play("approve", "--check", "--diff", version=VERSION, approve_write=True)
    assert status == 0, output
    assert output.count(f'\n+    version: "{VERSION}"') == 1, "the diff mode shows it"
    assert "changed=1" in output
    assert desk.path.read_bytes().decode() == TEXT
    status, output = desk.play("approve", version=VERSION, approve_write=True, approve_output=str(whole))
    assert status == 0, output
    assert desk.path.read_bytes().decode() == whole.read_bytes().decode() == after

    status, output = desk.play("approve", version=VERSION, approve_write=True, deployment="monthly")
    assert status == 0, output
    assert "It is pinned already." in output
    assert "changed=0" in output
    status, output = desk.play("approve", version=NEW.version, approve_write=True, deployment="monthly")
    assert status == 2
    assert f"officefleet_version: 'monthly' is pinned to {VERSION} already (office/deployments.yml:4)" in output
    assert "Set officefleet_approve_replace to true" in output
    status, output = desk.play("approve", version=VERSION, deployment="monthly", approve_output=str(desk.path))
    assert status == 2
    assert "officefleet_approve_output: " in output
    assert desk.path.read_bytes().decode() == after


def test_images_that_are_missing_are_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.library.mkdir()
    desk.path.write_bytes(TEXT.encode())
    status, output = desk.play("approve", version=VERSION, approve_write=True)
    assert status == 2
    assert f"office/deployments.yml:8: deployments[monthly].sources[0].url: there is no image {CHANNEL}" in output
    assert desk.path.read_bytes().decode() == TEXT

    desk.path.write_bytes(TEXT.replace("\r\n    sources", "\r\n    cdn_allowed: true\r\n    sources").encode())
    status, output = desk.play("approve", version=VERSION)
    assert status == 0, output
    assert f"there is no image {CHANNEL} {VERSION} at {SOURCE}. Stage it first." in output
    status, output = desk.play("approve", version=VERSION, manifest_library="")
    assert status == 0, output
    assert f"image {CHANNEL} {VERSION} cannot be looked at" in output


def test_the_version_comes_from_the_release_history(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.stage(NEW.version)
    desk.stage(VERSION)
    desk.path.write_bytes(TEXT.encode())
    with LabCdn(tmp_path / "cdn", (OLD, NEW)) as cdn:
        known = {
            "release_history": cdn.release_history_url,
            "trust_anchors": [str(cdn.anchors)],
            "feeds": str(tmp_path / "feeds"),
            "cache": str(tmp_path / "cache"),
        }
        status, output = desk.play("approve", **known)
        assert status == 0, output
        assert f'\n+    version: "{NEW.version}"' in output
        status, output = desk.play("approve", approve_release={"offset": 1}, **known)
        assert f'\n+    version: "{VERSION}"' in output
        status, output = desk.play("approve", approve_release={"all": True}, **known)
        assert status == 2
        assert "give 2 answers" in output
        cdn.withdraw(NEW)
        (tmp_path / "cache").rename(tmp_path / "an hour ago")
        status, output = desk.play("approve", **known)
        assert status == 2
        assert "accept: [feed_shrunk, latest_lowered]" in output
    assert not (tmp_path / ".cache").exists()


def test_a_version_that_was_withdrawn_is_refused_also_if_it_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.stage(NEW.version)
    desk.path.write_bytes(TEXT.encode())
    older = replace(OLD, version="16.0.20131.20206")
    with LabCdn(tmp_path / "cdn", (older, OLD, NEW)) as cdn:
        known: dict[str, Any] = {
            "version": NEW.version,
            "release_history": cdn.release_history_url,
            "trust_anchors": [str(cdn.anchors)],
            "feeds": str(tmp_path / "feeds"),
        }
        status, output = desk.play("approve", cache=str(tmp_path / "one"), **{**known, "version": ""})
        assert status == 0, output
        cdn.withdraw(NEW)
        status, output = desk.play("approve", cache=str(tmp_path / "two"), **known)
        assert status == 2
        assert f"version: {NEW.version} was withdrawn: seen in {CHANNEL} on " in output
        why = f'\r\n    version: "{OLD.version}"\r\n    ignore_withdrawn: nobody has Access\r\n    rings'
        desk.path.write_bytes(TEXT.replace("\r\n    rings", why).encode())
        known |= {"deployment": "monthly", "approve_replace": True}
        status, output = desk.play("approve", cache=str(tmp_path / "two"), **known)
        assert status == 0, output
        assert f'\n+    version: "{NEW.version}"' in output
        assert f"ignore_withdrawn was said of {OLD.version}. Take it out unless it holds here, too." in output


def test_what_is_not_told_is_asked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.path.write_text(
        TEXT.replace("\r", "") + TEXT.replace("\r", "").partition("deployments:\n")[2].replace("monthly", "other")
    )
    status, output = desk.play("approve", deployments="")
    assert (status, "officefleet_deployments is not set" in output) == (2, True)
    status, output = desk.play("approve")
    assert status == 2
    assert "officefleet_deployment: name the one to approve: monthly, other." in output
    status, output = desk.play("approve", version=20228.2019)
    assert status == 2
    assert "officefleet_version: 20228.2019 is a float, not text, and may have lost digits" in output
    status, output = desk.play("approve", deployments=str(tmp_path / "none.yml"))
    assert status == 2
    assert "cannot be read: No such file" in output
