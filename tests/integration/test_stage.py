# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `stage` and the module `image`, run by the real ansible-core against the simulated CDN."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.modules import image as image_module
from ansible_collections.officefleet.c2r.tests.integration.interrupts import interrupts
from ansible_collections.officefleet.c2r.tests.integration.team import NEW, OLD, Team
from ansible_collections.officefleet.c2r.tests.lab.cdn import LabCdn

__all__ = ["interrupts"]  # a fixture, found by its name

STREAM = "stream.x64.x-none.dat"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (OLD, NEW)) as lab:
        yield lab


@pytest.fixture
def team(shared: LabCdn, tmp_path: Path) -> Team:
    shared.faults.clear()
    shared.requests.clear()
    shared.bytes_per_second = None
    return Team(shared, tmp_path)


def test_check_then_stage_then_nothing_to_do(team: Team) -> None:
    checked = team.play("--check", "--diff")
    assert checked.status == 0
    assert "changed=1" in checked.output
    assert re.search(rf"^\+office/data/{NEW.version}/{re.escape(STREAM)} 2000000 bytes$", checked.output, re.MULTILINE)
    assert f"would be staged: {team.image}, 14 files" in checked.output
    assert not team.library.exists()

    staged = team.play()
    assert staged.status == 0
    assert "changed=1" in staged.output
    manifest = json.loads((team.image / "manifest.json").read_text())
    size = sum(file["size"] for file in manifest["files"])
    assert f"localhost  {NEW.channel} {NEW.version}: publishing, 13/13 files, 100 %" in staged.output
    assert f"staged: {team.image}, 14 files, {size / 1e6:.1f} MB, x64, en-us de-de" in staged.output
    assert team.only_the_lock_is_left()

    team.cdn.requests.clear()
    again = team.play()
    assert again.status == 0
    assert "changed=0" in again.output
    assert f"already there: {team.image}, 14 files" in again.output
    assert team.cdn.requests == []


def test_distribution_points_of_the_inventory_are_refused_not_ignored(team: Team) -> None:
    """Ansible settles a play's hosts before it reads the inventory's variables."""
    points = {"hosts": {"a": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
    variables = {"officefleet_distribution_points": "points"}
    (team.home / "inventory.yml").write_text(json.dumps({"all": {"vars": variables, "children": {"points": points}}}))
    error = team.play("-i", "inventory.yml").error
    assert error.startswith("officefleet_distribution_points is set to points in the inventory, where it has no effect")
    assert "-e officefleet_distribution_points=points" in error
    assert team.nothing_is_published()
    # Where the play happens to run there all the same, nothing is wrong; and so with what a survey leaves empty
    empty = dict.fromkeys(("file_list", "release_history"), "")
    both = ["points", "localhost"]
    some = ("--limit", "a")
    assert team.play("-i", "inventory.yml", "--check", *some, distribution_points=both, **empty).status == 0
    assert team.play("-i", "inventory.yml", "--check", distribution_points="").status == 0


def test_the_modules_result_says_what_the_manifest_says(team: Team) -> None:
    planned = team.module("--check", file_list="ofl", file_list_url=team.cdn.ofl_url).result
    assert planned["changed"] is True
    assert planned["bytes_fetched"] == 0
    assert not team.library.exists()
    staged = team.module(file_list="ofl", file_list_url=team.cdn.ofl_url).result
    assert staged["changed"] is True
    manifest = json.loads((team.image / "manifest.json").read_text())
    assert staged["files"] == manifest["files"]
    assert staged["path"] == planned["path"] == str(team.image)
    assert staged["manifest"] == str(team.image / "manifest.json")
    assert staged["bytes_total"] == planned["bytes_total"] == sum(file["size"] for file in manifest["files"])
    again = team.module(file_list="ofl", file_list_url=team.cdn.ofl_url).result
    assert again["changed"] is False
    assert again["bytes_fetched"] == 0
    assert again["files"] == staged["files"]


def test_without_a_version_the_newest_is_staged(team: Team) -> None:
    answer = team.play(version=None, languages="en-us,fr-fr", release_history=team.cdn.release_history_url)
    assert answer.status == 0
    assert json.loads((team.image / "manifest.json").read_text())["languages"] == ["en-us", "fr-fr"]


def test_one_version_for_all_distribution_points(team: Team) -> None:
    """The version is a lookup that answers differently each time; it is asked once, and both hosts get that answer."""
    library = f"{team.home}/{{{{ inventory_hostname }}}}"
    shared = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "officefleet_library": library,
    }
    inventory = {"points": {"hosts": {"a": {}, "b": {}}, "vars": shared}}
    (team.home / "inventory.yml").write_text(json.dumps(inventory))
    script = team.home / "version"
    script.write_text(
        f"#!/bin/sh\necho >> asked\n[ $(($(wc -l < asked) % 2)) = 0 ] && echo {NEW.version} || echo {OLD.version}\n"
    )
    script.chmod(0o755)
    lookup = f"{{{{ lookup('ansible.builtin.pipe', 'cd {team.home}; ./version') }}}}"
    points = {"distribution_points": "points", "library": None, "version": lookup}
    assert team.play("-i", "inventory.yml", "--forks", "1", **points).status == 0
    assert (team.home / "asked").read_text() == "\n"
    staged = [[path.parent.name for path in (team.home / host).glob("*/*/manifest.json")] for host in "ab"]
    assert staged[0] == staged[1]
    assert len(staged[0]) == 1


@pytest.mark.parametrize("name", ["channel", "languages", "library"])
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_a_missing_variable_is_named(team: Team, name: str, value: str | None) -> None:
    assert re.match(rf"officefleet_{name} is not set; it takes .* such as ", team.play(**{name: value}).error)
    assert team.nothing_is_published()
    assert team.cdn.requests == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"channel": "Monthli"}, r"channel: 'Monthli' is not .* Valid are .*MonthlyEnterprise"),
        ({"version": "2607"}, r"version: '2607' is not .*'16\.0\.20326\.20100'"),
        ({"version": "16.0.1.2"}, r"version: '16\.0\.1\.2' is not a build of channel MonthlyEnterprise .*lookup\("),
        ({"languages": ["en-us", "xx-xx"]}, r"languages: 'xx-xx' .* Valid are de-de, en-us, fr-fr\."),
        ({"cdn_url": "cdn"}, r"cdn_url: 'cdn' is not an http\(s\) URL\. The default is https://officecdn"),
        ({"trust_anchors": ["/absent.pem"]}, r"trust_anchors: '?/absent\.pem'? "),
        ({"library": "/dev/null/library"}, r"library: '/dev/null/library' cannot be used: .*Not a directory"),
        ({"keep": 0}, r"keep: 0 is out of range; give a number at least 1\."),
    ],
    ids=["channel", "no version", "unknown version", "language", "cdn_url", "trust_anchors", "library", "keep"],
)
def test_what_cannot_be_staged_is_named(team: Team, changes: dict[str, Any], expected: str) -> None:
    assert re.match(expected, team.play(**changes).error)
    assert team.nothing_is_published()


