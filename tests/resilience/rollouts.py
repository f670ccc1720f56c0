# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollout with a deployment file, against a watched fleet: as a process that ends or is killed."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing, suppress
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record
from ansible_collections.officefleet.c2r.tests.lab.fleet import inventory
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer
from ansible_collections.officefleet.c2r.tests.resilience.watched_fleet import (
    CHANNEL,
    SOURCE,
    TARGET,
    WatchedFleet,
)

PASSWORD = secrets.token_hex(8)
#: The figures of a real image: what every host takes, and a language.
SHARED = ImageFile(f"office/data/{TARGET}/stream.x64.x-none.dat", 1_630_000_000, "0" * 64, "", "none")
HANGS = 1500  # seconds after which a run is given up


class Running:
    """A run under way, the leader of a process group."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def kill(self, workers: bool) -> None:
        """Kill the group, or with `workers` also those of Ansible's processes that have a group of their own.

        Without, they end what they are at, as when a job is killed in the field.
        """
        doomed = [pid for pid in _below(self.process.pid) if workers]
        os.killpg(self.process.pid, signal.SIGKILL)
        for pid in doomed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(HANGS)


def _below(pid: int) -> list[int]:
    """Give the processes that descend from one."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return children + [each for child in children for each in _below(child)]


class Rollouts:
    """A workplace: deployment file, image, inventory and records in a directory of their own.

    :param timeout: seconds for a run; a 500th of them is the least pause between its passes (rollout_plan).
    """

    def __init__(
        self,
        work: Path,
        fleet: WatchedFleet,
        server: WinrmServer,
        rings: Mapping[str, Sequence[str]],
        *,
        forks: int,
        pass_seconds: float,
        timeout: float,
        slots: int,
        records: str | None = None,
    ) -> None:
        self.work, self.fleet = work, fleet
        self.records = records or str(work / "records")
        self._forks = forks
        image = work / "library" / CHANNEL / TARGET
        image.mkdir(parents=True)
        manifest = Manifest(CHANNEL, TARGET, ("x64",), ("en-us", "de-de"), "2026-11-21T08:00:00Z", (SHARED,))
        (image / "manifest.json").write_text(manifest.to_json())
        deployment = {
            "name": "monthly",
            "channel": CHANNEL,
            "version": TARGET,
            "rings": list(rings),
            "available_from": "asap",
            "deadline": "none",
            "windows": [{"always": True}],
            "gates": {"ring_success": 60, "ring_coverage": 60, "soak_time": "0m"},
            "sources": [{"url": SOURCE, "max_active": slots}],
            "retries": {"max_attempts": 3, "retry_delay": "1m"},
        }
        (work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
        members = {ring: [fleet.hosts[name] for name in names] for ring, names in rings.items()}
        self._inventory = inventory(list(fleet.hosts.values()), server, password=PASSWORD, rings=members)
        self._inventory["all"]["vars"] = {
            "officefleet_deployments": str(work / "deployments.yml"),
            "officefleet_manifest_library": str(work / "library"),
            "officefleet_records": self.records,
            "officefleet_cache": str(work / "cache"),
            "officefleet_pass_seconds": pass_seconds,
            "officefleet_timeout": timeout,
        }
        (work / "inventory.yml").write_text(yaml.safe_dump(self._inventory))
        (work / "ansible.cfg").write_text("[defaults]\ndisplay_ok_hosts = false\ndisplay_skipped_hosts = false\n")

    def write_part(self, file: Path, names: Collection[str]) -> None:
        """Write the inventory that AWX gives a slice: these hosts alone, and all groups, also those of no host."""
        part = deepcopy(self._inventory)
        for ring in part["all"]["children"]["windows"]["children"].values():
            ring["hosts"] = {name: variables for name, variables in ring["hosts"].items() if name in names}
        file.write_text(yaml.safe_dump(part))

    def command(self, *extra: str) -> list[str]:
        """Give the command of a run."""
        playbook = "officefleet.c2r.rollout"
        return ["ansible-playbook", "-i", "inventory.yml", "-f", str(self._forks), playbook, *extra]

    @property
    def environment(self) -> dict[str, str]:
        """Give the environment of a run."""
        return {**os.environ, "ANSIBLE_CONFIG": str(self.work / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}

    def run(self, *extra: str) -> str:
        """Run the playbook to its end; give what it said. It has to end well."""
        return self.finish(self.command(*extra))

    def finish(self, command: Sequence[str]) -> str:
        """Run what starts the playbook, in this workplace, to its end; give what it said. It has to end well."""
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def begin(self) -> Running:
        """Begin a run that may be killed."""
        output = self.work / "output"
        with output.open("ab") as written:
            process = subprocess.Popen(
                self.command(),
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(process)

    def slots_held(self) -> tuple[str, ...]:
        """Name the hosts that hold a download slot."""
        with closing(open_store(self.records)) as store:
            return store.leases.active(SOURCE, datetime.now(UTC))

    def all_records(self) -> dict[str, Record]:
        """Read what the runs wrote down."""
        with closing(open_store(self.records)) as store:
            records, damaged = store.everything()
        assert not damaged
        return {record.host: record for record in records}


def in_rings(names: Sequence[str], shares: Mapping[str, float]) -> dict[str, list[str]]:
    """Divide hosts into rings of these shares, in their order; the last ring gets the rest."""
    rings: dict[str, Any] = {}
    begin = 0
    for number, (ring, share) in enumerate(shares.items(), 1):
        end = len(names) if number == len(shares) else begin + max(1, round(len(names) * share))
        rings[ring] = list(names[begin:end])
        begin = end
    return rings
