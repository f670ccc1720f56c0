# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action reconcile against transcripts: one pass each, and what is written down after it."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile
from ansible_collections.officefleet.c2r.plugins.modules.reconcile import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _decide, _host_link
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import validated
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import dumped
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps, Notice, Restart
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot
from ansible_collections.officefleet.c2r.tests.unit.transcript import (
    BROKEN,
    DOWN,
    OLD,
    REFUSED,
    SOURCE,
    TARGET,
    Transcript,
    answer,
    failed,
    refused,
    taken,
)

DEPLOYMENT = {
    "channel": "MonthlyEnterprise",
    "version": TARGET,
    "source": SOURCE,
    "languages": ["en-us"],
    "architectures": ["x64"],
    "retry_delay": "0",  # as AWX hands numbers over
    "max_attempts": "2",
}


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "records"


def transcript(records: Path, *, check_mode: bool = False, deployment: Any = None, **options: Any) -> Transcript:
    options = {"deployment": {**DEPLOYMENT, **(deployment or {})}, "records": str(records), **options}
    return Transcript(reconcile.ActionModule, options, check_mode=check_mode)


def record(records: Path, host: str = "ws-001") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((records / f"{host}.json").read_text())
    return document


def test_applications_of_several_people_are_closed_only_if_meant_so(records: Path) -> None:
    shared = answer(updates_ready_to_apply=TARGET, multi_session=True)
    force = {"force_app_shutdown": True}
    result = transcript(records, deployment=force).run([shared])
    assert (result["state"], result["at_rest"]) == ("blocked", True)
    assert result["reason"].endswith("needs multi_session_shutdown")
    meant = transcript(records, deployment={**force, "multi_session_shutdown": True})
    assert meant.run([shared, taken("apply", "applying", updates_ready_to_apply=TARGET)])["state"] == "applying"
    assert meant.options[1]["multi_session_shutdown"] is True


def test_a_download_is_asked_for_and_written_down(records: Path) -> None:
    play = transcript(records)
    result = play.run([answer(), taken("download", "download_pending")])
    assert play.asked == ["update_info", "update download"]
    assert play.options[1] == {
        "version": TARGET,
        "source": SOURCE,
        "force_app_shutdown": False,
        "multi_session_shutdown": False,
        "display_level": False,
        "allow_downgrade": False,
        "_step": "download",
    }
    assert (result["changed"], result["state"], result["at_rest"], result["revisit"]) == (
        True,
        "downloading",
        False,
        True,
    )
    written = record(records)
    assert written["deployment"] == {
        "name": TARGET,
        "channel": "MonthlyEnterprise",
        "version": TARGET,
        "source": SOURCE,
    }
    assert (written["schema"], written["host"], written["state"], written["version"]) == (
        1,
        "ws-001",
        "downloading",
        OLD,
    )
    assert [entry["state"] for entry in written["history"]] == ["downloading"]
    assert written["submitted_at"].endswith("Z")
    assert play.shown == [f"ws-001  downloading      {OLD} -> {TARGET}"]
    names = sorted(path.name for path in records.iterdir())
    assert names == [".ws-001.lock", "ws-001.json"], "no temporary file is left"


def test_a_whole_way(records: Path) -> None:
    transcript(records).run([answer(), taken("download", "download_pending")])
    waiting = transcript(records)
    waiting.run([answer("downloading")])
    assert waiting.shown == [], "nothing has changed"
    staged = answer("download_succeeded", updates_ready_to_apply=TARGET)
    result = transcript(records).run([staged, taken("apply", "apply_pending", updates_ready_to_apply=TARGET)])
    assert (result["step"], result["state"]) == ("apply", "applying")
    result = transcript(records).run([answer("apply_succeeded", version=TARGET)])
    assert (result["changed"], result["state"], result["at_rest"], result["revisit"]) == (
        False,
        "compliant",
        True,
        False,
    )
    assert [entry["state"] for entry in record(records)["history"]] == ["downloading", "applying", "compliant"]


def test_success_that_changed_nothing_is_no_success(records: Path) -> None:
    staged = answer("download_succeeded", updates_ready_to_apply=TARGET)
    transcript(records).run([staged, taken("apply", "applying", updates_ready_to_apply=TARGET)])
    result = transcript(records, deployment={"max_attempts": 1}).run([answer("apply_succeeded")])
    assert result["state"] == "exhausted"
    assert f"apply reported success, yet {OLD} still runs" in result["reason"]


