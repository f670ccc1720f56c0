# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollout, run by ansible-playbook over WinRM against a small simulated fleet."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.lab.fleet import KINDS, assign_kinds, build_fleet, inventory
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run as run_module
from ansible_collections.officefleet.c2r.tests.lab.probe import needed_files
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

CHANNEL, VERSION = "MonthlyEnterprise", "16.0.20228.20190"
LANGUAGES = ["en-us", "de-de", "fr-fr"]
COUNT = 10
PASSWORD = secrets.token_hex(8)
ENDS = {
    "willing": "compliant",
    "word_open": "blocked",
    "word_open_for_a_while": "compliant",
    "times_out_once": "compliant",
    "times_out_always": "failed",
    "unreachable": "unreachable",
    "lacking_language": "incompatible",
    "current": "compliant",
    "other_channel": "incompatible",
}


class Quiet(SimpleHTTPRequestHandler):
    """A web server without a log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def log_error(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[str]:
    """An image as a web server shows it: names and manifest, no contents worth mentioning."""
    image = tmp_path / "library" / CHANNEL / VERSION
    for name in needed_files(VERSION, "x64", LANGUAGES):
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        (image / name).write_text("content")
    manifest = {"schema": 1, "channel": CHANNEL, "version": VERSION, "architectures": ["x64"], "languages": LANGUAGES}
    (image / "manifest.json").write_text(json.dumps(manifest))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "library")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{CHANNEL}/{VERSION}"
    server.shutdown()
    thread.join()
    server.server_close()


class Lab:
    """A fleet behind a WinRM server, the calls it got, and ansible-playbook in a folder of its own."""

    def __init__(self, work: Path, source: str) -> None:
        self.work, self.source = work, source
        self.fleet: dict[str, Host] = {host.name: host for host in build_fleet(COUNT, channel=CHANNEL, speed=40)}
        self.calls: list[tuple[str, str]] = []
        self.drops = Counter[tuple[str, str]]()
        self.server: WinrmServer | None = None
        (work / "ansible.cfg").write_text(
            "[defaults]\nforks = 10\ndisplay_ok_hosts = false\ndisplay_skipped_hosts = false\n"
        )

    def answer(self, name: str, call: ModuleCall) -> ModuleAnswer:
        """Answer for a host; lose the answer where the test asks for it, after the work is done."""
        step = str(call.params.get("_step", "")) if call.name.endswith(".update") else ""
        what = call.name.rpartition(".")[2] + (f" {step}" if step else "")
        self.calls.append((name, what))
        answer = run_module(self.fleet[name], call)
        if self.drops[name, what] > 0:
            self.drops[name, what] -= 1
            raise Drop
        return answer

    def rollout(self, *extra: str, limit: str = "", **variables: Any) -> tuple[int, str]:
        """Run the playbook; return its exit status and all it printed."""
        assert self.server is not None
        hosts = inventory(list(self.fleet.values()), self.server, password=PASSWORD)
        hosts["all"]["vars"] = {
            "officefleet_channel": CHANNEL,
            "officefleet_version": VERSION,
            "officefleet_source": self.source,
            "officefleet_records": str(self.work / "records"),
            "officefleet_ring_success": "50",  # as AWX hands numbers over
            "officefleet_document_sync_timeout": 600000,
            "officefleet_pass_seconds": 0.5,
            "officefleet_retry_delay": 2,
            "officefleet_max_attempts": 2,
            "officefleet_timeout": 60,
            **variables,
        }
        (self.work / "inventory.yml").write_text(yaml.safe_dump(hosts))
        command = ["ansible-playbook", "-i", "inventory.yml", "officefleet.c2r.rollout", *extra]
        return self._run([*command, *(["--limit", limit] if limit else [])])

    def update(self, host: str, **options: Any) -> tuple[int, str]:
        """Run the module update on one host, as a person at a terminal does."""
        assert self.server is not None
        (self.work / "inventory.yml").write_text(
            yaml.safe_dump(inventory(list(self.fleet.values()), self.server, password=PASSWORD))
        )
        arguments = json.dumps({"version": VERSION, "source": self.source, **options})
        command = ["ansible", host, "-i", "inventory.yml", "-m", "officefleet.c2r.update", "-a", arguments]
        return self._run(command)

    def _run(self, command: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            command,
            cwd=self.work,
            env={**os.environ, "ANSIBLE_CONFIG": str(self.work / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout

    def records(self) -> dict[str, dict[str, Any]]:
        """Read what the run wrote down."""
        return {path.stem: json.loads(path.read_text()) for path in (self.work / "records").glob("*.json")}


@pytest.fixture
def lab(tmp_path: Path, source: str) -> Iterator[Lab]:
    """A lab whose WinRM server runs."""
    work = tmp_path / "work"
    work.mkdir()
    lab = Lab(work, source)
    with WinrmServer(lab.answer, password=PASSWORD) as server:
        lab.server = server
        yield lab


def test_a_fleet_with_one_of_each_trouble(lab: Lab) -> None:
    kinds = {host: kind.name for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    assert {kind.name for kind in KINDS} <= set(kinds.values())
    flaky = next(host for host, kind in kinds.items() if kind == "willing")
    lab.drops.update({(flaky, "update download"): 1, (flaky, "update_info"): 1})

    status, output = lab.rollout()
    assert status == 0, output
    records = lab.records()
    assert {host: record["state"] for host, record in records.items()} == {
        host: ENDS[kind] for host, kind in kinds.items()
    }, output
    assert all(record["at_rest"] for record in records.values())
    assert not any(lab.drops.values()), "both answers were lost as asked"
    by_kind = {kinds[host]: record for host, record in records.items()}
    assert by_kind["word_open"]["blocking_apps"] == ["WINWORD"]
    assert by_kind["times_out_once"]["attempts"] == 1
    assert by_kind["times_out_always"]["attempts"] == 2
    assert by_kind["times_out_always"]["error"]["hresult"] == "0x800704CD"
    assert "ja-jp" in by_kind["lacking_language"]["reason"]
    assert "Current" in by_kind["other_channel"]["reason"]
    assert by_kind["unreachable"]["seen_at"] is None
    counts = Counter(lab.calls)
    for host, kind in kinds.items():
        assert counts[host, "update download"] == {"times_out_always": 2, "times_out_once": 2}.get(
            kind, 0 if kind in ("unreachable", "lacking_language", "current", "other_channel") else 1
        ), (host, kind)
        assert counts[host, "update apply"] == (ENDS[kind] == "compliant" and kind != "current"), (host, kind)
    rings = {host: record["ring"] for host, record in records.items()}
    assert Counter(rings.values()) == {"pilot": 2, "broad": 8}
    calls = [host for host, what in lab.calls if what == "update download"]
    assert {rings[host] for host in calls[:2]} == {"pilot"}, "the broad ring waits for the pilots"
    for host in records:
        lines = [line for line in output.splitlines() if line.startswith(f"{host} ")]
        assert all(line != following for line, following in pairwise(lines)), lines
    assert PASSWORD not in output

    # A second run: one command for each host that is current, and nothing is submitted anywhere
    lab.calls.clear()
    status, output = lab.rollout()
    assert status == 0, output
    again = Counter(lab.calls)
    assert not [what for _, what in again if what in ("update download", "update apply")]
    for host, kind in kinds.items():
        if ENDS[kind] == "compliant":
            assert sum(count for (name, _), count in again.items() if name == host) == 1, host
    assert {host: record["state"] for host, record in lab.records().items()} == {
        host: ENDS[kind] for host, kind in kinds.items()
    }


def test_update_brings_one_host_there_while_a_person_watches(lab: Lab) -> None:
    kinds = {kind.name: host for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    lab.drops["ws-006", "update wait"] = 2
    assert kinds["willing"] == "ws-006"
    status, output = lab.update("ws-006")
    assert status == 0, output
    lines = [line.split()[1] for line in output.splitlines() if line.startswith("ws-006  ")]
    assert [line for line in lines if line != "no"] == ["downloading", "applying", "compliant"], output
    assert not any(lab.drops.values())
    status, output = lab.update(kinds["word_open"], state="installed", wait_timeout=60)
    assert status != 0
    assert "open: WINWORD" in output
    assert ("update apply", kinds["word_open"]) not in [(what, host) for host, what in lab.calls]


def test_check_mode_says_what_would_be_done_and_does_nothing(lab: Lab) -> None:
    status, output = lab.rollout("--check", limit="pilot")
    assert status == 0, output
    assert {what for _, what in lab.calls} <= {"update_info", "update_policy", "document_sync_timeout"}
    assert not (lab.work / "records").exists()
    assert "download comes next" in output
    assert all(host.service is None or host.service.status().status.name == "UNKNOWN"
               for host in lab.fleet.values() if "pilot" in host.name)  # fmt: skip


def test_bad_credentials_fail_at_once(lab: Lab) -> None:
    status, output = lab.rollout("-e", "ansible_password=the-wrong-one", limit="ws-001")
    assert status != 0
    assert "ansible_user and ansible_password" in output
    assert "ws-001 refused the credentials of 'fleet'" in output
    assert "the-wrong-one" not in output
    assert lab.calls == []
    record = lab.records()["ws-001"]
    assert (record["state"], record["error"]["code"], record["at_rest"]) == ("unreachable", "401", True)


def test_a_source_without_an_image_is_said_clearly(lab: Lab) -> None:
    status, output = lab.rollout(officefleet_source=lab.source.replace(VERSION, "16.0.1.1"))
    assert status != 0
    assert "officefleet_source" in output
    assert "404" in output
    assert "officefleet.c2r.stage" in output
    assert lab.calls == []


def test_a_source_of_another_version_is_refused(lab: Lab) -> None:
    status, output = lab.rollout(officefleet_version="16.0.20326.20100")
    assert status != 0
    assert f"describes MonthlyEnterprise {VERSION}" in " ".join(output.split())
    assert lab.calls == []
