# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of `image`: progress while the module runs here, the bare module elsewhere."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.officefleet.c2r.plugins.action import image
from ansible_collections.officefleet.c2r.plugins.action.image import ActionModule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._progress import ProgressLines, describe
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record

ARGUMENTS = {"channel": "Current", "version": "16.0.20326.20100", "library": "/srv/office"}


def state(files: int, size: int, total: int | None = 4_000_000) -> dict[str, Any]:
    return {"phase": "fetching", "files": files, "files_total": 4, "bytes": size, "bytes_total": total}


def write(path: Path, *states: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(state) + "\n" for state in states)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("given", "rate", "text"),
    [
        (state(0, 0), 0.0, "fetching, 0/4 files, 0 %, 0.0 of 4.0 MB, 0.0 MB/s"),
        (state(1, 1_000_000), 2_500_000.0, "fetching, 1/4 files, 25 %, 1.0 of 4.0 MB, 2.5 MB/s"),
        (state(3, 1_234_000_000, 2_900_000_000), 35e6, "fetching, 3/4 files, 42 %, 1.2 of 2.9 GB, 35.0 MB/s"),
        (state(2, 50_000_000, 2_900_000_000), 0.0, "fetching, 2/4 files, 1 %, 0.1 of 2.9 GB, 0.0 MB/s"),
        (state(2, 3_000_000, None), 1e6, "fetching, 2/4 files, 3.0 MB, 1.0 MB/s"),
        ({**state(0, 0), "phase": "waiting for another run", "files_total": 0}, 0.0, "waiting for another run"),
    ],
)
def test_a_line_says_how_far_the_run_is(given: dict[str, Any], rate: float, text: str) -> None:
    assert describe(given, rate) == text


def test_lines_come_while_the_run_lasts_and_once_at_its_end(tmp_path: Path) -> None:
    path, shown = tmp_path / "progress", list[str]()
    with ProgressLines(path, "Current", shown.append, interval=0.02):
        time.sleep(0.1)
        assert shown == []  # nothing is known yet
        write(path, state(0, 0), state(1, 1_000_000))
        wait_for(lambda: len(shown) >= 3)  # also while nothing moves
        assert {re.sub(r"[\d.]+ MB/s", "", line) for line in shown} == {
            "Current: fetching, 1/4 files, 25 %, 1.0 of 4.0 MB, "
        }
        assert shown[2].endswith(" 0.0 MB/s")
        write(path, state(4, 4_000_000))
    assert shown[-1].startswith("Current: fetching, 4/4 files, 100 %, 4.0 of 4.0 MB, ")


def test_a_line_that_is_still_being_written_waits(tmp_path: Path) -> None:
    path, shown = tmp_path / "progress", list[str]()
    line = json.dumps(state(2, 2_000_000)) + "\n"
    with ProgressLines(path, "Current", shown.append, interval=0.02):
        write(path, state(1, 1_000_000))
        with path.open("a") as file:
            file.write(line[:10])
        wait_for(lambda: len(shown) >= 2)
        with path.open("a") as file:
            file.write(line[10:])
    assert shown[0].startswith("Current: fetching, 1/4 files")
    assert shown[-1].startswith("Current: fetching, 2/4 files")


def test_a_run_shorter_than_the_wait_shows_its_end_once(tmp_path: Path) -> None:
    path, shown = tmp_path / "progress", list[str]()
    with ProgressLines(path, "Current", shown.append, interval=60):
        write(path, state(4, 4_000_000))
    assert len(shown) == 1


def test_the_wait_between_lines_is_at_most_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, waits = ProgressLines(tmp_path / "progress", "Current", print), list[float | None]()

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    monkeypatch.setattr(lines._stop, "wait", wait)
    with lines:
        wait_for(lambda: len(waits) == 3)
    assert all(seconds is not None and 0 < seconds <= 5 for seconds in waits)


