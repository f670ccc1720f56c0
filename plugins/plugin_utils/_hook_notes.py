# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling hooks: what is new is written into the deployment's notes first and sent from there, so that nothing is lost.

A message leaves the notes once its hook has taken it. A run that is killed in between sends it again, with the same id.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _events
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Hook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._events import Event, Told
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError, Fields
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import Summary
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, iso
from ansible_collections.officefleet.c2r.plugins.plugin_utils._webhook import HookError, shown

SCHEMA = 1
UNSENT = 200  #: messages kept for hooks that do not take them; the oldest go
LOG = 100  #: events kept in the notes

#: Sends a document to a hook; HookError when it does not take it.
Send = Callable[[Hook, Mapping[str, Any]], None]


@dataclass
class Notebook:
    """The notes of one deployment about its events."""

    told: Told = Told()  # noqa: RUF009  # immutable
    unsent: list[dict[str, Any]] = field(default_factory=list)  #: {"hook": ..., "message": {...}}, oldest first
    refused: dict[str, datetime] = field(default_factory=dict)  #: by hook, when it last took none
    log: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give it as a store keeps it."""
        refused = [{"hook": hook, "at": iso(at)} for hook, at in self.refused.items()]
        return {
            "schema": SCHEMA,
            "told": self.told.to_json(),
            "unsent": self.unsent,
            "refused": refused,
            "events": self.log,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Notebook:
        """Read what `to_json` gave; DamagedError says what does not fit."""
        if not document:
            return cls()
        fields = Fields("", document)
        if fields.get("schema") != SCHEMA:
            raise DamagedError(f"are not notes of schema {SCHEMA}")
        for entry in fields.many_fields("unsent"):
            entry.text("hook")
            entry.fields("message").text("event")
        return cls(
            told=Told.from_json(fields.get("told")),
            unsent=list(document.get("unsent") or []),
            refused={entry.text("hook"): entry.time("at") for entry in fields.many_fields("refused")},
            log=list(document.get("events") or []),
        )

    def note(
        self, summary: Summary, deployment: DeploymentKey, hooks: Sequence[Hook], extra: Mapping[str, Any]
    ) -> list[Event]:
        """Find what is new, remember it as told and put it up for the hooks that want it."""
        shares = {hook.failure_share for hook in hooks if "failures" in hook.events}
        events, self.told = _events.news(self.told, summary, shares)
        for event in events:
            message = _events.message(event, str(uuid.uuid4()), summary, deployment, extra)
            self.unsent += [
                {"hook": identity(hook), "message": message}
                for hook in hooks
                if event.kind in hook.events and event.share in (None, hook.failure_share)
            ]
            said = {"at": message["at"], "event": event.kind, "ring": event.ring, "reason": event.reason}
            self.log.append({**said, "expedite": extra.get("expedite")})
        known = {identity(hook) for hook in hooks}
        self.unsent = [entry for entry in self.unsent if entry["hook"] in known][-UNSENT:]
        self.log = self.log[-LOG:]
        return events

    def send(self, hooks: Sequence[Hook], send: Send, run_started: datetime | None, now: datetime) -> Iterator[str]:
        """Send what is unsent; yield after each change, with a warning or "".

        A hook that took no message is left alone until the next run, so that it cannot slow this one down.
        """
        for hook in hooks:
            name = identity(hook)
            refused = self.refused.get(name)
            if run_started is not None and refused is not None and refused >= run_started:
                continue
            for entry in [entry for entry in self.unsent if entry["hook"] == name]:
                try:
                    send(hook, entry["message"])
                except HookError as error:
                    self.refused[name] = now
                    waiting = sum(other["hook"] == name for other in self.unsent)
                    yield (
                        f"hooks: {shown(hook.url)}: {error}. The next run of this deployment tells it again "
                        f"({waiting} not told yet, first the event {entry['message']['event']})."
                    )
                    break
                self.unsent.remove(entry)
                self.refused.pop(name, None)
                yield ""


def identity(hook: Hook) -> str:
    """Give what a hook goes by in notes, which show no address."""
    return hashlib.sha256(f"{hook.url}\0{hook.token or ''}".encode()).hexdigest()[:16]
