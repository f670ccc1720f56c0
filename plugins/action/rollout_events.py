# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module rollout_events: all of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.officefleet.c2r.plugins.modules.rollout_events import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _roll_call, _webhook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, validated
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import loaded
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Hook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._events import Event
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import Summary, hosts_by_ring, summarise
from ansible_collections.officefleet.c2r.plugins.plugin_utils._hook_notes import Notebook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore, open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, RecordError

PATIENCE = 15.0  #: seconds to wait while another run tells its events
SENDING = 60.0  #: seconds after which what is unsent is left for the next look: slow hooks hold no rollout up


class ActionModule(ActionBase):
    """Works on the controller; needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes. Whatever keeps hooks from being told is a warning."""
        super().run(tmp, task_vars)
        self.variables = task_vars or {}
        try:
            arguments = validated(ARGUMENT_SPEC, self._task.args)
        except ArgumentsError as error:
            return {"failed": True, "msg": str(error)}
        self.deployment = loaded(arguments["rules"])
        self.key = DeploymentKey.of(self.deployment)
        started = arguments["run_started"]
        self.started = None if started is None else datetime.fromtimestamp(int(started), timezone.utc)
        given = arguments["events"]
        self.hooks = [Hook(**{**hook, "events": tuple(hook["events"])}) for hook in given["hooks"]]
        others = given.get("other_channels") or []
        self.other_channels = [DeploymentKey(name, channel, version, "") for name, channel, version in others]
        self.extra = {"bulletin": given["bulletin"], "expedite": given["expedite"]}
        try:
            with closing(open_store(arguments["records"])) as store:
                return self._look(store) if self._task.check_mode else self._tell(store)
        except RecordError as error:
            return _result([], 0, 0, [f"The hooks of {self.key.name!r} are not told anything now. {error}"])

    def _look(self, store: RecordStore) -> dict[str, Any]:
        return _result(self._new(self._notebook(store), store), 0, 0, [])

    def _tell(self, store: RecordStore) -> dict[str, Any]:
        with store.notes.held(self.key, PATIENCE) as ours:
            if not ours:
                return _result([], 0, 0, [])  # the run that tells them now looks again in its next pass
            notebook = self._notebook(store)
            before = json.dumps(notebook.to_json())
            events = self._new(notebook, store)
            if json.dumps(notebook.to_json()) != before:
                store.notes.write(self.key, notebook.to_json())
            sent, warnings, end = 0, [], time.monotonic() + SENDING
            for warning in notebook.send(self.hooks, self._send, self.started, _now()):
                store.notes.write(self.key, notebook.to_json())
                sent += not warning
                warnings += [warning] if warning else []
                if time.monotonic() >= end:
                    break
            return _result(events, sent, len(notebook.unsent), warnings)

    def _notebook(self, store: RecordStore) -> Notebook:
        try:
            return Notebook.from_json(store.notes.read(self.key))
        except DamagedError as error:
            raise RecordError(f"records: the notes of {self.key.name!r} {error}. Remove them.") from error

    def _new(self, notebook: Notebook, store: RecordStore) -> list[Event]:
        """Note what is new. A slice that does not know the hosts of the others yet has nothing to say."""
        groups: _roll_call.Members | str = self.variables["groups"]
        sliced = self.deployment.sliced
        if sliced is not None:
            groups = _roll_call.whole(store.roll_calls, self.deployment, sliced, _now())
        if isinstance(groups, str):
            return []
        return notebook.note(self._summary(store, groups), self.key, self.hooks, self.extra)

    def _summary(self, store: RecordStore, groups: _roll_call.Members) -> Summary:
        hosts = {host for ring in hosts_by_ring(self.deployment, groups).values() for host in ring}
        offset = datetime.now(timezone.utc).astimezone().utcoffset()
        minutes = 0 if offset is None else int(offset.total_seconds() // 60)
        own = store.standings(self.key, hosts)
        elsewhere = {host for other in self.other_channels for host in store.standings(other, hosts - own.keys())}
        return summarise(self.deployment, groups, own, _now(), minutes, elsewhere)

    def _send(self, hook: Hook, message: Mapping[str, Any]) -> None:
        _webhook.post(hook.url, hook.token, message, self._variable)

    def _variable(self, name: str) -> str | None:
        """Give the text of an Ansible variable, also of one that is vaulted or a template."""
        if name not in self.variables:
            return None
        try:
            value = self._templar.template(self.variables[name])
            return None if value is None else str(value)
        except AnsibleError as error:  # whose text may hold a part of the value
            raise _webhook.HookError(f"the Ansible variable {name} cannot be read ({type(error).__name__})") from None


def _result(events: list[Any], sent: int, unsent: int, warnings: list[str]) -> dict[str, Any]:
    said = [{"event": event.kind, "ring": event.ring, "reason": event.reason} for event in events]
    return {
        "changed": False,
        "events": said,
        "sent": sent,
        "unsent": unsent,
        **({"warnings": warnings} if warnings else {}),
    }


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)
