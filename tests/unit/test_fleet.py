# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated fleet: the same hosts each time, every kind of trouble, cheap in memory; the probe it downloads by."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    CANNOT_CONNECT,
    NAME_NOT_RESOLVED,
    UpdateError,
    error_field,
)
from ansible_collections.officefleet.c2r.tests.lab.fleet import (
    CLOSED_PORT,
    KINDS,
    assign_kinds,
    build_fleet,
    inventory,
    ring_size,
)
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import run
from ansible_collections.officefleet.c2r.tests.lab.probe import http_probe, needed_files
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

BUILD = "16.0.20228.20190"
INFO = ModuleCall("officefleet.c2r.update_info")


@pytest.mark.parametrize("count", [8, 9, 25, 40, 100, 500])
def test_every_kind_of_host_is_there_and_the_pilot_ring_ends_well(count: int) -> None:
    kinds = assign_kinds(count)
    counts = Counter(kind.name for kind in kinds)
    assert len(kinds) == count
    assert {counts[kind.name] for kind in KINDS} == {max(1, count // 40)}
    assert 0 < ring_size(count) <= max(1, count * 0.2)
    assert all(kind.ends_well for kind in kinds[: ring_size(count)])


def test_trouble_is_spread_over_the_fleet() -> None:
    troubled = [index for index, kind in enumerate(assign_kinds(200)) if kind in KINDS]
    assert max(b - a for a, b in zip([0, *troubled], [*troubled, 199], strict=True)) <= 12


def test_too_small_a_fleet_is_refused() -> None:
    with pytest.raises(ValueError, match=r"count: 7 .* 8 is the least"):
        build_fleet(7)


def test_two_fleets_are_the_same() -> None:
    first, second = build_fleet(60), build_fleet(60)
    assert [host.name for host in first] == [host.name for host in second]
    assert [host.registry.tree() for host in first] == [host.registry.tree() for host in second]
    assert [host.free_disk_bytes for host in first] == [host.free_disk_bytes for host in second]


def test_every_host_gives_an_answer_that_the_controller_understands() -> None:
    states = [HostState.from_result(run(host, INFO)) for host in build_fleet(25)]
    assert Counter(state.version for state in states) == {
        "16.0.20131.20206": 23,
        BUILD: 1,
        "16.0.20326.20100": 1,
    }
    assert Counter(state.channel for state in states) == {"MonthlyEnterprise": 24, "Current": 1}
    assert sum("ja-jp" in state.languages for state in states) == 1
    assert sum(state.blocking_apps == ("WINWORD",) for state in states) == 2
    # where an application is open, management is on already: the service could not be restarted
    assert all(state.status == "unknown" for state in states if state.blocking_apps)


def test_500_hosts_are_cheap() -> None:
    threads = set(threading.enumerate())
    tracemalloc.start()
    hosts = build_fleet(500)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 20 * 1024**2
    assert set(threading.enumerate()) <= threads, "it starts none; other tests' may end meanwhile"
    assert len({host.name for host in hosts}) == 500


def test_one_host_answers_many_callers_at_once() -> None:
    host = Host("ws-001", Office("16.0.20131.20206"), managed=True, probe=lambda *_: 0)
    call = ModuleCall("officefleet.c2r.update", {"_step": "download", "version": BUILD})
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: run(host, call), range(64)))
    assert sorted(answer["refused"] or "" for answer in answers) == [""] + ["busy"] * 63


def test_callers_wait_for_each_other() -> None:
    """What a host's service does in time it does once, however many look at the same moment."""
    probed: list[str] = []

    def slow_probe(base_url: str, *_: object) -> int:
        probed.append(base_url)
        time.sleep(0.05)
        return 0

    host = Host("ws-001", Office("16.0.20131.20206"), managed=True, probe=slow_probe, clock=Clock(speed=1000))
    run(host, ModuleCall("officefleet.c2r.update", {"_step": "download", "version": BUILD, "source": "http://lab"}))
    time.sleep(0.01)
    with ThreadPoolExecutor(8) as pool:
        statuses = {answer["status"] for answer in pool.map(lambda _: run(host, INFO), range(8))}
    assert probed == ["http://lab"]
    assert statuses <= {"downloading", "download_succeeded"}


def test_an_unknown_module_crashes_as_on_a_host_that_lacks_it() -> None:
    with pytest.raises(LookupError, match=r"no module ansible\.windows\.win_ping; they know document_sync_timeout"):
        run(build_fleet(8)[0], ModuleCall("ansible.windows.win_ping"))


