# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a deployment file's text that leave all else as it is written: comments, line ends, quotes."""

from __future__ import annotations

import difflib
import re

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node

UNSAFE = "deployment: the way in which {!r} is written cannot be edited safely. Edit it by hand."


def deployment(text: str, name: str) -> Node:
    """Give the deployment of this name as it is written. There has to be one: the file was read before."""
    root, _problems = yaml_tree.parse(text)
    nodes = root.mapping["deployments"].items if root else []
    return next(node for node in nodes if node.mapping["name"].value == name)


def with_value(text: str, node: Node, key: str, value: str, *, quoted: bool = True) -> str:
    """Set a key of a mapping, in its place if it has one, else after the mapping's first key of those that name it."""
    written = f'"{value}"' if quoted else value
    present = node.mapping.get(key)
    if present is not None:
        if "\n" in text[present.start : present.end]:  # a comment behind it would come to stand in another line
            raise InputError(UNSAFE.format(node.mapping["name"].value if "name" in node.mapping else key))
        return _replaced(text, present, value, written)
    anchor = node.mapping["name" if "name" in node.mapping else "group"]
    if node.flow:
        return f"{text[: anchor.end]}, {key}: {written}{text[anchor.end :]}"
    end = end_of_line(text, anchor.end)
    line = f"{' ' * node.column}{key}: {written}"
    if end == len(text) and not text.endswith("\n"):
        return f"{text}{line_break(text)}{line}"
    return f"{text[:end]}{line}{line_break(text)}{text[end:]}"


def line_break(text: str) -> str:
    """Give what ends the lines of the file."""
    return "\r\n" if "\r\n" in text else "\n"


def end_of_line(text: str, place: int) -> int:
    """Give where the line ends, its line break included, in which what ends at `place` ends."""
    found = text.find("\n", place - 1 if text[place - 1] == "\n" else place)
    return len(text) if found < 0 else found + 1


def diff(before: str, after: str, file: str) -> str:
    """Give the change as a patch (git apply, patch -p1); empty where there is none."""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _replaced(text: str, node: Node, value: str, written: str) -> str:
    """Put a value in the place of another one, or after the colon where there was none."""
    if node.start == node.end:
        return f"{text[: node.start]} {written}{text[node.end :]}"
    if text[node.start] in "'\"" and written != value:
        written = f"{text[node.start]}{value}{text[node.start]}"
    return f"{text[: node.start]}{written}{text[node.end :]}"


def _lines(text: str) -> list[str]:
    """Split as diff and patch do, which know no other line breaks."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
