# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the data of model.py from trees that fit the schema. What the schema cannot say is checked where it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _deployment, _download_size, _errors
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import model, yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import (
    ASAP,
    Moment,
    moment,
    seconds,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import Problem
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion, Window

T = TypeVar("T")


class Building:
    """Reads one deployment; `problems` grows."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def deployment(self, node: Node) -> model.FleetDeployment | None:
        """Give the deployment of a tree with templates resolved, None where it has no name, channel or rings."""
        for key, takes in (
            ("channel", "an update channel, such as MonthlyEnterprise"),
            ("rings", "groups of the inventory in the order of their turn, or [all]"),
        ):
            if key not in node.mapping and key not in node.left_out:
                self.problems.append(node.problem(f"{key} is missing, here and in its template; it takes {takes}."))
        entries = node.mapping
        clock = str(entries["clock"].value) if "clock" in entries else "utc"
        gates = self._gates(entries.get("gates"), model.Gates())
        read: dict[str, Callable[[Node], Any]] = {
            "name": _value,
            "template": _value,
            "channel": lambda n: self._tried(n, lambda: channels.find(str(n.value), n.option).name),
            "version": lambda n: self._version(n),
            "bulletin": _value,
            "halted": _value,
            "ignore_withdrawn": _value,
            "rings": lambda n: tuple(self._ring(ring, gates, clock) for ring in n.items),
            "gates": lambda n: gates,  # noqa: ARG005
            "clock": _value,
            "available_from": lambda n: self._moment(n, clock),
            "after_deadline": _value,
            "windows": lambda n: self._each(n, self._window),
            "exclusions": lambda n: self._each(n, self._exclusion),
            "downloads": _value,
            "apps": lambda n: model.Apps(**_spans(n, "wait")),
            "notice": lambda n: model.Notice(**n.plain()) if "text" in n.mapping else None,
            "sources": lambda n: self._each(n, self._source),
            "cdn_allowed": _value,
            "restart": lambda n: model.Restart(**n.plain()),
            "retries": lambda n: model.Retries(**_spans(n, "retry_delay")),
            "hooks": lambda n: tuple(_hook(hook) for hook in n.items if {"url", "events"} <= hook.mapping.keys()),
            "goal": _value,
            "pin_until": lambda n: self._moment(n, clock),
            "allow_downgrade": _value,
            "take_over": _value,
            "min_free_disk": lambda n: _download_size.room(str(n.value)),
            "display_level": _value,
        }
        fields = {key: read[key](child) for key, child in entries.items() if key in read}
        fields = {key: value for key, value in fields.items() if value is not None}
        if not {"name", "channel", "rings"} <= fields.keys():
            return None
        found = model.FleetDeployment(**fields)
        deadline = self._deadline(entries.get("deadline"), clock, found.available_from)
        expedite = self._expedite(entries.get("expedite"), clock, found.available_from)
        return replace(found, deadline=deadline, expedite=expedite)

    def waiver(self, node: Node) -> model.Waiver | None:
        """Give a waiver, None where something of it is missing."""
        fields = node.plain()
        expires = self._moment(node.mapping["expires"], "utc", end_of_day=True) if "expires" in fields else None
        if expires is None or not {"reason", "owner"} <= fields.keys():
            return None
        return model.Waiver(**{**fields, "expires": expires})

    def _tried(self, node: Node, function: Callable[[], T]) -> T | None:
        """Report an InputError at the key it names, else at the node."""
        try:
            return function()
        except InputError as error:
            text = str(error)
            at = next((child for child in node.mapping.values() if text.startswith(child.option)), node)
            self.problems.append(at.problem(text.removeprefix(at.option).lstrip(".: ")))
            return None

    def _each(self, node: Node, read: Callable[[Node], T | None]) -> tuple[T, ...]:
        return tuple(value for value in map(read, node.items) if value is not None)

    def _version(self, node: Node) -> str | None:
        if node.value is None:
            return None
        return self._tried(node, lambda: version.full(str(node.value), node.option))

    def _ring(self, node: Node, gates: model.Gates, clock: str) -> model.Ring:
        if not node.mapping:
            return model.Ring(str(node.value), gates=gates)
        entries = node.mapping
        available = self._moment(entries["available_from"], clock) if "available_from" in entries else None
        group = str(entries["group"].value) if "group" in entries else ""
        return model.Ring(group, available or ASAP, self._gates(entries.get("gates"), gates))

    def _gates(self, node: Node | None, base: model.Gates) -> model.Gates:
        if node is None:
            return base
        fields = _spans(node, "soak_time")
        if "stop_on" in node.mapping:
            fields["stop_on"] = self._each(node.mapping["stop_on"], self._stop_error)
        return replace(base, **fields)

    def _stop_error(self, node: Node) -> model.StopError | None:
        fields = node.plain()
        if not {"domain", "code"} <= fields.keys():
            return None
        try:
            known = _errors.explain(fields["domain"], fields["code"])
        except _errors.UndecodableError as error:
            self.problems.append(node.problem(str(error)))
            return None
        return model.StopError(known["domain"], known["code"])

    def _moment(self, node: Node, clock: str, *, end_of_day: bool = False) -> Moment | None:
        if node.value is None:
            return None
        text = f"{node.value}T23:59:59" if end_of_day else str(node.value)
        try:
            return moment(text, clock)
        except ValueError:
            self.problems.append(node.problem(f"{node.value!r} is no date and time that there is."))
            return None

    def _deadline(self, node: Node | None, clock: str, available: Moment) -> Moment | None:
        if node is None or node.value in (None, "none"):
            return None
        text = str(node.value)
        if not text.startswith("+"):
            return self._moment(node, clock)
        if available == ASAP:
            said = "is counted from available_from, which is not set. Set it, or give a date."
            self.problems.append(node.problem(f"{text!r} {said}"))
            return None
        return available.later(seconds(text[1:]))

    def _expedite(self, node: Node | None, clock: str, available: Moment) -> model.Expedite | None:
        if node is None or not {"reason", "approved_by", "second_approver"} <= node.mapping.keys():
            return None
        fields = _spans(node, "soak_time")
        fields["deadline"] = self._deadline(node.mapping.get("deadline"), clock, available)
        return model.Expedite(**fields)

    def _window(self, node: Node) -> Window | None:
        if any(part.left_out for part in yaml_tree.walk(node)):  # else what was left out would be missed
            return None
        return self._tried(node, lambda: Window.from_mapping(node.plain(), node.option))

    def _exclusion(self, node: Node) -> Exclusion | None:
        return self._tried(node, lambda: Exclusion.from_text(node.value, node.option))

    def _source(self, node: Node) -> model.Source | None:
        fields = node.plain()
        url = node.mapping.get("url")
        checked = url and self._tried(url, lambda: _deployment.source(str(url.value), url.option))
        if not checked:
            return None
        slow = fields.pop("slow_link", None)
        if slow is not None and {"groups", "rule"} <= slow.keys():
            fields["slow_link"] = model.SlowLink(**{**slow, "groups": tuple(slow["groups"])})
        return model.Source(**{**fields, "url": checked, "groups": tuple(fields.get("groups", ()))})


def _value(node: Node) -> Any:
    return node.value


def _spans(node: Node, *keys: str) -> dict[str, Any]:
    """Give a mapping's plain data with its spans in seconds."""
    fields: dict[str, Any] = node.plain()
    return {key: seconds(value) if key in keys else value for key, value in fields.items()}


def _hook(node: Node) -> model.Hook:
    fields = node.plain()
    return model.Hook(**{**fields, "events": tuple(fields["events"])})
