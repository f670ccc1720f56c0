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


def transcript(*, check_mode: bool = False, diff: bool = False, **options: Any) -> Transcript:
    given = {"version": TARGET, "source": SOURCE, **options}
    return Transcript(update.ActionModule, given, check_mode=check_mode, diff=diff)


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


def test_an_application_opened_just_before_the_installation_is_no_failed_attempt() -> None:
    opened = failed("apply_failed", 10, updates_ready_to_apply=TARGET, blocking_apps=["WINWORD"], blocked=True)
    result = transcript().run([STAGED, taken("apply", "applying", updates_ready_to_apply=TARGET), opened])
    assert result["failed"]
    assert (result["state"], result["reason"], result["blocked"]) == ("blocked", "open: WINWORD", True)
    assert "Have them closed and run this again" in result["msg"]
    assert result["error"]["code"] == 10, "as the interface gave it, not explained as the cause"


def test_applications_of_several_people_are_closed_only_if_meant_so() -> None:
    shared = {**STAGED, "multi_session": True}
    play = transcript(force_app_shutdown=True)
    result = play.run([shared])
    assert result["failed"]
    assert result["state"] == "blocked"
    assert result["msg"].endswith("force_app_shutdown needs multi_session_shutdown.")
    assert play.asked == ["update read"]
    meant = transcript(force_app_shutdown=True, multi_session_shutdown=True)
    assert meant.run([shared, taken("apply", "applying"), DONE])["state"] == "compliant"
    assert meant.options[1]["multi_session_shutdown"] is True


def test_a_bits_manager_of_ones_own_takes_the_place_of_the_source() -> None:
    own: dict[str, Any] = {"download_source": "{5CE34C0D-0DC9-4C1F-897C-DAA1B78CEE7C}", "content_id": "office-2607"}
    play = transcript(source=None, state="downloaded", **own)
    assert play.run([answer(), taken("download", "downloading"), STAGED])["state"] == "staged"
    assert own.items() <= play.options[1].items()
    assert "source" not in play.options[1]


def test_a_failed_download_from_a_share_names_who_has_to_read_it() -> None:
    hint = r"the Click-to-Run service reads \\files\office as the host's computer account: Domain Computers need it"
    lost = failed("download_failed", 9, hint=hint)
    result = transcript(source=r"\\files\office").run([answer(), taken("download", "downloading"), lost])
    assert result["msg"].endswith("Domain Computers need it.")
    assert result["hint"] == hint


def test_a_diff_shows_where_the_host_was_and_where_it_is() -> None:
    before = {"status": "unknown", "updates_ready_to_apply": TARGET, "version": OLD}
    look = {**answer(updates_ready_to_apply=TARGET), "diff": {"before": before, "after": before}}
    play = transcript(diff=True)
    result = play.run([look, {**taken("apply", "applying"), "diff": {"before": {}, "after": {}}}, DONE])
    reached = {"status": "apply_succeeded", "updates_ready_to_apply": None, "version": TARGET}
    assert result["diff"] == {"before": before, "after": reached}
    checked = transcript(diff=True, check_mode=True).run([dict(look)])
    assert checked["diff"] == {"before": before, "after": reached}
    checked = transcript(diff=True, check_mode=True, state="downloaded").run([answer()])
    assert checked["diff"]["after"] == {
        "status": "download_succeeded",
        "updates_ready_to_apply": TARGET,
        "version": OLD,
    }
    assert "diff" not in transcript().run([answer(version=TARGET)])


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
    for options in ({}, {"wait": False}, {"check_mode": True}):
        result = transcript(state="cancelled", **options).run([refused("cancel", "applying", "applying")])
        assert result["failed"]
        assert "cannot be cancelled" in result["msg"]
    why = {"com_enabled": False, "com_registered": False, "reason": "management is turned off"}
    result = transcript(state="cancelled").run(
        [refused("cancel", "com_unavailable", management=why) | {"status": None}]
    )
    assert result["msg"] == "ws-001: nothing can be cancelled: management is turned off."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "latest"}, "version: 'latest' is not an Office version"),
        ({"version": None}, "version: '' is not an Office version"),
        ({"version": ""}, "version: '' is not an Office version"),
        ({"source": "library"}, "source: 'library' is neither"),
        ({"wait_timeout": "long"}, "wait_timeout"),
        ({"wait_timeout": -5}, "wait_timeout: -5 is not between 0 and 604800"),
        ({"content_id": "office"}, "parameters are required together: content_id, download_source"),
        ({"content_id": "office", "download_source": "{5CE34C0D}"}, "source: it would be ignored"),
        ({"source": "http://fleet:secret@library.example/office"}, "source: the URL holds a user name or a password"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    result = transcript(**options).run([])
    assert result["failed"]
    assert message in result["msg"]
    assert "secret" not in str(result)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"_step": "read"}, {"_step": "read", "state": "cancelled"}),
        ({"_step": "cancel"}, {"_step": "cancel", "state": "cancelled"}),
        ({"_step": "read", "version": TARGET}, {"_step": "read", "version": TARGET}),
        ({"_step": "download", "version": TARGET}, {"_step": "download", "version": TARGET}),
        ({"_step": "download"}, {"_step": "download"}),
    ],
)
def test_a_step_by_hand_needs_a_version_only_where_it_takes_one(given: dict[str, Any], sent: dict[str, Any]) -> None:
    play = Transcript(update.ActionModule, given)
    play.run([answer()])
    assert play.options == [sent]


def test_rejected_credentials_and_module_failures() -> None:
    result = transcript().run([REFUSED])
    assert "ansible_user and ansible_password" in result["msg"]
    result = transcript().run([{"failed": True, "msg": "no registry"}])
    assert result["msg"] == "ws-001: update: no registry"
