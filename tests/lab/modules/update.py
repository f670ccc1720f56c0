# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/modules/update.ps1."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.com_codes import BUSY, S_OK, hex_text
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import arguments
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import host_state

REQUIRED_IF = [("state", "downloaded", ["version"]), ("state", "installed", ["version"])]
METHODS = {"download": "Download", "apply": "Apply", "cancel": "Cancel"}
BUSY_NAMES = frozenset(status.text for status in BUSY)
WAIT_SECONDS = 9

State = dict[str, Any]


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Take one step and say how the host stands after it."""
    params = arguments.validate(call.name, call.params, REQUIRED_IF)
    step = params["_step"]
    answer: ModuleAnswer = {"changed": False, "step": step, "submitted": False, "refused": None, "call": None}
    try:
        parameters = _parameters(step, params)
    except ValueError as error:
        raise FailJson(str(error), answer) from error
    with host.lock:
        state = host_state(host)
        answer["refused"] = _refusal(step, state, params)
        if step in METHODS and answer["refused"] is None:
            answer["submitted"] = True
            if not call.check_mode:
                hresult = _invoke(host, step, parameters)
                answer["submitted"] = hresult == S_OK
                answer["call"] = {"method": METHODS[step], "parameters": parameters, "hresult": hex_text(hresult)}
                state = host_state(host)
    if step == "wait" and not call.check_mode:
        state = _wait(host, state)
    answer["changed"] = answer["submitted"]
    return {**state, **answer}


def _parameters(step: str, params: dict[str, Any]) -> str:
    """The parameter text of the call; ValueError says which option cannot be carried by it."""
    if step not in ("download", "apply"):
        return ""
    version, source = params["version"] or "", params["source"]
    if not re.fullmatch(r"16\.0\.\d{1,9}\.\d{1,9}", version):
        raise ValueError(f"version: '{version}' is not a full Office build; give one such as 16.0.20326.20100")
    if source and not re.match(r"https?://[^/]|\\\\[^\\]", source, re.IGNORECASE):
        raise ValueError(rf"source: '{source}' is neither an http or https URL nor a UNC path such as \\server\share")
    if step == "apply":
        force = _flag("forceappshutdown", params["force_app_shutdown"])
        return f"{_flag('displaylevel', params['display_level'])} {force}"
    pairs = [_flag("displaylevel", params["display_level"])]
    for key, option in (("updatebaseurl", "source"), ("updatetoversion", "version")):
        value = params[option]
        if not value:
            continue
        if re.search(r"[\s='\"\x00-\x1f\x7f-\x9f]", value):
            raise ValueError(
                f"{option}: '{value}' holds white space, '=' or a quote, which the parameter text of Click-to-Run "
                "cannot carry; give a value without them"
            )
        pairs.append(f"{key}={value}")
    return " ".join(pairs)


def _flag(key: str, value: bool) -> str:
    return f"{key}={'true' if value else 'false'}"


def _refusal(step: str, state: State, params: dict[str, Any]) -> str | None:
    if step == "download":
        return _version_refusal(state, params) or _download_refusal(state, params)
    if step == "apply":
        return _version_refusal(state, params) or _apply_refusal(state, params)
    if step == "cancel":
        return _cancel_refusal(state)
    return None


def _version_refusal(state: State, params: dict[str, Any]) -> str | None:
    if state["version"] == params["version"]:
        return "at_target"
    if state["version"] and _numbers(state["version"]) > _numbers(params["version"]) and not params["allow_downgrade"]:
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
    return "blocked" if state["blocking_apps"] and not params["force_app_shutdown"] else None


def _service_refusal(state: State) -> str | None:
    if state["status"] is None or not state["installed"]:
        return "com_unavailable"
    return "busy" if state["status"] in BUSY_NAMES else None


def _cancel_refusal(state: State) -> str | None:
    if state["status"] is None:
        return "com_unavailable"
    if state["status"] == "downloading":
        return None
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


def _wait(host: Host, state: State) -> State:
    """Look again each second while something runs, without keeping others from the host."""
    until = host.clock.now() + WAIT_SECONDS
    while state["status"] in BUSY_NAMES and host.clock.now() < until:
        host.clock.sleep(1)
        with host.lock:
            state = host_state(host)
    return state
