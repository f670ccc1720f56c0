# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roll call: what slices have told of their hosts makes whole rings, and what is old makes none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _roll_call
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, RecordError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice, this_slice
from ansible_collections.officefleet.c2r.tests.unit.transcript import SOURCE, TARGET

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEPLOYMENT = Deployment(name="2026-12", version=TARGET, source=SOURCE, channel="Current", rings=("pilot", "broad"))
OPTION = "officefleet_slices"


class Runs:
    """Slices of runs, and what is known of all hosts after each."""

    def __init__(self, directory: Path) -> None:
        self.store = DirectoryStore(str(directory))
        self.notes = self.store.roll_calls
        self.count = 2

    def tell(
        self, run: str, part: str, *, at: datetime = NOW, deployment: Deployment = DEPLOYMENT, **hosts: str
    ) -> None:
        """Have a slice tell its hosts, given as names with spaces between."""
        members = {ring: names.split() for ring, names in hosts.items()}
        _roll_call.tell(self.notes, deployment, Slice(self.count, run, part), members, at, OPTION)

    def whole(self, run: str, *, at: datetime = NOW, inventory: str = "", deployment: Deployment = DEPLOYMENT) -> Any:
        """Give what a slice of a run sees."""
        return _roll_call.whole(self.notes, deployment, Slice(self.count, run, "x", inventory), at)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "records")


def test_rings_are_whole_once_every_slice_has_told(runs: Runs) -> None:
    assert runs.whole("1") == "0 of 2 slices have told their hosts yet"
    runs.tell("1", "a", pilot="p1", broad="b1 b2")
    runs.tell("1", "a", pilot="p1", broad="b1 b2")  # again, as with `serial`
    assert runs.whole("1") == "1 of 2 slices have told their hosts yet"
    runs.tell("1", "b", pilot="p2", broad="b3")
    expected = {"pilot": ["p1", "p2"], "broad": ["b1", "b2", "b3"], "all": ["b1", "b2", "b3", "p1", "p2"]}
    assert runs.whole("1") == expected
    assert runs.store.everything() == ([], []), "a roll call is no record"


def test_the_last_complete_run_holds_until_the_next_is_complete(runs: Runs) -> None:
    runs.tell("1", "a", pilot="p1", broad="gone")
    runs.tell("1", "b", pilot="p2", broad="moved")
    runs.tell("2", "c", at=NOW + HOUR, pilot="p1 moved new")
    seen = {"pilot": ["moved", "new", "p1", "p2"], "broad": ["gone"], "all": ["gone", "moved", "new", "p1", "p2"]}
    assert runs.whole("2", at=NOW + HOUR) == seen, "a host counts once it is told of, where it was told of last"
    runs.tell("2", "d", at=NOW + HOUR, pilot="p2")
    assert runs.whole("2", at=NOW + HOUR)["all"] == ["moved", "new", "p1", "p2"], "who left is forgotten"
    assert runs.whole("1", at=NOW + HOUR)["all"] == ["moved", "new", "p1", "p2"], "also by slices that still run"


def test_an_older_run_that_never_got_complete_adds_nothing(runs: Runs) -> None:
    runs.tell("1", "a", pilot="p1 gone")
    runs.tell("2", "c", at=NOW + HOUR, pilot="p1")
    runs.tell("2", "d", at=NOW + HOUR, pilot="p2")
    assert runs.whole("2", at=NOW + HOUR)["pilot"] == ["p1", "p2"]


def test_what_is_old_does_not_count_for_ever(runs: Runs) -> None:
    runs.tell("1", "a", pilot="p1")
    runs.tell("1", "b", pilot="p2")
    assert runs.whole("2", at=NOW + _roll_call.VALID)["pilot"] == ["p1", "p2"]
    assert runs.whole("2", at=NOW + _roll_call.VALID + HOUR) == "0 of 2 slices have told their hosts yet"


def test_runs_that_never_get_complete_do_not_pile_up(runs: Runs) -> None:
    runs.tell("0", "a", pilot="p1")
    runs.tell("0", "b", pilot="p2")
    for run in range(1, 8):
        runs.tell(str(run), "a", at=NOW + run * HOUR, pilot=f"n{run}")
    assert runs.whole("7", at=NOW + 7 * HOUR)["pilot"] == ["n5", "n6", "n7", "p1", "p2"]


