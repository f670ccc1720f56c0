# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Windows' .reg files, as `reg import` and `reg export` read and write them: numbers and texts, keys, removals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryTree, RegistryValue

HEADER = "Windows Registry Editor Version 5.00"
HIVES = {"HKLM": "HKEY_LOCAL_MACHINE", "HKU": "HKEY_USERS"}
MULTIPLE = "hex(7):"
_SHORT = {long: short for short, long in HIVES.items()}

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_KEY = re.compile(r"\[(-?)([^\r\n]+)\]")
_VALUE = re.compile(rf'(?:@|{_TEXT})=(?:{_TEXT}|((?:\\\r?\n|[^\r\n"])*))', re.DOTALL)

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
                registry.set(key, name, _unusual(found[3]) if found[2] is None else _unquoted(found[2]))
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
    if isinstance(value, list):
        data = "".join(f"{text}\0" for text in [*value, ""]).encode("utf-16-le")
        return f"{MULTIPLE}{data.hex(',')}"
    if not isinstance(value, int) or not 0 <= value < 1 << 32:
        raise ValueError(f"neither texts nor a number that a DWORD holds: {value!r}")
    return f"dword:{value:08x}"


def _unusual(data: str) -> RegistryValue:
    """A number or a list of texts; any other data as it is spelt in the file."""
    if data.startswith("dword:"):
        return int(data[6:], 16)
    if data.startswith(MULTIPLE):
        text = bytes.fromhex(re.sub(r"[^0-9a-fA-F]", "", data[len(MULTIPLE) :])).decode("utf-16-le", "surrogatepass")
        return text[: -2 if text.endswith("\0\0") else None].split("\0") if text.strip("\0") else []
    return data


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