def test_attempts_are_used_up_with_the_error_explained(records: Path) -> None:
    transcript(records).run([answer(), taken("download", "download_pending")])
    again = transcript(records)
    result = again.run([failed("download_failed", 0x800704DA), taken("download", "downloading")])
    assert (result["state"], result["attempts"]) == ("downloading", 1)
    result = transcript(records).run([failed("download_failed", 0x800704DA)])
    assert (result["state"], result["at_rest"], result["revisit"]) == ("exhausted", True, False)
    assert result["error"]["hresult"] == "0x800704CD"
    assert "documentsynctimeout" in record(records)["error"]["hint"]
    renamed = transcript(records, deployment={"name": "again"})
    assert renamed.run([failed("download_failed", 9), taken("download", "downloading")])["attempts"] == 0


def test_used_up_attempts_are_given_anew_once_in_a_run(records: Path) -> None:
    started = time.time() - 1
    once = {"max_attempts": 1}
    transcript(records, deployment=once).run([answer(), taken("download", "download_pending")])
    assert transcript(records, deployment=once).run([failed("download_failed", 9)])["state"] == "exhausted"
    assert transcript(records, deployment=once).run([failed("download_failed", 9)])["state"] == "exhausted"
    again = transcript(records, deployment=once, reset_retries=True)
    result = again.run([failed("download_failed", 9), taken("download", "downloading")])
    assert (result["state"], result["attempts"]) == ("downloading", 0)
    same_run = transcript(records, deployment=once, reset_retries=True, run_started=started)
    assert same_run.run([failed("download_failed", 9)])["state"] == "exhausted", "this run has looked at it already"
    lost = transcript(records, deployment=once, reset_retries=True)
    assert lost.run([DOWN])["attempts"] == 0
    assert transcript(records, deployment=once, look_only=True).run([answer()])["step"] == "download"


def test_new_attempts_wait_until_another_run_has_left_the_host(records: Path) -> None:
    once: dict[str, Any] = {"deployment": {"max_attempts": 1}}
    started = time.time() - 1
    ours = {**once, "reset_retries": True, "run_started": started}
    transcript(records, **once).run([answer(), taken("download", "download_pending")])
    with DirectoryStore(str(records)).locked("ws-001"):
        assert transcript(records, **ours).run([])["at_rest"] is False
    assert transcript(records, **once).run([failed("download_failed", 9)])["state"] == "exhausted", "the other run"
    with DirectoryStore(str(records)).locked("ws-001"):
        assert (again := transcript(records, **ours).run([]))["at_rest"] is False
        assert again["revisit"]
    assert record(records)["attempts"] == 1
    play = transcript(records, **ours)
    assert play.run([failed("download_failed", 9), taken("download", "downloading")])["attempts"] == 0
    assert transcript(records, **ours).run([failed("download_failed", 9)])["state"] == "exhausted"
    assert transcript(records, **ours).run([])["state"] == "exhausted", "once in a run"


def test_attempts_used_up_in_a_run_that_resets_retries_stay_so(records: Path) -> None:
    ours: dict[str, Any] = {"deployment": {"max_attempts": 1}, "reset_retries": True, "run_started": time.time() - 1}
    transcript(records, **ours).run([answer(), taken("download", "download_pending")])
    assert transcript(records, **ours).run([failed("download_failed", 9)])["state"] == "exhausted"
    assert transcript(records, **ours).run([])["state"] == "exhausted"


def restarting(records: Path, rules: dict[str, Any]) -> dict[str, Any]:
    """A deployment whose restarts have these rules, as rollout_plan gives it."""
    deployment = Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT))
    return {"rules": dumped(replace(deployment, restart=Restart(**rules))), "records": str(records)}


def test_users_are_told_of_a_restart_once_and_again_if_that_broke_off(records: Path) -> None:
    staged = answer("download_succeeded", updates_ready_to_apply=TARGET)
    transcript(records).run([staged, taken("apply", "applying", updates_ready_to_apply=TARGET)])
    options = restarting(records, {"workstations": "notice"})
    waits = answer("apply_succeeded", pending_restart={"pending": True})
    looks: tuple[tuple[list[dict[str, Any] | Exception], list[str]], ...] = (
        ([waits, BROKEN], ["update_info", "user_notice"]),
        ([waits, {"sessions": []}], ["update_info", "user_notice"]),
        ([waits], ["update_info"]),
    )
    for answers, asked in looks:
        play = Transcript(reconcile.ActionModule, options)
        assert play.run(answers)["state"] == "restart_pending"
        assert play.asked == asked
    assert record(records)["restart_told"] == "notice"


