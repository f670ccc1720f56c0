# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter decode_error: by itself, and in a real play."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.filter import decode_error as plugin
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors

SIDECAR = Path(plugin.__file__).with_suffix(".yml")
UNEXPLAINED = "No source known to us explains"
decode: Callable[..., dict[str, Any]] = plugin.FilterModule().filters()["decode_error"]


@pytest.mark.parametrize(
    ("domain", "value", "code", "name", "hresult"),
    [
        # one number, three meanings
        ("com_status", 5, "5", "eFAILED_GET_CLIENTUPDATEFOLDER", None),
        ("win32", 5, "5", "ERROR_ACCESS_DENIED", "0x80070005"),
        ("c2rclient", 5, "5", "", None),
        ("com_status", 0, "0", "eOK", None),
        ("com_status", 13, "13", "eUNKNOWN", None),
        ("win32", 13, "13", "ERROR_INVALID_DATA", "0x8007000D"),
        ("c2rclient", 13, "13", "ERROR_INVALID_DATA", None),
        # minus 13, here and nowhere else
        ("com_status", 0x800704DA, "0x800704DA", "ERROR_CONNECTION_INVALID", "0x800704CD"),
        ("com_status", 0x80070012, "0x80070012", "E_ACCESSDENIED", "0x80070005"),
        ("com_status", -2147024878, "0x80070012", "E_ACCESSDENIED", "0x80070005"),
        ("hresult", 0x80070012, "0x80070012", "", "0x80070012"),
        # every form of a number
        ("hresult", -2147024891, "0x80070005", "E_ACCESSDENIED", "0x80070005"),
        ("hresult", "-2147024891", "0x80070005", "E_ACCESSDENIED", "0x80070005"),
        ("hresult", "2147942405", "0x80070005", "E_ACCESSDENIED", "0x80070005"),
        ("hresult", " 0X80070005 ", "0x80070005", "E_ACCESSDENIED", "0x80070005"),
        ("hresult", "0x8000000E", "0x8000000E", "E_ILLEGAL_METHOD_CALL", "0x8000000E"),
        ("win32", "0x4cd", "1229", "ERROR_CONNECTION_INVALID", "0x800704CD"),
        ("win32", "0012", "12", "", "0x8007000C"),
        # 1618 and 1638 and their HRESULTs
        ("win32", 1618, "1618", "ERROR_INSTALL_ALREADY_RUNNING", "0x80070652"),
        ("win32", 1638, "1638", "ERROR_PRODUCT_VERSION", "0x80070666"),
        ("hresult", "0x80070652", "0x80070652", "ERROR_INSTALL_ALREADY_RUNNING", "0x80070652"),
        ("hresult", "0x80070666", "0x80070666", "ERROR_PRODUCT_VERSION", "0x80070666"),
        # exit codes
        ("c2rclient", 1638, "1638", "ERROR_PRODUCT_VERSION", None),
        ("c2rclient", "17002", "17002", "ERROR_COMPLETING_SCENARIO", None),
        ("c2rclient", 17006, "17006", "ERROR_SCENARIO_CANCELLED", None),
        ("c2rclient", 17100, "17100", "ERROR_HANDLING_COMMAND_LINE", None),
        ("c2rclient", -2147467259, "0x80004005", "E_FAIL", "0x80004005"),
        # windows of Office
        ("ui", "30015-11 (3221225477)", "30015-11 (3221225477)", "STATUS_ACCESS_VIOLATION", None),
        ("ui", "30015-11(112)", "30015-11 (112)", "ERROR_DISK_FULL", "0x80070070"),
        ("ui", "30015-7 (3221225785)", "30015-7 (3221225785)", "ErrorCodeOnly", None),
        ("ui", "30015-4 (-1073741819)", "30015-4 (3221225477)", "STATUS_ACCESS_VIOLATION", None),
        ("ui", "30023-1 (0x80070005)", "30023-1 (2147942405)", "E_ACCESSDENIED", "0x80070005"),
        ("ui", "30015-11", "30015-11", "ErrorCodeOnly", None),
        ("ui", "Error Code: 30088-27", "30088-27", "", None),
        ("ui", 30175, "30175", "", None),
        # logs
        ("log", "…, error: Whatever the language (0x000004CD)", "0x000004CD", "ERROR_CONNECTION_INVALID", "0x800704CD"),
        ("log", "error: denied (0x00000005)", "0x00000005", "ERROR_ACCESS_DENIED", "0x80070005"),
        ("log", "error: denied (0x80070005)", "0x80070005", "E_ACCESSDENIED", "0x80070005"),
        ("log", ["error: a (0x00000005)", "error: b (0x00000070)"], "0x00000070", "ERROR_DISK_FULL", "0x80070070"),
        ("log", "Office update installation failed", "Office update installation failed", "", None),
        ("log", "Exit code 1638 (0x00000666)", "", "", None),  # no form that says what the number is
    ],
)
def test_meaning(domain: str, value: Any, code: str, name: str, hresult: str | None) -> None:
    found = decode(value, domain=domain)
    assert list(found) == ["domain", "code", "name", "hresult", "message", "hint", "source"]
    assert (found["domain"], found["code"], found["name"], found["hresult"]) == (domain, code, name, hresult)
    assert found["message"]


