# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, print the table, write it into docs/benchmarks.md.

The image is made by the lab's CDN in memory (/dev/shm), served by nginx, and fetched to the disk.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import requests

from ansible_collections.officefleet.c2r.tests.bench import document, measure, report
from ansible_collections.officefleet.c2r.tests.bench.contestants import CONNECTIONS, Ours, Theirs, ansible, environment
from ansible_collections.officefleet.c2r.tests.bench.measure import Run
from ansible_collections.officefleet.c2r.tests.bench.nginx import Nginx
from ansible_collections.officefleet.c2r.tests.bench.rounds import Rounds, play, say
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

MB = 1_000_000
MEMORY = Path("/dev", "shm")
SLOW = 20 * MB  # bytes per second and connection
FILES_AT_ONCE = 5  # aria2c's default


class Bench:
    """Everything that one call measures."""

    def __init__(self, ours: Ours, theirs: Theirs, server: Nginx, rounds: int) -> None:
        self._ours = ours
        self._theirs = theirs
        self._server = server
        self._rounds = rounds
        self._environment = environment(ours.home)

    def loopback(self) -> Rounds:
        """As fast as it goes."""
        url = self._server.fast
        contestants = {
            "ansible": lambda: self._stage(self._ours.by_ansible(url)),
            "module": lambda: self._stage(self._ours.alone(url)),
            "aria2c+openssl": lambda: self._fetch(url, files_at_once=FILES_AT_ONCE, hashed=True),
        }
        return play("loopback", contestants, self._rounds)

    def slow(self) -> Rounds:
        """With a limit for each connection, as many connections for both."""
        url = self._server.slow
        contestants = {
            "ansible": lambda: self._stage(self._ours.by_ansible(url)),
            "aria2c": lambda: self._fetch(url, files_at_once=1, hashed=False),
        }
        return play(f"{SLOW // MB} MB/s", contestants, self._rounds, warm_up=0)

    def again(self) -> tuple[Rounds, int]:
        """Stage what is there already, beside the least that Ansible can do; give what was read of the payload, too."""
        self._stage(self._ours.alone(self._server.fast))
        payload = self._ours.payload()
        measure.forget(payload)
        before = measure.cached_bytes(payload)
        contestants = {
            "image": lambda: self._run([self._ours.by_ansible(self._server.fast)]),
            "ping": lambda: self._run([ansible("ansible.builtin.ping")]),
        }
        rounds = play("nothing new", contestants, max(self._rounds, 5))
        return rounds, measure.cached_bytes(payload) - before

    def _stage(self, command: Sequence[str]) -> Run:
        self._clear()
        return self._run([command])

    def _fetch(self, url: str, *, files_at_once: int, hashed: bool) -> Run:
        self._clear()
        return self._run(self._theirs.commands(url, files_at_once=files_at_once, hashed=hashed))

    def _run(self, commands: Iterable[Sequence[str]]) -> Run:
        return measure.run(commands, self._environment, self._ours.home)

    def _clear(self) -> None:
        self._ours.clear()
        self._theirs.clear()
        measure.sync(self._ours.home)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each comparison (%(default)s)")
    parser.add_argument("--megabytes", type=int, default=2000, help="size of the image (%(default)s)")
    parser.add_argument("--memory", type=Path, default=MEMORY, help="where the server's files go (%(default)s)")
    parser.add_argument("--disk", type=Path, required=True, help="a directory on the disk that is fetched to")
    parser.add_argument("--document", type=Path, help="docs/benchmarks.md, whose figures are replaced")
    arguments = parser.parse_args()
    arguments.disk.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="officefleet-bench-", dir=arguments.memory) as memory,
        tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.disk) as disk,
    ):
        Path(memory).chmod(0o755)  # nginx reads as another user
        text = _measured(Path(memory), Path(disk), arguments.megabytes, arguments.rounds)
    say(text)
    if arguments.document is not None:
        document.write(arguments.document, "bench", text)


def _measured(memory: Path, disk: Path, megabytes: int, rounds: int) -> str:
    # As in real images: one stream for all, of two thirds, and a smaller one for each of three languages and for ARM.
    share = megabytes * MB // 12
    build = Build("MonthlyEnterprise", "16.0.20228.20190", payload_bytes=8 * share, language_bytes=share, proofing=())
    say(f"making a signed image of {megabytes} MB")
    with LabCdn(memory / "cdn", (build,)) as cdn:
        file_list = memory / "filelist.json"
        query = {"channel": build.channel, "version": build.version, "arch": "x64", "lid": build.languages}
        file_list.write_bytes(requests.get(cdn.file_list_url, params=query, timeout=60).content)
        root, anchors = memory / "cdn" / "www", cdn.anchors
    ours = Ours(disk, build, file_list, anchors)
    with Nginx(root, memory, SLOW) as server:
        measure.run([ours.alone(server.fast)], environment(disk), disk)
        size = sum(path.stat().st_size for path in ours.payload())
        bench = Bench(ours, Theirs(disk, ours.urls()), server, rounds)
        loopback, slow = bench.loopback(), bench.slow()
        again, read = bench.again()
    facts = report.Facts(
        datetime.now(UTC).date(), measure.machine(), size, len(build.languages), rounds, SLOW, CONNECTIONS
    )
    return report.text(facts, loopback, slow, again, read)


if __name__ == "__main__":
    main()