def test_users_have_the_time_that_they_are_given(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT))
    asking = replace(
        deployment,
        schedule=Schedule(deadline=ASAP, after_deadline="force"),
        apps=Apps(close="after_deadline"),
        notice=Notice("Please close Office.", postpone=True, seconds=300),
    )
    limits: list[float] = []

    def within(seconds: float, work: Any) -> Any:
        limits.append(seconds)
        return work()

    monkeypatch.setattr(_host_link, "within", within)
    open_word = answer("download_succeeded", updates_ready_to_apply=TARGET, blocking_apps=["WINWORD"])
    options = {"rules": dumped(asking), "records": str(records), "answer_timeout": 60}
    Transcript(reconcile.ActionModule, options).run([open_word, {"sessions": [{"answer": "ok"}]}])
    assert limits == [60, 360]
    assert record(records)["consented"]


@pytest.mark.parametrize("reason", ["a damaged record", "an option", "a deployment"])
def test_a_failure_before_any_look_has_what_a_run_reads_of_all_hosts(records: Path, reason: str) -> None:
    play = transcript(records)
    if reason == "a damaged record":
        play.run([answer(version=TARGET)])
        (records / "ws-001.json").write_text("{broken")
    elif reason == "an option":
        play = transcript(records, answer_timeout=0)
    else:
        play = transcript(records, deployment={"version": "newest"})
    result = play.run([])
    assert result["failed"]
    assert (result["state"], result["reason"]) == ("failed", result["msg"])
    assert {name: result[name] for name in ("at_rest", "revisit", "ring_closed", "ring_waits", "until")} == {
        "at_rest": True,
        "revisit": False,
        "ring_closed": True,
        "ring_waits": False,
        "until": None,
    }


def test_the_options_of_a_run_come_in_one(records: Path) -> None:
    rules = dumped(Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT)))
    run = {"rules": rules, "records": str(records), "run_started": time.time() - 5, "fresh_for": 3600}
    compliant = answer(version=TARGET)
    passes = Transcript(reconcile.ActionModule, {"run": run})
    assert passes.run([compliant])["state"] == "compliant"
    assert passes.run([])["state"] == "compliant", "this run has looked at it"
    first = {"run": run, "first_look": True}
    assert Transcript(reconcile.ActionModule, first).run([])["state"] == "compliant", "it is fresh"
    beside = {**first, "fresh_for": 0}
    assert Transcript(reconcile.ActionModule, beside).run([compliant])["state"] == "compliant"


@pytest.mark.parametrize("given", ["soon", ["records"], 7])
def test_what_holds_no_options_of_a_run_is_refused_by_name(records: Path, given: Any) -> None:
    result = transcript(records, run=given).run([])
    assert result["failed"]
    assert "'run'" in result["msg"]
    assert result["at_rest"], "as any other option that cannot be used"


def test_a_message_that_cannot_be_shown_is_no_failure_of_the_host(records: Path) -> None:
    staged = answer("download_succeeded", updates_ready_to_apply=TARGET)
    transcript(records).run([staged, taken("apply", "applying", updates_ready_to_apply=TARGET)])
    play = Transcript(reconcile.ActionModule, restarting(records, {"workstations": "notice"}))
    waits = answer("apply_succeeded", pending_restart={"pending": True})
    result = play.run([waits, {"failed": True, "msg": "WTSSendMessage failed"}])
    assert (result.get("failed"), result["state"]) == (None, "restart_pending")
    assert play.warnings == ["ws-001: its users could not be told: user_notice: WTSSendMessage failed"]
    assert record(records)["restart_told"] is None, "they are told at the next look"


def test_a_host_that_is_down_is_a_state_not_a_failure(records: Path) -> None:
    play = transcript(records)
    result = play.run([DOWN])
    assert "failed" not in result
    assert (result["state"], result["at_rest"], result["revisit"]) == ("unreachable", True, True)
    assert result["reason"] == "does not answer (connection refused)"
    written = record(records)
    assert (written["state"], written["seen_at"], written["version"]) == ("unreachable", None, None)
    assert play.shown == [
        f"ws-001  unreachable      - -> {TARGET}                 does not answer (connection refused)"
    ]


def test_a_look_that_breaks_midway_is_taken_again(records: Path) -> None:
    play = transcript(records)
    result = play.run([BROKEN, answer(version=TARGET)])
    assert (result["state"], play.resets) == ("compliant", 1)
    twice = transcript(records)
    assert twice.run([BROKEN, BROKEN])["state"] == "unreachable"


def test_a_step_whose_answer_is_lost_is_not_repeated_blindly(records: Path) -> None:
    play = transcript(records)
    result = play.run([answer(), BROKEN, answer("downloading")])
    assert play.asked == ["update_info", "update download", "update_info"]
    assert (result["changed"], result["state"]) == (True, "downloading")
    assert transcript(records).run([answer("downloading")])["state"] == "downloading", "it is known to be ours"


