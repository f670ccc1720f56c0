# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/user_notice.ps1."""

from __future__ import annotations

from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.sessions import (
    ACCESS_DENIED,
    CANCEL,
    NOT_WAITED,
    OK,
    TIMED_OUT,
    Notice,
    Session,
)

LONGEST, LONGEST_UNWAITED = 300, 86400
NOTHING: ModuleAnswer = {"postponed": False, "sessions": [], "shown": 0}
SEEN = ("ok", "postpone", "timeout", "shown")


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Show the message in every active session and wait for the slowest answer."""
    params = arguments.validate(call.name, call.params)
    _refuse(params)
    took = [0.0]
    with host.lock:
        sessions = [_ask(host, session, params, call.check_mode, took) for session in host.sessions.signed_in()]
    host.clock.sleep(max(took))
    answers = [session["answer"] for session in sessions]
    return {
        "changed": False,
        "postponed": "postpone" in answers,
        "sessions": sessions,
        "shown": sum(answer in SEEN for answer in answers),
    }


def _refuse(params: dict[str, Any]) -> None:
    seconds, longest = params["seconds"], LONGEST if params["wait"] else LONGEST_UNWAITED
    if not 1 <= seconds <= longest:
        raise FailJson(
            f"seconds: {seconds} is not a number from 1 to {longest} (300 with wait, 86400 without), such as 60",
            NOTHING,
        )
    for name in ("text", "title"):
        if not params[name].strip():
            raise FailJson(f"{name}: '{params[name]}' is empty; give the words that users are to read", NOTHING)
    if not params["wait"] and params["buttons"] == "ok_postpone":
        raise FailJson(
            "buttons: ok_postpone asks for an answer, which wait: false does not bring back; "
            "give wait: true, or buttons: ok",
            NOTHING,
        )


def _ask(host: Host, session: Session, params: dict[str, Any], check_mode: bool, took: list[float]) -> dict[str, Any]:
    asked: dict[str, Any] = {"answer": "not_shown", "response": None, "error": None}
    if session.state == "active" and not check_mode:
        if error := session.error or (0 if host.elevated else ACCESS_DENIED):
            asked = {"answer": "failed", "response": None, "error": {"domain": "win32", "code": error}}
        else:
            shown = {name: params[name] for name in ("title", "text", "buttons", "seconds")}
            host.sessions.notices.append(Notice(session.id, **shown))
            response, seconds = session.answers(params["seconds"]) if params["wait"] else (NOT_WAITED, 0.0)
            took.append(seconds)
            asked = {"answer": _meaning(response, params["buttons"]), "response": response, "error": None}
    return {"id": session.id, "user": session.user, "state": session.state, **asked}


def _meaning(response: int, buttons: str) -> str:
    cancel = "postpone" if buttons == "ok_postpone" else "ok"
    return {OK: "ok", CANCEL: cancel, TIMED_OUT: "timeout", NOT_WAITED: "shown"}.get(response, "failed")
