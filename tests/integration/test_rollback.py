# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollback: it proposes a deployment that Git takes, and leaves the file alone."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import yaml_tree
from ansible_collections.officefleet.c2r.tests.integration.desk import CHANNEL, OLDER, SOURCE, VERSION, Desk

TEXT = f"""\
deployments:
  - name: november
    channel: {CHANNEL}
    version: "{OLDER}"
    halted: true
    rings: [pilot, broad]
    sources: [{{url: "{SOURCE}"}}]
  - name: december      # the bad one
    channel: {CHANNEL}
    version: "{VERSION}"
    rings: [pilot, broad]
    sources: [{{url: "{SOURCE}"}}]
"""


def test_the_way_back_is_proposed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.stage(VERSION)
    desk.path.write_text(TEXT)
    patch = tmp_path / "rollback.patch"
    given = {"deployment": "december", "rollback_output": str(patch), "rollback_rings": ["pilot"]}

    status, output = desk.play("rollback", **given)
    assert status == 2
    assert "officefleet_rollback_pin_until is not set" in output
    given["rollback_pin_until"] = "2999-01-31"
    status, output = desk.play("rollback", **given)
    assert status == 2
    assert f"there is no image {CHANNEL} {OLDER}" in output
    assert not patch.exists()

    desk.stage(OLDER)
    status, output = desk.play("rollback", **{**given, "rollback_output": str(desk.path)})
    assert (status, desk.path.read_text()) == (2, TEXT)
    assert "officefleet_rollback_output: " in output
    status, output = desk.play("rollback", version=20131.20206, **given)
    assert (status, "officefleet_version: 20131.20206 is a float, not text" in output) == (2, True)
    status, output = desk.play("rollback", "--check", **given)
    assert (status, patch.exists()) == (0, False), output
    status, output = desk.play("rollback", **given)
    assert status == 0, output
    assert desk.path.read_text() == TEXT
    assert "december is halted. The version is that of november." in output
    assert "\n+    halted: true\n" in output
    desk.git("apply", str(patch))
    root, _problems = yaml_tree.parse(desk.path.read_text())
    assert root is not None
    new = root.plain()["deployments"][2]
    assert (new["version"], new["rings"], new["pin_until"]) == (OLDER, ["pilot"], "2999-01-31")
    status, output = desk.play("rollback", **given)
    assert status == 2, "there is one already"
    assert "Set officefleet_rollback_name to another one." in output
