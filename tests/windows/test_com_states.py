# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The product's C# client on .NET in Wine: every call in every state, over real COM, against the lab's model.

One machine is reached through the client, a second one, the same in all respects, is asked directly.
"""

from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    BUSY,
    CANNOT_CONNECT,
    E_ILLEGAL_METHOD_CALL,
    NAME_NOT_RESOLVED,
    REGDB_E_CLASSNOTREG,
    S_OK,
    Status,
    error_field,
)
from ansible_collections.officefleet.c2r.tests.windows.client import Client, Windows
from ansible_collections.officefleet.c2r.tests.windows.com_build import build_driver
from ansible_collections.officefleet.c2r.tests.windows.driver import ClientAnswer
from ansible_collections.officefleet.c2r.tests.windows.machine import (
    NEW,
    OLD,
    ROADS,
    TEXTS,
    TIMED_OUT,
    Machine,
    on_road_to,
)

DOWNLOAD = TEXTS["Download"][0]


def both(client: Client, served: Machine, reference: Machine, method: str, *text: str) -> ClientAnswer:
    """Make the call on both machines, the answers of which have to be the same."""
    answer = client.call(served.host, method, *text)
    assert answer == reference.expected(method, *text)
    return answer


def drive(client: Client, status: Status) -> tuple[Machine, Machine]:
    """Bring two machines into a state, the first one through the client."""
    served, reference = on_road_to(status), on_road_to(status)
    client.attend(served.host)
    for method, seconds in ROADS[status]:
        assert both(client, served, reference, method, *TEXTS[method]).hresult == S_OK
        served.time.advance(seconds)
        reference.time.advance(seconds)
    return served, reference


@pytest.mark.parametrize("status", Status, ids=lambda status: status.text)
@pytest.mark.parametrize("method", TEXTS)
def test_each_call_in_each_state(client: Client, method: str, status: Status) -> None:
    served, reference = drive(client, status)
    assert both(client, served, reference, "Status").status == status
    called = both(client, served, reference, method, *TEXTS[method])
    assert client.bridge.calls[-1] == (method, *TEXTS[method])
    # Microsoft's table of the allowed calls, apart from the model.
    if method in ("Download", "Apply"):
        assert called.succeeded == (status not in BUSY)
    elif method == "Cancel":
        assert called.succeeded == (status == Status.DOWNLOADING)
    else:
        assert called.succeeded
    if not called.succeeded:
        assert (called.hresult, called.hresult_text) == (-2147483634, f"0x{E_ILLEGAL_METHOD_CALL:08X}")
    assert called.activated
    both(client, served, reference, "Status")
    served.time.advance(60)
    reference.time.advance(60)
    both(client, served, reference, "Status")
    assert (served.version, served.staged) == (reference.version, reference.staged)


@pytest.mark.parametrize(
    "code",
    [*range(1, 14), TIMED_OUT, error_field(CANNOT_CONNECT), error_field(NAME_NOT_RESOLVED), 0x7FFFFFFF, 0xFFFFFFFF],
)
def test_each_error_arrives_as_the_unsigned_number_it_is(client: Client, code: int) -> None:
    served, reference = Machine(download_errors=[code]), Machine(download_errors=[code])
    client.attend(served.host)
    both(client, served, reference, "Download", DOWNLOAD)
    served.time.advance(60)
    reference.time.advance(60)
    answer = both(client, served, reference, "Status")
    assert (answer.status, answer.error) == (Status.DOWNLOAD_FAILED, code)


@pytest.mark.parametrize("content_id", ["7", "Inhalt-Ä-内容-😀", "x" * 10_000], ids=["short", "unicode", "long"])
def test_content_id_is_handed_over_and_freed(client: Client, content_id: str) -> None:
    served, reference = Machine(), Machine()
    client.attend(served.host)
    pair = f"downloadsource={{0C0F9B02-0000-0000-0000-000000000000}} contentid={content_id}"
    both(client, served, reference, "Download", pair)
    assert client.bridge.calls == [("Download", pair)]
    served.time.advance(60)
    reference.time.advance(60)
    made = client.driver.counters().made_strings
    answer = both(client, served, reference, "Status")
    assert (answer.content_id, answer.error) == (content_id, error_field(REGDB_E_CLASSNOTREG))
    counters = client.driver.counters()
    assert (counters.made_strings, counters.live_strings) == (made + 1, 0)


def test_no_content_id_is_a_null_string_and_becomes_an_empty_one(client: Client) -> None:
    machine = Machine()
    client.attend(machine.host)
    made = client.driver.counters().made_strings
    assert client.call(machine.host, "Status").content_id == ""
    assert client.driver.counters().made_strings == made


@pytest.mark.parametrize("apps", [[], ["WINWORD"], ["WINWORD", "EXCEL", "Übersicht"]], ids=["none", "one", "three"])
def test_open_apps(client: Client, apps: list[str]) -> None:
    served, reference = Machine(apps=apps), Machine(apps=apps)
    client.attend(served.host)
    made = client.driver.counters().made_strings
    assert list(both(client, served, reference, "GetBlockingApps").apps) == apps
    # Without open applications the string is null.
    assert client.driver.counters().made_strings == made + bool(apps)


def test_apps_are_closed_by_force(client: Client) -> None:
    served, reference = Machine(apps=["WINWORD"]), Machine(apps=["WINWORD"])
    client.attend(served.host)
    for method, text in (("Download", DOWNLOAD), ("Apply", "displaylevel=true forceappshutdown=true")):
        both(client, served, reference, method, text)
        served.time.advance(60)
        reference.time.advance(60)
        both(client, served, reference, "Status")
    assert both(client, served, reference, "GetBlockingApps").apps == ()
    assert (served.version, served.staged) == (NEW, None)


def test_a_restart_forgets_the_state(client: Client) -> None:
    served, reference = Machine(), Machine()
    client.attend(served.host)
    both(client, served, reference, "Download", DOWNLOAD)
    served.time.advance(60)
    reference.time.advance(60)
    assert both(client, served, reference, "Status").status == Status.DOWNLOAD_SUCCEEDED
    served.host.reboot()
    reference.host.reboot()
    assert both(client, served, reference, "Status").status == Status.UNKNOWN
    assert (served.version, served.staged) == (OLD, NEW)


def test_each_call_has_an_object_of_its_own(client: Client) -> None:
    machine = Machine()
    client.attend(machine.host)
    before = client.driver.counters().made_objects
    for number, (method, text) in enumerate(TEXTS.items(), 1):
        client.call(machine.host, method, *text)
        counters = client.driver.counters()
        assert (counters.made_objects, counters.live_objects) == (before + number, 0)
    assert client.bridge.activations == len(TEXTS)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(0, "VersionToReport"), (-1, ""), (2147483647, "Ä 内容"), (7, None)],
    ids=["plain", "empty", "unicode", "null"],
)
def test_deployment_data_takes_its_arguments_and_gives_a_string(client: Client, kind: int, name: str | None) -> None:
    machine = Machine()
    client.attend(machine.host)
    client.windows.registration.follow(machine.host.registry)
    hresult, data = client.driver.deployment_data(kind, name)
    assert client.bridge.calls == [("GetOfficeDeploymentData", kind, name)]
    assert (hresult, data) == (S_OK, None if name is None else f"{kind} {name}")


def test_client_gives_deployment_data_as_text(client: Client) -> None:
    machine = Machine()
    client.attend(machine.host)
    client.windows.registration.follow(machine.host.registry)
    assert client.driver.client_deployment_data(-3, "Gr\u00f6\u00dfe") == ("0x00000000", "-3 Gr\u00f6\u00dfe")
    assert client.driver.client_deployment_data(0, None) == ("0x00000000", "")
    client.windows.registration.follow(Machine(managed=None).host.registry)
    assert client.driver.client_deployment_data(0, "") == ("0x80040154", "")


@pytest.mark.parametrize("apartment", ["STA", "MTA"])
def test_in_both_kinds_of_apartment(windows: Windows, apartment: str) -> None:
    served, reference = Machine(apps=["EXCEL"]), Machine(apps=["EXCEL"])
    windows.bridge.attend(served.host)
    with windows.driver(build_driver(windows.folder, name=apartment), apartment) as driver:
        assert driver.greeting == ["ready", apartment]
        client = Client(windows, driver)
        for method, text in TEXTS.items():
            both(client, served, reference, method, *text)
        counters = driver.counters()
        assert (counters.live_objects, counters.live_strings, counters.made_objects) == (0, 0, len(TEXTS))