def test_inventory() -> None:
    hosts = build_fleet(25)
    with WinrmServer(lambda _name, _call: {}, password="lab") as server:  # noqa: S106 - of this server alone
        plain = yaml.safe_load(yaml.safe_dump(inventory(hosts, server, password="lab")))  # noqa: S106
        windows = plain["all"]["children"]["windows"]
        assert windows["vars"]["ansible_port"] == server.port
    pilot, broad = (windows["children"][ring]["hosts"] for ring in ("pilot", "broad"))
    assert [*pilot, *broad] == [host.name for host in hosts]
    assert len(pilot) == 5
    unreachable = [name for name, values in {**pilot, **broad}.items() if values.get("ansible_port") == CLOSED_PORT]
    assert unreachable == [host.name for host in hosts if not host.reachable]
    assert len(unreachable) == 1
    assert pilot["ws-001"] == {"ansible_winrm_path": "/wsman/ws-001"}


# -- the probe --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A served library: its address and folder."""
    work = tmp_path_factory.mktemp("probe")
    image = work / "library" / BUILD
    for path in needed_files(BUILD, "x64", ["de-de"]):
        (image / path).parent.mkdir(parents=True, exist_ok=True)
        (image / path).write_bytes(b"content")
    with LabCdn(work / "cdn", [Build("Current", "16.0.20326.20100", payload_bytes=1024, language_bytes=1024)]) as cdn:
        yield f"{cdn.serve('/library', work / 'library')}/{BUILD}", image


def test_probe_finds_a_complete_image(library: tuple[str, Path]) -> None:
    assert http_probe(library[0], BUILD, "x64", ["de-DE"]) == UpdateError.OK
    assert http_probe(library[0] + "/", BUILD, "x64", []) == UpdateError.OK


@pytest.mark.parametrize("path", needed_files(BUILD, "x64", ["de-de"]))
@pytest.mark.parametrize("damage", ["absent", "empty"])
def test_probe_misses_each_file(library: tuple[str, Path], path: str, damage: str) -> None:
    file = library[1] / path
    file.unlink()
    if damage == "empty":
        file.touch()
    try:
        assert http_probe(library[0], BUILD, "x64", ["de-de"]) == UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE
    finally:
        file.write_bytes(b"content")


@pytest.mark.parametrize(
    ("version", "architecture", "language"),
    [("16.0.20131.20206", "x64", "de-de"), (BUILD, "x86", "de-de"), (BUILD, "x64", "ja-jp")],
)
def test_probe_misses_other_content(library: tuple[str, Path], version: str, architecture: str, language: str) -> None:
    assert http_probe(library[0], version, architecture, [language]) == UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE


def test_probe_tells_a_server_that_is_away() -> None:
    assert http_probe(f"http://127.0.0.1:{CLOSED_PORT}", BUILD, "x64", []) == error_field(CANNOT_CONNECT)


@pytest.mark.parametrize(
    "url", ["http://officecdn.microsoft.com/pr/guid", "http://192.0.2.1", r"\\files\office", "", "https://127.0.0.1"]
)
def test_probe_sends_nothing_beyond_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests.Session.head", lambda *_args, **_kwargs: pytest.fail("sent"))
    assert http_probe(url, BUILD, "x64", []) == error_field(NAME_NOT_RESOLVED)


# -- the registry -----------------------------------------------------------------------------------------------------


def test_registry_ignores_case_and_keeps_spelling() -> None:
    registry = Registry({r"HKLM\Software\Office": {"VersionToReport": "1"}})
    registry.set(r"hkey_local_machine\SOFTWARE\office\\".rstrip("\\"), "versiontoreport", "2")
    assert registry.values(r"HKLM\SOFTWARE\OFFICE") == {"VersionToReport": "2"}
    assert registry.get(r"HKLM\Software\Office", "VERSIONTOREPORT") == "2"


def test_registry_keys_and_values_that_are_missing() -> None:
    registry = Registry({r"HKLM\A\B": {"x": ""}})
    assert registry.get(r"HKLM\A", "x") is None
    assert registry.text(r"HKLM\A\B", "x") is None
    assert registry.values(r"HKLM\C") == {}
    assert registry.has_key(r"HKLM\A")
    assert not registry.has_key(r"HKLM\A\B2")
    assert registry.subkeys(r"HKLM\A") == ["B"]
    registry.delete(r"HKLM\C", "x")
    registry.delete_key(r"HKLM\a")
    assert not registry.has_key(r"HKLM\A\B")


def test_registry_knows_two_hives() -> None:
    with pytest.raises(ValueError, match=r"starts with HKLM\\ or HKU\\"):
        Registry().get(r"HKCU\Software", "x")