def test_a_download_that_timed_out_names_its_remedy_in_each_domain() -> None:
    warning = (
        "Failed to send HTTP response, error: An operation was attempted on a nonexistent network connection "
        "(0x000004CD)\nOffice update installation failed"
    )
    for domain, value in (("com_status", 0x800704DA), ("hresult", 0x800704CD), ("win32", 1229), ("log", warning)):
        found = decode(value, domain)
        assert "timed out" in found["message"]
        assert "documentsynctimeout" in found["hint"]
        assert "Broadcom" in found["source"]


@pytest.mark.parametrize(("domain", "value"), [("hresult", -2147024891), ("com_status", 0x80070012), ("win32", 5)])
def test_denied_access_names_the_remedies(domain: str, value: int) -> None:
    hint = decode(value, domain)["hint"]
    for remedy in ("elevated", "LocalAccountTokenFilterPolicy", "become_user: SYSTEM", "computer account"):
        assert remedy in hint


@pytest.mark.parametrize("text", ["Office update installation failed", "Please execute Click2Run tool manually using"])
def test_a_consequence_points_to_the_cause(text: str) -> None:
    line = f"12:00 {text} command line [C:\\x] for troubleshooting"
    assert "lines before" in decode(line, "log")["hint"]


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        ("com_status", 0x8123456A),
        ("com_status", 14),
        ("hresult", 0x81234567),
        ("hresult", 5),
        ("c2rclient", 17008),
        ("ui", "30182-2016 (449)"),
        ("ui", "0-2048 (0)"),
        ("ui", "30015-7 (3221225785)"),
        ("log", "something else happened"),
    ],
)
def test_what_no_source_explains_says_so(domain: str, value: Any) -> None:
    found = decode(value, domain)
    assert UNEXPLAINED in found["message"]
    assert found["hint"] == ""
    if not found["name"]:
        assert found["source"] == ""


def test_a_windows_error_that_is_not_in_the_table_names_its_number() -> None:
    for domain, value in (("win32", 4711), ("hresult", 0x80070000 | 4711), ("com_status", (0x80070000 | 4711) + 13)):
        assert "net helpmsg 4711" in decode(value, domain)["message"]


