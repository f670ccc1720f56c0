# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody with a deployment file in Git and a library, who runs the playbooks that change such a file."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest

CHANNEL = "MonthlyEnterprise"
OLDER, VERSION = "16.0.20131.20206", "16.0.20228.20190"
SOURCE = "http://office.invalid"
INVENTORY: dict[str, Any] = {
    "all": {"children": {"pilot": {"hosts": {"ws-001": {}}}, "broad": {"hosts": {"ws-002": {}, "ws-003": {}}}}}
}


@dataclass
class Desk:
    """The directory `home` with its repository; `path` is the deployment file in it."""

    home: Path

    def __post_init__(self) -> None:
        (self.home / "fleet" / "office").mkdir(parents=True)
        (self.home / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
        self.git("init", "--quiet")

    @property
    def path(self) -> Path:
        return self.home / "fleet" / "office" / "deployments.yml"

    @property
    def library(self) -> Path:
        return self.home / "library"

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.home / "fleet", check=True, capture_output=True, timeout=60)

    def stage(self, version: str) -> None:
        """Put an image into the library, as far as a controller looks at it."""
        image = self.library / CHANNEL / version
        image.mkdir(parents=True)
        manifest = Manifest(CHANNEL, version, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", ())
        (image / "manifest.json").write_text(manifest.to_json())

    def play(self, playbook: str, *arguments: str, **variables: Any) -> tuple[int, str]:
        """Run a playbook; give its exit status and all it printed."""
        given = {"deployments": str(self.path), "manifest_library": str(self.library), **variables}
        extra = json.dumps({f"officefleet_{name}": value for name, value in given.items()})
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {
            "ANSIBLE_HOME": str(self.home / ".ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "HOME": str(self.home),
            "ANSIBLE_DISPLAY_OK_HOSTS": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        }
        done = subprocess.run(
            ["ansible-playbook", "-i", "inventory.yml", f"officefleet.c2r.{playbook}", "-e", extra, *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr
