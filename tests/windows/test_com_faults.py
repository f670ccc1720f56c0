# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""That the proof in Wine is one: each of these mistakes in the C# client compiles without a warning and is found."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.lab.com_codes import Status
from ansible_collections.officefleet.c2r.tests.windows.client import Client, Windows
from ansible_collections.officefleet.c2r.tests.windows.com_build import CLIENT, build_driver
from ansible_collections.officefleet.c2r.tests.windows.machine import TEXTS, TIMED_OUT, Machine

DOWNLOAD = TEXTS["Download"][0]
SOUND: dict[str, Any] = {
    "hresults": ["0x00000000", "0x00000000", "0x00000000", "0x8000000E", "0x8000000E", "0x00000000"],
    "reports": [(Status.UNKNOWN, 0), (Status.DOWNLOAD_FAILED, TIMED_OUT)],
    "apps": ("WINWORD",),
    "calls": [
        ("Status",),
        ("GetBlockingApps",),
        ("Download", DOWNLOAD),
        ("Download", DOWNLOAD),
        ("Cancel",),
        ("Status",),
    ],
    "objects left": 0,
    "strings left": 0,
}

Replacement = tuple[str, str]
MISTAKES: dict[str, tuple[list[Replacement], set[str]]] = {
    "the object is left to the garbage collector": (
        [("Marshal.FinalReleaseComObject(instance);", "GC.KeepAlive(instance);")],
        {"objects left"},
    ),
    "the string is read and not freed": (
        [
            (
                "int GetBlockingApps([MarshalAs(UnmanagedType.BStr)] out string apps);",
                "int GetBlockingApps(out IntPtr a);",
            ),
            ("string apps;\n", "IntPtr apps;\n"),
            ("SplitApps(apps);", "SplitApps(apps == IntPtr.Zero ? null : Marshal.PtrToStringBSTR(apps));"),
        ],
        {"strings left"},
    ),
    "two methods are in the wrong order": (
        [
            ("int Download([MarshalAs", "int first([MarshalAs"),
            ("int Apply([MarshalAs", "int Download([MarshalAs"),
            ("int first([MarshalAs", "int Apply([MarshalAs"),
        ],
        {"hresults", "calls", "reports"},
    ),
    "the error is signed": ([("public uint Error;", "public int Error;")], {"reports"}),
    "the fields of the report are in the wrong order": (
        [
            ("public int Status;\n        public uint Error;", "public uint Error;\n        public int Status;"),
        ],
        {"reports"},
    ),
    "the text is sent in the code page": (
        [
            (
                "int Download([MarshalAs(UnmanagedType.LPWStr)] string parameters);",
                "int Download([MarshalAs(UnmanagedType.LPStr)] string parameters);",
            )
        ],
        {"hresults", "calls", "reports"},
    ),
    "the class is another one": (
        [("52C2F9C2-F1AC-4021-BF50-756A5FA8DDFE", "52C2F9C2-F1AC-4021-BF50-756A5FA8DDFF")],
        {"hresults", "calls", "reports", "apps"},
    ),
    "the interface is another one": (
        [("90E166F0-D621-4793-BE78-F58008DDDD2A", "90E166F0-D621-4793-BE78-F58008DDDD2B")],
        {"hresults", "calls", "reports", "apps"},
    ),
}


def observe(client: Client) -> dict[str, Any]:
    """A short series of calls, and everything that can be seen of it."""
    machine = Machine(apps=["WINWORD"], download_errors=[TIMED_OUT])
    client.attend(machine.host)
    status = client.call(machine.host, "Status")
    apps = client.call(machine.host, "GetBlockingApps")
    calls = [client.call(machine.host, method, *TEXTS[method]) for method in ("Download", "Download", "Cancel")]
    machine.time.advance(60)
    later = client.call(machine.host, "Status")
    counters = client.driver.counters()
    return {
        "hresults": [answer.hresult_text for answer in (status, apps, *calls, later)],
        "reports": [(answer.status, answer.error) for answer in (status, later)],
        "apps": apps.apps,
        "calls": list(client.bridge.calls),
        "objects left": counters.live_objects,
        "strings left": counters.live_strings,
    }


def test_the_client_as_it_is(client: Client) -> None:
    assert observe(client) == SOUND


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(windows: Windows, mistake: str) -> None:
    replacements, signs = MISTAKES[mistake]
    source = CLIENT.read_text()
    for sound, wrong in replacements:
        assert source.count(sound) == 1, f"the client no longer has exactly one: {sound}"
        source = source.replace(sound, wrong)
    name = "Mistake" + str(list(MISTAKES).index(mistake))
    broken = windows.folder / f"{name}.cs"
    broken.write_text(source)
    with windows.driver(build_driver(windows.folder, name=name, client=broken)) as driver:
        seen = observe(Client(windows, driver))
    assert {key for key, value in seen.items() if value != SOUND[key]} == signs
