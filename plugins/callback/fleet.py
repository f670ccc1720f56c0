# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screen output for rollouts: one line for each host and phase."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
type: stdout
short_description: Screen output for rollouts, one line for each host and phase
version_added: 0.1.0
author: officefleet.c2r contributors (@officefleet)
description:
  - The screen output of P(ansible.builtin.default#callback), with all of its options, less what a rollout would say
    twice.
  - M(officefleet.c2r.reconcile) shows a line of its own whenever a host comes to another phase. The C(changed) and
    C(ok) lines of these tasks, and the lines that list every host for which a task file is included, are left out.
    Failures and warnings stay, also with C(display_ok_hosts=false), and with C(-v) nothing is left out.
  - What M(ansible.builtin.debug) says is shown as it is, also with C(display_ok_hosts=false).
extends_documentation_fragment:
  - default_callback
  - result_format_callback
requirements:
  - Set as stdout callback in configuration, for example with the environment variable E(ANSIBLE_STDOUT_CALLBACK).
"""

EXAMPLES = r"""
ansible_cfg: >
  [defaults]
  stdout_callback = officefleet.c2r.fleet
  display_ok_hosts = false
  display_skipped_hosts = false
"""

from typing import Any  # noqa: E402  Ansible wants DOCUMENTATION first

from ansible.playbook.task_include import TaskInclude  # noqa: E402
from ansible.plugins.callback.default import CallbackModule as DefaultCallback  # noqa: E402

SPEAKS_FOR_ITSELF = "officefleet.c2r.reconcile"
MESSAGE = ("ansible.builtin.debug", "debug")


class CallbackModule(DefaultCallback):
    """The default output, less what the phase lines already say."""

    CALLBACK_NAME = "officefleet.c2r.fleet"

    def v2_runner_on_ok(self, result: Any) -> None:
        """Leave a quiet visit to its phase line, and includes unsaid; show the rest as ever, warnings always."""
        if self._display.verbosity:
            super().v2_runner_on_ok(result)
            return
        # ansible-core 2.19 made these names public and will drop the underscored ones.
        public = hasattr(result, "task")
        outcome, task = (result.result, result.task) if public else (result._result, result._task)
        self._handle_warnings(outcome)  # takes them out: where "ok" is hidden, the default callback would drop them
        if task.action in MESSAGE and isinstance(outcome.get("msg"), str):
            host = (result.host if public else result._host).get_name()
            self._display.display(outcome["msg"] if task.run_once else f"{host}  {outcome['msg']}")
        elif task.action != SPEAKS_FOR_ITSELF and not isinstance(task, TaskInclude):
            super().v2_runner_on_ok(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Say nothing of included files, unless asked for more: the line would name every host."""
        if self._display.verbosity:
            # Annotated since ansible-core 2.20 only.
            super().v2_playbook_on_include(included_file)  # type: ignore[no-untyped-call, unused-ignore]
