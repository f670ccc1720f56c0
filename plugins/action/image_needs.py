# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module image_needs: all of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.modules.image_needs import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _image_needs
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, given
from ansible_collections.officefleet.c2r.plugins.plugin_utils._image_needs import ImageNeeds, Need, UnknownError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record, RecordError
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
            return self._tell(given(ARGUMENT_SPEC, self._task.args))
        except (ArgumentsError, RecordError, publish.DestError) as error:
            return {"failed": True, "msg": str(error)}

    def _tell(self, options: dict[str, Any]) -> dict[str, Any]:
        images: dict[str, ImageNeeds] = {}
        unknown: dict[str, str] = {}
        for host, look in sorted(options["looks"].items()):
            try:
                need, from_record = _need(host, look, options["records"])
            except UnknownError as error:
                unknown[host] = str(error)
                continue
            images.setdefault(need.channel, ImageNeeds()).add(host, need, from_record=from_record)
        texts = {channel: _image_needs.yaml_text(channel, needs) for channel, needs in sorted(images.items())}
        said = [*texts.values(), *(f"# {host} is not counted: {reason}\n" for host, reason in unknown.items())]
        self._display.display("\n" + "---\n".join(texts.values()) + "".join(said[len(texts) :]))
        written = self._written(Path(options["dest"]), texts) if options["dest"] else []
        return {
            "changed": bool(written),
            "written": written,
            "images": {channel: _plain(needs) for channel, needs in images.items()},
            "variables": {channel: _image_needs.variables(channel, needs) for channel, needs in images.items()},
            "unknown": unknown,
        }

    def _written(self, folder: Path, texts: dict[str, str]) -> list[str]:
        written = []
        for channel, text in texts.items():
            place = folder / f"{channel}.yml"
            if publish.read_present(place) == text:
                continue
            written.append(str(place))
            if not self._task.check_mode:
                publish.publish(place, text)
        return written


def _need(host: str, look: dict[str, Any], records: str | None) -> tuple[Need, bool]:
    """Give what the host said of itself, or else its record; and whether it is the record's."""
    try:
        return _image_needs.of_host(look), False
    except UnknownError as unknown:
        if records is None or look.get("installed") is False:
            raise
        with closing(open_store(records)) as store:
            record: Record | None = store.load(host)
        try:
            return _image_needs.of_record(record), True
        except UnknownError as also:
            raise UnknownError(f"{unknown}; {also}") from also


def _plain(needs: ImageNeeds) -> dict[str, Any]:
    return {**asdict(needs), "proofing_tools": needs.of_proofing_alone}
