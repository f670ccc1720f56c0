# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of the module `image_info`: the module itself can no longer tell a version from a number."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import UnquotedVersionError, require_quoted

MODULE = "officefleet.c2r.image_info"


class ActionModule(ActionBase):
    """Runs the module, unless YAML took its version for a number."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the module's result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            require_quoted(self._task.args)
        except UnquotedVersionError as error:
            return {**result, "failed": True, "msg": str(error)}
        result.update(self._execute_module(module_name=MODULE, task_vars=task_vars, wrap_async=self._task.async_val))
        return result