def test_a_host_lost_after_the_step_keeps_the_memory_of_it(records: Path) -> None:
    result = transcript(records).run([answer(), BROKEN, DOWN])
    assert result["state"] == "unreachable"
    assert record(records)["submitted"] == "download"
    assert transcript(records).run([answer("downloading")])["state"] == "downloading"


def test_a_job_killed_in_the_step_does_not_forget_it(records: Path) -> None:
    with pytest.raises(RuntimeError):
        transcript(records).run([answer(), RuntimeError("killed")])
    assert record(records)["submitted"] == "download"
    assert transcript(records).run([answer("downloading")])["state"] == "downloading"


def test_a_step_that_never_arrived_is_no_attempt(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decide, "GRACE", timedelta(0))
    for lost in range(1, _decide.LOST_STEPS + 1):
        result = transcript(records).run([answer(), BROKEN, answer()])
        assert (result["state"], result["attempts"]) == ("waiting", 0)
        assert record(records)["lost_steps"] == lost
    result = transcript(records).run([answer(), BROKEN, answer()])
    assert (result["state"], result["attempts"]) == ("waiting", 1), "that is not for ever"
    result = transcript(records).run([answer(), BROKEN, answer()])
    assert (result["state"], result["attempts"]) == ("exhausted", 2)
    assert "the connection broke while the download was asked for" in result["reason"]


def test_a_host_that_hangs_is_left_alone_for_a_while(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.time()
    play = transcript(records, run_started=started, answer_timeout=1)
    play.hangs = {"update_info"}
    begun = time.monotonic()
    result = play.run([])
    assert time.monotonic() - begun < 3
    assert play.asked == ["update_info"], "it is not asked again at once"
    assert play.resets == 1
    assert (result["state"], result["reason"], result["at_rest"], result["revisit"]) == (
        "unreachable",
        "does not answer (no answer in 1 s)",
        True,
        True,
    )
    assert transcript(records, run_started=started).run([])["state"] == "unreachable"
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=9)
    monkeypatch.setattr(reconcile, "_now", lambda: later)
    assert transcript(records, run_started=started).run([])["state"] == "unreachable"
    monkeypatch.setattr(reconcile, "_now", lambda: later + timedelta(minutes=2))
    assert transcript(records, run_started=started).run([answer(version=TARGET)])["state"] == "compliant"


def test_a_step_that_hangs_is_remembered(records: Path) -> None:
    play = transcript(records, answer_timeout=1)
    play.hangs = {"update download"}
    result = play.run([answer()])
    assert play.asked == ["update_info", "update download"]
    assert (result["state"], record(records)["submitted"]) == ("unreachable", "download")
    assert transcript(records).run([answer("downloading")])["state"] == "downloading"


@pytest.mark.parametrize("seconds", [0, -5, 3601, "soon"])
def test_an_answer_timeout_that_cannot_be_is_named(records: Path, seconds: Any) -> None:
    result = transcript(records, answer_timeout=seconds).run([])
    assert result["failed"]
    assert "answer_timeout" in result["msg"]
    assert not records.exists()


def test_while_another_run_is_at_the_host_the_record_answers(records: Path) -> None:
    transcript(records).run([answer(), taken("download", "download_pending")])
    before = record(records)
    store = DirectoryStore(str(records))
    with store.locked("ws-001") as ours:
        assert ours
        play = transcript(records)
        result = play.run([])
        assert (result["state"], result["step"], result["changed"]) == ("downloading", "none", False)
        assert (result["at_rest"], result["revisit"]) == (False, True), "a run does not end by it"
        assert "another run" in result["reason"]
        assert (play.asked, play.shown) == ([], [])
        failed_elsewhere = transcript(records, failure="not prepared").run([])
        assert failed_elsewhere["failed"]
        assert transcript(records, check_mode=True).run([answer("downloading")])["state"] == "downloading"
    assert record(records) == before, "the record is the other run's"
    assert transcript(records).run([answer("downloading")])["state"] == "downloading", "known to be ours"


def test_an_older_state_of_rest_is_none_while_another_run_is_there(records: Path) -> None:
    transcript(records).run([answer(version=TARGET)])
    with DirectoryStore(str(records)).locked("ws-001"):
        result = transcript(records).run([])
    assert (result["state"], result["at_rest"], result["revisit"]) == ("compliant", False, True)


def test_settled_hosts_stay_settled_while_another_run_is_there(records: Path) -> None:
    started = time.time()
    transcript(records, run_started=started).run([answer(version=TARGET)])
    with DirectoryStore(str(records)).locked("ws-001"):
        assert transcript(records, run_started=started).run([])["at_rest"]


