# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a tree of YAML against a JSON Schema of ours, with messages for the person who wrote the file.

Only the keywords that our schemas use are known (KEYWORDS). That they mean here what JSON Schema says is shown in
tests/unit/test_deployment_schema.py, against the library jsonschema. Messages take their words from a schema's `title`
("a span of time") and the first two of its `examples`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import Problem
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node

DEPLOYMENTS = "deployments.schema.json"
WAIVERS = "waivers.schema.json"
ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples"})
KEYWORDS = frozenset(
    {"$ref", "type", "enum", "pattern", "maxLength", "minimum", "maximum", "minItems", "uniqueItems", "items"}
    | {"properties", "required", "additionalProperties", "oneOf"}
)
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys",
    "null": "empty",
}
_LONGEST_SHOWN = 80


def load(name: str) -> dict[str, Any]:
    """Read one of our schemas, DEPLOYMENTS or WAIVERS."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return read


def checked(root: Node, schema: Mapping[str, Any]) -> tuple[Node, list[Problem]]:
    """Give the tree without what does not fit the schema, and the problems."""
    checking = _Checking(schema)
    return checking.check(root, schema) or replace(root, value={}, broken=True), checking.problems


class _Checking:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.problems: list[Problem] = []

    def check(self, node: Node, schema: Mapping[str, Any]) -> Node | None:
        """Give the node without its parts that do not fit, None where it does not fit itself."""
        schema = self._resolved(schema)
        if node.broken:
            return None
        text = _unfit(node, schema)
        if text:
            self.problems.append(node.problem(text))
            return None
        if isinstance(node.value, dict):
            return self._mapping(node, schema)
        if isinstance(node.value, list):
            kept = [self.check(item, schema.get("items", {})) for item in node.value]
            whole = [item for item in kept if item is not None]
            return replace(node, value=whole, left_out=frozenset("*" if len(whole) < len(kept) else ""))
        if isinstance(node.value, float) and node.value.is_integer():
            return replace(node, value=int(node.value))
        return node

    def _mapping(self, node: Node, schema: Mapping[str, Any]) -> Node:
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        kept: dict[str, Node] = {}
        for key, child in node.mapping.items():
            if key not in known and others is False:
                where = Problem(
                    node.key_lines[key], child.option, f"there is no such key. {_spelling.remedy(key, known)}"
                )
                self.problems.append(where)
                continue
            whole = self.check(child, known.get(key, others))
            if whole is not None:
                kept[key] = whole
        for key in schema.get("required", ()):
            if key not in node.mapping:
                wanted = _wanted(self._resolved(known[key]))
                self.problems.append(node.problem(f"{key} is missing; it takes {wanted}."))
        return replace(node, value=kept, left_out=frozenset(node.mapping) - frozenset(kept))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a $ref within the schema; keywords beside it go first."""
        if "$ref" not in schema:
            return schema
        name = schema["$ref"].removeprefix("#/$defs/")
        return {**self._resolved(self.root["$defs"][name]), **{k: v for k, v in schema.items() if k != "$ref"}}


def _unfit(node: Node, schema: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the value itself, None for nothing."""
    value = node.value
    kinds = _listed(schema.get("type", list(_KINDS)))
    kind = _kind(value)
    if kind not in kinds and not (kind == "integer" and "number" in kinds):
        return f"{_shown(value)} is {_KINDS[kind]}, not {_wanted(schema)}.{_hint(value, kinds)}"
    if "enum" in schema and not any(one == value and type(one) is type(value) for one in schema["enum"]):
        return (
            f"{_shown(value)} is not known. {_spelling.remedy(str(value), [str(one) for one in schema['enum'] if one])}"
        )
    if isinstance(value, str):
        return _unfit_text(value, schema)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return f"{value} is not between {schema['minimum']} and {schema['maximum']}."
    elif isinstance(value, list):
        return _unfit_list(node, schema)
    elif isinstance(value, dict):
        return _unfit_mapping(value, schema)
    return None


def _unfit_text(value: str, schema: Mapping[str, Any]) -> str | None:
    if "pattern" in schema and not _pattern(schema["pattern"]).search(value):
        return f"{_shown(value)} is not {_wanted(schema)}."
    if len(value) > schema.get("maxLength", len(value)):
        return f"it has {len(value)} characters; {schema['maxLength']} are the most."
    return None


def _unfit_list(node: Node, schema: Mapping[str, Any]) -> str | None:
    if len(node.items) < schema.get("minItems", 0):
        return f"the list is empty; it takes {_wanted(schema)}."
    if schema.get("uniqueItems"):
        plain = [json.dumps(item.plain(), sort_keys=True) for item in node.items]
        twice = next((one for place, one in enumerate(plain) if one in plain[:place]), None)
        if twice is not None:
            return f"it names {twice} twice."
    return None


def _unfit_mapping(value: Mapping[str, Node], schema: Mapping[str, Any]) -> str | None:
    choices = [choice["required"][0] for choice in schema.get("oneOf", ())]
    given = [key for key in choices if key in value]
    if choices and len(given) != 1:
        said = f"has {' and '.join(given)}" if given else "has none of them"
        return f"give exactly one of {', '.join(choices)}; it {said}."
    return None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"  # as JSON Schema has it
    kinds = {str: "string", int: "integer", list: "array", dict: "object", type(None): "null"}
    return next(name for kind, name in kinds.items() if isinstance(value, kind))


def _wanted(schema: Mapping[str, Any]) -> str:
    """Say what would fit."""
    kinds = [_KINDS[kind] for kind in _listed(schema.get("type", []))]
    wanted = schema.get("title") or " or ".join(kinds) or "another value"
    if "enum" in schema:
        return f"one of {', '.join(str(one) for one in schema['enum'] if one is not None)}"
    examples = " or ".join(json.dumps(one, ensure_ascii=False) for one in schema.get("examples", [])[:2])
    return f"{wanted}, such as {examples}" if examples else str(wanted)


def _hint(value: Any, kinds: list[str]) -> str:
    if kinds == ["boolean"] and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
        return f" Write {'true' if value.lower() in ('yes', 'on') else 'false'}."
    if "string" in kinds and isinstance(value, (int, float)):
        return " Write it in quotes."
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if value is None:
        return "the value"
    if isinstance(value, str):
        value = http.redact(value) if "://" in value else value
        return repr(value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern as JSON Schema means it: $ is the end and not the line break before it."""
    return re.compile(text.replace("$", r"\Z"))


def _listed(kinds: str | list[str]) -> list[str]:
    return [kinds] if isinstance(kinds, str) else kinds
