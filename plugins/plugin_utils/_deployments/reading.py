# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the deployment file and the waivers file, and tells all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import checks, schema, templates, yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.building import Building
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.checks import Entry, ManifestOf, Surroundings
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import (
    EVERY_HOST,
    FleetDeployment,
    Waiver,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError, Problem
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node


@dataclass(frozen=True)
class DeploymentFile:
    """A file without errors. `warnings` are sorted by line."""

    deployments: tuple[FleetDeployment, ...]
    warnings: tuple[Problem, ...]
    entries: tuple[Entry, ...]

    def deployment(self, name: str) -> FleetDeployment:
        """Give the deployment of this name; InputError says which there are."""
        return self.entry(name).deployment

    def entry(self, name: str) -> Entry:
        """Give a deployment with its place in the file; InputError says which there are."""
        for entry in self.entries:
            if entry.deployment.name == name:
                return entry
        known = [deployment.name for deployment in self.deployments]
        raise InputError(f"deployment: there is no {name!r} in the file. {_spelling.remedy(name, known)}")

    def where(self, name: str, *path: str | int) -> int:
        """Give the line that a value of a deployment stands in, also one of a template.

        A value that is written nowhere has the line of what would hold it: where("broad", "rings", 0, "gates").
        """
        return self.entry(name).at(*path).line


@dataclass(frozen=True)
class WaiverFile:
    """The waivers that hold, and those that have expired. `warnings` name these."""

    waivers: tuple[Waiver, ...]
    warnings: tuple[Problem, ...]
    expired: tuple[Waiver, ...] = ()


def read(
    text: str,
    now: datetime,
    *,
    file: str = "deployments.yml",
    fresh: Collection[str] | None = None,
    groups: Mapping[str, Collection[str]] | None = None,
    manifest: ManifestOf | None = None,
    sliced: bool = False,
) -> DeploymentFile:
    """Read a deployment file; FileProblemsError with all problems where one is an error.

    :param text: the whole file.
    :param now: with a zone; what dates are compared with.
    :param file: its name for messages.
    :param fresh: the deployments in which past dates and missing images are errors, None for all. What runs on a
        schedule gives none, (): a deadline passes while a deployment goes on.
    :param groups: hosts by group of the inventory. With it unknown groups are refused and overlaps found by host.
    :param manifest: looks into a library; with it missing images are found.
    :param sliced: whether `groups` are those of a slice of a run, in which other slices have hosts, too.
    """
    root, problems = _tree(text, schema.DEPLOYMENTS, file)
    known = root.mapping["templates"].mapping if "templates" in root.mapping else {}
    nodes = root.mapping["deployments"].items if "deployments" in root.mapping else []
    for template in known.values():
        templates.resolved(template, known, problems)
    used = templates.used(nodes, known)
    problems += [
        Problem(
            root.mapping["templates"].key_lines[name], node.option, "no deployment uses this template.", warning=True
        )
        for name, node in known.items()
        if name not in used
    ]
    entries: list[Entry] = []
    for own in nodes:
        node = templates.resolved(own, known, problems)
        deployment = Building(problems).deployment(node)
        if deployment is not None:
            entries.append(Entry(own, node, deployment))
    problems += _named_twice(nodes, ("name",))
    problems += checks.problems(entries, Surroundings(now, fresh, groups, manifest, sliced))
    return DeploymentFile(tuple(entry.deployment for entry in entries), _warnings(problems, file), tuple(entries))


def read_waivers(
    text: str,
    now: datetime,
    *,
    file: str = "waivers.yml",
    groups: Mapping[str, Collection[str]] | None = None,
    sliced: bool = False,
) -> WaiverFile:
    """Read a waivers file; FileProblemsError with all problems where one is an error. Parameters as of `read`."""
    root, problems = _tree(text, schema.WAIVERS, file)
    nodes = root.mapping["waivers"].items if "waivers" in root.mapping else []
    waivers: list[Waiver] = []
    expired: list[Waiver] = []
    hosts = frozenset((groups or {}).get(EVERY_HOST, ()))
    for node in nodes:
        waiver = Building(problems).waiver(node)
        if waiver is None:
            continue
        if waiver.expires.reached(now, 0):
            text = f"it has expired, {waiver.owner} answers for it. Renew or remove it; it does not hold any more."
            problems.append(node.mapping["expires"].problem(text, warning=True))
            expired.append(waiver)
        else:
            waivers.append(waiver)
        if waiver.group and groups is not None and waiver.group not in {*groups, EVERY_HOST}:
            text = f"{waiver.group!r} is not a group of the inventory. {_spelling.remedy(waiver.group, groups)}"
            problems.append(node.mapping["group"].problem(text))
        if waiver.host and groups is not None and not sliced and waiver.host not in hosts:
            problems.append(node.mapping["host"].problem(_stranger(waiver.host, hosts), warning=True))
    problems += _named_twice(nodes, ("host", "group"))
    return WaiverFile(tuple(waivers), _warnings(problems, file), tuple(expired))


def _tree(text: str, name: str, file: str) -> tuple[Node, list[Problem]]:
    """Give what of the text is YAML and fits the schema."""
    root, problems = yaml_tree.parse(text)
    if root is None:
        raise FileProblemsError(file, problems)
    root, misfits = schema.checked(root, schema.load(name))
    return root, [*problems, *misfits]


def _warnings(problems: list[Problem], file: str) -> tuple[Problem, ...]:
    """Give the warnings if there are no errors."""
    if not all(problem.warning for problem in problems):
        raise FileProblemsError(file, problems)
    return tuple(sorted(set(problems)))


def _stranger(host: str, hosts: Collection[str]) -> str:
    """Say that a waiver holds for nobody: a host may be gone, or its name was mistyped."""
    near = _spelling.nearest(host, hosts)
    return f"{host!r} is not in the inventory, so it holds for nobody. " + (
        f"Did you mean {near!r}?" if near else "Correct or remove it."
    )


def _named_twice(nodes: list[Node], keys: Collection[str]) -> list[Problem]:
    first: dict[tuple[str, Any], Node] = {}
    problems = []
    for node in nodes:
        for key in keys & node.mapping.keys():
            value = node.mapping[key]
            earlier = first.setdefault((key, value.value), value)
            if earlier is not value:
                problems.append(value.problem(f"{value.value!r} stands in line {earlier.line} already. Remove one."))
    return problems
