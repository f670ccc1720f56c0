# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stdout callback for tests: one line of JSON for each host's outcome, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from ansible.executor.task_result import CallbackTaskResult

DOCUMENTATION = """
name: outcomes
type: stdout
short_description: One line of JSON for each host
description: Each line holds host, status (ok, failed, unreachable) and result. For the project's tests only.
"""


class CallbackModule(CallbackBase):
    """Print what became of a task on each host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "outcomes"

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """The module answered."""
        self._print("ok", result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:  # noqa: ARG002
        """The module failed, crashed, or its answer was lost."""
        self._print("failed", result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        """There was no shell on the host."""
        self._print("unreachable", result)

    def _print(self, status: str, result: CallbackTaskResult) -> None:
        line = {"host": result.host.get_name(), "status": status, "result": result.result}
        self._display.display(json.dumps(line, default=str))