def test_a_failure_of_an_earlier_task_is_written_down(records: Path) -> None:
    transcript(records).run([answer(None)])
    result = transcript(records, failure="not prepared: cannot write HKLM").run([])
    assert result["failed"]
    assert result["msg"] == "ws-001: not prepared: cannot write HKLM"
    written = record(records)
    assert (written["state"], written["reason"]) == ("failed", "not prepared: cannot write HKLM")
    assert (written["at_rest"], written["version"]) == (True, OLD)
    assert transcript(records).run([answer(version=TARGET)])["state"] == "compliant"


def test_a_later_failure_does_not_forget_the_error_of_an_attempt(records: Path) -> None:
    transcript(records).run([answer(), taken("download", "download_pending")])
    transcript(records).run([failed("download_failed", 9), taken("download", "downloading")])
    error = record(records)["error"]
    assert error["code"] == "9"
    transcript(records, failure="not prepared: cannot write HKLM").run([])
    assert (record(records)["state"], record(records)["error"]) == ("failed", error)
    transcript(records).run([{"failed": True, "msg": "no registry"}])
    assert record(records)["error"] == error
    transcript(records).run([REFUSED])
    assert record(records)["error"]["domain"] == "winrm", "what is known now"


@pytest.mark.parametrize(
    "failure",
    [
        "Task failed: ('Connection broken: IncompleteRead(100 bytes read, 100 more expected)', IncompleteRead(…))",
        "Unexpected failure during module execution: ('Connection aborted.', ConnectionResetError(104, 'reset'))",
        "HTTPSConnectionPool(host='ws-001', port=5986): Read timed out. (read timeout=30)",
    ],
)
def test_a_host_lost_in_an_earlier_task_is_unreachable_and_no_failure(records: Path, failure: str) -> None:
    transcript(records).run([answer(None)])
    play = transcript(records, failure=f"not prepared: {failure}")
    result = play.run([])
    assert "failed" not in result
    assert (result["state"], result["at_rest"], result["revisit"]) == ("unreachable", True, True)
    assert result["reason"].startswith("does not answer (")
    assert len(play.shown) == 1


def slots_held(records: Path) -> tuple[str, ...]:
    return DirectoryStore(str(records)).leases.active(SOURCE, datetime.now(UTC))


@pytest.mark.parametrize(
    ("meanwhile", "waivers", "state"),
    [
        (answer(None), {}, "com_unavailable"),
        (answer("downloading", managed_by={"name": "configmgr"}), {}, "incompatible"),
        (answer("downloading"), {"ws-001": "waived"}, "waived"),
        (DOWN, {}, "unreachable"),
    ],
)
def test_a_download_that_cannot_be_seen_keeps_its_slot(
    records: Path, meanwhile: Any, waivers: dict[str, str], state: str
) -> None:
    options = validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT)
    limited = replace(Deployment.from_options(options), slots=(Slot(SOURCE, 1),))

    def look(answers: list[Any], deployment: Deployment = limited) -> dict[str, Any]:
        options = {"rules": dumped(deployment), "records": str(records)}
        found: dict[str, Any] = Transcript(reconcile.ActionModule, options).run(answers)
        return found

    look([answer(), taken("download", "download_pending")])
    assert look([meanwhile], replace(limited, waivers=waivers))["state"] == state
    assert slots_held(records) == ("ws-001",), "the download goes on"
    assert look([answer("downloading")])["state"] == "downloading"
    assert look([answer(version=TARGET)])["state"] == "compliant"
    assert slots_held(records) == ()


def limited_to_one(records: Path, **rules: Any) -> dict[str, Any]:
    """What reconcile is given where one host may download at a time."""
    deployment = Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT))
    return {"rules": dumped(replace(deployment, slots=(Slot(SOURCE, 1),), **rules)), "records": str(records)}


def test_a_download_whose_slot_has_lapsed_counts_again(records: Path) -> None:
    options = limited_to_one(records)
    Transcript(reconcile.ActionModule, options).run([answer(), taken("download", "download_pending")])
    leases, now = DirectoryStore(str(records)).leases, datetime.now(UTC)
    leases.release("ws-001")
    assert leases.acquire(SOURCE, "ws-002", 1, now + timedelta(hours=1), now)
    Transcript(reconcile.ActionModule, options).run([answer("downloading")])
    assert slots_held(records) == ("ws-001", "ws-002"), "a third has to wait for both"


