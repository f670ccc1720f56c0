# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test-powershell` with a real Wine prefix, its registry and its COM server; the PowerShell is a stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.contract.scenario import HostBefore, SimulatedHost
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.com_codes import Status
from ansible_collections.officefleet.c2r.tests.windows.client import Windows
from ansible_collections.officefleet.c2r.tests.windows.com_build import build_driver, build_server
from ansible_collections.officefleet.c2r.tests.windows.driver import Driver
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import PowerShell, UnusableError
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import FOLDER, WineRegistry
from ansible_collections.officefleet.c2r.tests.windows.powershell.timed_bridge import TimedBridge
from ansible_collections.officefleet.c2r.tests.windows.powershell.windows_registry import MARK, WindowsRegistry
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import WinePrefix

PACKAGE = "ansible_collections.officefleet.c2r.tests.windows.powershell"
ROOT = Path(__file__).resolve().parents[5]
DLL = f"C:\\{FOLDER}\\OfficeC2RCom.dll"


@pytest.fixture(scope="module")
def prefix(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WinePrefix]:
    """A prefix apart from the one in which other tests register classes."""
    del windows  # for its skip where Wine is missing
    with WinePrefix(tmp_path_factory.mktemp("wine")) as prefix:
        yield prefix


@pytest.fixture
def access(prefix: WinePrefix) -> WineRegistry:
    folder = Path(prefix.environment["WINEPREFIX"])
    return WineRegistry(PowerShell(("none",), prefix.environment, prefix.directory, 60, folder), folder)


def test_a_host_comes_into_the_registry_and_back(access: WineRegistry) -> None:
    simulated = SimulatedHost("ws", HostBefore(registry={"windows": {"InstallationType": "Server", "Odd": "value"}}))
    registry = simulated.host.registry
    before = access.exchange("", [keys.WINDOWS])[keys.WINDOWS]
    with WindowsRegistry(access, registry.tree(), com_server=DLL, shared=True) as windows:
        assert windows.refusal(registry) == ""
        windows.begin(registry)
        found = access.exchange("", [keys.UPDATE_NOTIFY_2, keys.WINDOWS])
        assert found[keys.UPDATE_NOTIFY_2 + r"\InProcServer32"] == {"": DLL, "ThreadingModel": "Both"}
        assert found[keys.WINDOWS] == {**before, "InstallationType": "Server", "Odd": "value"}

        registry.set(keys.UPDATES, "UpdatesReadyToApply", "16.0.20228.20190")
        registry.set(keys.SERVICE_INTERNET, "documentsynctimeout", 0xFFFFFFFF)
        registry.set(keys.OFFICEFLEET, "list", ["one", "zwei ä"])
        registry.delete(keys.CONFIGURATION, "AudienceId")
        registry.delete_key(keys.UPDATE_NOTIFY_1)
        windows.push(registry)
        expected = registry.tree()
        registry.delete_key(r"HKLM\SOFTWARE\Microsoft\Office")
        windows.pull(registry)
        found = registry.tree()
        assert {key: found.get(key) for key in expected} == expected
        assert not registry.has_key(keys.UPDATE_NOTIFY_1)
        windows.end(registry)
    left = access.exchange("", [MARK, keys.WINDOWS, *expected])
    assert {key: values for key, values in left.items() if key in (keys.WINDOWS, *expected)} == {keys.WINDOWS: before}
    assert MARK not in left


def test_an_office_is_left_alone(access: WineRegistry) -> None:
    change = f"[{keys.CONFIGURATION}]".replace("HKLM", "HKEY_LOCAL_MACHINE")
    header = "Windows Registry Editor Version 5.00\r\n\r\n"
    access.exchange(f'{header}{change}\r\n"VersionToReport"="16.0.1.1"\r\n', [])
    try:
        with pytest.raises(UnusableError, match="nothing was touched"):
            WindowsRegistry(access, []).__enter__()
        assert access.exchange("", [keys.CLICK_TO_RUN])[keys.CONFIGURATION] == {"VersionToReport": "16.0.1.1"}
    finally:
        access.exchange(f"{header}{change.replace('[', '[-')}\r\n", [])


def test_the_class_as_it_is_registered_answers_from_the_model(
    windows: Windows, prefix: WinePrefix, access: WineRegistry, tmp_path: Path
) -> None:
    build_server(access.folder)
    simulated = SimulatedHost("ws", HostBefore(apps=("WINWORD",)))
    program = build_driver(tmp_path)
    build_server(tmp_path)  # beside the driver, for its counters alone
    with WindowsRegistry(access, simulated.host.registry.tree(), com_server=DLL, shared=True) as registry:
        registry.begin(simulated.host.registry)
        with TimedBridge() as bridge, Driver(prefix, windows.dotnet, program, bridge.port) as driver:
            assert isinstance(bridge, TimedBridge)
            bridge.serve(simulated)
            assert driver.call("GetBlockingApps").apps == ("WINWORD",)
            assert driver.call("Download", "updatetoversion=16.0.20228.20190").succeeded
            assert driver.call("Status").status == Status.DOWNLOAD_PENDING
        registry.end(simulated.host.registry)


@pytest.mark.parametrize(
    "only",
    [
        "a staged build is installed and then reported",
        "brings the earlier one back",
        "applications on a host of",
        "sign of a pending restart",
    ],
)
def test_scenarios_in_the_prefix(prefix: WinePrefix, tmp_path: Path, only: str) -> None:
    stand_in = f"{sys.executable} -m {PACKAGE}.stand_in wine"
    command = [sys.executable, "-m", PACKAGE, "--pwsh", stand_in, "--output", str(tmp_path / "output"), "--only", only]
    environment = {**os.environ, **prefix.environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"COM server:  {DLL}" in done.stdout
    assert "0 FAILED, 0 not playable here" in done.stdout
