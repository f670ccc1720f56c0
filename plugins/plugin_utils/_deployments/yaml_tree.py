# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML as a tree of nodes that know their line and their place in the text.

Plain scalars are what YAML 1.2 and so JSON Schema and editors take them for: `yes`, 22:00 and 2026-12-24 are text. What
would blur where a value stands is refused: keys given twice, anchors and merges, tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import Problem

if TYPE_CHECKING:
    from typing import TypeAlias

    Scalar: TypeAlias = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
_NAMES = ("name", "group", "host")  #: what an entry of a list is called by in messages, if it has it
FILE = "file"  #: what stands for the path of the whole
_ALIAS = "!alias"
_ENCRYPTED = "$ANSIBLE_VAULT;"


@dataclass(frozen=True)
class Node:
    """A value. `line` is where a person would look for it: a mapping's or list's is that of its key."""

    value: Scalar | dict[str, Node] | list[Node]
    line: int
    option: str  #: its path, for messages
    start: int = 0  #: index of its first character
    end: int = 0  #: index after its last
    column: int = 0
    flow: bool = False  #: written with braces or brackets
    key_lines: dict[str, int] = field(default_factory=dict)
    broken: bool = False  #: there is a problem with it, which has been reported
    left_out: frozenset[str] = frozenset()  #: keys of the text that had problems and are not in `value`; of a list, "*"

    @property
    def mapping(self) -> dict[str, Node]:
        """Give the entries; none where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """Give the entries; none where it is no list."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """Give it as plain Python data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def problem(self, text: str, *, warning: bool = False) -> Problem:
        """Give a problem of this value."""
        return Problem(self.line, self.option or FILE, text, warning)


class _Resolver(BaseResolver):
    """The core schema of YAML 1.2."""


for _kind, _pattern, _first in (
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", "true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", "[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Resolver.add_implicit_resolver(_TAG + _kind, re.compile(f"^(?:{_pattern})$"), _first)


class _Loader(Reader, Scanner, Parser, Composer, _Resolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _Resolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Give a placeholder for an alias: the value would have two places."""
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call] # so in its stubs
            return yaml.ScalarNode(_ALIAS, event.anchor, event.start_mark, event.end_mark)
        return super().compose_node(parent, index)


def parse(text: str) -> tuple[Node | None, list[Problem]]:
    """Read a document; None where it is no YAML at all, else what could be read, and the problems."""
    if text.lstrip().startswith(_ENCRYPTED):
        return None, [Problem(1, FILE, "it is encrypted with ansible-vault. Decrypt it: the file holds no secrets.")]
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"it is no YAML: {error.problem or error.context}."
        if "\\t" in said:
            said += " Indent with spaces."
        return None, [Problem(mark.line + 1 if mark else 1, FILE, said)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Problem(line, FILE, f"the character {error.character!r} is not allowed in YAML.")]
    except RecursionError:
        return None, [Problem(1, FILE, "it is nested too deeply.")]
    if root is None:
        return None, [Problem(1, FILE, "it is empty.")]
    reading = _Reading()
    return reading.node(root, "", root.start_mark.line + 1), reading.problems


class _Reading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def node(self, source: yaml.Node, option: str, line: int) -> Node:
        if isinstance(source, yaml.MappingNode) and source.tag == _TAG + "map":
            entries, lines = self._mapping(source, option)
            return _placed(source, entries, line, option, lines)
        if isinstance(source, yaml.SequenceNode) and source.tag == _TAG + "seq":
            items = [
                self.node(item, f"{option}[{_name(item) or place}]", item.start_mark.line + 1)
                for place, item in enumerate(source.value)
            ]
            return _placed(source, items, line, option)
        line = source.start_mark.line + 1
        try:
            return _placed(source, _scalar(source), line, option)
        except ValueError as error:
            self.problems.append(Problem(line, option or FILE, str(error)))
            return _placed(source, None, line, option, broken=True)

    def _mapping(self, source: yaml.MappingNode, option: str) -> tuple[dict[str, Node], dict[str, int]]:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, value in source.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag == _ALIAS:
                self.problems.append(Problem(line, option or FILE, "a key has to be text."))
                continue
            name = str(key.value)
            place = f"{option}.{name}" if option else name
            if name == "<<":
                text = "merges of YAML are not taken, values would have no line of their own. Use a template."
                self.problems.append(Problem(line, place, text))
            elif name in entries:
                text = f"the key stands in line {lines[name]} already. Remove one of the two."
                self.problems.append(Problem(line, place, text))
            else:
                entries[name] = self.node(value, place, line)
                lines[name] = line
        return entries, lines


def _placed(
    source: yaml.Node,
    value: Scalar | dict[str, Node] | list[Node],
    line: int,
    option: str,
    key_lines: dict[str, int] | None = None,
    *,
    broken: bool = False,
) -> Node:
    start, end = source.start_mark, source.end_mark
    flow = isinstance(source, yaml.CollectionNode) and bool(source.flow_style)
    return Node(value, line, option, start.index, end.index, start.column, flow, key_lines or {}, broken)


def _name(item: yaml.Node) -> str | None:
    """Give the name of an entry of a list, if it is a mapping that has one."""
    if not isinstance(item, yaml.MappingNode):
        return None
    texts = {
        key.value: value.value
        for key, value in item.value
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }
    return next((str(texts[key]) for key in _NAMES if texts.get(key)), None)


def _scalar(source: yaml.Node) -> Scalar:
    tag = source.tag.removeprefix(_TAG)
    if source.tag == _ALIAS:
        raise ValueError(f"the alias *{source.value} is not taken, a value has one place. Use a template.")
    if source.tag in ("!vault", "!vault-encrypted"):
        raise ValueError("!vault is not supported. Name an environment variable or an Ansible variable instead.")
    if not isinstance(source, yaml.ScalarNode) or tag not in ("str", "null", "bool", "int", "float"):
        raise ValueError(f"the tag {source.tag.replace(_TAG, '!!')} is not supported. Leave it out.")
    text = str(source.value)
    try:
        if tag == "bool":
            return {"true": True, "false": False}[text.lower()]
        return {"int": int, "float": float}[tag](text) if tag in ("int", "float") else text if tag == "str" else None
    except (KeyError, ValueError):
        raise ValueError(f"{text[:80]!r} is no !!{tag}.") from None


def walk(node: Node) -> Iterator[Node]:
    """Give the node and all below it."""
    yield node
    for child in (*node.mapping.values(), *node.items):
        yield from walk(child)
