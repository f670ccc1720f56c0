# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoding of what was recorded from each supported ansible-core, and of what none of them sends."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm import console, payload

FIXTURES = Path(payload.__file__).parent / "fixtures"
SERIES = ("2.16", "2.17", "2.18", "2.19", "2.20", "2.21")
LINE = "PowerShell -NoProfile -EncodedCommand " + base64.b64encode("bootstrap".encode("utf-16-le")).decode()
ARGUMENTS = {
    "text": 'He said "Grüß Gott" & it\'s C:\\Temp\\x; $HOME `n 100%',
    "number": 42,
    "fraction": 2.5,
    "yes": True,
    "no": False,
    "items": ["en-us", "de-de", ""],
    "nested": {"inner": {"list": [1, 2], "text": "ä"}, "empty": {}},
    "nothing": None,
}
EXPECTED = {
    "arguments": ModuleCall("lab.probe.echo", ARGUMENTS),
    "no_arguments": ModuleCall("lab.probe.echo"),
    "check": ModuleCall("lab.probe.echo", {"text": "checked"}, check_mode=True),
    "diff": ModuleCall("lab.probe.echo", {"text": "compared"}, diff=True),
    "check_and_diff": ModuleCall("lab.probe.echo", {"text": "both"}, check_mode=True, diff=True),
}


def read(series: str) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(gzip.decompress((FIXTURES / f"core-{series}.json.gz").read_bytes()))
    return fixture


def sent(series: str, case: str) -> list[ModuleCall | payload.ShellScript]:
    """Return the decoded commands of one recorded case."""
    commands = next(item["commands"] for item in read(series)["cases"] if item["case"] == case)
    return [payload.decode(command["command_line"], command["stdin"].encode()) for command in commands]


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("case", EXPECTED)
def test_module_call(series: str, case: str) -> None:
    assert sent(series, case) == [EXPECTED[case]]


@pytest.mark.parametrize("series", SERIES)
def test_types_survive(series: str) -> None:
    (call,) = sent(series, "arguments")
    assert isinstance(call, ModuleCall)
    assert {name: type(value) for name, value in call.params.items()} == {
        name: type(value) for name, value in ARGUMENTS.items()
    }


@pytest.mark.parametrize("series", SERIES)
def test_what_runs_around_a_module(series: str) -> None:
    """A home directory, a temporary directory, its removal: the answers are what ansible-core goes on with."""
    scripts = sent(series, "around_a_module")
    results = [console.script_result(script) for script in scripts if isinstance(script, payload.ShellScript)]
    assert [result.exit_code for result in results] == [0, 0, 0], results
    home, directory, removed = (result.stdout.decode() for result in results)
    assert home == "~fleet\r\n"  # ansible-core asks for the user's home, PowerShell knows "~" alone
    assert directory.startswith(console.TEMP + "\\ansible-tmp-")
    assert removed == ""


@pytest.mark.parametrize("series", SERIES)
def test_fixture_is_what_it_says(series: str) -> None:
    fixture = read(series)
    assert fixture["ansible_core"].startswith(series + ".")
    assert "Elided" in fixture["note"]
    assert {item["case"] for item in fixture["cases"]} == {*EXPECTED, "around_a_module"}
    assert "/home/" not in json.dumps(fixture)
    assert "/root" not in json.dumps(fixture)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def new_form(*actions: dict[str, Any]) -> bytes:
    return b"{}\n\0\0\0\0\n" + json.dumps({"scripts": {}, "actions": actions}).encode()


def wrapper(script: str, args: object) -> dict[str, Any]:
    variables = [{"Name": "complex_args", "Value": args}]
    return {"name": "module_wrapper.ps1", "params": {"Script": script, "Variables": variables}}


def test_name_of_a_builtin_module_stays() -> None:
    assert payload.decode(LINE, new_form(wrapper("ansible.windows.win_ping.ps1", {}))) == ModuleCall(
        "ansible.windows.win_ping"
    )


def test_become_does_not_change_the_call() -> None:
    become = {"name": "become_wrapper.ps1", "params": {"BecomeUser": "SYSTEM"}}
    assert payload.decode(LINE, new_form(become, wrapper("a.b.c.ps1", {"x": 1}))) == ModuleCall("a.b.c", {"x": 1})


@pytest.mark.parametrize(
    ("line", "stdin", "seen"),
    [
        ("cmd.exe /c dir", b"", "not a PowerShell command line, seen 'cmd.exe /c dir'"),
        ("PowerShell -EncodedCommand AAA", b"", "-EncodedCommand does not decode .* seen 'AAA'"),
        (LINE, b"just text", "four NUL bytes expected, seen 'just text'"),
        (LINE, b"\x1f\x8b\xff" * 200, "four NUL bytes expected, seen .*more characters"),
        (LINE, b"x\0\0\0\0{not json", "manifest is no JSON .*seen '{not json'"),
        (LINE, b"x\0\0\0\0[1, 2]", "lists no actions, seen 'list'"),
        (LINE, b'x\0\0\0\0{"format": 9, "body": ""}', "lists no actions, seen 'body, format'"),
        (LINE, b'x\0\0\0\0{"actions": ["nap"], "module_args": {}}', r"""not a plain PowerShell module .*\["nap"\]"""),
        (LINE, b'x\0\0\0\0{"actions": ["async_wrapper", "module_powershell_wrapper"], "module_args": {}}', "async"),
        (LINE, b'x\0\0\0\0{"actions": ["module_powershell_wrapper"], "module_args": {"a": 1}}', "no module name.*'a'"),
        (LINE, new_form({"name": "async_wrapper.ps1", "params": {}}, wrapper("a.ps1", {})), "async_wrapper"),
        (LINE, new_form({"name": "module_wrapper.ps1", "params": {"Script": "a.ps1"}}), "without .* complex_args"),
        (LINE, new_form(wrapper("a.ps1", ["a"])), "arguments are no dictionary"),
        (LINE, new_form({"title": "x"}), "an action without name and params"),
    ],
)
def test_unknown_input_is_named(line: str, stdin: bytes, seen: str) -> None:
    with pytest.raises(payload.PayloadError, match=seen):
        payload.decode(line, stdin)


def test_unknown_script_is_refused_by_name() -> None:
    script = payload.decode("PowerShell -EncodedCommand " + encoded("Restart-Computer"), b"")
    assert isinstance(script, payload.ShellScript)
    result = console.script_result(script)
    assert result.exit_code == 1
    assert b"modules only, not: Restart-Computer" in result.stderr
