# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option `records`: a directory or the address of a database, which never holds a password."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.action import reconcile, report
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _postgresql_address, _rollout_plan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.tests.unit.test_action_reconcile import DEPLOYMENT
from ansible_collections.officefleet.c2r.tests.unit.transcript import Transcript

WITH_A_PASSWORD = (
    "postgresql://fleet:hush@db.example.com/office",
    "postgres://fleet:hush@db.example.com:5433/office?sslmode=require",
    "POSTGRESQL://fleet:hush@db.example.com/office",
    "postgresql://:hush@db.example.com/office",
    "postgresql://fleet:hu/sh@db.example.com/office",
    "postgresql://fleet:hu?sh@db.example.com/office",
    "postgresql://fleet:hu@sh@db.example.com/office",
    "postgresql://db.example.com/office?user=fleet&password=hush",
    "postgresql://db.example.com/office?user=fleet&PassWord=hush",
    "postgresql://db.example.com/office?p%61ssword=hush",
    "postgresql://db.example.com/office?sslpassword=hush",
    "postgresql://db.example.com/office?oauth_client_secret=hush",
    "postgresql://db.example.com/office?scram_client_key=hush",
)


@pytest.mark.parametrize("address", WITH_A_PASSWORD)
def test_a_password_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(RecordError) as caught:
        open_store(address)
    said = str(caught.value)
    assert said.startswith("records: the address of the database holds a password")
    assert "PGPASSWORD" in said
    assert "~/.pgpass" in said
    assert "hush" not in said
    assert "hu" not in said.split()


def test_each_user_of_the_option_refuses_it_in_its_own_terms() -> None:
    address = WITH_A_PASSWORD[0]
    visit = Transcript(reconcile.ActionModule, {"deployment": DEPLOYMENT, "records": address}).run([])
    assert visit["failed"]
    assert visit["msg"].startswith("records: the address of the database holds a password")
    with pytest.raises(InputError, match=r"^officefleet_records: the address of the database holds a password"):
        _rollout_plan.check_writable(address, "officefleet_records")
    page = Transcript(report.ActionModule, {"records": address}).run([])
    assert page["failed"]
    assert page["msg"].startswith("records: the address of the database holds a password")
    assert "hush" not in str((visit, page))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://fleet@db.example.com/office", "postgresql://db.example.com/office"),
        ("postgresql://db.example.com:5433/office?sslmode=require", "postgresql://db.example.com:5433/office"),
        ("postgresql://a.example.com,b.example.com/office", "postgresql://a.example.com,b.example.com/office"),
        ("postgresql://[::1]:5433/office", "postgresql://[::1]:5433/office"),
        ("postgres://fleet@[::1]/office", "postgres://[::1]/office"),
        ("postgresql:///office?host=/run/postgresql", "postgresql:///office"),
        ("postgresql://?service=office", "postgresql://?service=office"),
        ("postgresql://fleet%40corp@db/office", "postgresql://db/office"),
    ],
)
def test_addresses_are_shown_without_user_and_parameters(address: str, shown: str) -> None:
    assert _postgresql_address.shown(_postgresql_address.checked(address)) == shown
    assert shown in open_store(address).place("ws-001")


@pytest.mark.parametrize("records", ["records", "/srv/records", "~/records", "post/gresql:", "a:b"])
def test_everything_else_is_a_directory(records: str) -> None:
    store = open_store(records)
    assert isinstance(store, DirectoryStore)
    assert store.directory == Path(records).expanduser()


def test_other_addresses_are_refused() -> None:
    with pytest.raises(RecordError, match=r"^records: an address that begins with 'mysql' .* postgresql://user@server"):
        open_store("mysql://fleet:hush@db/office")


def test_without_the_library_its_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.rpartition(".")[2].startswith("_postgresql_") or name.partition(".")[0] == "psycopg":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RecordError) as caught:
        open_store("postgresql://fleet@db.example.com/office")
    said = str(caught.value)
    assert said.startswith("records: postgresql://db.example.com/office needs the Python library psycopg 3")
    assert said.endswith(f'Install it on the controller, for {sys.executable}: pip install "psycopg[binary]".')


def test_a_directory_needs_no_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert open_store(str(tmp_path)).load("ws-001") is None
