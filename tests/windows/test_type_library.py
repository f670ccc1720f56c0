# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# of `update_info: diagnose` reads a real type library with .NET, and asks real objects for interfaces.

The type library is Wine's stdole2.tlb, whose types are Microsoft's and documented; Office's own is at hand nowhere.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from ansible_collections.officefleet.c2r.tests.windows.client import Windows
from ansible_collections.officefleet.c2r.tests.windows.machine import Machine
from ansible_collections.officefleet.c2r.tests.windows.type_library import compile_program, source
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import windows_path

SECOND_CLASS = "{52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE}"
IUNKNOWN = "{00000000-0000-0000-C000-000000000046}"
IDISPATCH = "{00020400-0000-0000-C000-000000000046}"
IUPDATE_NOTIFY_2 = "{90E166F0-D621-4793-BE78-F58008DDDD2A}"

Told = dict[str, str]  # what was told by its path, such as "types.3.name"
Program = Callable[..., Told]


@pytest.fixture(scope="module")
def program(windows: Windows) -> Program:
    folder = windows.folder / "type_library"
    folder.mkdir()
    executable = compile_program(folder, source())
    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    executable.with_suffix(".runtimeconfig.json").write_text(json.dumps({"runtimeOptions": {"framework": framework}}))
    environment = windows.prefix.environment | {"OFFICEFLEET_LAB_PORT": str(windows.bridge.port)}

    def run(*arguments: str) -> Told:
        with (windows.prefix.directory / "type_library.log").open("ab") as log:
            command = ["wine", windows_path(windows.dotnet), windows_path(executable), *arguments]
            printed = subprocess.run(
                command,
                env=environment,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="ascii",
                timeout=60,
            ).stdout
        lines = (line.partition(" = ") for line in printed.splitlines())
        return {path: value for path, _, value in lines}

    return run


@pytest.fixture(scope="module")
def ole(program: Program) -> Told:
    return program("read", "stdole2.tlb")


def place(told: Told, name: str) -> str:
    """Find a type by its name."""
    return next(path.removesuffix(".name") for path, value in told.items() if path.count(".") == 2 and value == name)


def test_library_names_itself(ole: Told) -> None:
    assert ole["path"] == "stdole2.tlb"
    assert ole["hresult"] == "0x00000000"
    assert ole["library_id"] == "{00020430-0000-0000-C000-000000000046}"
    assert (ole["name"], ole["version"]) == ("stdole", "2.0")


def test_no_type_was_beyond_reading(ole: Told) -> None:
    assert [value for path, value in ole.items() if path.endswith(".fault")] == []


def test_interface_is_told_with_its_native_table(ole: Told) -> None:
    dispatch = place(ole, "IDispatch")
    assert ole[f"{dispatch}.id"] == IDISPATCH
    assert ole[f"{dispatch}.kind"] == "TKIND_INTERFACE"
    assert ole[f"{dispatch}.bases.0"] == "IUnknown"
    functions = [
        (ole[f"{dispatch}.functions.{index}.name"], ole[f"{dispatch}.functions.{index}.offset"]) for index in range(4)
    ]
    assert functions == [("GetTypeInfoCount", "24"), ("GetTypeInfo", "32"), ("GetIDsOfNames", "40"), ("Invoke", "48")]
    assert ole[f"{dispatch}.functions.3.slot"] == "6"
    assert ole[f"{dispatch}.functions.3.returns"] == "VT_HRESULT"


def test_parameters_are_told_with_type_and_direction(ole: Told) -> None:
    query = place(ole, "IUnknown") + ".functions.0"
    assert ole[f"{query}.name"] == "QueryInterface"
    assert ole[f"{query}.parameters.0.name"] == "riid"
    assert ole[f"{query}.parameters.0.type"] == "GUID*"
    assert ole[f"{query}.parameters.1.type"] == "VT_VOID**"
    assert ole[f"{query}.parameters.1.flags"] == "PARAMFLAG_FOUT"


def test_enumeration_is_told_with_its_values(ole: Told) -> None:
    state = place(ole, "OLE_TRISTATE")
    assert ole[f"{state}.kind"] == "TKIND_ENUM"
    members = [(ole[f"{state}.members.{index}.name"], ole[f"{state}.members.{index}.value"]) for index in range(3)]
    assert members == [("Unchecked", "0"), ("Checked", "1"), ("Gray", "2")]


def test_structure_is_told_with_its_places(ole: Told) -> None:
    parameters = place(ole, "DISPPARAMS")
    assert (ole[f"{parameters}.kind"], ole[f"{parameters}.size"]) == ("TKIND_RECORD", "24")
    assert ole[f"{parameters}.members.1.type"] == "VT_I4*"
    assert [ole[f"{parameters}.members.{index}.offset"] for index in range(4)] == ["0", "8", "16", "20"]


def test_class_is_told_with_its_interfaces(ole: Told) -> None:
    font = place(ole, "StdFont")
    assert ole[f"{font}.kind"] == "TKIND_COCLASS"
    assert [ole[f"{font}.bases.0"], ole[f"{font}.bases.1"]] == ["Font", "IFont"]


@pytest.mark.parametrize("path", [r"C:\there\is\none.dll", r"C:\windows\system32\kernel32.dll"])
def test_file_without_a_type_library_is_an_answer(program: Program, path: str) -> None:
    told = program("read", path)
    assert told["path"] == path
    assert int(told["hresult"], 16) >= 0x80000000
    assert told["library_id"] == ""
    assert not any(name.startswith("types") for name in told)


def test_object_says_which_interfaces_it_has(windows: Windows, program: Program) -> None:
    machine = Machine()
    windows.registration.follow(machine.host.registry)
    windows.bridge.attend(machine.host)
    told = program("ask", SECOND_CLASS, IUNKNOWN, IUPDATE_NOTIFY_2, IDISPATCH)
    assert told["hresult"] == "0x00000000"
    assert told[f"interfaces.{IUNKNOWN}"] == "0x00000000"
    assert told[f"interfaces.{IUPDATE_NOTIFY_2}"] == "0x00000000"
    assert told[f"interfaces.{IDISPATCH}"] == "0x80004002"


def test_class_that_is_not_registered_is_an_answer(windows: Windows, program: Program) -> None:
    windows.registration.follow(Machine(managed=None).host.registry)
    told = program("ask", SECOND_CLASS, IUNKNOWN)
    assert told == {"class_id": SECOND_CLASS, "hresult": "0x80040154"}
