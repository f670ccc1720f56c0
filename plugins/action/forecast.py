# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module forecast: all of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.modules.forecast import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _forecast
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, given
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import loaded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import publish


class ActionModule(ActionBase):
    """Works on the controller; needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        super().run(tmp, task_vars)
        try:
            return self._show(given(ARGUMENT_SPEC, self._task.args), (task_vars or {}).get("groups", {}))
        except (ArgumentsError, RecordError, publish.DestError) as error:
            return {"failed": True, "msg": str(error)}
        except ModuleNotFoundError as error:
            remedy = "Install what the collection's requirements.txt names."
            return {"failed": True, "msg": f"{sys.executable} on the controller lacks {error.name}. {remedy}"}

    def _show(self, options: dict[str, Any], groups: Mapping[str, Collection[str]]) -> dict[str, Any]:
        deployment = loaded(options["rules"])
        now = datetime.now(timezone.utc).replace(microsecond=0)
        if options["records"]:
            with closing(open_store(options["records"])) as store:
                found = _forecast.outlooks(
                    options["visits"], deployment, groups, lambda slot: store.leases.active(slot, now)
                )
        else:
            found = _forecast.outlooks(options["visits"], deployment, groups, lambda _slot: ())
        text = f"{_forecast.headline(deployment, found)}\n\n{_forecast.table(found, self._width())}"
        self._display.display(f"\n{text}\n")
        answer: dict[str, Any] = {"changed": False, "hosts": [asdict(each) for each in found]}
        if options["dest"]:
            dest = Path(options["dest"])
            publish.read_present(dest)  # refuses what could not be written, in check mode, too
            content = json.dumps(_forecast.document(deployment, found, now), indent=2)
            if not self._task.check_mode:
                publish.publish(dest, f"{content}\n")
            answer.update(changed=True, dest=str(dest))
        return answer

    def _width(self) -> int:
        """Return the columns to use: COLUMNS, or what Ansible found out before it started this process."""
        columns = os.environ.get("COLUMNS", "")
        return max(79, int(columns) if columns.isdecimal() else self._display.columns or 0)
