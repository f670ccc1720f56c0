# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way in which a database of records can fail: what is said names the option, the address and the remedy."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _postgresql_link
from ansible_collections.officefleet.c2r.plugins.plugin_utils._postgresql_schema import lock_key
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import RecordStore, open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.tests.integration.stores import database, postgresql
from ansible_collections.officefleet.c2r.tests.lab.postgresql import ADMIN, PostgresqlServer
from ansible_collections.officefleet.c2r.tests.unit.test_records import FULL

__all__ = ["database", "postgresql"]  # fixtures, found by their names

pytestmark = pytest.mark.usefixtures("database")  # the password in the environment


def save(address: str) -> None:
    with closing(open_store(address)) as store:
        store.save(FULL)


def refused(address: str) -> str:
    """Save, check and load; return what is said, which is the same."""
    with closing(open_store(address)) as store, pytest.raises(RecordError) as caught:
        store.check()
    said = str(caught.value)
    with pytest.raises(RecordError) as caught:
        save(address)
    assert str(caught.value) == said
    assert said.startswith("records: ")
    assert f"{ADMIN}@" not in said
    return said


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_postgresql_link, "PATIENCE", 0.0)


def name(address: str) -> str:
    return address.rpartition("/")[2]


def test_no_server() -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else can be there
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        said = refused(f"postgresql://{ADMIN}@127.0.0.1:{port}/x")
    assert said.startswith(f"records: postgresql://127.0.0.1:{port}/x cannot be reached: ")
    assert "Connection refused" in said
    assert "Check server and port in the address" in said


def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = refused(f"postgresql://{ADMIN}@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=2")
    assert "timeout" in said
    assert "Check server and port in the address" in said


