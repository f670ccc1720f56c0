# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollout, run by ansible-playbook over WinRM against a small simulated fleet."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG
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
    "times_out_always": "exhausted",
    "unreachable": "unreachable",
    "lacking_language": "incompatible",
    "current": "compliant",
    "other_channel": "incompatible",
}


#: A team's own play, with the role and its variables.
BATCHES = """
- name: Update Office in batches
  hosts: windows
  gather_facts: false
  serial: 2
  roles:
    - role: officefleet.c2r.rollout
      vars:
        rollout_channel: "{{ officefleet_channel }}"
        rollout_version: "{{ officefleet_version }}"
        rollout_source: "{{ officefleet_source }}"
        rollout_records: "{{ officefleet_records }}"
        rollout_pass_seconds: 0.5
        rollout_timeout: 60
        rollout_retry_delay: 1
        rollout_prepare: officefleet.c2r.target
"""


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
    manifest = Manifest(CHANNEL, VERSION, ("x64",), tuple(LANGUAGES), "2026-11-21T08:00:00Z", ())
    (image / "manifest.json").write_text(manifest.to_json())
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
        self.after_each: Callable[[], object] = lambda: None
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
        self.after_each()
        if self.drops[name, what] > 0:
            self.drops[name, what] -= 1
            raise Drop
        return answer

    def rollout(
        self,
        *extra: str,
        limit: str = "",
        playbook: str = "officefleet.c2r.rollout",
        of_hosts: Mapping[str, dict[str, Any]] | None = None,
        **variables: Any,
    ) -> tuple[int, str]:
        """Run the playbook; return its exit status and all it printed. `of_hosts`: variables of single hosts."""
        assert self.server is not None
        hosts = inventory(list(self.fleet.values()), self.server, password=PASSWORD)
        for ring in hosts["all"]["children"]["windows"]["children"].values():
            for name, known in ring["hosts"].items():
                known.update((of_hosts or {}).get(name, {}))
        hosts["all"]["vars"] = {
            "officefleet_channel": CHANNEL,
            "officefleet_version": VERSION,
            "officefleet_source": self.source,
            "officefleet_records": str(self.work / "records"),
            "officefleet_cache": str(self.work / "cache"),  # release histories of whoever runs the tests say nothing
            "officefleet_ring_success": "50",  # as AWX hands numbers over
            "officefleet_document_sync_timeout": 600000,
            "officefleet_pass_seconds": 0.5,
            "officefleet_retry_delay": 2,
            "officefleet_max_attempts": 2,
            "officefleet_timeout": 60,
            **variables,
        }
        (self.work / "inventory.yml").write_text(yaml.safe_dump(hosts))
        command = ["ansible-playbook", "-i", "inventory.yml", playbook, *extra]
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
        files = (self.work / "records").glob("[!.]*.json")
        return {path.stem: json.loads(path.read_text()) for path in files}


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

    # As other parts of the collection spell them, and as a survey leaves what was not filled in
    spelt = {"channel": CHANNEL.lower(), "version": VERSION.removeprefix("16.0."), "rings": "pilot, broad"}
    empty = dict.fromkeys(
        ("goal", "deployment", "manifest_url", "force_app_shutdown", "answer_timeout", "policies"), ""
    )
    given: dict[str, Any] = {f"officefleet_{name}": value for name, value in (spelt | empty).items()}
    status, output = lab.rollout(**given)
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
    changing = [(rings[host], what) for host, what in lab.calls if what != "update_info"]
    before_broad = changing[: next(index for index, (ring, _) in enumerate(changing) if ring == "broad")]
    assert ("pilot", "update apply") in before_broad, "nothing is changed in the broad ring before the pilots are there"
    prepared = {host for host, what in lab.calls if what == "update_policy"}
    assert prepared == {host for host, what in counts if what == "update download"}
    order = list(dict.fromkeys(lab.calls))
    assert all(order.index((host, "update_policy")) < order.index((host, "update download")) for host in prepared)
    assert all(counts[host, "update_policy"] == counts[host, "document_sync_timeout"] == 1 for host in prepared)
    for host in records:
        lines = [line for line in output.splitlines() if line.startswith(f"{host} ")]
        assert all(line != following for line, following in pairwise(lines)), lines
    assert PASSWORD not in output

    # A second run: one command for each host that is current, and nothing is submitted anywhere
    lab.calls.clear()
    status, output = lab.rollout(**given)
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
    before = {name: host.registry.tree() for name, host in lab.fleet.items()}
    status, output = lab.rollout("--check", limit="pilot")
    assert status == 0, output
    assert {what for _, what in lab.calls} == {"update_info", "update_policy", "document_sync_timeout"}
    assert not (lab.work / "records").exists()
    assert re.search("^ws-002 .* download comes next$", output, re.MULTILINE)
    assert {name: host.registry.tree() for name, host in lab.fleet.items()} == before


