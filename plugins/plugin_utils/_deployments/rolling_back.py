# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposes the way back to an earlier version: a deployment of its own, and the one it goes back from halted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import editing, moments, reading, yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.checks import ManifestOf
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import FleetDeployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node

LONGEST_NAME = 64
#: What the way back does not take over: it has its own, or it was about the way there.
OWN = frozenset(
    {
        "name",
        "version",
        "bulletin",
        "halted",
        "ignore_withdrawn",
        "expedite",
        "rings",
        "available_from",
        "deadline",
        "after_deadline",
        "pin_until",
        "allow_downgrade",
    }
)


@dataclass(frozen=True)
class Rollback:
    """The new text, the change as a patch, the new deployment, and which other one of the file has its version."""

    text: str
    diff: str
    deployment: FleetDeployment
    approved_in: str | None


def roll_back(
    text: str,
    name: str,
    pin_until: str,
    now: datetime,
    *,
    version: str | None = None,
    rings: Sequence[str] = (),
    new_name: str | None = None,
    file: str = "deployments.yml",
    groups: Mapping[str, Collection[str]] | None = None,
    manifest: ManifestOf | None = None,
) -> Rollback:
    """Add the deployment that brings `rings`, by default all, of the deployment `name` back. Nothing is written.

    :param version: the earlier one; without it the highest below that another deployment of the channel has and that
        was not gone back from.
    :param now, file, groups, manifest: as of reading.read.
    :raises InputError: something does not fit; FileProblemsError: the file has errors, now or with the proposal.
    """
    before = reading.read(text, now, file=file, fresh=(), groups=groups)
    entry = before.entry(name)
    current = entry.deployment
    if current.version is None:
        raise InputError(f"deployment: {name!r} is not approved, so there is nothing to go back from.")
    known = _earlier(before, current)
    bad = _gone_back_from(before.deployments)
    full = (
        office_version.full(version, "version") if version else next((each for each in known if each not in bad), None)
    )
    if full is None:
        raise InputError(
            f"version: no other deployment in the file has an earlier version of {current.channel} than "
            f"{current.version}{' that was not gone back from' if known else ''}. Set version to the one to go back to."
        )
    if office_version.parse(full) >= office_version.parse(current.version):
        raise InputError(f"version: {full} is not earlier than {current.version}, which {name!r} has.")
    if not _is_date(str(pin_until)):
        raise InputError(f"pin_until: {str(pin_until)!r} is no date, such as 2027-01-31 or 2027-01-31T18:00.")
    back = str(new_name or _name(name, full))
    if any(each.name == back for each in before.deployments):
        line = before.entry(back).at("name").line
        raise InputError(f"name: {back!r} is in the file already ({file}:{line}). Set name to another one.")
    # Ansible's own kinds of text are none to a YAML writer
    new = _entry(entry.own, current, back, str(full), str(pin_until), _rings(current, entry.node, rings))
    after = _added(editing.with_value(text, editing.deployment(text, name), "halted", "true", quoted=False), name, new)
    _nothing_else(text, after, name, new)
    read = reading.read(after, now, file=file, fresh=(back,), groups=groups, manifest=manifest)
    return Rollback(after, editing.diff(text, after, file), read.deployment(back), known.get(full))


def _is_date(text: str) -> bool:
    try:
        return moments.moment(text, moments.UTC) != moments.ASAP
    except ValueError:
        return False


def _name(name: str, version: str) -> str:
    behind = f" back to {version.removeprefix('16.0.')}"
    return f"{name[: LONGEST_NAME - len(behind)].rstrip()}{behind}"


def _gone_back_from(deployments: Sequence[FleetDeployment]) -> set[str | None]:
    """Give the versions of deployments with their way back behind them, as this puts it there."""
    return {
        each.version
        for each, behind in pairwise(deployments)
        if behind.allow_downgrade
        and behind.channel == each.channel
        and None not in (each.version, behind.version)
        and office_version.parse(str(behind.version)) < office_version.parse(str(each.version))
    }


