# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/update.ps1."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.com_codes import BUSY, hex_text
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import NET_VERSION, host_state

REQUIRED_IF = [("state", "downloaded", ["version"]), ("state", "installed", ["version"])]
REQUIRED_TOGETHER = [["content_id", "download_source"]]
CLASS = "[{][0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[}]"
# Before the first slash, or after it behind a password that holds one: what follows the colon is no port.
USER_INFO = r"[^/\\]*//([^/]*@|[^/:\[]*:(?![0-9]*([/\\?#]|$))[\s\S]*@)"
OPTION_OF = {  # parameter of the interface -> option
    "updatebaseurl": "source",
    "updatetoversion": "version",
    "downloadsource": "download_source",
    "contentid": "content_id",
}
METHODS = {"download": "Download", "apply": "Apply", "cancel": "Cancel"}
BUSY_NAMES = frozenset(status.text for status in BUSY)
WAIT_SECONDS = 9

State = dict[str, Any]


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Take one step and say how the host stands after it."""
    params = arguments.validate(call.name, call.params, REQUIRED_IF, REQUIRED_TOGETHER)
    step = params["_step"]
    answer: ModuleAnswer = {"changed": False, "step": step, "submitted": False, "refused": None, "call": None}
    answer.update(blocked=False, hint=None)
    try:
        if step in ("download", "apply"):
            _check(params)
        if params["source"]:
            params["source"] = params["source"].rstrip("/\\")
            answer["hint"] = _hint(params["source"])
        parameters = _parameters(step, params)
    except ValueError as error:
        raise FailJson(str(error), answer) from error
    if step in ("wait", "cancel") and not call.check_mode:
        _wait(host, queued=step == "cancel")
    with host.lock:
        state = before = host_state(host)
        answer["refused"] = _refusal(step, state, params, check_mode=call.check_mode)
        if step in METHODS and answer["refused"] is None:
            answer["submitted"] = True
            if not call.check_mode:
                hresult = _invoke(host, step, parameters)
                answer["submitted"] = hresult < 0x80000000  # a failure has the highest bit set
                answer["call"] = {"method": METHODS[step], "parameters": parameters, "hresult": hex_text(hresult)}
                state = host_state(host)
    answer["blocked"] = _blocked(answer["refused"], state, params)
    answer["changed"] = answer["submitted"]
    if call.diff:
        answer["diff"] = _diff(step, before, params["version"], asked=answer["submitted"])
    return {**state, **answer}


def _diff(step: str, state: State, version: str | None, *, asked: bool) -> dict[str, Any]:
    """Give the state before the step, and what the step asks the service for."""
    before = {key: state[key] for key in ("status", "updates_ready_to_apply", "version")}
    goals: dict[str, dict[str, Any]] = {
        "download": {"status": "download_succeeded", "updates_ready_to_apply": version},
        "apply": {"status": "apply_succeeded", "updates_ready_to_apply": None, "version": version},
        "cancel": {"status": "download_cancelled"},
    }
    return {"before": before, "after": {**before, **(goals[step] if asked else {})}}


def _blocked(refused: str | None, state: State, params: dict[str, Any]) -> bool:
    """Tell whether open applications are all that keeps the build from being installed."""
    staged = params["version"] and state["updates_ready_to_apply"] == params["version"]
    failed = state["status"] == "apply_failed" and staged
    return refused == "blocked" or bool(failed and not params["force_app_shutdown"] and state["blocking_apps"])


def _hint(source: str) -> str | None:
    if not source.startswith("\\\\"):
        return None
    return (
        f"the Click-to-Run service reads {source} as the host's computer account: Domain Computers need read access "
        "to share and folder"
    )


def _check(params: dict[str, Any]) -> None:
    """Refuse what is wrong with the options; ValueError says what."""
    version, source = params["version"] or "", params["source"]
    if not re.fullmatch(r"16\.0\.\d{1,9}\.\d{1,9}", version):
        raise ValueError(f"version: '{version}' is not a full Office build; give one such as 16.0.20326.20100")
    if source and re.match(USER_INFO, source):
        raise ValueError(
            "source: the URL holds a user name or a password, which the Click-to-Run service does not use; "
            "leave them out"
        )
    if source and not source.startswith("\\\\") and re.search("[?#]", source):
        raise ValueError(
            "source: the URL has a query ('?') or a fragment ('#'), to which the Click-to-Run service cannot append "
            "its paths; leave it out, also where it is an access token"
        )
    if source and not re.fullmatch(r"https?://[^/\\]+(/[\s\S]*)?|\\\\[^\\/]+\\[^\\/][\s\S]*", source, re.IGNORECASE):
        raise ValueError(rf"source: '{source}' is neither an http or https URL nor a UNC path such as \\server\share")
    if params["download_source"] and source:
        raise ValueError(
            f"source: '{source}' would be ignored, since download_source and content_id are given; "
            "leave it out, or leave them out"
        )
    manager = params["download_source"]
    if manager is not None and not re.fullmatch(CLASS, manager):
        raise ValueError(
            f"download_source: '{manager}' is not the class of a BITS manager; "
            "give it as the registry has it, such as {5CE34C0D-0DC9-4C1F-897C-DAA1B78CEE7C}"
        )
    if params["content_id"] == "":
        raise ValueError("content_id: it is empty; give the identifier under which the BITS manager knows the content")


def _parameters(step: str, params: dict[str, Any]) -> str:
    """The parameter text of the call; ValueError says which option cannot be carried by it."""
    if step not in ("download", "apply"):
        return ""
    if step == "apply":
        force = _flag("forceappshutdown", params["force_app_shutdown"])
        return f"{_flag('displaylevel', params['display_level'])} {force}"
    pairs = [_flag("displaylevel", params["display_level"])]
    for key, option in OPTION_OF.items():
        value = params[option]
        if not value:
            continue
        if re.search(r"[\s='\"\x00-\x1f\x7f-\x9f]", value):
            raise ValueError(
                f"{option}: the value holds white space, '=' or a quote, which the parameter text of Click-to-Run "
                "cannot carry; give a value without them"
            )
        pairs.append(f"{key}={value}")
    return " ".join(pairs)


def _flag(key: str, value: bool) -> str:
    return f"{key}={'true' if value else 'false'}"


def _refusal(step: str, state: State, params: dict[str, Any], *, check_mode: bool) -> str | None:
    if step == "download":
        return _version_refusal(state, params) or _download_refusal(state, params)
    if step == "apply":
        return _version_refusal(state, params) or _apply_refusal(state, params)
    if step == "cancel":
        return _cancel_refusal(state, check_mode=check_mode)
    return None


def _version_refusal(state: State, params: dict[str, Any]) -> str | None:
    if state["version"] == params["version"]:
        return "at_target"
    installed = NET_VERSION.fullmatch(state["version"] or "")
    if installed and _numbers(installed[0]) > _numbers(params["version"]) and not params["allow_downgrade"]:
        return "newer"
    return None


def _download_refusal(state: State, params: dict[str, Any]) -> str | None:
    if state["updates_ready_to_apply"] == params["version"]:
        return "already_staged"
    return _service_refusal(state)


def _apply_refusal(state: State, params: dict[str, Any]) -> str | None:
    if refused := _service_refusal(state):
        return refused
    if state["updates_ready_to_apply"] != params["version"]:
        return "nothing_staged"
    if params["force_app_shutdown"] and state["multi_session"] and not params["multi_session_shutdown"]:
        return "multi_session"
    return "blocked" if state["blocking_apps"] and not params["force_app_shutdown"] else None


def _service_refusal(state: State) -> str | None:
    if state["status"] is None or not state["installed"]:
        return "com_unavailable"
    return "busy" if state["status"] in BUSY_NAMES else None


def _cancel_refusal(state: State, *, check_mode: bool) -> str | None:
    if state["status"] is None:
        return "com_unavailable"
    if state["status"] == "downloading" or (state["status"] == "download_pending" and check_mode):
        return None
    if state["status"] in ("apply_pending", "applying"):
        return "applying"
    return "busy" if state["status"] in BUSY_NAMES else "idle"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _invoke(host: Host, step: str, parameters: str) -> int:
    """Make the one COM call; an object that cannot be had answers with why."""
    if host.service is None:
        raise RuntimeError("a host without Office has no status, and is refused before")
    try:
        if step == "download":
            return host.service.download(parameters, elevated=host.elevated)
        if step == "apply":
            return host.service.apply(parameters, elevated=host.elevated)
        return host.service.cancel()
    except ComError as error:
        return error.hresult


def _wait(host: Host, *, queued: bool) -> None:
    """Look again each second while something runs, or is queued, without keeping others from the host."""
    until = host.clock.now() + WAIT_SECONDS
    while host.clock.now() < until:
        with host.lock:
            status = host_state(host)["status"]
        if status not in BUSY_NAMES or (queued and status != "download_pending"):
            return
        host.clock.sleep(1)