@pytest.mark.parametrize(
    ("name", "fault", "expected"),
    [
        (STREAM, "flip", r"cdn_url: http://\S+ was damaged or altered on the way"),
        ("i640.cab", "flip", r"cdn_url: http://\S+ is not what was signed"),
        (STREAM, "truncate", r"cdn_url: http://\S+ cannot be fetched, 4 attempts failed: the answer ended early"),
        (STREAM, "html", r"cdn_url: http://\S+ answered with a web page"),
        ("i641031.cab", "missing", r"languages: 'de-de' is not in 16\.0\.20228\.20190 of channel MonthlyEnterprise"),
        ("s640.cab", "bad-request", r"version: 16\.0\.20228\.20190 of channel MonthlyEnterprise is not on the CDN"),
    ],
)
def test_a_file_that_is_not_as_it_should_be(team: Team, name: str, fault: str, expected: str) -> None:
    team.cdn.faults[team.cdn.path(NEW, name)] = fault
    error = team.play().error
    assert re.match(expected, error)
    assert name in error or name.startswith("s640") or "de-de" in error
    assert team.nothing_is_published()


@pytest.mark.parametrize("option", ["cdn_url", "file_list_url"])
def test_a_server_that_is_away(team: Team, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"http://127.0.0.1:{closed.getsockname()[1]}"
    error = team.play(**{option: away}).error
    assert re.match(rf"{option}: {away}\S* cannot be fetched\b.*: .*Connection refused\. Check the address, ", error)
    assert team.nothing_is_published()


def test_a_language_is_added_to_an_image(team: Team) -> None:
    assert team.play(languages=["en-us"]).status == 0
    before = (team.image / "office/data/v64.cab").stat().st_ino
    checked = team.module("--check").result
    team.cdn.requests.clear()
    added = team.module().result
    assert added["languages"] == ["en-us", "de-de"]
    assert {key: checked[key] for key in ("files", "bytes_reused")} != {}
    assert checked["bytes_to_fetch"] == added["bytes_fetched"]
    assert checked["bytes_reused"] == added["bytes_reused"]
    assert not [request for request in team.cdn.requests if request.path.endswith(STREAM)]
    assert (team.image / "office/data/v64.cab").stat().st_ino == before


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("silent", [False, True], ids=["busy", "silent"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("interrupts")
def test_an_interrupted_run_publishes_nothing_and_the_next_one_goes_on(
    team: Team, number: signal.Signals, silent: bool
) -> None:
    """Also while it waits for a server that says nothing more, and long before that would count as an error."""
    team.cdn.bytes_per_second = 400_000
    if silent:
        team.cdn.faults[team.cdn.path(NEW, STREAM)] = "stall"
        team.cdn.bytes_per_second = None
    arguments = team.home / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": team.variables}))
    process = subprocess.Popen(
        [sys.executable, "-m", image_module.__name__, str(arguments)],
        env=team.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: bool(list(team.library.glob(f".staging/*/office/data/*/{STREAM}*"))))
        process.send_signal(number)
        process.wait(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode != 0
    assert team.nothing_is_published()
    team.cdn.bytes_per_second = None
    team.cdn.faults.clear()
    assert "changed=1" in team.play().output
    assert team.only_the_lock_is_left()


def test_a_missing_library_of_python_is_named_with_the_remedy(team: Team) -> None:
    """A Python that sees nothing of what is installed beside it."""
    bare = team.home / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    answer = team.module("-e", f"ansible_python_interpreter={bare}")
    assert answer.status != 0
    assert "Traceback" not in answer.output
    message = answer.result["msg"]
    assert message.startswith("The Python library requests cannot be loaded (")
    assert "pip install requests" in message
    assert not team.library.exists()
