# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins a version in the text of a deployment file. Nothing else of it changes, and the change is a diff to review."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import editing, moments, reading, yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.checks import ManifestOf


@dataclass(frozen=True)
class Approval:
    """The new text, and what changed as a unified diff; empty where nothing had to."""

    text: str
    diff: str


def approve(
    text: str,
    name: str,
    version: str,
    now: datetime,
    *,
    ring_dates: Mapping[str, object] | None = None,
    replace: bool = False,
    file: str = "deployments.yml",
    groups: Mapping[str, Collection[str]] | None = None,
    manifest: ManifestOf | None = None,
) -> Approval:
    """Pin `version` in the deployment `name`. Nothing is written anywhere.

    :param ring_dates: available_from by ring, in the form of the file.
    :param replace: whether a version that is pinned already may be replaced by another.
    :param now, file, groups, manifest: as of reading.read.
    :raises InputError: the deployment, the version or a ring does not fit, or another version is pinned.
    :raises FileProblemsError: the file has errors, now or with the approval.
    """
    full = office_version.full(version, "version")
    pinned = reading.read(text, now, file=file, fresh=(), groups=groups).entry(name)
    before = pinned.deployment.version
    if before not in (None, full) and not replace:
        raise InputError(
            f"version: {name!r} is pinned to {before} already ({file}:{pinned.at('version').line}), so {full} is not "
            "written. Set replace to true if that is meant; hosts that have it already are then behind."
        )
    after = text
    if before != full:
        after = editing.with_value(after, editing.deployment(after, name), "version", full)
    for ring, available in (ring_dates or {}).items():
        after = _with_ring_date(after, name, ring, str(available))  # YAML of variables may make a date of it
    _nothing_else(text, after, name, rings=bool(ring_dates))
    approved = reading.read(after, now, file=file, fresh=(name,), groups=groups, manifest=manifest).deployment(name)
    if approved.version != full:
        raise InputError(editing.UNSAFE.format(name))
    return Approval(after, editing.diff(text, after, file))


def _with_ring_date(text: str, name: str, ring: str, available: str) -> str:
    node = editing.deployment(text, name)
    rings = node.mapping.get("rings")
    if rings is None:
        raise InputError(
            f"ring_dates: the rings of {name!r} are those of its template, whose dates would change for others, too. "
            "Write rings into the deployment."
        )
    groups = [str(item.mapping["group"].value if item.mapping else item.value) for item in rings.items]
    if ring not in groups:
        raise InputError(f"ring_dates: {name!r} has no ring {ring!r}. {_spelling.remedy(ring, groups)}")
    try:
        moments.moment(available, moments.UTC)
    except ValueError:
        raise InputError(f"ring_dates: {available!r} is no date and time, such as 2026-12-01T08:00.") from None
    item = rings.items[groups.index(ring)]
    if item.mapping:
        return editing.with_value(text, item, "available_from", available)
    written = text[item.start : item.end]
    return f'{text[: item.start]}{{group: {written}, available_from: "{available}"}}{text[item.end :]}'


def _nothing_else(before: str, after: str, name: str, *, rings: bool) -> None:
    """Hold the two texts against each other: a layout that was not foreseen must not be edited wrongly in silence."""
    trees = []
    for text in (before, after):
        root, problems = yaml_tree.parse(text)
        if root is None or problems:
            raise InputError(editing.UNSAFE.format(name))
        plain = root.plain()
        for deployment in plain["deployments"]:
            if deployment["name"] == name:
                deployment.pop("version", None)
                if rings:
                    deployment["rings"] = [_without_date(ring) for ring in deployment["rings"]]
        trees.append(plain)
    if trees[0] != trees[1]:
        raise InputError(editing.UNSAFE.format(name))


def _without_date(ring: Any) -> Any:
    if not isinstance(ring, dict):
        return {"group": ring}
    return {key: value for key, value in ring.items() if key != "available_from"}
