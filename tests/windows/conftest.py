# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows in Wine with .NET, our COM server and the product's C# client in it; made once for all tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ansible_collections.officefleet.c2r.tests.windows import dotnet_runtime
from ansible_collections.officefleet.c2r.tests.windows.client import Client, Windows
from ansible_collections.officefleet.c2r.tests.windows.com_build import COMPILERS, build_driver, build_server
from ansible_collections.officefleet.c2r.tests.windows.lab_bridge import LabBridge
from ansible_collections.officefleet.c2r.tests.windows.registration import Registration
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import WinePrefix

PROGRAMS = COMPILERS | {"wine": "wine", "wineserver": "wine"}


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("OFFICEFLEET_REQUIRE_WINE"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """Everything but a running client."""
    missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if missing:
        _unavailable(f"not installed: {', '.join(missing)} (dev/setup_wine.sh)")
    try:
        dotnet = dotnet_runtime.dotnet_exe()
    except dotnet_runtime.RuntimeUnavailableError as error:
        _unavailable(f"no .NET for Windows: {error}")
    with tempfile.TemporaryDirectory(prefix="officefleet-wine-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch, "built")
        folder.mkdir()
        server = build_server(folder)
        with WinePrefix(Path(scratch)) as prefix, LabBridge() as bridge:
            yield Windows(prefix, dotnet, folder, Registration(prefix, server), bridge)


@pytest.fixture(scope="session")
def _running(windows: Windows) -> Iterator[Client]:
    with windows.driver(build_driver(windows.folder)) as driver:
        yield Client(windows, driver)


@pytest.fixture
def client(_running: Client) -> Iterator[Client]:
    """The product's C# client. What it was given it must have given back by the end of each test."""
    yield _running
    assert _running.bridge.faults == []
    left = _running.driver.counters()
    assert (left.live_objects, left.live_strings) == (0, 0)