def test_a_download_that_filled_the_disk_gives_its_slot_back(records: Path) -> None:
    options = limited_to_one(records, min_free_disk=10**9)
    Transcript(reconcile.ActionModule, options).run([answer(), taken("download", "download_pending")])
    result = Transcript(reconcile.ActionModule, options).run([failed("download_failed", 9, free_disk_bytes=1)])
    assert (result["state"], result["attempts"], result["error"]["code"]) == ("incompatible", 1, "9")
    assert slots_held(records) == ()


def test_a_refused_step_is_told_by_the_state(records: Path) -> None:
    result = transcript(records).run([answer(), refused("download", "busy", "downloading")])
    assert (result["changed"], result["state"]) == (False, "waiting")
    assert record(records)["submitted"] is None


def test_a_call_without_rights_counts_and_is_explained(records: Path) -> None:
    result = transcript(records, deployment={"max_attempts": 1}).run(
        [answer(), taken("download", "unknown", hresult="0x80070005")]
    )
    assert (result["state"], result["error"]["name"]) == ("exhausted", "E_ACCESSDENIED")
    assert not result["changed"]


def test_rejected_credentials_fail_and_name_what_to_look_at(records: Path) -> None:
    play = transcript(records)
    password = secrets.token_hex(8)
    result = play.run([REFUSED], ansible_password=password)
    assert result["failed"]
    assert result["msg"] == (
        "ws-001 refused the credentials of 'fleet'. Check ansible_user and ansible_password of this host."
    )
    assert password not in json.dumps(result) + (records / "ws-001.json").read_text()
    assert (record(records)["state"], record(records)["error"]["code"]) == ("unreachable", "401")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"failed": True, "msg": "Cannot read the registry"}, "ws-001: update_info: Cannot read the registry"),
        ({"failed": True}, "ws-001: update_info: the module gave no reason"),
        (
            {"failed": True, "msg": "No JSON", "module_stderr": "\r\nOut of memory\r\n"},
            "ws-001: update_info: No JSON (Out of",
        ),
        ({**answer(), "status": "thinking"}, "ws-001: status 'thinking' is not one of"),
        ({**answer(), "version": "sixteen"}, "ws-001: version 'sixteen' is not an Office version"),
    ],
)
def test_a_module_that_fails_is_recorded_and_fails_the_task(records: Path, bad: dict[str, Any], message: str) -> None:
    result = transcript(records).run([bad])
    assert result["failed"]
    assert result["msg"].startswith(message)
    assert (record(records)["state"], record(records)["at_rest"]) == ("failed", True)


def test_check_mode_asks_and_changes_nothing(records: Path) -> None:
    play = transcript(records, check_mode=True)
    result = play.run([answer()])
    assert play.asked == ["update_info"]
    assert (result["changed"], result["step"], result["state"]) == (True, "download", "waiting")
    assert not records.exists()


def test_the_moment_that_is_waited_for_is_told(records: Path) -> None:
    play = transcript(records, deployment={"retry_delay": 600})
    play.run([answer(), taken("download", "downloading")])
    waits = transcript(records, deployment={"retry_delay": 600}).run([answer("download_failed")])
    assert waits["until"] == record(records)["not_before"]
    assert waits["until"] is not None
    assert transcript(records, deployment={"retry_delay": 600}).run([answer(version=TARGET)])["until"] is None


def test_a_look_alone_writes_down_and_takes_no_step(records: Path) -> None:
    play = transcript(records, look_only=True)
    result = play.run([answer()])
    assert (result["changed"], result["step"], result["state"]) == (False, "download", "waiting")
    assert record(records)["state"] == "waiting"
    assert record(records)["submitted"] is None


def test_a_run_leaves_settled_hosts_alone(records: Path) -> None:
    started = time.time()
    transcript(records, run_started=started).run([answer(version=TARGET)])
    again = transcript(records, run_started=started)
    assert again.run([])["state"] == "compliant"
    transcript(records, run_started=started + 60).run([answer(version=TARGET)])