class Action:
    """The plugin with a module that tells what it was given, and all that was displayed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, transport: str = "local", async_val: int = 0) -> None:
        self.calls: list[dict[str, Any]] = []
        self.shown: list[str] = []
        self.error: Exception | None = None
        self.folder: Path | None = None
        connection = SimpleNamespace(transport=transport, _shell=SimpleNamespace(tmpdir="/tmp/x"))  # noqa: S108
        task = SimpleNamespace(
            args=dict(ARGUMENTS), async_val=async_val, check_mode=False, action="officefleet.c2r.image"
        )
        self.plugin = ActionModule(
            cast(Any, task), cast(Any, connection), cast(Any, None), cast(Any, None), cast(Any, None)
        )
        monkeypatch.setattr(self.plugin, "_execute_module", self._module)
        monkeypatch.setattr(image.display, "display", self.shown.append)

    def _module(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        progress = call["module_args"].get("_progress_file")
        if progress is not None:
            self.folder = Path(progress).parent
            write(Path(progress), state(4, 4_000_000))
        if self.error is not None:
            raise self.error
        return {"changed": True, "path": "/srv/office/Current/16.0.20326.20100"}


def test_here_the_module_reports_progress_and_the_file_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Action(monkeypatch)
    assert action.plugin.run(task_vars={"inventory_hostname": "dp-1"}) == {
        "changed": True,
        "path": "/srv/office/Current/16.0.20326.20100",
    }
    assert action.folder is not None
    assert not action.folder.exists()
    assert action.calls[0]["module_name"] == "officefleet.c2r.image"
    assert action.calls[0]["module_args"].keys() == {*ARGUMENTS, "_progress_file"}
    assert [line.partition(",")[0] for line in action.shown] == ["dp-1  Current 16.0.20326.20100: fetching"]
    assert action.plugin._task.args == ARGUMENTS


def test_the_file_also_goes_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Action(monkeypatch)
    action.error = RuntimeError("lost")
    with pytest.raises(RuntimeError, match="lost"):
        action.plugin.run(task_vars={})
    assert action.folder is not None
    assert not action.folder.exists()


@pytest.mark.parametrize(("transport", "async_val"), [("ssh", 0), ("local", 3600)])
def test_elsewhere_and_in_the_background_the_bare_module_runs(
    monkeypatch: pytest.MonkeyPatch, transport: str, async_val: int
) -> None:
    action = Action(monkeypatch, transport, async_val)
    action.plugin.run(task_vars={})
    assert action.calls[0]["module_args"] == ARGUMENTS
    assert action.calls[0]["wrap_async"] == async_val
    assert action.shown == []


@pytest.mark.parametrize("number", [20228.2019, 16])
@pytest.mark.parametrize("transport", ["local", "ssh"])
def test_a_version_that_yaml_read_as_a_number_is_refused(
    monkeypatch: pytest.MonkeyPatch, transport: str, number: float
) -> None:
    action = Action(monkeypatch, transport)
    action.plugin._task.args["version"] = number
    with pytest.raises(AnsibleActionFail, match=rf"^version: {number} is a .* in quotes, .*'16\.0\.\d+\.\d+'"):
        action.plugin.run(task_vars={})
    assert action.calls == []


def test_versions_that_deployments_want_reach_the_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = DeploymentKey("august", "Current", "16.0.20326.20000", "http://dp/office")
    DirectoryStore(str(tmp_path)).save(Record("ws-1", "pilot", key, updated_at=datetime(2026, 8, 18, tzinfo=UTC)))
    action = Action(monkeypatch, "ssh")
    action.plugin._task.args |= {"records": str(tmp_path), "keep": 2}
    action.plugin.run(task_vars={})
    given = action.calls[0]["module_args"]
    assert given == {**ARGUMENTS, "keep": 2, "_wanted": {"16.0.20326.20000": "wanted by deployment august"}}
    (tmp_path / "ws-2.json").write_text("{")
    with pytest.raises(AnsibleActionFail, match=r"^records: \S+ws-2\.json .* Nothing is pruned"):
        action.plugin.run(task_vars={})


def test_records_are_not_read_unless_something_may_be_pruned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ws-2.json").write_text("{")
    action = Action(monkeypatch, "ssh")
    action.plugin._task.args["records"] = str(tmp_path)
    action.plugin.run(task_vars={})
    assert action.calls[0]["module_args"] == ARGUMENTS


def test_while_there_are_no_records_nothing_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(image.display, "warning", warnings.append)
    action = Action(monkeypatch, "ssh")
    action.plugin._task.args |= {"records": str(tmp_path / "records"), "keep": 2}
    action.plugin.run(task_vars={})
    assert action.calls[0]["module_args"] == ARGUMENTS
    assert warnings[0].startswith(f"records: {tmp_path}/records does not exist ")
    assert warnings[0].endswith("this run removes none.")


@pytest.mark.parametrize("pinned", [[20228.2019], 20228.2019])
def test_a_pinned_version_that_yaml_read_as_a_number_is_refused(monkeypatch: pytest.MonkeyPatch, pinned: Any) -> None:
    action = Action(monkeypatch)
    action.plugin._task.args["pinned"] = pinned
    with pytest.raises(AnsibleActionFail, match=r"^pinned: 20228\.2019 is a float"):
        action.plugin.run(task_vars={})
