# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell source as a syntax tree, for the tests that hold the Windows modules together without running them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
_CONSTANTS = {"$true": True, "$false": False, "$null": None}


def parse(source: bytes) -> tree_sitter.Node:
    """Give the root of the tree. A fault in the source is an error node in it, never an exception."""
    return _PARSER.parse(source).root_node


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Give a node and everything below it, in the order of the source."""
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: tree_sitter.Node) -> str:
    """Give the source of a node."""
    return (node.text or b"").decode()


def line(node: tree_sitter.Node) -> int:
    """Give the line that a node starts on, counted from 1."""
    return node.start_point.row + 1


def faults(root: tree_sitter.Node) -> list[str]:
    """Give where the grammar could not follow."""
    return [
        f"{line(node)}: syntax error at {text(node)[:60]!r}" for node in walk(root) if node.is_error or node.is_missing
    ]


_WITHOUT_CODE = {
    "comment",
    "verbatim_string_characters",
    "verbatim_here_string_characters",
    "expandable_string_literal",
}


def code_only(source: bytes) -> str:
    """Give the source with comments and the fixed parts of strings blanked out, line breaks kept."""
    blanked = bytearray(source)
    for node in walk(parse(source)):
        if node.type in _WITHOUT_CODE:
            inner = [child for child in node.children if child.type in {"variable", "sub_expression"}]
            for position in range(node.start_byte, node.end_byte):
                if blanked[position] != 0x0A and not any(c.start_byte <= position < c.end_byte for c in inner):
                    blanked[position] = 0x20
    return blanked.decode()


def unwrap(node: tree_sitter.Node) -> tree_sitter.Node:
    """Give what stands inside the grammar's levels of precedence, each of which has one child only."""
    while len(node.children) == 1 and node.type not in {"variable", "string_literal", "array_expression"}:
        node = node.children[0]
    return node


def value(node: tree_sitter.Node) -> Any:
    """Give what a literal stands for: text, number, $true, $false, $null, list or hashtable. ValueError otherwise."""
    node = unwrap(node)
    if node.type == "string_literal":
        return text(node)[1:-1]
    if node.type == "variable":
        return _CONSTANTS[text(node)]
    if node.type == "decimal_integer_literal":
        return int(text(node))
    if node.type == "hash_literal_expression":
        return {key: value(item) for key, item in hash_entries(node).items()}
    if node.type == "array_expression":
        return _elements(node)
    raise ValueError(f"{line(node)}: {text(node)!r} is no literal")


def hash_entries(node: tree_sitter.Node) -> dict[str, tree_sitter.Node]:
    """Give the entries of a hashtable literal."""
    entries: dict[str, tree_sitter.Node] = {}
    for entry in (child for body in node.children for child in body.children if child.type == "hash_entry"):
        key = unwrap(entry.children[0])
        name = text(key).strip("'\"")
        if name in entries:
            raise ValueError(f"{line(entry)}: {name!r} stands twice in one hashtable")
        entries[name] = entry.named_children[-1]
    return entries


def _elements(node: tree_sitter.Node) -> list[Any]:
    """Give what @(...) holds: like PowerShell, each statement in it is unrolled by one level."""
    elements: list[Any] = []
    for child in node.named_children:
        for statement in child.named_children if child.type == "statement_list" else [child]:
            inner = unwrap(statement)
            if inner.type == "array_literal_expression":
                elements += [value(element) for element in inner.named_children]
            elif inner.type == "expression_with_unary_operator" and text(inner).startswith(","):
                elements.append(value(inner.named_children[0]))
            elif inner.type == "array_expression":
                elements += _elements(inner)
            else:
                elements.append(value(inner))
    return elements


def assigned(root: tree_sitter.Node, variable: str) -> tree_sitter.Node:
    """Give what is assigned to a variable where it is first assigned, such as "$spec"; LookupError if nowhere."""
    for node in walk(root):
        if node.type == "assignment_expression" and text(node.children[0]) == variable:
            return unwrap(node.children[-1])
    raise LookupError(f"{variable} is assigned nowhere")


@dataclass(frozen=True)
class Command:
    """One call of a cmdlet or function."""

    name: str
    line: int
    parameters: tuple[str, ...]  #: without the hyphen
    positional: tuple[str, ...]  #: the source of arguments that stand without a parameter's name
    splatted: bool


def commands(root: tree_sitter.Node) -> Iterator[Command]:
    """Give every command with what it is called with."""
    for node in walk(root):
        if node.type != "command":
            continue
        name = node.child_by_field_name("command_name") or node.children[0]
        parameters: list[str] = []
        positional: list[str] = []
        splatted = False
        after_parameter = False
        for element in (child for part in node.children if part.type == "command_elements" for child in part.children):
            if element.type == "command_parameter":
                parameters.append(text(element).removeprefix("-"))
                after_parameter = True
            elif element.type != "command_argument_sep":
                if text(element).startswith("@") and unwrap(element).type == "variable":
                    splatted = True
                elif not after_parameter:
                    positional.append(text(element))
                after_parameter = False
        yield Command(text(name), line(node), tuple(parameters), tuple(positional), splatted)


def functions(root: tree_sitter.Node) -> dict[str, set[str]]:
    """Give every function with the names of its parameters."""
    found: dict[str, set[str]] = {}
    for node in walk(root):
        if node.type == "function_statement":
            name = next(text(child) for child in node.children if child.type == "function_name")
            found[name] = {
                text(child).removeprefix("$")
                for parameter in walk(node)
                if parameter.type == "script_parameter"
                for child in parameter.children
                if child.type == "variable"
            }
    return found
