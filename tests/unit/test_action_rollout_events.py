# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action rollout_events: from the records of hosts to messages, and nothing that it meets stops a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.officefleet.c2r.plugins.action import rollout_events
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import dumped
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.tests.lab.hook_sink import HookSink, hook_sink
from ansible_collections.officefleet.c2r.tests.unit.transcript import SOURCE, TARGET, Transcript

DEPLOYMENT = Deployment(
    name="2026-12", version=TARGET, source=SOURCE, channel="Current", rings=("pilot",), only_rings=True
)
KEY = DeploymentKey.of(DEPLOYMENT)
GROUPS = {"all": ["ws-001", "ws-002"], "pilot": ["ws-001", "ws-002"]}
EVERYTHING = ["start", "gate", "halt", "finish", "failures", "restart_pending"]


@pytest.fixture
def sink() -> Iterator[HookSink]:
    """A hook that runs."""
    with hook_sink() as sink:
        yield sink


class Fleet:
    """Records of two hosts, and runs that tell of them."""

    def __init__(self, directory: Path, url: str) -> None:
        self.store = DirectoryStore(str(directory))
        self.url = url
        self.other_channels: list[list[str]] = []

    def record(self, host: str, state: str, restart_told: str | None = None) -> None:
        """Write down what a visit found."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.store.save(Record(host, "pilot", KEY, state=state, restart_told=restart_told, updated_at=now))

    def tell(
        self,
        deployment: Deployment = DEPLOYMENT,
        *,
        check_mode: bool = False,
        started: float | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        """Tell what is new."""
        hook = {"url": self.url, "token": None, "events": EVERYTHING, "failure_share": 10, **given}
        options = {
            "rules": dumped(deployment),
            "events": {"hooks": [hook], "bulletin": None, "expedite": None, "other_channels": self.other_channels},
            "records": str(self.store.directory),
            **({} if started is None else {"run_started": started}),
        }
        play = Transcript(rollout_events.ActionModule, options, check_mode=check_mode)
        fake: Any = play.action
        fake._templar = SimpleNamespace(template=_template)
        return play.run([], groups=GROUPS, plain=self.url, broken="{{ very-secret", number=7, nothing=None)


def _template(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{{"):
        raise AnsibleError(f"cannot make sense of {value}")
    return value


def events(result: dict[str, Any]) -> list[str]:
    """The kinds of events in a result."""
    return [event["event"] for event in result["events"]]


def test_the_records_of_hosts_become_messages_once(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path / "records", sink.url)
    result = fleet.tell()
    assert (events(result), result["sent"], result["unsent"], result["changed"]) == (["start"], 1, 0, False)
    fleet.record("ws-001", "compliant")
    fleet.record("ws-002", "restart_pending", "hook")
    assert events(fleet.tell(check_mode=True)) == ["restart_pending"]
    assert len(sink.messages) == 1, "check mode sends nothing"
    assert events(fleet.tell()) == ["restart_pending"]
    assert sink.messages[1]["hosts"] == ["ws-002"]
    assert events(fleet.tell()) == []
    fleet.record("ws-002", "compliant")
    assert events(fleet.tell(url="var:plain")) == ["finish"]
    assert [message["event"] for message in sink.messages] == ["start", "restart_pending", "finish"]
    assert fleet.store.everything()[1] == [], "notes are not taken for records"


def test_hosts_of_another_channels_deployment_do_not_keep_this_one_from_its_end(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path, sink.url)
    fleet.record("ws-001", "compliant")
    servers = DeploymentKey("servers", "SemiAnnual", TARGET, "http://elsewhere")
    now = datetime.now(UTC).replace(microsecond=0)
    fleet.store.save(Record("ws-002", "rds", servers, state="exhausted", updated_at=now))
    assert events(fleet.tell()) == ["start"], "it may be one that this deployment has not come to yet"
    fleet.other_channels = [["servers", "SemiAnnual", TARGET]]
    assert events(fleet.tell()) == ["finish"]
    assert sink.messages[-1]["counts"] == {"compliant": 1}


def test_a_restart_that_users_are_told_of_is_none_of_the_hooks(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path, sink.url)
    fleet.record("ws-001", "restart_pending", "notice")
    fleet.record("ws-002", "restart_pending")
    assert events(fleet.tell()) == ["start"]


def test_what_no_hook_asked_for_is_remembered_too(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path, sink.url)
    assert events(fleet.tell(events=["finish"])) == ["start"]
    assert events(fleet.tell()) == []
    assert sink.requests == []


def test_check_mode_makes_nothing(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path / "records", sink.url)
    assert events(fleet.tell(check_mode=True)) == ["start"]
    assert not fleet.store.directory.exists()


def test_a_hook_that_refuses_is_a_warning_and_told_by_the_next_run(tmp_path: Path, sink: HookSink) -> None:
    fleet = Fleet(tmp_path, sink.url)
    sink.status = 500
    started = time.time()
    result = fleet.tell(started=started)
    assert "failed" not in result
    assert (result["sent"], result["unsent"]) == (0, 1)
    (warning,) = result["warnings"]
    assert warning.startswith(f"hooks: {sink.url.removesuffix('/hooks/very-secret')}: it answered 500. The next run ")
    sink.status = 200
    assert fleet.tell(started=started)["sent"] == 0, "not again in this run"
    assert fleet.tell(started=started + 60)["sent"] == 1
    assert fleet.tell()["sent"] == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "the Ansible variable nobody is not set for this run"),
        ("nothing", "the Ansible variable nothing is not set for this run"),
        ("broken", "the Ansible variable broken cannot be read (AnsibleError)"),
        ("number", "its value is not an http(s) URL"),
    ],
)
def test_variables_that_cannot_be_used_are_named_without_their_value(tmp_path: Path, name: str, said: str) -> None:
    (warning,) = Fleet(tmp_path, "unused").tell(url=f"var:{name}")["warnings"]
    assert warning.startswith(f"hooks: var:{name}: {said}")
    assert "very-secret" not in warning


def test_who_finds_another_run_telling_leaves_it_to_that(
    tmp_path: Path, sink: HookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_events, "PATIENCE", 0)
    fleet = Fleet(tmp_path, sink.url)
    with fleet.store.notes.held(KEY, 0) as ours:
        assert ours
        assert events(fleet.tell()) == []
    assert events(fleet.tell()) == ["start"]


@pytest.mark.parametrize("content", ["[]", '{"schema": 9}', "{"])
def test_notes_that_cannot_be_read_are_a_warning(tmp_path: Path, sink: HookSink, content: str) -> None:
    fleet = Fleet(tmp_path, sink.url)
    fleet.store.notes.path(KEY).write_text(content)
    result = fleet.tell()
    assert "failed" not in result
    assert result["warnings"][0].startswith("The hooks of '2026-12' are not told anything now. records: ")
    assert sink.requests == []


def test_a_halt_is_told_and_told_again_after_it_was_lifted(tmp_path: Path, sink: HookSink) -> None:
    halted = replace(DEPLOYMENT, schedule=Schedule(halted=True))
    fleet = Fleet(tmp_path, sink.url)
    assert [events(fleet.tell(one)) for one in (halted, halted, DEPLOYMENT, halted)] == [
        ["halt"],
        [],
        ["start"],
        ["halt"],
    ]
    assert sink.messages[0]["reason"] == "the deployment is halted"


def test_a_withdrawn_build_is_told_as_a_halt_with_its_reason(tmp_path: Path, sink: HookSink) -> None:
    withdrawn = replace(DEPLOYMENT, schedule=Schedule(withdrawn="16.0.1.2 was withdrawn: seen in Current on …"))
    fleet = Fleet(tmp_path, sink.url)
    assert [events(fleet.tell(one)) for one in (DEPLOYMENT, withdrawn, withdrawn)] == [["start"], ["halt"], []]
    assert (sink.messages[1]["reason"], sink.messages[1]["rings"][0]["open"]) == (withdrawn.schedule.withdrawn, False)


def test_options_are_checked() -> None:
    result = Transcript(rollout_events.ActionModule, {"rules": {}, "records": "x"}).run([])
    assert result["failed"]
    assert "events" in result["msg"]


def test_hooks_that_are_slow_do_not_hold_a_run_up(
    tmp_path: Path, sink: HookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_events, "SENDING", 0.0)
    fleet = Fleet(tmp_path, sink.url)
    fleet.record("ws-001", "exhausted")
    first = fleet.tell()
    assert (events(first), first["sent"], first["unsent"]) == (["start", "failures"], 1, 1)
    second = fleet.tell()
    assert (events(second), second["sent"], second["unsent"]) == ([], 1, 0), "the next look goes on"
    assert [message["event"] for message in sink.messages] == ["start", "failures"]
