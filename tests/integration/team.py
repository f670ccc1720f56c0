# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who stages images with the real ansible-core, from the simulated CDN."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

OLD = Build("MonthlyEnterprise", "16.0.20131.20206", "2606", payload_bytes=2_000_000, language_bytes=300_000)
NEW = Build("MonthlyEnterprise", "16.0.20228.20190", "2607", payload_bytes=2_000_000, language_bytes=300_000)


@dataclass
class Answer:
    status: int
    output: str

    @property
    def result(self) -> dict[str, Any]:
        """The JSON that the command `ansible` shows for its one host."""
        result: dict[str, Any] = json.loads(self.output[self.output.index("=> {") + 3 : self.output.rindex("}") + 1])
        return result

    @property
    def error(self) -> str:
        """The message that `ansible-playbook` shows for the one host that failed, checked to be readable."""
        assert self.status != 0
        assert "Traceback" not in self.output
        found = re.search(r"^(?:fatal|failed): .*?=> (\{.*\})$", self.output, re.MULTILINE)
        assert found is not None, self.output
        message: str = json.loads(found[1])["msg"]
        assert "\n" not in message
        return message


@dataclass
class Team:
    """Somebody with a library, a CDN and a configuration that knows nothing of the machine's."""

    cdn: LabCdn
    home: Path

    @property
    def library(self) -> Path:
        return self.home / "library"

    @property
    def image(self) -> Path:
        return self.library / NEW.channel / NEW.version

    @property
    def variables(self) -> dict[str, Any]:
        return {
            "channel": NEW.channel,
            "version": NEW.version,
            "languages": ["en-us", "de-de"],
            "library": str(self.library),
            "cdn_url": self.cdn.url,
            "file_list_url": self.cdn.file_list_url,
            "trust_anchors": [str(self.cdn.anchors)],
        }

    def play(self, *arguments: str, **changes: Any) -> Answer:
        """Run the playbook; None takes a variable away."""
        variables = {f"officefleet_{k}": v for k, v in {**self.variables, **changes}.items() if v is not None}
        return self._run("ansible-playbook", "officefleet.c2r.stage", "-e", json.dumps(variables), *arguments)

    def module(self, *arguments: str, **changes: Any) -> Answer:
        """Run the module alone."""
        options = {k: v for k, v in {**self.variables, **changes}.items() if v is not None}
        return self._run("ansible", "localhost", "-m", "officefleet.c2r.image", "-a", json.dumps(options), *arguments)

    def _run(self, *command: str) -> Answer:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, cwd=self.home, env=self.environment
        )
        return Answer(done.returncode, done.stdout + done.stderr)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return {**kept, "ANSIBLE_HOME": str(self.home / ".ansible"), "ANSIBLE_NOCOLOR": "1", "HOME": str(self.home)}

    def nothing_is_published(self) -> bool:
        return [path for path in self.library.glob("*") if path.name != ".staging"] == []

    def only_the_lock_is_left(self) -> bool:
        return [path.name for path in (self.library / ".staging").iterdir()] == [f"{NEW.channel}.lock"]
