# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rollout tells hooks, over HTTP, what becomes of a deployment; and gives used-up attempts anew."""

from __future__ import annotations

import secrets
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, COUNT, VERSION, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds
from ansible_collections.officefleet.c2r.tests.lab.hook_sink import HookSink, hook_sink

__all__ = ["lab", "source"]  # fixtures, found by their names

WITHOUT = dict.fromkeys(
    ("channel", "version", "source", "ring_success", "retry_delay", "max_attempts", "document_sync_timeout"), ""
)
EXPEDITE = {
    "reason": "CVE-2026-12345 is exploited",
    "approved_by": "anna",
    "second_approver": "bela",
    "soak_time": "0m",
}
TOKEN, ADDRESS = secrets.token_hex(12), secrets.token_hex(12)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookSink]:
    """A hook whose address, with a secret in it, is in the environment."""
    with hook_sink() as sink:
        monkeypatch.setenv("OFFICE_HOOK", f"{sink.url}?key={ADDRESS}")
        yield sink


@pytest.fixture(autouse=True)
def all_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the results of all tasks, so that a secret in one is seen, and every warning."""
    monkeypatch.setenv("ANSIBLE_DISPLAY_OK_HOSTS", "true")


class Team:
    """A team with a deployment file, a vaulted token and two hooks, of which one waits for its server."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        (lab.work / "password").write_text("vault password")
        encrypted = subprocess.run(
            ["ansible-vault", "encrypt_string", "--vault-password-file", "password", "--name", "alert_token", TOKEN],
            cwd=lab.work,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (lab.work / "secrets.yml").write_text(encrypted)

    def roll(self, *extra: str, name: str = "monthly", **keys: Any) -> str:
        """Run the playbook with a file of these keys; give its output, which holds no secret."""
        deployment = {
            "name": name,
            "channel": CHANNEL,
            "version": VERSION,
            "bulletin": "MS26-12",
            "rings": ["pilot", "broad"],
            "gates": {"ring_success": 100, "ring_coverage": 50, "soak_time": "1h"},
            "deadline": "none",
            "sources": [{"url": self.lab.source.rsplit("/", 2)[0]}],
            "retries": {"max_attempts": 1, "retry_delay": "1m"},
            "expedite": EXPEDITE,
            "hooks": [
                {
                    "url": "env:OFFICE_HOOK",
                    "token": "var:alert_token",
                    "events": ["start", "gate", "halt", "finish", "failures"],
                    "failure_share": 5,
                },
                {"url": "var:late_hook", "events": ["start"]},
            ],
            **keys,
        }
        (self.lab.work / "deployments.yml").write_text(yaml.safe_dump({"deployments": [deployment]}))
        variables: dict[str, Any] = {f"officefleet_{name}": value for name, value in WITHOUT.items()}
        variables["officefleet_deployments"] = str(self.lab.work / "deployments.yml")
        secret = ["-e", "@secrets.yml", "--vault-password-file", "password"]
        status, output = self.lab.rollout("-vvv", *secret, *extra, **variables, officefleet_timeout=25)
        assert status == 0, output
        assert TOKEN not in output
        assert ADDRESS not in output
        assert "very-secret" not in output
        return output


def test_a_rollout_is_told_once_and_what_was_refused_by_the_next_run(lab: Lab, sink: HookSink) -> None:
    team = Team(lab)
    output = team.roll()
    assert [(told["event"], told["ring"]) for told in sink.messages] == [
        ("start", "pilot"),
        ("gate", "broad"),
        ("failures", None),
    ]
    assert "hooks: var:late_hook: the Ansible variable late_hook is not set for this run" in " ".join(output.split())
    path, headers, start = sink.requests[0]
    assert path.endswith(ADDRESS)
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert (start["schema"], start["deployment"], start["version"]) == (1, "monthly", VERSION)
    assert start["bulletin"] == "MS26-12"
    assert start["expedite"]["second_approver"] == "bela"
    assert start["counts"] == {"unvisited": COUNT}
    kinds = {host: kind.name for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    failed = set(sink.messages[2]["hosts"])
    assert failed
    assert {kinds[host] for host in failed} <= {"times_out_always", "times_out_once"}
    (notes,) = (lab.work / "records").glob(".+notes-monthly-*.json")
    assert TOKEN not in notes.read_text()
    assert ADDRESS not in notes.read_text()

    before = len(sink.requests)
    late = f"http://127.0.0.1:{sink.server_port}/late"
    team.roll("-e", f"late_hook={late}", "--check")
    assert len(sink.requests) == before, "check mode tells nobody"
    team.roll("-e", f"late_hook={late}", halted=True)
    told = [(path, document["event"]) for path, _headers, document in sink.requests[before:]]
    assert [event for _path, event in told] == ["halt", "start"]
    assert told[1][0] == "/late"


def test_two_runs_at_once_tell_an_event_once(lab: Lab, sink: HookSink) -> None:
    team = Team(lab)
    team.roll(halted=True, name="another")  # writes what both runs read
    sink.requests.clear()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda ring: team.roll("--limit", ring, halted=True), ("pilot", "broad")))
    assert Counter(told["event"] for told in sink.messages) == {"halt": 1}


def test_attempts_that_a_timeout_used_up_are_given_anew_with_a_longer_one(lab: Lab) -> None:
    team = Team(lab)
    kinds = {host: kind.name for host, kind in zip(lab.fleet, assign_kinds(COUNT), strict=True)}
    slow = next(host for host, kind in kinds.items() if kind == "times_out_always")
    team.roll(hooks=[])
    record = lab.records()[slow]
    assert (record["state"], record["attempts"]) == ("exhausted", 1)
    assert record["error"]["hint"].startswith("Raise documentsynctimeout (officefleet_document_sync_timeout")
    assert (slow, "document_sync_timeout") not in lab.calls, "nothing is raised that nobody has asked for"

    lab.calls.clear()
    team.roll(hooks=[])
    assert (slow, "update download") not in lab.calls, "used up"

    lab.calls.clear()
    team.roll("-e", '{"officefleet_reset_retries": true, "officefleet_document_sync_timeout": "10m"}', hooks=[])
    asked = [what for host, what in lab.calls if host == slow]
    assert asked.index("document_sync_timeout") < asked.index("update download")
    assert asked.count("update download") == 1, "once in a run, not once in a pass"
    assert lab.records()[slow]["state"] == "exhausted"
