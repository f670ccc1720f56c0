# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook and a release history that looks wrong: nothing is staged before somebody has looked at it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import NEWEST

OLD = Build("Current", "16.0.20228.20190", "2607", NEWEST, ("en-us",), 1000, 1000, ())
NEW = Build("Current", "16.0.20326.20100", "2608", NEWEST, ("en-us",), 1000, 1000, ())
OTHER = Build("SemiAnnual", "16.0.19127.20752", "2508", NEWEST, ("en-us",), 1000, 1000, ())


def test_a_held_release_history_stages_nothing_until_accepted(tmp_path: Path) -> None:
    with LabCdn(tmp_path / "cdn", (OLD, NEW, OTHER)) as cdn:
        variables = {
            "officefleet_channel": "Current",
            "officefleet_languages": "en-us",
            "officefleet_library": str(tmp_path / "library"),
            "officefleet_cdn_url": cdn.url,
            "officefleet_file_list_url": cdn.file_list_url,
            "officefleet_release_history": cdn.release_history_url,
            "officefleet_trust_anchors": [str(cdn.anchors)],
            "officefleet_feeds": str(tmp_path / "feeds"),
            "officefleet_cache": str(tmp_path / "cache"),
        }
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"ANSIBLE_HOME": str(tmp_path / "ansible"), "HOME": str(tmp_path)}

        def stage(**more: str) -> tuple[int, str]:
            given = json.dumps({**variables, **{f"officefleet_{name}": value for name, value in more.items()}})
            command = ["ansible-playbook", "officefleet.c2r.stage", "-e", given]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
            return done.returncode, done.stdout + done.stderr

        def staged() -> set[str]:
            return {path.name for path in (tmp_path / "library" / "Current").iterdir()}

        status, output = stage()
        assert status == 0, output
        assert staged() == {NEW.version}
        cdn.withdraw(NEW)
        (tmp_path / "cache").rename(tmp_path / "an hour ago")
        status, output = stage()
        assert status != 0
        assert "accept: [latest_lowered]." in output
        assert "Traceback" not in output
        assert staged() == {NEW.version}
        status, output = stage(accept_feed="latest_lowered")
        assert status == 0, output
        assert staged() == {NEW.version, OLD.version}
        assert len(list((tmp_path / "feeds").glob("*.cab"))) == 2
        assert not (tmp_path / ".cache").exists()