def test_hosts_seen_compliant_lately_are_not_asked(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript(records).run([answer(version=TARGET)])
    written = record(records)
    result = transcript(records, fresh_for=60).run([])
    assert (result["state"], result["at_rest"], result["revisit"]) == ("compliant", True, False)
    assert record(records) == written
    again: dict[str, Any] = {"deployment": {"name": "again"}, "fresh_for": 60}
    assert transcript(records, **again).run([answer(version=TARGET)])["state"] == "compliant", "it is news to this one"
    seen = datetime.now(UTC).replace(microsecond=0)
    for ago in (timedelta(seconds=70), timedelta(hours=-1)):
        monkeypatch.setattr(reconcile, "_now", lambda ago=ago: seen + ago)
        assert transcript(records, **again).run([answer(version=TARGET)])["state"] == "compliant", "asked"
    for fresh_for in (0, 60):
        waits = transcript(records, deployment={"name": "again"}, fresh_for=fresh_for, look_only=True)
        assert waits.run([answer()])["state"] == "waiting", "only the compliant are left alone"


def test_rings_open_by_the_records(records: Path) -> None:
    groups = {"pilot": ["ws-001", "ws-002"], "broad": ["ws-003"]}
    rings = {"rings": "pilot,broad", "ring_success": 50}

    def visit(host: str, *answers: Any, started: float | None = None) -> dict[str, Any]:
        play = transcript(records, deployment=rings, run_started=started)
        hosts = ["ws-001", "ws-002", "ws-003"]
        variables = {"inventory_hostname": host, "groups": groups, "ansible_play_batch": hosts}
        return play.run(list(answers), **variables)

    started = time.time()
    result = visit("ws-003", answer(), started=started)
    assert (result["state"], result["at_rest"], result["ring"]) == ("waiting", False, "broad")
    assert result["ring_closed"]
    assert result["reason"] == "ring pilot: 0 of 2 compliant, 1 needed to open ring broad"
    assert not visit("ws-001", answer(channel="Current"))["ring_closed"]
    visit("ws-002", answer(channel="Current"))
    result = visit("ws-003", started=started)
    assert (result["state"], result["at_rest"]) == ("waiting", True), "the pilots are at rest and too few"
    visit("ws-002", answer(version=TARGET))
    result = visit("ws-003", answer(), taken("download", "downloading"), started=started)
    assert (result["state"], result["ring_closed"]) == ("downloading", False)


def test_only_hosts_of_this_batch_can_open_a_ring(records: Path) -> None:
    groups = {"pilot": ["ws-001"], "broad": ["ws-003"]}
    variables = {"inventory_hostname": "ws-003", "groups": groups, "ansible_play_hosts": ["ws-001", "ws-003"]}
    for batch, at_rest in ((["ws-001", "ws-003"], False), (["ws-003"], True)):
        play = transcript(records, deployment={"rings": ["pilot", "broad"]})
        assert play.run([answer()], ansible_play_batch=batch, **variables)["at_rest"] == at_rest


def test_a_damaged_record_of_a_neighbour_keeps_a_ring_closed_and_nothing_else(records: Path) -> None:
    records.mkdir(parents=True)
    (records / "ws-001.json").write_text('{"schema": 1, "host"')
    groups = {"pilot": ["ws-001"], "broad": ["ws-003"]}
    result = transcript(records, deployment={"rings": ["pilot", "broad"]}).run(
        [answer()], inventory_hostname="ws-003", groups=groups
    )
    assert (result["state"], result["reason"]) == (
        "waiting",
        "ring pilot: 0 of 1 compliant, 1 needed to open ring broad",
    )


def test_hosts_without_a_ring_go_last_and_unknown_rings_are_a_mistake(records: Path) -> None:
    groups = {"pilot": ["ws-009"], "all": ["ws-001", "ws-009"]}
    result = transcript(records, deployment={"rings": ["pilot"]}).run([answer()], groups=groups)
    assert (result["ring"], result["state"]) == ("rest", "waiting")
    result = transcript(records, deployment={"rings": ["pilots"]}).run([], groups=groups)
    assert result["failed"]
    assert "rings: 'pilots' is not a group of the inventory" in result["msg"]


def test_hosts_of_no_ring_are_left_alone_where_the_rings_are_all(records: Path) -> None:
    deployment = Deployment.from_options(validated(ARGUMENT_SPEC["deployment"]["options"], DEPLOYMENT))
    ringed = replace(deployment, name="2026-12", rings=("pilot",), only_rings=True)
    groups = {"pilot": ["ws-009"], "all": ["ws-001", "ws-009"]}
    options = {"rules": dumped(ringed), "records": str(records)}
    pilot = Transcript(reconcile.ActionModule, options)
    assert pilot.run([answer(version=TARGET)], groups=groups, inventory_hostname="ws-009")["state"] == "compliant"
    result = Transcript(reconcile.ActionModule, options).run([], groups=groups)
    assert (result["state"], result["at_rest"], result["revisit"]) == ("waiting", True, False)
    assert (result["ring_closed"], result["reason"]) == (True, "it is in none of the rings of 2026-12")
    assert not (records / "ws-001.json").exists(), "what another deployment remembers of it is not lost"


def test_a_deployment_of_another_channel_does_not_take_a_record_over(records: Path) -> None:
    transcript(records).run([answer(), taken("download", "downloading")])
    remembered = record(records)
    other: dict[str, Any] = {"deployment": {"channel": "Current", "name": "current"}}
    result = transcript(records, **other).run([answer("downloading")])
    assert (result["state"], result["revisit"]) == ("incompatible", False)
    lost = transcript(records, **other).run([DOWN])
    assert (lost["state"], lost["revisit"]) == ("unreachable", False)
    assert record(records) == remembered
    assert transcript(records).run([answer("downloading")])["state"] == "downloading", "it is known to be ours"
    moved = transcript(records, **other).run([answer(channel="Current"), taken("download", "downloading")])
    assert (moved["state"], record(records)["deployment"]["name"]) == ("downloading", "current")
    transcript(records, **other).run([answer(channel="SemiAnnual")])
    assert record(records)["state"] == "incompatible", "no deployment that is known here has that channel"


def test_a_halted_deployment_leaves_the_records_of_the_way_back_alone(records: Path) -> None:
    options = validated(ARGUMENT_SPEC["deployment"]["options"], {**DEPLOYMENT, "name": "back", "allow_downgrade": True})
    back = replace(Deployment.from_options(options), version=OLD)
    halted = replace(back, name="monthly", version=TARGET, schedule=Schedule(halted=True), others=("back",))
    given = {"rules": dumped(back), "records": str(records)}
    newer = answer(version=TARGET)
    Transcript(reconcile.ActionModule, given).run([newer, taken("download", "downloading", version=TARGET)])
    remembered = record(records)
    for look, state in ((answer("downloading"), "waiting"), (newer, "compliant"), (DOWN, "unreachable")):
        result = Transcript(reconcile.ActionModule, {**given, "rules": dumped(halted)}).run([look])
        assert (result["state"], result["at_rest"], result["revisit"]) == (state, True, False)
        assert record(records) == remembered
    ended = {**given, "rules": dumped(replace(halted, others=()))}
    Transcript(reconcile.ActionModule, ended).run([newer])
    assert record(records)["deployment"]["name"] == "monthly", "the other is no more"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "latest"}, "deployment.version: 'latest' is not an Office version"),
        ({"channel": "Weekly"}, "deployment.channel: 'Weekly' is not an update channel"),
        ({"source": "ftp://x"}, "deployment.source: 'ftp://x' is neither"),
        ({"source": "http://u:hush@x/y"}, "deployment.source: the URL holds a user name or a password"),
        ({"source": "http://x/a b"}, "deployment.source: 'http://x/a b' is neither"),
        ({"languages": []}, "deployment.languages: the list is empty"),
        ({"ring_success": 101}, "deployment.ring_success: 101 is not between 0 and 100"),
        ({"max_attempts": 0}, "deployment.max_attempts: 0 is not between 1 and 100"),
        ({"max_attempts": "many"}, "max_attempts"),
        ({"colour": "red"}, "Unsupported parameters"),
    ],
)
def test_bad_options_are_named(records: Path, changes: dict[str, Any], message: str) -> None:
    result = transcript(records, deployment=changes).run([])
    assert result["failed"]
    assert message in result["msg"]
    assert "hush" not in str(result)
    assert not records.exists()