@pytest.mark.parametrize(
    ("parameters", "environment", "seconds"),
    [("", {}, "10"), ("?connect_timeout=3", {}, "3"), ("", {"PGCONNECT_TIMEOUT": "4"}, "4")],
)
def test_every_wait_for_a_server_has_an_end(
    monkeypatch: pytest.MonkeyPatch, parameters: str, environment: dict[str, str], seconds: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    targets: list[str] = []

    def note(target: str, **_: object) -> None:
        targets.append(target)
        raise psycopg.OperationalError("noted")

    monkeypatch.setattr(psycopg, "connect", note)
    with closing(open_store(f"postgresql://db.example.com/x{parameters}")) as store, pytest.raises(RecordError):
        store.load("ws-001")
    assert conninfo_to_dict(targets[0])["connect_timeout"] == seconds


def test_a_name_that_leads_nowhere() -> None:
    said = refused("postgresql://nowhere.invalid/x")
    assert said.startswith("records: postgresql://nowhere.invalid/x cannot be reached: ")
    assert "Check server and port in the address" in said


def test_no_such_database(postgresql: PostgresqlServer) -> None:
    said = refused(postgresql.address("nothing"))
    assert 'database "nothing" does not exist' in said
    assert "createdb" in said


def test_wrong_and_missing_password(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "the-wrong-one")
    said = refused(database)
    assert "password authentication failed" in said
    assert "the password in PGPASSWORD, ~/.pgpass or the service file" in said
    assert "the-wrong-one" not in said
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    assert "the password in PGPASSWORD, ~/.pgpass or the service file" in refused(database)


def test_an_address_that_makes_no_sense() -> None:
    assert "invalid" in refused("postgresql://127.0.0.1:port/x")
    assert "Check the address" in refused("postgresql://127.0.0.1/x?colour=red")
    assert "Name a service of the service file" in refused("postgresql://?service=nothing")


def test_the_password_from_a_file_or_a_service(
    postgresql: PostgresqlServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:{ADMIN}:{postgresql.password}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    save(database)
    monkeypatch.delenv("PGPASSFILE")
    services = tmp_path / "services"
    services.write_text(
        f"[office]\nhost=127.0.0.1\nport={postgresql.port}\ndbname={name(database)}\n"
        f"user={ADMIN}\npassword={postgresql.password}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    with closing(open_store("postgresql://?service=office")) as store:
        assert store.load("ws-001") == FULL
        assert store.place("ws-001") == "postgresql://?service=office, host ws-001"


def user(server: PostgresqlServer, role: str, options: str = "") -> None:
    server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{server.password}' {options}")


def test_rights_that_lack(postgresql: PostgresqlServer, database: str) -> None:
    user(postgresql, "newcomer")
    address = postgresql.address(name(database), "newcomer")
    said = refused(address)
    assert "permission denied for database" in said
    assert "GRANT CREATE ON DATABASE" in said
    postgresql.run("CREATE SCHEMA officefleet_c2r", name(database))
    assert "permission denied for schema" in refused(address)
    postgresql.run("DROP SCHEMA officefleet_c2r", name(database))
    save(database)
    assert "permission denied for schema" in refused(address)
    with closing(open_store(address)) as store, pytest.raises(RecordError, match="permission denied for schema"):
        store.load("ws-001")
    postgresql.run(
        "GRANT USAGE ON SCHEMA officefleet_c2r TO newcomer;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA officefleet_c2r TO newcomer",
        name(database),
    )
    with closing(open_store(address)) as store:
        assert store.everything() == ([FULL], []), "a report needs no more"
    assert "permission denied for table records" in refused(address)
    postgresql.run("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA officefleet_c2r TO newcomer", name(database))
    save(address)


def test_a_schema_that_the_owner_made_is_used(postgresql: PostgresqlServer, database: str) -> None:
    user(postgresql, "guest")
    postgresql.run("CREATE SCHEMA officefleet_c2r AUTHORIZATION guest", name(database))
    save(postgresql.address(name(database), "guest"))


def test_a_standby_is_named_as_such(postgresql: PostgresqlServer, database: str) -> None:
    save(database)
    postgresql.run(f"ALTER DATABASE {name(database)} SET default_transaction_read_only = on")
    said = refused(database)
    assert "read-only transaction" in said
    assert "name the primary server" in said


def test_tables_of_a_newer_release(postgresql: PostgresqlServer, database: str) -> None:
    save(database)
    postgresql.run("UPDATE officefleet_c2r.schema_version SET version = 2", name(database))
    said = refused(database)
    assert said.endswith(
        "has tables of version 2; this release knows version 1. Use the release of officefleet.c2r that made them on "
        "every controller, or name another database."
    )


def test_tables_that_are_not_as_they_were_made(postgresql: PostgresqlServer, database: str) -> None:
    save(database)
    postgresql.run("ALTER TABLE officefleet_c2r.records DROP COLUMN standing", name(database))
    assert "The schema officefleet_c2r is not as this collection makes it" in refused(database)


def test_an_encoding_that_cannot_hold_every_text(postgresql: PostgresqlServer) -> None:
    narrow = postgresql.database("ENCODING 'LATIN1' TEMPLATE template0")
    said = refused(postgresql.address(narrow))
    assert "has the encoding LATIN1" in said
    assert "createdb --encoding UTF8" in said


def test_a_server_without_a_free_connection_is_waited_for(
    postgresql: PostgresqlServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user(postgresql, "narrow", "CONNECTION LIMIT 1")
    postgresql.run(f"GRANT CREATE ON DATABASE {name(database)} TO narrow")
    address = postgresql.address(name(database), "narrow")
    with psycopg.connect(address) as first:
        said = refused(address)
        assert "too many connections" in said
        assert "max_connections" in said
        waits: list[float] = []

        def leave(seconds: float) -> None:
            waits.append(seconds)
            first.close()

        monkeypatch.setattr(_postgresql_link, "PATIENCE", 30.0)
        monkeypatch.setattr(time, "sleep", leave)
        save(address)
        assert waits


def test_a_lock_that_another_program_holds_is_no_reason_to_hang(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save(database)
    quick = _postgresql_link._SETTINGS.replace("lock_timeout = '20s'", "lock_timeout = '100ms'")
    monkeypatch.setattr(_postgresql_link, "_SETTINGS", quick)
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE officefleet_c2r.records")
        assert "Another process holds a lock for too long" in refused(database)


def test_a_statement_that_takes_too_long_is_ended(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save(database)
    quick = _postgresql_link._SETTINGS.replace("statement_timeout = '30s'", "statement_timeout = '100ms'")
    monkeypatch.setattr(_postgresql_link, "_SETTINGS", quick)
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE officefleet_c2r.records")
        assert "The server did not answer in time" in refused(database)


def test_a_visit_whose_connection_was_lost_writes_nothing_more(postgresql: PostgresqlServer, database: str) -> None:
    """Its lock went with the connection, so the host may be another's by now."""
    save(database)
    with closing(open_store(database)) as store:

        def visit(store: RecordStore) -> None:
            with store.locked("ws-001") as ours:
                assert ours
                postgresql.restart()
                store.save(replace(FULL, state="compliant"))

        with pytest.raises(RecordError, match=r"the connection to .* was lost: .*the next run takes it up"):
            visit(store)
    with closing(open_store(database)) as store:
        assert store.load("ws-001") == FULL
        with store.locked("ws-001") as ours:
            assert ours


def test_a_visit_that_breaks_off_holds_nothing(database: str) -> None:
    def visit(store: RecordStore) -> None:
        with store.locked("ws-001"):
            raise KeyboardInterrupt

    with closing(open_store(database)) as store:
        with pytest.raises(KeyboardInterrupt):
            visit(store)
        with psycopg.connect(database) as other:
            other.execute("SET statement_timeout = '30s'")
            other.execute("SELECT pg_advisory_lock(%s)", (lock_key("host", "ws-001"),))


def test_a_pooler_that_changes_sessions_is_noticed(database: str) -> None:
    def visit(store: RecordStore) -> None:
        with store.locked("ws-001"), psycopg.connect(database, autocommit=True) as other:
            (pid,) = other.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'").fetchone() or (0,)
            assert pid
            store._link._connection.execute("SELECT pg_advisory_unlock_all()")  # type: ignore[attr-defined]

    with closing(open_store(database)) as store, pytest.raises(RecordError, match="one that pools by session, or none"):
        visit(store)


def test_a_store_that_was_only_closed_never_connected() -> None:
    with closing(open_store("postgresql://nowhere.invalid/x")):
        pass