def _earlier(file: reading.DeploymentFile, current: FleetDeployment) -> dict[str, str]:
    """Give the earlier versions of the channel that the file knows, the highest first, each with a deployment."""
    target = office_version.parse(str(current.version))
    found = {
        each.version: each.name
        for each in file.deployments
        if each.version is not None
        and each.channel == current.channel
        and each.name != current.name
        and office_version.parse(each.version) < target
    }
    return dict(sorted(found.items(), key=lambda item: office_version.parse(item[0]), reverse=True))


def _rings(current: FleetDeployment, node: Node, wanted: Sequence[str]) -> list[Any]:
    """Give the rings as they are written, without their dates, which were those of the way there."""
    known = [ring.group for ring in current.rings]
    strange = next((ring for ring in wanted if ring not in known), None)
    if strange is not None:
        raise InputError(f"rings: {current.name!r} has no ring {strange!r}. {_spelling.remedy(strange, known)}")
    written = node.mapping["rings"].plain()
    kept = [each for each, group in zip(written, known, strict=True) if not wanted or group in wanted]
    return [_without_date(ring) for ring in kept]


def _without_date(ring: Any) -> Any:
    if not isinstance(ring, dict):
        return ring
    rest = {key: value for key, value in ring.items() if key != "available_from"}
    return ring["group"] if set(rest) == {"group"} else rest


def _entry(
    own: Node, current: FleetDeployment, name: str, version: str, pin_until: str, rings: list[Any]
) -> dict[str, Any]:
    """Give the new deployment as it is written. It has no deadline, so nothing is forced on anybody."""
    entry: dict[str, Any] = {"name": name, "version": version, "allow_downgrade": True, "pin_until": pin_until}
    entry |= {key: node.plain() for key, node in own.mapping.items() if key not in OWN}
    entry |= {"rings": rings, "available_from": "asap", "deadline": "none", "after_deadline": "wait"}
    if current.apps.close != "never":
        entry["apps"] = {**(entry.get("apps") or {}), "close": "never"}
    return entry


def _added(text: str, name: str, entry: dict[str, Any]) -> str:
    """Put the new deployment behind the old one, indented as that one is."""
    old = editing.deployment(text, name)
    line_break = editing.line_break(text)
    start = text.rfind("\n", 0, old.start) + 1
    lead = text[start : old.start]  # such as "  - "
    if lead.strip() != "-":
        raise InputError(editing.UNSAFE.format(name))
    written = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, width=110).rstrip("\n").split("\n")
    block = "".join(
        f"{lead if place == 0 else ' ' * len(lead)}{line}{line_break}" for place, line in enumerate(written)
    )
    end = editing.end_of_line(text, _last(old))
    while (comment := re.match(r"( *)#[^\n]*(\n|$)", text[end:])) and len(comment[1]) >= old.column:
        end += comment.end()  # it is about the old one
    gap = "" if text[:end].endswith("\n") else line_break
    return f"{text[:end]}{gap}{line_break}{block}{text[end:]}"


def _last(node: Node) -> int:
    """Give where the last value below ends; a block itself ends only where the next one begins."""
    below = [*node.mapping.values(), *node.items]
    return node.end if node.flow or not below else max(_last(child) for child in below)


def _nothing_else(before: str, after: str, name: str, entry: dict[str, Any]) -> None:
    """Hold the two texts against each other: a layout that was not foreseen must not be edited wrongly in silence."""
    plain = []
    for text in (before, after):
        root, problems = yaml_tree.parse(text)
        if root is None or problems:
            raise InputError(editing.UNSAFE.format(name))
        plain.append(root.plain())
    place = next(place for place, each in enumerate(plain[0]["deployments"]) if each["name"] == name)
    plain[0]["deployments"][place]["halted"] = True
    plain[0]["deployments"].insert(place + 1, entry)
    if plain[0] != plain[1]:
        raise InputError(editing.UNSAFE.format(name))
