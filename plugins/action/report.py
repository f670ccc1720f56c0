# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module report: all of it."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.modules.report import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError, Unreadable
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import (
    page,
    publish,
    records,
    result,
    summary,
    terms,
)

MISSING_LIBRARY: str | None = None
try:
    from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import changes, table
except ImportError as error:
    MISSING_LIBRARY = error.name

WARNINGS = 5  # damaged records named one by one; the page lists all


class ActionModule(ActionBase):
    """Reads records, shows the table, writes the page. Needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        answer: dict[str, Any] = super().run(tmp, task_vars)
        if MISSING_LIBRARY:
            python, remedy = sys.executable, "Install what the collection's requirements.txt names."
            return {**answer, "failed": True, "msg": f"{python} on the controller lacks {MISSING_LIBRARY}. {remedy}"}
        _, options = self.validate_argument_spec(  # type: ignore[no-untyped-call]  # ansible-core annotates parts of itself
            argument_spec=ARGUMENT_SPEC
        )
        try:
            answer.update(self._report(options))
        except (RecordError, publish.DestError) as error:
            answer.update(failed=True, msg=str(error))
        return answer

    def _report(self, options: dict[str, Any]) -> dict[str, Any]:
        now = datetime.now(timezone.utc)
        if not options["records"]:
            raise RecordError("records: '' names no directory. Name the one on the controller that has the records.")
        if options["dest"] == "":
            raise publish.DestError(
                "dest: '' names no file. Name the file to write, or leave the option out to write none."
            )
        with closing(open_store(options["records"])) as store:
            found, unreadable = records.read(store)
        warnings = _warnings(unreadable)
        files = terms.NOTHING
        try:
            files = terms.read(options["deployments"], options["waivers"], now)
        except InputError as error:  # the fleet is reported all the same
            warnings.append(f"Pins, waivers and the order of rings are left out. {error}")
        sums = summary.summarise(found, unreadable, options["rings"], files)
        answer: dict[str, Any] = {"changed": False, **result.from_summary(sums)}
        if options["dest"] is not None:
            answer.update(self._page(Path(options["dest"]), page.render(sums, now)))
        if warnings:
            answer["warnings"] = warnings
        if options["table"] != "none":
            text = table.render(sums, table=options["table"], width=self._width(), now=now)
            if "dest" in answer and not self._task.check_mode:
                text += f"\n\nPage: {answer['dest']}"
            self._display.display(f"\n{text}\n")
        return answer

    def _page(self, dest: Path, text: str) -> dict[str, Any]:
        present = publish.read_present(dest)
        changed = present is None or not page.same_but_for_time(present, text)
        if changed and not self._task.check_mode:
            publish.publish(dest, text)
        answer: dict[str, Any] = {"changed": changed, "dest": str(dest)}
        if changed and self._task.diff:
            answer["diff"] = {
                "before_header": str(dest),
                "after_header": str(dest),
                "before": changes.host_lines(present or ""),
                "after": changes.host_lines(text),
            }
        return answer

    def _width(self) -> int:
        """Return the columns to use: COLUMNS, or what Ansible found out before it started this process."""
        columns = os.environ.get("COLUMNS", "")
        return max(79, int(columns) if columns.isdecimal() else self._display.columns or 0)


def _warnings(unreadable: list[Unreadable]) -> list[str]:
    lines = [
        f"records: {item.place!r} {item.problem}. It is left out: restore or remove it."
        for item in unreadable[:WARNINGS]
    ]
    if len(unreadable) > WARNINGS:
        lines.append(f"records: {len(unreadable) - WARNINGS} more are damaged; see `unreadable`.")
    return lines
