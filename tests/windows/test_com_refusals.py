# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product's C# client makes of refusals: COM's, the service's, and its own of texts that cannot be sent."""

from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    CO_E_SERVER_EXEC_FAILURE,
    E_ACCESSDENIED,
    E_INVALIDARG,
    REGDB_E_CLASSNOTREG,
    S_OK,
    Status,
)
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.windows.client import Client
from ansible_collections.officefleet.c2r.tests.windows.machine import NEW, TEXTS, Machine

SOURCE = "http://library.example.com/MonthlyEnterprise/" + NEW


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("Download", "downloadsource={0C0F9B02-0000-0000-0000-000000000000}"),
        ("Download", "contentid=7"),
        ("Download", "updatetoversion=2607"),
        ("Download", "displaylevel=perhaps"),
        ("Download", "forceappshutdown=true"),
        ("Download", "\tupdatebaseurl"),
        ("Apply", "contentid=7"),
        ("Apply", "displaylevel=true displaylevel=true"),
    ],
)
def test_invalid_parameters(client: Client, method: str, text: str) -> None:
    machine = Machine()
    client.attend(machine.host)
    answer = client.call(machine.host, method, text)
    assert client.bridge.calls == [(method, text)]
    assert (answer.activated, answer.succeeded) == (True, False)
    assert (answer.hresult, answer.hresult_text) == (-2147024809, f"0x{E_INVALIDARG:08X}")
    assert client.call(machine.host, "Status").status == Status.UNKNOWN


@pytest.mark.parametrize("text", [None, ""], ids=["null", "empty"])
def test_no_parameters_at_all(client: Client, text: str | None) -> None:
    machine = Machine()
    client.attend(machine.host)
    answer = client.call(machine.host, "Download", text)
    assert client.bridge.calls == [("Download", text)]
    assert (answer.hresult, answer.hresult_text) == (S_OK, "0x00000000")


def test_an_account_without_an_elevated_token_is_denied_what_changes_something(client: Client) -> None:
    machine = Machine(elevated=False)
    client.attend(machine.host)
    for method in ("Download", "Apply"):
        answer = client.call(machine.host, method, *TEXTS[method])
        assert (answer.activated, answer.succeeded) == (True, False)
        assert (answer.hresult, answer.hresult_text) == (-2147024891, f"0x{E_ACCESSDENIED:08X}")
    status = client.call(machine.host, "Status")
    assert (status.succeeded, status.status) == (True, Status.UNKNOWN)


@pytest.mark.parametrize("method", TEXTS)
def test_without_management_the_class_is_not_registered(client: Client, method: str) -> None:
    machine = Machine(managed=None)
    client.attend(machine.host)
    answer = client.call(machine.host, method, *TEXTS[method])
    assert answer == machine.expected(method, *TEXTS[method])
    assert (answer.activated, answer.succeeded) == (False, False)
    assert (answer.hresult, answer.hresult_text) == (-2147221164, f"0x{REGDB_E_CLASSNOTREG:08X}")
    assert client.bridge.activations == 0  # Windows itself said so


def test_management_can_be_turned_on_and_off_while_the_client_lives(client: Client) -> None:
    machine = Machine(managed=None)
    client.attend(machine.host)
    seen = []
    for policy in (None, 1, 0, 1):
        if policy is not None:
            machine.host.registry.set(keys.UPDATE_POLICY, "officemgmtcom", policy)
            machine.service.stop()
            machine.service.start()
        seen.append(client.call(machine.host, "Status").hresult_text)
    not_registered = f"0x{REGDB_E_CLASSNOTREG:08X}"
    assert seen == [not_registered, "0x00000000", not_registered, "0x00000000"]


def test_the_first_interface_alone_is_not_enough(client: Client) -> None:
    machine = Machine(managed=None)
    machine.host.registry.create(keys.UPDATE_NOTIFY_1)
    client.attend(machine.host)
    assert client.call(machine.host, "Status").hresult_text == f"0x{REGDB_E_CLASSNOTREG:08X}"


@pytest.mark.parametrize("method", TEXTS)
def test_a_stopped_service_gives_no_object(client: Client, method: str) -> None:
    machine = Machine()
    machine.service.stop()
    client.attend(machine.host)
    answer = client.call(machine.host, method, *TEXTS[method])
    assert answer == machine.expected(method, *TEXTS[method])
    assert (answer.activated, answer.succeeded) == (False, False)
    assert (answer.hresult, answer.hresult_text) == (-2146959355, f"0x{CO_E_SERVER_EXEC_FAILURE:08X}")
    assert client.bridge.calls == []


def test_a_lab_that_breaks_off_is_told_apart_from_every_answer_of_the_model(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine()
    monkeypatch.setattr(machine.service, "blocking_apps", lambda: 1 / 0)
    client.attend(machine.host)
    answer = client.call(machine.host, "GetBlockingApps")
    assert (answer.activated, answer.hresult_text, answer.apps) == (True, "0x8000FFFF", ())  # E_UNEXPECTED
    assert [type(fault) for fault in client.bridge.faults] == [ZeroDivisionError]
    client.bridge.faults.clear()


@pytest.mark.parametrize("display_level", [False, True])
@pytest.mark.parametrize("source", [None, "", SOURCE, SOURCE + "/ä", r"\\files\office$\image"])
@pytest.mark.parametrize("version", [None, NEW])
def test_texts_that_the_client_builds_for_a_download(
    client: Client, display_level: bool, source: str | None, version: str | None
) -> None:
    pairs = [f"displaylevel={str(display_level).lower()}"]
    pairs += [f"updatebaseurl={source}"] if source else []
    pairs += [f"updatetoversion={version}"] if version else []
    built = client.driver.build("DownloadText", display_level, source, version, None, None)
    assert built == ("built", " ".join(pairs))


@pytest.mark.parametrize("display_level", [False, True])
@pytest.mark.parametrize("force", [False, True])
def test_texts_that_the_client_builds_for_an_installation(client: Client, display_level: bool, force: bool) -> None:
    text = f"displaylevel={str(display_level).lower()} forceappshutdown={str(force).lower()}"
    assert client.driver.build("ApplyText", display_level, force) == ("built", text)


@pytest.mark.parametrize("letter", [" ", "\t", "\n", "\0", "\x7f", "\u00a0", "\u2003", "=", '"', "'"], ids=ascii)
def test_values_that_would_break_the_text_are_refused_as_the_twin_does(client: Client, letter: str) -> None:
    source = f"http://library.example.com/a{letter}b"
    outcome, message = client.driver.build("DownloadText", False, source, NEW, None, None)
    assert (outcome, (message or "").startswith("source: the value holds white space, '=' or a quote")) == (
        "refused",
        True,
    )
    machine = Machine()
    call = ModuleCall("officefleet.c2r.update", {"_step": "download", "version": NEW, "source": source}, False, False)
    assert run(machine.host, call)["msg"] == message


def test_a_version_cannot_smuggle_a_parameter_in(client: Client) -> None:
    outcome, message = client.driver.build("DownloadText", False, SOURCE, NEW + " forceappshutdown=true", None, None)
    assert outcome == "refused"
    assert (message or "").startswith("version: the value holds white space")
