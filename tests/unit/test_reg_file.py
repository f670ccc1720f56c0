# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The .reg files in which a real Windows' registry is prepared and read back."""

from __future__ import annotations

import random

import pytest

from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryTree, RegistryValue
from ansible_collections.officefleet.c2r.tests.windows.powershell import reg_file

KEY = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun"
# As reg.exe of Wine 8 wrote it, but for the last value, which is in the form of Windows' own for long data.
EXPORT = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Office\ClickToRun]
@="def"
"a"="x\\y \"q\" ä"
"d"=dword:000927c0
"q"=hex(b):01,00,00,00,00,00,00,00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Office\ClickToRun\culture]

[HKEY_USERS\.DEFAULT\Software]
"long"=hex:01,02,\
  03,04
"after"="]["
"list"=hex(7):61,00,\
  00,00,62,00,00,00,00,00

"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_export_is_read(line_end: str) -> None:
    assert reg_file.parse("\ufeff" + EXPORT.replace("\n", line_end)) == {
        KEY: {"": "def", "a": 'x\\y "q" ä', "d": 600000, "q": "hex(b):01,00,00,00,00,00,00,00"},
        KEY + r"\culture": {},
        r"HKU\.DEFAULT\Software": {"long": f"hex:01,02,\\{line_end}  03,04", "after": "][", "list": ["a", "b"]},
    }


def test_values_and_keys_are_removed() -> None:
    registry = Registry({KEY: {"a": 1, "b": 2}, KEY + r"\old\deep": {"c": 3}, KEY + r"\kept": {}})
    reg_file.merge(reg_file.compose({KEY: {"A": None, "new": 0}}, removed=[KEY + r"\old"]), registry)
    assert registry.tree() == {KEY: {"b": 2, "new": 0}, KEY + r"\kept": {}}


def test_what_is_composed_is_read_again() -> None:
    letters = 'aZ\\"\r\n=[]@- ;ä内😀'
    chosen = random.Random(7)

    def text() -> str:
        return "".join(chosen.choice(letters) for _ in range(chosen.randrange(6)))

    for _ in range(500):
        data: list[RegistryValue] = [text(), chosen.randrange(1 << 32), [text() + "x", text() + "y"]]
        values = {f"n{text()}{number}": chosen.choice(data) for number in range(4)}
        values[""] = text()
        tree: RegistryTree = {KEY: values, KEY + r"\Ä b": {}}
        assert reg_file.parse(reg_file.compose(tree)) == tree


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_that_a_dword_cannot_hold_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="DWORD"):
        reg_file.compose({KEY: {"a": value}})


@pytest.mark.parametrize("text", ["", "REGEDIT4\n", reg_file.HEADER + "\n\nnonsense\n"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="\\.reg file"):
        reg_file.parse(text)
