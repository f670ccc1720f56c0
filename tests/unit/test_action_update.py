# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action update against transcripts: a person at a terminal watches one host."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import update
from ansible_collections.officefleet.c2r.tests.unit.transcript import (
    BROKEN,
    DOWN,
    NEWER,
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

STAGED = answer("download_succeeded", updates_ready_to_apply=TARGET)
DONE = answer("apply_succeeded", version=TARGET)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only moves when somebody sleeps, and its sleeps."""
    now, sleeps = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        now[0] += seconds + 0.1
        sleeps.append(seconds)

    monkeypatch.setattr(update, "_clock", lambda: now[0])
    monkeypatch.setattr(update, "_sleep", sleep)
    return sleeps


def transcript(*, check_mode: bool = False, **options: Any) -> Transcript:
    return Transcript(update.ActionModule, {"version": TARGET, "source": SOURCE, **options}, check_mode=check_mode)


def test_the_whole_way_with_one_line_per_phase() -> None:
    play = transcript()
    result = play.run(
        [
            answer(),
            taken("download", "download_pending"),
            answer("downloading"),
            STAGED,
            taken("apply", "applying", updates_ready_to_apply=TARGET),
            DONE,
        ]
    )
    assert play.asked == [f"update {step}" for step in ("read", "download", "wait", "wait", "apply", "wait")]
    assert (result["changed"], result["state"], result["version"]) == (True, "compliant", TARGET)
    assert "failed" not in result
    assert play.shown == [
        f"ws-001  downloading      {OLD} -> {TARGET}",
        f"ws-001  applying         {OLD} -> {TARGET}",
        f"ws-001  compliant        {TARGET}",
    ]
    assert play.options[1]["source"] == SOURCE


def test_nothing_to_do() -> None:
    for version, state in ((TARGET, "compliant"), (NEWER, "ahead")):
        result = transcript().run([answer(version=version)])
        assert (result["changed"], result["state"], result.get("failed")) == (False, state, None)


def test_downloaded_is_enough_when_asked_for() -> None:
    result = transcript(state="downloaded").run([answer(), taken("download", "downloading"), STAGED])
    assert (result["changed"], result["state"]) == (True, "staged")


def test_lost_connections_in_between_cost_nothing() -> None:
    play = transcript()
    lost = [BROKEN, BROKEN, DOWN, DOWN]
    result = play.run([answer(), taken("download", "downloading"), *lost, STAGED, taken("apply", "applying"), DONE])
    assert (result["changed"], result["state"]) == (True, "compliant")
    assert any("no answer (connection refused), asking again" in line for line in play.shown)


def test_a_host_that_stays_away_is_unreachable() -> None:
    result = transcript().run([answer(), taken("download", "downloading"), *[DOWN] * (update.LOSSES + 1)])
    assert result["unreachable"]
    assert result["msg"] == "ws-001 does not answer: connection refused"
    assert transcript().run([DOWN])["unreachable"]


def test_a_step_that_left_no_trace_is_asked_for_again() -> None:
    result = transcript().run(
        [
            answer(),
            BROKEN,
            answer(),
            answer(),
            taken("download", "downloading"),
            STAGED,
            taken("apply", "applying"),
            DONE,
        ]
    )
    assert result["state"] == "compliant"


def test_a_step_whose_answer_was_lost_is_waited_for() -> None:
    play = transcript()
    result = play.run([answer(), BROKEN, answer("downloading"), STAGED, taken("apply", "applying"), DONE])
    assert (result["changed"], result["state"]) == (True, "compliant")
    assert play.asked.count("update download") == 1


def test_a_failed_download_is_explained() -> None:
    result = transcript().run([answer(), taken("download", "downloading"), failed("download_failed", 0x800704DA)])
    assert result["failed"]
    assert result["error"]["hresult"] == "0x800704CD"
    assert "0x800704CD ERROR_CONNECTION_INVALID" in result["msg"]
    assert "documentsynctimeout" in result["msg"]


def test_a_success_that_changed_nothing_fails() -> None:
    result = transcript().run(
        [STAGED, taken("apply", "applying", updates_ready_to_apply=TARGET), answer("apply_succeeded")]
    )
    assert result["failed"]
    assert "apply reported success, yet" in result["msg"]


def test_open_applications_are_named_and_never_closed() -> None:
    play = transcript()
    result = play.run([answer(updates_ready_to_apply=TARGET, blocking_apps=["WINWORD", "EXCEL"])])
    assert result["failed"]
    assert "open: WINWORD, EXCEL" in result["msg"]
    assert play.asked == ["update read"]
    forced = transcript(force_app_shutdown=True)
    forced.run([answer(updates_ready_to_apply=TARGET, blocking_apps=["WINWORD"]), taken("apply", "applying"), DONE])
    assert forced.options[1]["force_app_shutdown"] is True


def test_com_not_available_fails_with_the_reason() -> None:
    reason = {"com_enabled": False, "com_registered": False, "reason": "management is turned off"}
    result = transcript().run([answer(None, management=reason)])
    assert result["failed"]
    assert result["msg"] == "ws-001: management is turned off."


def test_time_is_bounded(clock: list[float]) -> None:
    play = transcript(wait_timeout=5)
    result = play.run([answer("unknown"), taken("download", "downloading"), *[answer("downloading")] * 3])
    assert result["failed"]
    assert "downloading after 5 s (wait_timeout)" in result["msg"]
    assert result["changed"]
    assert 0 < sum(clock) <= 5


def test_without_wait_there_is_one_step() -> None:
    result = transcript(wait=False).run([answer(), taken("download", "download_pending")])
    assert (result["changed"], result["state"], result.get("failed")) == (True, "downloading", None)
    assert transcript(wait=False).run([answer("downloading")])["changed"] is False


def test_check_mode_looks_only() -> None:
    play = transcript(check_mode=True)
    assert play.run([answer()])["changed"]
    assert play.asked == ["update read"]
    assert not transcript(check_mode=True).run([answer(version=TARGET)])["changed"]


def test_cancel() -> None:
    play = transcript(state="cancelled")
    result = play.run(
        [
            refused("cancel", "busy", "download_pending"),
            taken("cancel", "download_cancelling"),
            refused("cancel", "idle", "download_cancelled"),
        ]
    )
    assert (result["changed"], result.get("failed"), result["status"]) == (True, None, "download_cancelled")
    assert not transcript(state="cancelled").run([refused("cancel", "idle")])["changed"]
    result = transcript(state="cancelled").run([refused("cancel", "busy", "applying")])
    assert "cannot be cancelled" in result["msg"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "latest"}, "version: 'latest' is not an Office version"),
        ({"version": None}, "version: '' is not an Office version"),
        ({"version": ""}, "version: '' is not an Office version"),
        ({"source": "library"}, "source: 'library' is neither"),
        ({"wait_timeout": "long"}, "wait_timeout"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    result = transcript(**options).run([])
    assert result["failed"]
    assert message in result["msg"]


def test_rejected_credentials_and_module_failures() -> None:
    result = transcript().run([REFUSED])
    assert "ansible_user and ansible_password" in result["msg"]
    result = transcript().run([{"failed": True, "msg": "no registry"}])
    assert result["msg"] == "ws-001: update: no registry"
