# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test action: makes the calls of one contract scenario on its host and writes the answers to a file.

Modules are run as the collection's own actions run them, so options that only actions set can be given too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Options: calls (list of module, params, check_mode, diff), dest (file on the controller)."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make the calls in order."""
        super().run(tmp, task_vars)
        answers = []
        for call in self._task.args["calls"]:
            self._task.check_mode, self._task.diff = call["check_mode"], call["diff"]
            answer = self._execute_module(
                module_name=f"officefleet.c2r.{call['module']}", module_args=call["params"], task_vars=task_vars
            )
            answer.pop("exception", None)  # ansible-core's own object about a failure
            answers.append(answer)
            # After each: a later one may never come. Newer ones have objects for warnings as well.
            Path(self._task.args["dest"]).write_text(json.dumps(answers, default=str))
        return {"changed": False}
