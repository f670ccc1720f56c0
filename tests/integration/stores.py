# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests that hold for every store of records: a directory, and a real PostgreSQL.

Import the fixtures into a test module; pytest finds them by their names there.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

import pytest

from ansible_collections.officefleet.c2r.tests.lab.postgresql import PostgresqlServer, programs

REQUIRED = "OFFICEFLEET_REQUIRE_POSTGRESQL"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    """A server for the tests of one module; without its programs they skip, or fail where it is required."""
    found = programs()
    if found is None:
        missing = "PostgreSQL's server is not installed; dev/setup_postgresql.sh does that"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    with PostgresqlServer(found) as server:
        yield server


@pytest.fixture
def database(postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, whose password the environment has."""
    for name, value in postgresql.environment.items():
        monkeypatch.setenv(name, value)
    return postgresql.address(postgresql.database())


@pytest.fixture(params=["directory", "postgresql"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A value of the option `records`, of either store, where nothing has been kept yet."""
    if request.param == "directory":
        return str(tmp_path / "records")
    address: str = request.getfixturevalue("database")
    return address


Argument = TypeVar("Argument")
Result = TypeVar("Result")


def at_once(function: Callable[[Argument], Result], arguments: Sequence[Argument]) -> list[Result]:
    """Call the function for each argument, in a process each, all at the same moment."""
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(arguments))
    with ProcessPoolExecutor(len(arguments), mp_context=context, initializer=_enter, initargs=(gate,)) as pool:
        return list(pool.map(partial(_together, function), arguments))


_gates: list[Barrier] = []  # of this worker


def _enter(gate: Barrier) -> None:
    _gates[:] = [gate]


def _together(function: Callable[[Argument], Result], argument: Argument) -> Result:
    _gates[0].wait(60)
    return function(argument)
