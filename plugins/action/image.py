# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `image`: versions that deployments want, progress of a run on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import UnquotedVersionError, require_quoted
from ansible_collections.officefleet.c2r.plugins.plugin_utils._progress import ProgressLines
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._wanted_versions import wanted_versions

MODULE = "officefleet.c2r.image"

display = Display()


class ActionModule(ActionBase):
    """Runs the module; where it shares a file system with us, shows how far it is."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the module's result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        try:
            require_quoted(arguments)
        except UnquotedVersionError as error:
            raise AnsibleActionFail(str(error)) from error  # type: ignore[no-untyped-call]  # partly annotated
        records = str(arguments.pop("records", None) or "")
        if records and arguments.get("keep") is not None:
            if "://" not in records and not Path(records).expanduser().exists():
                display.warning(
                    f"records: {records} does not exist (yet, or is misspelt or not mounted), so nothing tells which "
                    "versions deployments want: this run removes none."
                )
                del arguments["keep"]
            else:
                arguments["_wanted"] = _wanted(records, arguments.get("channel"))
        if self._connection.transport != "local" or self._task.async_val:
            result.update(self._execute(arguments, task_vars))
            return result
        what = f"{arguments.get('channel') or 'image'} {arguments.get('version') or ''}".rstrip()
        title = f"{(task_vars or {}).get('inventory_hostname')}  {what}"
        with tempfile.TemporaryDirectory(prefix="officefleet-") as folder:
            arguments["_progress_file"] = str(Path(folder) / "progress")
            with ProgressLines(Path(folder) / "progress", title, display.display):
                result.update(self._execute(arguments, task_vars))
        return result

    def _execute(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        outcome: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val
        )
        return outcome


def _wanted(records: str, channel: str | None) -> dict[str, str]:
    """Give the versions that must not be pruned."""
    try:
        return wanted_versions(records, channel)
    except RecordError as error:
        raise AnsibleActionFail(str(error)) from error  # type: ignore[no-untyped-call]  # partly annotated
