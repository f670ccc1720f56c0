# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Windows' .reg files, as `reg import` and `reg export` read and write them: DWORD and text values, keys, removals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryTree, RegistryValue

HEADER = "Windows Registry Editor Version 5.00"
HIVES = {"HKLM": "HKEY_LOCAL_MACHINE", "HKU": "HKEY_USERS"}
_SHORT = {long: short for short, long in HIVES.items()}

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_KEY = re.compile(r"\[(-?)([^\r\n]+)\]")
_VALUE = re.compile(rf'(?:@|{_TEXT})=(?:{_TEXT}|([^\r\n"]*(?:\\\r?\n[^\r\n]*)*))', re.DOTALL)

#: Values by name by key; a value of None is one to be removed.
Changes = Mapping[str, Mapping[str, RegistryValue | None]]


def compose(changes: Changes, *, removed: Iterable[str] = ()) -> str:
    """Give the file that first removes whole keys and then makes the changes."""
    lines = [HEADER]
    for key in removed:
        lines += ["", f"[-{_long(key)}]"]
    for key, values in changes.items():
        lines += ["", f"[{_long(key)}]", *(f"{_name(name)}={_data(value)}" for name, value in values.items())]
    return "\r\n".join([*lines, "", ""])


def parse(text: str) -> RegistryTree:
    """Read an export. A value that is neither a number nor a text keeps the spelling it has in the file."""
    registry = Registry()
    merge(text, registry)
    return registry.tree()


def merge(text: str, registry: Registry) -> None:
    """Do to a registry what importing the file does to Windows' own; ValueError when it is no such file."""
    if not text.lstrip("\ufeff").startswith(HEADER):
        raise ValueError(f"not a .reg file: {text[:80]!r}")
    key, place = "", text.index(HEADER) + len(HEADER)
    while place < len(text):
        if found := _KEY.match(text, place):
            hive, _, rest = found[2].partition("\\")
            key = f"{_SHORT.get(hive.upper(), hive)}\\{rest}"
            (registry.delete_key if found[1] else registry.create)(key)
        elif found := _VALUE.match(text, place):
            name = _unquoted(found[1] or "")
            if found[3] == "-":
                registry.delete(key, name)
            else:
                registry.set(key, name, _number(found[3]) if found[2] is None else _unquoted(found[2]))
        elif not text[place].isspace():
            raise ValueError(f"not understood in a .reg file: {text[place : place + 80]!r}")
        place = found.end() if found else place + 1


def _long(key: str) -> str:
    hive, _, rest = key.partition("\\")
    return f"{HIVES[hive.upper()]}\\{rest}"


def _name(name: str) -> str:
    return f'"{_quoted(name)}"' if name else "@"


def _data(value: RegistryValue | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return f'"{_quoted(value)}"'
    if not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError(f"neither a text nor a number that a DWORD holds: {value!r}")
    return f"dword:{value:08x}"


def _number(data: str) -> RegistryValue:
    return int(data[6:], 16) if data.startswith("dword:") else data


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
