# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugins against a transcript: what a host answered, one entry per module call, lost connections included."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import requests
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

OLD, TARGET, NEWER = "16.0.20131.20206", "16.0.20228.20190", "16.0.20326.20100"
SOURCE = f"http://library.example/MonthlyEnterprise/{TARGET}"

DOWN = AnsibleConnectionFailure("basic: HTTPConnectionPool(host='ws', port=5985): [Errno 111] Connection refused")
BROKEN = requests.ConnectionError("('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))")
REFUSED = AnsibleConnectionFailure("basic: the specified credentials were rejected by the server")


def answer(status: str | None = "unknown", **changes: Any) -> dict[str, Any]:
    """What update_info says of a willing host; `changes` as the module names them."""
    return {
        "changed": False,
        "installed": True,
        "products": ["O365ProPlusRetail"],
        "version": OLD,
        "architecture": "x64",
        "languages": ["en-us"],
        "channel": "MonthlyEnterprise",
        "channel_url": "http://officecdn.microsoft.com/pr/55336b82-a18d-4dd6-b5f6-9e5095c314a6",
        "channel_change_pending": False,
        "policies": {"officemgmtcom": 1},
        "management": {"com_enabled": True, "com_registered": True, "reason": None},
        "status": status,
        "error": {"domain": "com_status", "code": 0},
        "content_id": "",
        "blocking_apps": [],
        "updates_ready_to_apply": None,
        "scenario": None,
        **changes,
    }


def failed(status: str, code: int, **changes: Any) -> dict[str, Any]:
    """An answer with an error of the update interface."""
    return answer(status, error={"domain": "com_status", "code": code}, **changes)


def taken(step: str, status: str, hresult: str = "0x00000000", **changes: Any) -> dict[str, Any]:
    """What update says after a step that it called the interface for."""
    submitted = hresult == "0x00000000"
    call = {"method": step.capitalize(), "parameters": "", "hresult": hresult}
    state = answer(status, **changes)
    return {**state, "step": step, "submitted": submitted, "changed": submitted, "refused": None, "call": call}


def refused(step: str, why: str, status: str = "unknown", **changes: Any) -> dict[str, Any]:
    """What update says of a step that it did not call the interface for."""
    return {**answer(status, **changes), "step": step, "submitted": False, "refused": why, "call": None}


class Transcript:
    """Plays the answers to an action plugin in their order; what it asked and showed is kept."""

    def __init__(
        self, plugin: type[ActionBase], options: Mapping[str, Any], *, check_mode: bool = False, diff: bool = False
    ) -> None:
        self.asked: list[str] = []
        self.options: list[dict[str, Any]] = []
        self.shown: list[str] = []
        self.warnings: list[str] = []
        self.resets = 0
        self.hangs: set[str] = set()  #: questions that are never answered
        self._answers: list[dict[str, Any] | Exception] = []
        task = SimpleNamespace(args=dict(options), check_mode=check_mode, diff=diff, async_val=0, action="test")
        connection = SimpleNamespace(
            _shell=SimpleNamespace(tmpdir="unused"), reset=self._reset, get_option={"remote_user": "fleet"}.__getitem__
        )
        nothing: Any = SimpleNamespace()
        fake_task: Any = task
        fake_connection: Any = connection
        self.action = plugin(fake_task, fake_connection, nothing, nothing, nothing, nothing)
        fakes: Any = self.action
        fakes._execute_module = self._execute_module
        fakes._display = SimpleNamespace(display=self._show, warning=self.warnings.append)

    def run(self, answers: Sequence[dict[str, Any] | Exception], **task_vars: Any) -> dict[str, Any]:
        """Run the action; all answers have to be used up, and none may be missing."""
        self._answers = list(answers)
        variables = {"inventory_hostname": "ws-001", "groups": {"all": ["ws-001"]}, **task_vars}
        result: dict[str, Any] = self.action.run(task_vars=variables)
        assert not self._answers, f"never asked for: {self._answers}"
        return result

    def _execute_module(
        self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        assert task_vars["inventory_hostname"]
        step = module_args.get("_step")
        self.asked.append(module_name.rpartition(".")[2] + (f" {step}" if step else ""))
        self.options.append(module_args)
        if self.asked[-1] in self.hangs:
            time.sleep(60)
        assert self._answers, f"{self.asked[-1]} asked for after the end of the transcript"
        following = self._answers.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    def _show(self, line: str, color: str) -> None:
        assert color
        self.shown.append(line)

    def _reset(self) -> None:
        self.resets += 1