def test_records_that_cannot_be_used_are_named(records: Path) -> None:
    records.mkdir(parents=True)
    (records / "ws-001.json").write_text("{}")
    result = transcript(records).run([])
    assert result["failed"]
    assert f"{records}/ws-001.json has schema None; this release reads schema 1. Move it away" in result["msg"]
    blocked = transcript(records / "ws-001.json").run([])
    assert blocked["failed"]
    assert "records: " in blocked["msg"]


def test_a_name_cannot_leave_the_directory(records: Path) -> None:
    transcript(records).run([answer(version=TARGET)], inventory_hostname="../ws:1")
    assert sorted(path.name for path in records.iterdir()) == ["%2E.%2Fws%3A1.json", ".%2E.%2Fws%3A1.lock"]


def test_a_host_that_is_looked_at_again_has_a_line_only_when_there_is_news(records: Path) -> None:
    started = time.time() - 60
    first = transcript(records, look_only=True)
    first.run([DOWN])
    assert len(first.shown) == 1
    stale = json.loads((records / "ws-001.json").read_text()) | {"updated_at": "2026-01-01T00:00:00Z"}
    (records / "ws-001.json").write_text(json.dumps(stale))
    again = transcript(records, look_only=True, run_started=started)
    again.run([DOWN])
    assert (again.asked, again.shown) == (["update_info"], [])
    next_run = transcript(records, first_look=True)
    next_run.run([DOWN])
    assert next_run.shown == first.shown, "a run shows at first what it finds, also where it may take a step"
