# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines of OfficeUpdater.exe: Broadcom's own, and every way to write one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins import modules
from ansible_collections.officefleet.c2r.plugins.filter import officeupdater as plugin

read: Callable[[Any], dict[str, Any]] = plugin.FilterModule().filters()["officeupdater"]
GUID = "{0E0D0A3C-6B3E-4F6D-9C51-0D3A0A2C7F11}"
VERSION = "16.0.20228.20190"
URL = "http://library.example.com/MonthlyEnterprise/16.0.20228.20190"
# The example of Broadcom's article, with its placeholders filled in
EXAMPLE = (
    "OfficeUpdater.exe --forceappshutdown --showui=true --promptuser=true "
    f"--guid={GUID} --updatetoversion={VERSION} --loglevel = 3"
)


def unmatched(command_line: str) -> dict[str, str]:
    return {each["option"]: each["reason"] for each in read(command_line)["without_counterpart"]}


def test_broadcoms_own_example() -> None:
    found = read(EXAMPLE)
    assert found["options"] == {"version": VERSION, "force_app_shutdown": True, "display_level": True}
    assert found["log_level"] == {
        "path": r"HKLM:\SOFTWARE\Microsoft\ClickToRun\OverRide",
        "name": "LogLevel",
        "data": 3,
        "type": "dword",
    }
    assert [(each["option"], each["value"]) for each in found["without_counterpart"]] == [
        ("promptuser", True),
        ("guid", GUID),
    ]


@pytest.mark.parametrize(
    ("text", "update"),
    [
        ("", {}),
        ("OfficeUpdater.exe", {}),
        ("--forceappshutdown", {"force_app_shutdown": True}),
        ("--forceappshutdown=true", {"force_app_shutdown": True}),
        ("--forceappshutdown =true", {"force_app_shutdown": True}),
        ("--forceappshutdown = TRUE", {"force_app_shutdown": True}),
        ("--forceappshutdown= 1", {"force_app_shutdown": True}),
        ('--forceappshutdown="true"', {"force_app_shutdown": True}),
        ("--forceappshutdown=false", {"force_app_shutdown": False}),
        ("--forceappshutdown =0", {"force_app_shutdown": False}),
        ("--ForceAppShutdown --SHOWUI", {"force_app_shutdown": True, "display_level": True}),
        ("--showui --forceappshutdown=false", {"force_app_shutdown": False, "display_level": True}),
        ("--showui=false", {"display_level": False}),
        (f"--updatetoversion={VERSION}", {"version": VERSION}),
        ("--updatetoversion =20228.20190", {"version": VERSION}),
        (f"--updateurl={URL}", {"source": URL}),
        (f"--updateurl = '{URL}'", {"source": URL}),
        (f'"--updateurl={URL}"', {"source": URL}),
        (r"--updateurl=\\server\share\16.0.20228.20190", {"source": r"\\server\share\16.0.20228.20190"}),
        (f"  OFFICEUPDATER.EXE\t--updatetoversion={VERSION}\n", {"version": VERSION}),
        (rf'"C:\Program Files\Altiris\OfficeUpdater.exe" --updatetoversion={VERSION}', {"version": VERSION}),
        (rf"C:\Program Files\Altiris\OfficeUpdater.exe --updatetoversion={VERSION}", {"version": VERSION}),
        ("--showui --showui", {"display_level": True}),
    ],
)
def test_every_way_to_write_an_option(text: str, update: dict[str, Any]) -> None:
    assert read(text)["options"] == update


@pytest.mark.parametrize(("text", "level"), [("--loglevel", 3), ("--loglevel=0", 0), ("--loglevel = 2", 2), ("", None)])
def test_the_log_level(text: str, level: int | None) -> None:
    found = read(text)["log_level"]
    assert (found and found["data"]) == level


def test_the_address_goes_before_guid_and_path() -> None:
    found = unmatched(f"--guid={GUID} --path=office --updateurl={URL}")
    assert set(found) == {"guid", "path"}
    assert all("ignores it beside --updateurl" in reason for reason in found.values())
    assert read(f"--guid={GUID} --updateurl={URL}")["options"] == {"source": URL}


def test_what_has_no_counterpart_is_named_with_the_reason() -> None:
    found = unmatched(f'--help --omitsmf --promptuser --guid={GUID} --path="some folder"')
    assert set(found) == {"help", "omitsmf", "promptuser", "guid", "path"}
    assert "user_notice" in found["promptuser"]
    assert "as source" in found["guid"]
    assert "as source" in found["path"]


def test_what_is_switched_off_asks_for_nothing() -> None:
    assert read("--promptuser=false --omitsmf=false --help=0")["without_counterpart"] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--force --showui --quiet=true", r"has no --force, --quiet\. Its options are --forceappshutdown, "),
        ("--showui maybe", "'maybe' is no option"),
        ("-showui", "'-showui' is no option"),
        ("OfficeUpdater2.exe --showui", "'OfficeUpdater2.exe' is no option"),
        ("--showui=maybe", "--showui is 'maybe'; valid are true and false"),
        ("--loglevel=4", "--loglevel is '4'; valid are 0 to 3"),
        ("--loglevel=high", "--loglevel is 'high'"),
        ("--updatetoversion", "--updatetoversion needs a value"),
        ("--updatetoversion= --showui", "--updatetoversion has an equals sign and no value"),
        ("--showui=", "--showui has an equals sign and no value"),
        ("--updatetoversion=latest", "--updatetoversion: 'latest' is not an Office version"),
        ("--showui --showui=false", "--showui is there twice"),
        ("--loglevel=1 --loglevel=2", "--loglevel is there twice"),
        (f'--path="{URL}', "is no option"),
        ("--updateurl=http://me:secret@example.com/x", "--updateurl has a user"),
        ("--updateurl=http://example.com/x?token=secret", "--updateurl has a user, a query"),
        ("--updateurl=http://[secret/x", "--updateurl is no address"),
        ('--updateurl="http://me:secret@example.com/x', "is no option"),
        ("--updateurl http://me:secret@example.com/x", "is no option"),
        (5, "5 is a int, not text"),
        (None, "None is a NoneType"),
    ],
)
def test_what_is_not_understood_is_an_error(text: Any, message: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=rf"^officefleet\.c2r\.officeupdater: officeupdater: .*{message}"
    ) as caught:
        read(text)
    assert "secret" not in str(caught.value)


def test_the_module_has_the_options() -> None:
    documentation = yaml.safe_load((Path(modules.__path__[0]) / "update.yml").read_text(encoding="utf-8"))
    everything = f"{EXAMPLE} --updateurl={URL}"
    assert set(read(everything)["options"]) <= set(documentation["DOCUMENTATION"]["options"])


def test_the_documentation_names_what_there_is() -> None:
    documentation = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    contains = documentation["RETURN"]["_value"]["contains"]
    found = read(f"{EXAMPLE} --updateurl={URL}")
    assert list(contains) == list(found)
    assert set(contains["options"]["contains"]) == set(found["options"])
    assert list(contains["log_level"]["contains"]) == list(found["log_level"])
    assert list(contains["without_counterpart"]["contains"]) == list(found["without_counterpart"][0])
