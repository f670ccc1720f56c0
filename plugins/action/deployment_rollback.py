# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module deployment_rollback: all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError
from ansible_collections.officefleet.c2r.plugins.modules.deployment_rollback import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _file_change, _staged_images
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, given
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.rolling_back import Rollback, roll_back
from ansible_collections.officefleet.c2r.plugins.plugin_utils._named import with_variables


class ActionModule(ActionBase):
    """Works on the controller; needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        super().run(tmp, task_vars)
        try:
            return self._propose(given(ARGUMENT_SPEC, self._task.args), task_vars or {})
        except (ArgumentsError, CdnError) as error:
            return {"failed": True, "msg": with_variables(str(error), self._task.args.get("variables") or {})}

    def _propose(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        path = options["deployments"]
        look = _staged_images.manifest_of(options["library"])
        found = roll_back(
            _file_change.read(path),
            options["deployment"],
            options["pin_until"],
            datetime.now(timezone.utc),
            version=options["version"],
            rings=options["rings"],
            new_name=options["name"],
            file=_file_change.shown_name(path),
            groups=task_vars["groups"],
            manifest=look,
        )
        missing = _staged_images.missing(found.deployment, look)
        self._display.display(_said(found, options["deployment"], missing, "" if self._task.diff else found.diff))
        return {
            **_file_change.proposed(
                path, found.text, found.diff, output=options["output"], write=False, check_mode=self._task.check_mode
            ),
            "deployment": found.deployment.name,
            "version": found.deployment.version,
            "approved_in": found.approved_in,
            "patch": found.diff,
            "missing_images": missing,
        }


def _said(found: Rollback, name: str, missing: list[str], patch: str) -> str:
    """Give what the screen shows, also where what went well is not shown (display_ok_hosts)."""
    new = found.deployment
    advice = f"{new.name}: {new.channel} {new.version}, pinned until {new.pin_until}. {name} is halted."
    approved = (
        f"The version is that of {found.approved_in}."
        if found.approved_in
        else f"No deployment in the file has {new.version}: see in its history whether it was approved."
    )
    parts = [f"{advice} {approved} Have this reviewed and merged."]
    parts += [f"There is no image yet at {place}." for place in missing]
    return "".join(f"\n{part}\n" for part in (*parts, patch.rstrip()) if part)
