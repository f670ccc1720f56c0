# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand calls of the C# client leave nothing behind, neither in the COM server's books nor in the process."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.officefleet.c2r.tests.lab.com_codes import S_OK
from ansible_collections.officefleet.c2r.tests.windows.client import Client
from ansible_collections.officefleet.c2r.tests.windows.driver import Counters
from ansible_collections.officefleet.c2r.tests.windows.machine import Machine

CALLS = 1000
CONTENT_ID = "c" * 8000  # 16 kB as a BSTR: a thousand of them would not hide in the noise
DOWNLOAD = f"downloadsource={{0C0F9B02-0000-0000-0000-000000000000}} contentid={CONTENT_ID}"
CYCLE = ("Download", "Status", "GetBlockingApps", "Apply", "Cancel")
MEBIBYTE = 1 << 20


def play(client: Client, machine: Machine, calls: int) -> Iterator[str]:
    """Make so many calls, accepted and refused ones, and tell the HRESULTs."""
    for number in range(calls):
        method = CYCLE[number % len(CYCLE)]
        text = {"Download": [DOWNLOAD], "Apply": [""]}.get(method, [])
        yield client.call(machine.host, method, *text).hresult_text
        machine.time.advance(1)


def test_a_thousand_calls(client: Client) -> None:
    machine = Machine(apps=["WINWORD", "EXCEL"])
    client.attend(machine.host)
    list(play(client, machine, 100))  # what is made once is made now
    before, memory = client.driver.counters(), client.driver.private_bytes()
    assert memory > 8 * MEBIBYTE, "this is not the process with .NET in it"
    seen = set(play(client, machine, CALLS))
    after, grown = client.driver.counters(), client.driver.private_bytes() - memory
    assert seen == {f"0x{S_OK:08X}", "0x8000000E"}
    strings = after.made_strings - before.made_strings
    assert strings > CALLS // len(CYCLE)  # the names of the apps each time, and often a content id
    assert after == Counters(0, 0, before.made_objects + CALLS, after.made_strings)
    assert grown < 8 * MEBIBYTE, f"{grown / MEBIBYTE:.1f} MiB for {CALLS} calls"
