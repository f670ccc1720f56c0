# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment templates: named settings that deployments and other templates build on.

What is written nearer to the deployment wins. Mappings such as `gates` are merged key by key, lists are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import Problem
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node


def resolved(node: Node, templates: Mapping[str, Node], problems: list[Problem]) -> Node:
    """Give a deployment, or a template, with all it inherits; every value keeps the line it is written in."""
    chain = [node]
    names: list[str] = []
    while (reference := chain[-1].mapping.get("template")) is not None:
        name = str(reference.value)
        if name not in templates:
            text = f"there is no template {name!r}. {_spelling.remedy(name, templates)}"
            problems.append(reference.problem(text))
            break
        if name in names or templates[name] is node:
            text = f"the template {name!r} builds on this one in turn. Break the circle."
            problems.append(reference.problem(text))
            break
        names.append(name)
        chain.append(templates[name])
    inherited = chain.pop()
    while chain:
        inherited = merged(inherited, chain.pop())
    return inherited


def merged(base: Node, over: Node) -> Node:
    """Give `over` with what it does not say itself from `base`."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    entries = {**base.mapping, **over.mapping}
    for key in base.mapping.keys() & over.mapping.keys():
        entries[key] = merged(base.mapping[key], over.mapping[key])
    # A value that had to be left out is not replaced by an inherited one: it would be checked as if it were meant
    for key in over.left_out:
        entries.pop(key, None)
    return replace(over, value=entries, left_out=over.left_out | (base.left_out - over.mapping.keys()))


def used(roots: list[Node], templates: Mapping[str, Node]) -> set[str]:
    """Give the names of the templates that the deployments build on, directly or not."""
    found: set[str] = set()
    waiting = [node.mapping["template"].value for node in roots if "template" in node.mapping]
    while waiting:
        name = str(waiting.pop())
        if name in templates and name not in found:
            found.add(name)
            waiting += [node.value for key, node in templates[name].mapping.items() if key == "template"]
    return found
