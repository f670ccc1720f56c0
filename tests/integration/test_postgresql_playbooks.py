# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks with their records in PostgreSQL, as with a directory."""

from __future__ import annotations

from contextlib import closing

from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.tests.integration.stores import database, postgresql
from ansible_collections.officefleet.c2r.tests.integration.test_report import Site, site
from ansible_collections.officefleet.c2r.tests.integration.test_rollout import ENDS, PASSWORD, Lab, lab, source
from ansible_collections.officefleet.c2r.tests.lab import sample_records as sample
from ansible_collections.officefleet.c2r.tests.lab.fleet import assign_kinds
from ansible_collections.officefleet.c2r.tests.lab.postgresql import PostgresqlServer

__all__ = ["database", "lab", "postgresql", "site", "source"]  # fixtures, found by their names


def states(address: str) -> dict[str, str]:
    with closing(open_store(address)) as store:
        return {record.host: record.state for record in store.everything()[0]}


def test_a_fleet_is_rolled_out_and_reported(lab: Lab, database: str, postgresql: PostgresqlServer) -> None:
    kinds = {host: kind.name for host, kind in zip(lab.fleet, assign_kinds(len(lab.fleet)), strict=True)}
    status, output = lab.rollout(officefleet_records=database, officefleet_rings=["pilot", "broad"])
    assert status == 0, output
    assert states(database) == {host: ENDS[kind] for host, kind in kinds.items()}, output
    assert not (lab.work / "records").exists()
    assert not {PASSWORD, postgresql.password} & set(output.split())
    steps = [what for _, what in lab.calls if what != "update_info"]
    lab.calls.clear()
    status, output = lab.rollout(officefleet_records=database)
    assert status == 0, output
    assert steps
    assert not [what for _, what in lab.calls if what in ("update download", "update apply")], "it is remembered"
    postgresql.run(f"DROP DATABASE {database.rpartition('/')[2]}")  # refused while anybody is connected


def test_check_mode_makes_no_tables(lab: Lab, database: str, postgresql: PostgresqlServer) -> None:
    status, output = lab.rollout("--check", limit="pilot", officefleet_records=database)
    assert status == 0, output
    found = postgresql.run("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'office%'", database.rpartition("/")[2])
    assert found == []


def test_what_cannot_be_used_is_said_once_before_any_host_is_visited(lab: Lab, database: str) -> None:
    for address, words in (
        (database.replace("@", ":hush@"), "officefleet_records: the address of the database holds a password"),
        (database + "x", "officefleet_records: postgresql://127.0.0.1:"),
    ):
        status, output = lab.rollout(officefleet_records=address)
        assert (status, lab.calls) == (2, [])
        assert output.count("fatal: ") == 1
        assert words in " ".join(output.split())
        assert "hush" not in output
        assert "Traceback" not in output


def test_the_report_reads_the_database(site: Site, database: str, postgresql: PostgresqlServer) -> None:
    with closing(open_store(database)) as store:
        for record in open_store(str(site.records)).everything()[0]:
            store.save(record)
    postgresql.run(
        "UPDATE officefleet_c2r.records SET record = '{}' WHERE host LIKE 'ws-025%'", database.rpartition("/")[2]
    )
    ran = site.playbook("-e", f"officefleet_records={database}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    documents = sample.fleet(25)[:24]
    done = sum(document["state"] in ("compliant", "ahead") for document in documents)
    assert f"{done} of 24 hosts up to date" in ran.stdout
    assert "1 damaged record: ws-025" in ran.stdout
    assert "host ws-025.corp.example.com' has schema None" in " ".join(ran.stderr.split())
    ran = site.playbook("-e", f"officefleet_records={postgresql.address(postgresql.database())}")
    assert ran.returncode == 2
    assert "has no records (no schema officefleet_c2r). Name the database" in " ".join(ran.stdout.split())


def test_a_database_that_restarts_costs_the_hosts_being_visited_this_run_and_nothing_else(
    lab: Lab, database: str, postgresql: PostgresqlServer
) -> None:
    kinds = zip(list(lab.fleet.items()), assign_kinds(len(lab.fleet)), strict=True)
    lab.fleet = dict([host for host, kind in kinds if kind.name == "willing"][:2])
    restarts = iter([postgresql.restart])

    def after_each() -> None:
        if any(what == "update download" for _, what in lab.calls):
            next(restarts, lambda: None)()

    lab.after_each = after_each
    status, output = lab.rollout(officefleet_records=database, officefleet_rings=[])
    assert status == 2, output
    assert "What is under way on hosts goes on, and the next run takes it up." in " ".join(output.split())
    assert "Traceback" not in output
    status, output = lab.rollout(officefleet_records=database, officefleet_rings=[])
    assert status == 0, output
    assert states(database) == dict.fromkeys(lab.fleet, "compliant"), output
    assert sorted(host for host, what in lab.calls if what == "update download") == sorted(lab.fleet), "once each"