def test_other_numbers_of_slices_are_runs_of_their_own(runs: Runs) -> None:
    runs.tell("1", "a", pilot="p1 p2")
    runs.tell("1", "b", pilot="p3 p4")
    runs.count = 4
    for number, part in enumerate("cdef", 1):
        runs.tell("2", part, at=NOW + HOUR, pilot=f"p{number}")
    assert runs.whole("2", at=NOW + HOUR)["pilot"] == ["p1", "p2", "p3", "p4"]
    with pytest.raises(InputError, match="officefleet_slices: 4 slices cannot be: 4 others of this run, of 4, have"):
        runs.tell("2", "g", pilot="p5")
    runs.count = 3
    with pytest.raises(InputError, match="officefleet_slices: 3 slices cannot be: 4 others of this run, of 4, have"):
        runs.tell("2", "g", pilot="p5")


def test_other_rings_and_other_inventories_tell_nothing(runs: Runs) -> None:
    runs.tell("1", "a", pilot="p1")
    runs.tell("1", "b", pilot="p2")
    assert runs.whole("2", inventory="9") == "0 of 2 slices have told their hosts yet"
    changed = Deployment(name="2026-12", version=TARGET, source=SOURCE, channel="Current", rings=("pilot", "early"))
    assert runs.whole("1", deployment=changed) == "0 of 2 slices have told their hosts yet"
    other = Slice(2, "1", "c", "9")
    _roll_call.tell(runs.notes, DEPLOYMENT, other, {"pilot": ["q1"]}, NOW, OPTION)
    _roll_call.tell(runs.notes, DEPLOYMENT, replace(other, part="d"), {"pilot": ["q2"]}, NOW, OPTION)
    assert runs.whole("1")["pilot"] == ["p1", "p2"]
    assert runs.whole("1", inventory="9")["pilot"] == ["q1", "q2"]


def test_rings_that_no_host_is_in_are_there(runs: Runs) -> None:
    runs.tell("1", "a", broad="b1")
    runs.tell("1", "b", broad="b2")
    assert runs.whole("1")["pilot"] == []


@pytest.mark.parametrize("document", [{"schema": 2}, {"schema": 1, "runs": [{"run": 7}]}])
def test_a_document_that_is_no_roll_call_counts_as_none(runs: Runs, document: dict[str, Any]) -> None:
    runs.notes.write(DeploymentKey.of(DEPLOYMENT), document)
    assert runs.whole("1") == "0 of 2 slices have told their hosts yet"
    runs.tell("1", "a", pilot="p1")
    assert runs.whole("1") == "1 of 2 slices have told their hosts yet"


def test_a_damaged_document_is_named_with_what_its_loss_means(runs: Runs) -> None:
    runs.notes.write(DeploymentKey.of(DEPLOYMENT), {})
    runs.notes.path(DeploymentKey.of(DEPLOYMENT)).write_text("[")
    with pytest.raises(RecordError, match="Move it away: gates then stay closed until every slice has told its hosts"):
        runs.whole("1")


def test_a_slice_that_cannot_tell_in_time_says_so(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_roll_call, "PATIENCE", 0.0)
    with runs.notes.held(DeploymentKey.of(DEPLOYMENT), 0) as ours:
        assert ours
        with pytest.raises(RecordError, match="records: another slice of '2026-12' has told its hosts for 0 s"):
            runs.tell("1", "a", pilot="p1")


AWX = {
    "awx_job_id": 102,
    "awx_job_template_name": "rollout",
    "awx_workflow_job_id": 100,
    "awx_workflow_job_name": "rollout",
    "awx_inventory_id": 4,
}


def test_a_slice_is_known_by_what_awx_sets() -> None:
    assert this_slice(8, AWX, OPTION) == Slice(8, "100", "102", "4")
    tower = {name.replace("awx_", "tower_"): value for name, value in AWX.items()}
    assert this_slice(8, tower, OPTION) == Slice(8, "100", "102", "4")
    again = {"awx_job_id": 140}
    assert this_slice(8, again, OPTION) == Slice(8, "job 140", "140"), "one slice, launched again alone"


def test_whole_runs_are_no_slices() -> None:
    assert this_slice(None, {}, OPTION) is None
    assert this_slice(1, AWX, OPTION) is None
    assert this_slice(None, {**AWX, "awx_workflow_job_name": "night"}, OPTION) is None, "a job of a workflow"


@pytest.mark.parametrize(
    ("count", "variables", "message"),
    [
        (None, AWX, "officefleet_slices is not set, and this job of 'rollout' looks like a slice"),
        (8, {}, "officefleet_slices: 8 slices need awx_job_id and awx_workflow_job_id, which AWX sets"),
        (0, AWX, "officefleet_slices: 0 is not between 1 and 1000"),
    ],
)
def test_slices_that_cannot_be_told_apart_are_refused(
    count: int | None, variables: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        this_slice(count, variables, OPTION)