def test_bad_credentials_fail_at_once(lab: Lab) -> None:
    status, output = lab.rollout("-e", "ansible_password=the-wrong-one", limit="ws-001")
    assert status != 0
    assert "ansible_user and ansible_password" in output
    assert "ws-001 refused the credentials of 'fleet'" in output
    assert "the-wrong-one" not in output
    assert lab.calls == []
    record = lab.records()["ws-001"]
    assert (record["state"], record["error"]["code"], record["at_rest"]) == ("unreachable", "401", True)


def test_what_cannot_be_rolled_out_is_said_once_and_no_host_is_visited(lab: Lab) -> None:
    def refused(**variables: Any) -> str:
        status, output = lab.rollout(**variables)
        assert (status, lab.calls) == (2, [])
        assert output.count("fatal: ") == 1
        assert "Traceback" not in output
        assert "argument_spec" not in output
        return " ".join(output.split())

    output = refused(officefleet_source=lab.source.replace(VERSION, "16.0.1.1"))
    assert "officefleet_source: " in output
    assert "HTTP status 404" in output
    assert "officefleet.c2r.stage" in output
    assert f"describes MonthlyEnterprise {VERSION}" in refused(officefleet_version="16.0.20326.20100")
    assert (
        "officefleet_rings: 'pilt' is not a group of the inventory. Make one of that name, or use all, broad, pilot, "
        in refused(officefleet_rings=["pilt"])
    )
    output = refused(
        officefleet_source=f"{lab.source.removesuffix(VERSION)}{{{{ build | default(officefleet_version) }}}}",
        of_hosts={"ws-009": {"build": "16.0.1.1"}},
    )
    assert f"officefleet_source differs between the hosts of this run: {lab.source} for ws-" in output
    assert "/16.0.1.1 for ws-009." in output
    other = {"officefleet_version": "{{ lookup('officefleet.c2r.release', 'Current') }}"}
    output = refused(of_hosts={"ws-009": other})
    assert "officefleet_version differs between the hosts" in output
    assert "officefleet_targets is set to widnows in the inventory, where it has no effect" in refused(
        officefleet_targets="widnows"
    )


def test_time_that_is_up_is_said(lab: Lab) -> None:
    (lab.work / "ansible.cfg").write_text(DEMO_CFG)
    status, output = lab.rollout(
        "-e", "officefleet_targets=pilot", officefleet_timeout=1, officefleet_document_sync_timeout=""
    )
    assert status == 0, output
    assert {host for host, _ in lab.calls} == {"ws-001", "ws-002"}
    assert "document_sync_timeout" not in {what for _, what in lab.calls}
    left = Counter(record["state"] for record in lab.records().values() if not record["at_rest"])
    assert left
    states = ", ".join(f"{count} {state}" for state, count in sorted(left.items()))
    assert f"\nTime is up after 1 s: {states}. What runs on the hosts goes on; run this again to go on with" in output


def test_a_play_in_batches(lab: Lab) -> None:
    (lab.work / "batches.yml").write_text(BATCHES)
    status, output = lab.rollout(playbook="batches.yml", limit="ws-001,ws-006,ws-010")
    assert status == 0, output
    assert {record["state"] for record in lab.records().values()} == {"compliant"}
    assert len(lab.records()) == 3
    assert {host for host, what in lab.calls if what == "update_policy"} == {"ws-001", "ws-006"}
    assert "Time is up" not in output
    lab.calls.clear()
    status, output = lab.rollout(limit="ws-001,ws-006,ws-010", officefleet_fresh_for=3600)
    assert (status, lab.calls) == (0, []), output


def test_a_host_that_cannot_be_prepared_is_recorded_so_and_the_others_go_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = lab.answer

    def refuse(name: str, call: ModuleCall) -> ModuleAnswer:
        if name == "ws-001" and call.name.endswith("update_policy"):
            return {"failed": True, "msg": "cannot write HKLM"}
        return answer(name, call)

    assert lab.server is not None
    monkeypatch.setattr(lab.server, "_run", refuse)
    status, output = lab.rollout(limit="ws-001,ws-010,ws-006", officefleet_rings=[])
    assert status == 2
    records = lab.records()
    assert {host: record["state"] for host, record in records.items()} == {
        "ws-001": "failed",
        "ws-006": "compliant",
        "ws-010": "compliant",
    }
    assert (records["ws-001"]["reason"], records["ws-001"]["at_rest"]) == ("not prepared: cannot write HKLM", True)
    assert "ws-001: not prepared: cannot write HKLM" in output
    assert ("ws-001", "update download") not in lab.calls
