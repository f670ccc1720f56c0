# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: the role rollout, the module update with a task that waits for each host, and bare calls."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.tests.bench.contestants import environment
from ansible_collections.officefleet.c2r.tests.bench.rollout.fleet import (
    CHANNEL,
    TARGET,
    Fleet,
    Shape,
    Traffic,
    serving,
)

SOURCE = f"http://dp.example.com/office/{CHANNEL}/{TARGET}"
PASS_SECONDS = 1
DEFAULT_FORKS = 5


@dataclass(frozen=True)
class Measured:
    """One run of Ansible over a fleet."""

    seconds: float
    cpu_seconds: float  #: of Ansible and all of its forks, user and system
    hosts: int
    traffic: Traffic

    @property
    def cpu_per_command(self) -> float:
        """Give seconds for each command that a host was given."""
        return self.cpu_seconds / self.traffic.commands

    @property
    def label(self) -> str:
        """Show it in short."""
        what = ", ".join(f"{count} {name}" for name, count in sorted(self.traffic.by_module.items()))
        return f"{self.seconds:.1f} s, CPU {self.cpu_seconds:.1f} s, {self.traffic.commands} commands ({what})"


class Contestants:
    """Runs plays below `home`, each over a fleet of its own unless one is handed on."""

    def __init__(self, home: Path) -> None:
        self._home = home
        manifest = Manifest(CHANNEL, TARGET, ("x64",), ("en-us",), "2026-11-21T08:00:00Z", ())
        (home / "manifest.json").write_text(manifest.to_json())

    def sweep(self, shape: Shape, hosts: int, forks: int) -> Measured:
        """Call update_info, a bare .ps1 without an action plugin of ours, once on every host."""
        with serving(shape, hosts, self._home) as fleet:
            return self._play(fleet, forks, {"officefleet.c2r.update_info": {}})

    def rollout(self, shape: Shape, hosts: int, forks: int) -> tuple[Measured, Measured]:
        """Bring all hosts to the target; then the same once more, where every host is current."""
        records = tempfile.mkdtemp(prefix="records-", dir=self._home)
        variables = {
            "rollout_channel": CHANNEL,
            "rollout_version": TARGET,
            "rollout_source": SOURCE,
            "rollout_manifest_url": str(self._home / "manifest.json"),
            "rollout_records": records,
            "rollout_pass_seconds": PASS_SECONDS,
            "rollout_timeout": PASS_SECONDS * 500,
        }
        # As in the playbook: the role checks what it gets once, Ansible's validation would do so for each host.
        called = {"name": "officefleet.c2r.rollout", "rolespec_validate": False}
        role = {"ansible.builtin.import_role": called, "vars": variables}
        with serving(shape, hosts, self._home) as fleet:
            done = self._play(fleet, forks, role)
            fleet.require(TARGET)
        with serving(shape, hosts, self._home, installed=TARGET) as fleet:
            return done, self._play(fleet, forks, role)

    def visits(self, shape: Shape, hosts: int, forks: int) -> Measured:
        """Take one pass at every host by a task of its own; all are current."""
        deployment = {
            "channel": CHANNEL,
            "version": TARGET,
            "source": SOURCE,
            "languages": ["en-us"],
            "architectures": ["x64"],
        }
        records = tempfile.mkdtemp(prefix="records-", dir=self._home)
        with serving(shape, hosts, self._home, installed=TARGET) as fleet:
            task = {"officefleet.c2r.reconcile": {"deployment": deployment, "records": records}}
            return self._play(fleet, forks, task)

    def blocking(self, shape: Shape, hosts: int, forks: int) -> Measured:
        """Bring all hosts to the target by a task that waits at each of them."""
        with serving(shape, hosts, self._home) as fleet:
            done = self._play(
                fleet, forks, {"officefleet.c2r.update": {"version": TARGET, "source": SOURCE, "wait": True}}
            )
            fleet.require(TARGET)
            return done

    def _play(self, fleet: Fleet, forks: int, task: Mapping[str, Any]) -> Measured:
        play = {"name": "Measure", "hosts": "windows", "gather_facts": False, "tasks": [{"name": "Measure", **task}]}
        playbook = self._home / "play.json"
        playbook.write_text(json.dumps([play]))
        settings = {
            "ANSIBLE_DISPLAY_OK_HOSTS": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
            "ANSIBLE_STDOUT_CALLBACK": "officefleet.c2r.fleet",
        }
        command = ("ansible-playbook", "-i", str(fleet.inventory), "-f", str(forks), str(playbook))
        seconds, cpu_seconds = _timed(command, {**environment(self._home), **settings})
        return Measured(seconds, cpu_seconds, len(fleet.hosts), fleet.traffic)


def _timed(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Run the command; give seconds by the clock and CPU seconds of it and its children. RuntimeError if it fails."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{output.read().decode(errors='replace')[-3000:]}")
    return seconds, usage.ru_utime + usage.ru_stime
