# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the module `image` that end well, or are killed at a certain byte or step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import part_file
from ansible_collections.officefleet.c2r.plugins.modules import image as image_module
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build
from ansible_collections.officefleet.c2r.tests.resilience import clients_view, kill_at_step
from ansible_collections.officefleet.c2r.tests.resilience.gated_cdn import GatedCdn

CHANNEL = "MonthlyEnterprise"
OLD = Build(CHANNEL, "16.0.20131.20206", payload_bytes=1 << 20, language_bytes=1 << 18, proofing=())
NEW = Build(
    CHANNEL,
    "16.0.20228.20190",
    payload_bytes=18 << 20,  # more than two of the segments that large files are fetched in
    language_bytes=3 << 20,
    languages=("en-us", "de-de"),
    proofing=(),
)
SECONDS = 120  # for a run that hangs


class Workplace:
    """A CDN of its own, and one library after the other."""

    def __init__(self, cdn: GatedCdn, home: Path) -> None:
        self.cdn = cdn
        self._home = home
        self._number = 0
        self.library = home / "library-0"

    def fresh(self, template: Path | None = None) -> None:
        """Take an empty library, or a copy of another, and forget what was asked for."""
        if template != self.library:
            shutil.rmtree(self.library, ignore_errors=True)
        self._number += 1
        self.library = self._home / f"library-{self._number}"
        if template is not None:
            shutil.copytree(template, self.library, symlinks=True)
        self.forget()

    def keep(self) -> Path:
        """Give the library away, as a template."""
        kept = self._home / f"template-{self._number}"
        self.library.rename(kept)
        return kept

    def forget(self) -> None:
        """Count requests and bytes from here on."""
        self.cdn.wait_until_alone()
        self.cdn.gate.reset()
        self.cdn.requests.clear()

    def finish(self, build: Build = NEW, **options: Any) -> dict[str, Any]:
        """Run the module to its end; give its result."""
        done = self._run([sys.executable, "-m", image_module.__name__], build, options)
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def kill_after(self, delivered: int, **options: Any) -> None:
        """Run the module and kill it when the server has sent so many bytes of files."""
        self.cdn.gate.reset(delivered)
        reached = self.cdn.gate.reached
        command = [sys.executable, "-m", image_module.__name__, self._arguments(NEW, options)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._environment()
        )
        try:
            assert reached.wait(SECONDS), f"it ended with {process.poll()} before"
        finally:
            process.kill()
            process.wait()

    def kill_at(self, step: int, **options: Any) -> int:
        """Let the module kill itself before this step, 0 for never; give the number of its steps then."""
        counted = self._home / "steps"
        command = [sys.executable, "-m", kill_at_step.__name__, str(self.library), str(step), str(counted)]
        done = self._run(command, NEW, options)
        assert done.returncode == (-9 if step else 0), done.stdout + done.stderr
        return 0 if step else int(counted.read_text())

    def verified(self) -> dict[str, int]:
        """Give the files under their final names in the workspace with their sizes: they have been checked."""
        endings = (part_file.PART, part_file.JOURNAL, ".copy", ".copying")
        files = (path for path in self._data.rglob("*") if path.is_file() and not path.name.endswith(endings))
        return {path.name: path.stat().st_size for path in files}

    def in_parts(self, urls: dict[str, str]) -> int:
        """Give how many bytes of other files the journals beside them speak of."""
        parts = self._data.rglob(f"*{part_file.PART}")
        targets = [path.with_name(path.name.removesuffix(part_file.PART)) for path in parts]
        return sum(part_file.kept(target, urls[target.name]) for target in targets)

    def urls(self) -> dict[str, str]:
        """Give the addresses of the published files by their names."""
        files = clients_view.images(self.library)[NEW.version]["files"]
        return {Path(file["path"]).name: file["url"] for file in files}

    def fetched(self) -> set[str]:
        """Give the names of the builds' files that were asked for with GET."""
        paths = (urlsplit(request.path).path for request in self.cdn.requests if request.method == "GET")
        return {Path(path).name for path in paths if "/office/data/" in path}

    @property
    def _data(self) -> Path:
        return self.library / ".staging" / f"{CHANNEL}-{NEW.version}" / "office" / "data"

    def _run(self, command: list[str], build: Build, options: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, self._arguments(build, options)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=self._environment(),
        )

    def _arguments(self, build: Build, options: dict[str, Any]) -> str:
        given = {
            "channel": build.channel,
            "version": build.version,
            "languages": ["en-us"],
            "library": str(self.library),
            "cdn_url": self.cdn.url,
            "file_list_url": self.cdn.file_list_url,
            "trust_anchors": [str(self.cdn.anchors)],
            **options,
        }
        file = self._home / "arguments.json"
        file.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
        return str(file)

    def _environment(self) -> dict[str, str]:
        """Without proxies, and with a directory for what killed processes leave of temporary files."""
        kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        return {**kept, "TMPDIR": str(self._home)}