@pytest.mark.parametrize(
    ("domain", "value", "names"),
    [
        ("hresults", 5, ["domain: 'hresults'", *_errors.DOMAINS]),
        (None, 5, ["domain: None", *_errors.DOMAINS]),
        ([], 5, ["domain: []", *_errors.DOMAINS]),
        ("win32", 0x80070005, ["value: 2147942405", "65535", "0x80070005", "domain hresult"]),
        ("win32", -1, ["value: -1", "65535"]),
        ("hresult", "800704CD", ["value: '800704CD'", "0x80070005"]),
        ("hresult", "access denied", ["value: 'access denied'", "hresult", "it is a number"]),
        ("hresult", 2**32, ["value: 4294967296", "32 bits"]),
        ("hresult", "9" * 20, ["32 bits"]),
        ("hresult", "9" * 5000, ["it is a number", "..."]),
        ("hresult", True, ["value: True", "it is a number"]),
        ("hresult", None, ["value: None", "it is a number"]),
        ("hresult", 5.0, ["value: 5.0", "it is a number"]),
        ("com_status", {"code": 5}, ["value: {'code': 5}", "it is a number"]),
        ("c2rclient", "", ["value: ''", "it is a number"]),
        ("ui", "30015 -11", ["value: '30015 -11'", "30015-11 (3221225477)"]),
        ("ui", -5, ["value: -5", "30015-11 (3221225477)"]),
        ("ui", True, ["value: True"]),
        ("log", " ", ["value: ' '", "text from a log"]),
        ("log", 5, ["value: 5", "text from a log"]),
        ("log", ["a", 5], ["text from a log"]),
        ("log", [], ["text from a log"]),
    ],
)
def test_garbage_is_refused(domain: Any, value: Any, names: list[str]) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        decode(value, domain=domain)
    assert "officefleet.c2r.decode_error" in str(refused.value)
    for name in names:
        assert name in str(refused.value)


def test_any_number_has_an_answer() -> None:
    chance = random.Random(4)
    for number in (chance.randrange(-(2**31), 2**32) for _ in range(2000)):
        for domain in ("com_status", "hresult", "c2rclient"):
            found = decode(number, domain)
            assert (found["message"], found["domain"]) != ("", "")
            assert decode(found["code"], domain) == found  # the code it gives is one it takes


@pytest.mark.parametrize(("domain", "code"), [("registry", 5), ("com_status", "soon"), ("hresult", 2**40)])
def test_what_a_host_reports_is_never_refused(domain: str, code: Any) -> None:
    found = _errors.decode(domain, code)
    assert UNEXPLAINED in found["message"]
    assert found["code"] == str(code)


def test_records_keep_the_shape_of_their_errors() -> None:
    found = _errors.decode("com_status", 0x800704DA)
    assert list(found) == ["domain", "code", "name", "hresult", "message", "hint"]
    assert _errors.summary(found) == "0x800704CD ERROR_CONNECTION_INVALID"
    assert _errors.decode("winrm", "401")["hint"] == "Check ansible_user and ansible_password of the host."


def test_documentation_names_what_there_is() -> None:
    documentation = yaml.safe_load(SIDECAR.read_text(encoding="utf-8"))
    assert documentation["DOCUMENTATION"]["options"]["domain"]["choices"] == list(_errors.DOMAINS)
    assert list(documentation["RETURN"]["_value"]["contains"]) == list(decode(5, "win32"))


def test_in_a_play(tmp_path: Path) -> None:
    tasks = [
        {
            "name": "Decode",
            "ansible.builtin.copy": {
                "dest": str(tmp_path / "decoded.json"),
                "content": "{{ [code | officefleet.c2r.decode_error(domain='com_status'), "
                "'30088-27' | officefleet.c2r.decode_error('ui')] | to_json }}",
                "mode": "0600",
            },
        },
        {
            "name": "Refuse",
            "ansible.builtin.debug": {"msg": "{{ 'x' | officefleet.c2r.decode_error(domain='win32') }}"},
        },
    ]
    variables = {"code": 0x800704DA, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"name": "Errors", "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    ended = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
    )
    output = ended.stdout + ended.stderr
    assert ended.returncode == 2, output
    assert "value: 'x' is no code of domain win32" in output
    assert "Traceback" not in output
    decoded = json.loads((tmp_path / "decoded.json").read_text())
    assert [each["name"] for each in decoded] == ["ERROR_CONNECTION_INVALID", ""]


def test_ansible_doc_renders_the_filter(tmp_path: Path) -> None:
    answer = subprocess.run(
        ["ansible-doc", "--type", "filter", "--json", "officefleet.c2r.decode_error"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
    )
    rendered = json.loads(answer.stdout)["officefleet.c2r.decode_error"]
    assert rendered["doc"]["options"]["domain"]["required"]
    assert rendered["examples"]
    assert rendered["return"]
