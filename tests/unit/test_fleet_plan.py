# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a deployment file to what hosts are reconciled with, and over the wire between the two modules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest, Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _deployment_rules, _fleet_plan, _rollout_plan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._directory_store import DirectoryStore
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion

VERSION = "16.0.20228.20190"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
GROUPS = {"all": ["p1", "l1", "v1", "x1"], "pilot": ["p1"], "site_lyon": ["l1"], "vpn": ["v1"], "lab": ["x1"]}
TEXT = f"""
deployments:
  - name: monthly
    channel: MonthlyEnterprise
    version: "{VERSION}"
    rings:
      - {{group: pilot, gates: {{ring_success: 100, soak_time: 3d}}}}
      - {{group: all, available_from: "2026-12-07T06:00"}}
    gates: {{ring_coverage: 80, stop_on: [{{domain: win32, code: 112}}]}}
    clock: local
    available_from: "2026-12-01T08:00"
    deadline: +2w
    after_deadline: force
    apps: {{close: after_deadline, defer: 2, wait: 2h}}
    windows: [{{days: [saturday], start: "22:00", end: "04:00"}}]
    exclusions: ["2026-12-24"]
    downloads: in_windows
    notice: {{text: Please close Office., postpone: true}}
    sources:
      - {{url: "http://lyon.example", groups: [site_lyon], max_active: 3}}
      - url: http://office.example
        group_limits: {{pilot: 2}}
        slow_link: {{groups: [vpn], rule: trickle, max_active: 1}}
    retries: {{max_attempts: 5, retry_delay: 2h}}
  - name: next
    channel: Current
    rings: [all]
    sources: [{{url: "http://office.example"}}]
    available_from: asap
    deadline: none
"""
SIZES = (("x64", 2010, 305), ("x86", 1710, 5))
DEMANDS = {"x64": Requirements("10.0.17763", None), "x86": Requirements("10.0", "15.0.4446.1000")}
WAIVERS = 'waivers: [{group: lab, reason: an old add-in, owner: lab@example, expires: "2027-01-31"}]'


def manifest_at(url: str) -> Manifest:
    """The image everywhere but in Lyon."""
    if "lyon" in url:
        raise TransferError("source: http://lyon.example cannot be fetched: no route to host.")
    made = "2026-11-01T00:00:00Z"
    return Manifest("MonthlyEnterprise", VERSION, ("x64", "x86"), ("en-us",), made, (), requirements=DEMANDS)


def planned(text: str = TEXT, name: str = "monthly") -> _fleet_plan.FleetPlan:
    """The plan of a deployment of the file."""
    file = reading.read(text, NOW, fresh=(), groups=GROUPS)
    waivers = reading.read_waivers(WAIVERS, NOW, groups=GROUPS)
    return _fleet_plan.plan(_fleet_plan.chosen(file, name), GROUPS, waivers, manifest_at, NOW)


def test_the_file_reaches_the_engine() -> None:
    deployment = planned().deployment
    schedule = deployment.schedule
    assert schedule.available_from == Moment(datetime(2026, 12, 1, 8), "local")
    assert schedule.deadline == Moment(datetime(2026, 12, 15, 8), "local")
    assert (schedule.after_deadline, schedule.downloads_in_windows) == ("force", True)
    assert [str(window) for window in schedule.windows] == ["saturday 22:00 to 04:00"]
    assert schedule.exclusions == (Exclusion(date(2026, 12, 24), date(2026, 12, 24)),)
    assert (deployment.rings, deployment.only_rings) == (("pilot", "all"), True)
    pilot, everyone = deployment.gate_rules("pilot"), deployment.gate_rules("all")
    assert (pilot.success, pilot.coverage, pilot.soak) == (100, 80, 3 * 86400)
    assert everyone.stop_on == {("win32", "112")}
    assert (deployment.max_attempts, deployment.retry_delay) == (5, 7200)
    assert (deployment.apps.close, deployment.apps.defer) == ("after_deadline", 2)
    assert deployment.waivers == {"x1": "waived until 2027-01-31 23:59 UTC: an old add-in (lab@example)"}


def test_each_host_gets_its_source_its_slots_and_its_time() -> None:
    deployment = planned().deployment
    pilot = deployment.at("pilot", {"all", "pilot"})
    assert pilot.source == f"http://office.example/MonthlyEnterprise/{VERSION}"
    assert pilot.slots == (Slot("http://office.example", 50), Slot("http://office.example pilot", 2))
    assert (pilot.languages, pilot.architectures) == (frozenset({"en-us"}), frozenset({"x64", "x86"}))
    assert pilot.requirements == DEMANDS
    slow = deployment.at("all", {"all", "vpn"})
    assert slow.slots[-1] == Slot("http://office.example slow links", 1)
    assert slow.schedule.ring_available_from == Moment(datetime(2026, 12, 7, 6), "local")


def test_deployments_share_the_slots_of_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """One library serves workstations and servers, each with an image of its own."""

    def staged(url: str) -> Manifest:
        return Manifest(url.split("/")[-2], VERSION, ("x64",), ("en-us",), "2026-11-01T00:00:00Z", ())

    monkeypatch.setitem(globals(), "manifest_at", staged)
    both = TEXT.replace("    channel: Current\n", f"    channel: Current\n    version: {VERSION}\n")
    monthly, following = (planned(both, name).deployment.at("pilot", {"all"}) for name in ("monthly", "next"))
    assert monthly.source != following.source
    assert monthly.slots == following.slots == (Slot("http://office.example", 50),)


def test_a_source_that_cannot_be_reached_is_passed_over_and_told() -> None:
    plan = planned()
    assert plan.deployment.at("all", {"all", "site_lyon"}).source.startswith("http://office.example/")
    assert plan.warnings == ("source: http://lyon.example cannot be fetched: no route to host.",)
    only_lyon = planned(TEXT.replace("      - url: http://office.example\n", "      - url: http://lyon2.example\n"))
    assert only_lyon.deployment.at("all", {"all"}).no_source == plan.warnings[0]


def sized(path: str, size: int, **about: Any) -> ImageFile:
    """One file of an image."""
    return ImageFile(path, size, "0" * 64, "", "none", **about)


def test_a_download_needs_the_room_that_it_takes_on_the_host_or_what_the_file_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = (
        sized("x-none", 2000, architectures=("x64",)),
        sized("x-none", 1700, architectures=("x86",)),
        sized("stream.x64.x-none.arm64x.dat", 900, architectures=("x64",)),
        sized("en-us", 300, language="en-us", architectures=("x64",)),
        sized("s.en-us", 5, language="en-us"),
        sized("rm-ch", 40, language="rm-ch", proofing=True),
        sized("both", 10),
    )
    image = Manifest("MonthlyEnterprise", VERSION, ("x64", "x86"), ("en-us",), "2026-11-01T00:00:00Z", files)
    monkeypatch.setitem(globals(), "manifest_at", lambda _url: image)
    pilot = planned().deployment.at("pilot", {"all", "pilot"})
    sizes = {name: DownloadSize(shared, {"en-us": en_us}, {"rm-ch": 40}) for name, shared, en_us in SIZES}
    assert (pilot.min_free_disk, pilot.download_sizes) == (None, sizes)
    assert json.loads(json.dumps(_deployment_rules.dumped(pilot)))["download_sizes"]["x64"]["shared"] == 2010
    assert _deployment_rules.loaded(json.loads(json.dumps(_deployment_rules.dumped(pilot)))) == pilot
    from_cdn = planned(TEXT.replace("    clock: local\n", "    clock: local\n    cdn_allowed: true\n"))
    assert from_cdn.deployment.sources[-1].download_sizes == sizes, "the same build"
    asked = TEXT.replace("    clock: local\n", "    clock: local\n    min_free_disk: 8G\n")
    assert planned(asked).deployment.at("pilot", {"all", "pilot"}).min_free_disk == 8_000_000_000
    assert planned(asked.replace("8G", "0G")).deployment.at("pilot", {"all", "pilot"}).min_free_disk == 0


def test_microsoft_comes_last_where_it_is_allowed() -> None:
    text = TEXT.replace("    clock: local\n", "    clock: local\n    cdn_allowed: true\n")
    text = text.replace("http://office.example", "http://lyon3.example")
    found = planned(text).deployment.at("all", {"all"})
    assert found.source == "http://officecdn.microsoft.com/pr/55336b82-a18d-4dd6-b5f6-9e5095c314a6"
    assert (found.languages, found.slots, found.no_source) == (None, (), None)
    assert found.requirements == {}, "no image could be looked at"
    known = planned(text.replace("lyon3", "office")).deployment.sources[-1]
    assert (known.url, known.requirements) == (found.source, DEMANDS), "the same build"


def test_what_is_not_approved_is_not_deployed() -> None:
    file = reading.read(TEXT, NOW, fresh=(), groups=GROUPS)
    assert _fleet_plan.chosen(file, None).name == "monthly", "the only one that is approved"
    with pytest.raises(InputError, match="deployment: 'next' is not approved yet"):
        _fleet_plan.chosen(file, "next")


def test_nobody_is_brought_back_after_the_pin_has_ended() -> None:
    text = TEXT.replace("    channel: Current\n", f"    channel: Current\n    version: {VERSION}\n    ALLOWED\n")
    for pin, brought_back in (("2026-11-21T08:01", True), ("2026-11-21T08:00", False)):
        allowed = text.replace("ALLOWED", f"allow_downgrade: true\n    pin_until: {pin}")
        assert planned(allowed, "next").deployment.allow_downgrade is brought_back


def test_the_first_waiver_of_a_host_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    both = 'waivers: [{host: x1, reason: first, owner: o, expires: "2027-01-31"}, {host: gone, reason: r, owner: o, '
    monkeypatch.setitem(globals(), "WAIVERS", both + 'expires: "2027-01-31"}, ' + WAIVERS.partition("[")[2])
    assert planned().deployment.waivers == {"x1": "waived until 2027-01-31 23:59 UTC: first (o)"}


def test_what_is_dumped_is_loaded() -> None:
    for text in (TEXT, TEXT.replace("    notice:", "    expedite: {reason: CVE, approved_by: a, second_approver: b, "
                                    "soak_time: 1h, deadline: \"2026-12-08T18:00\"}\n    notice:")):  # fmt: skip
        deployment = replace(planned(text).deployment.at("pilot", {"all", "pilot"}), others=("next",))
        over_the_wire = json.loads(json.dumps(_deployment_rules.dumped(deployment)))
        assert _deployment_rules.loaded(over_the_wire) == deployment


def options(tmp_path: Path, **given: Any) -> dict[str, Any]:
    """The options of a run with the file on disk."""
    file = tmp_path / "deployments.yml"
    file.write_text(TEXT.replace("2026-12-0", "2999-12-0"))  # it is held against today's date
    return _rollout_plan.typed(
        {"deployments": str(file), "records": str(tmp_path / "records"), **given}, "officefleet_"
    )


def test_the_file_is_read_from_disk_with_all_problems_told(tmp_path: Path) -> None:
    plan = _rollout_plan.from_file(options(tmp_path, deployment="monthly", halted=True), "officefleet_", GROUPS)
    assert plan.deployment.schedule.halted
    assert plan.deployment.others == (), "'next' is not approved"
    approved = options(tmp_path, deployment="monthly")
    text = Path(approved["deployments"]).read_text()
    Path(approved["deployments"]).write_text(text.replace("- name: next", f"- name: next\n    version: {VERSION}"))
    assert _rollout_plan.from_file(approved, "officefleet_", GROUPS).deployment.others == ("next",)
    given = options(tmp_path)
    Path(given["deployments"]).write_text(TEXT.replace("retries:", "retrys:"))
    with pytest.raises(InputError, match=r"deployments\.yml:\d+: .*retrys: there is no such key"):
        _rollout_plan.from_file(given, "officefleet_", GROUPS)
    with pytest.raises(InputError, match="officefleet_deployments: '/nowhere' cannot be read: No such file"):
        _rollout_plan.from_file({**given, "deployments": "/nowhere"}, "officefleet_", GROUPS)


def test_a_deadline_that_had_passed_before_the_deployment_began_is_refused(tmp_path: Path) -> None:
    given = options(tmp_path, deployment="monthly")
    file = Path(given["deployments"])
    file.write_text(file.read_text().replace("+2w", '"2025-12-15"').replace('"2999-12-01T08:00"', "asap")
                    .replace(', available_from: "2999-12-07T06:00"', ""))  # fmt: skip
    line = file.read_text().partition("deadline: ")[0].count("\n") + 1
    with pytest.raises(InputError, match=rf"deployments\.yml:{line}: .*2025-12-15 00:00 local time has passed"):
        _rollout_plan.from_file(given, "officefleet_", GROUPS)
    store = DirectoryStore(given["records"])
    key = DeploymentKey("monthly", "MonthlyEnterprise", "16.0.20131.20206", "")
    store.save(replace(Record("p1", "pilot", key), updated_at=NOW))
    with pytest.raises(InputError, match="has passed"):
        _rollout_plan.from_file(given, "officefleet_", GROUPS)
    store.save(replace(Record("another slice's", "pilot", replace(key, version=VERSION)), updated_at=NOW))
    assert _rollout_plan.from_file(given, "officefleet_", GROUPS).deployment.name == "monthly"


def test_warnings_name_the_file_they_are_about(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.yml"
    waivers.write_text('waivers: [{host: gone, reason: r, owner: o, expires: "2999-01-31"}]')
    given = options(tmp_path, deployment="monthly", waivers=str(waivers))
    file = Path(given["deployments"])
    file.write_text(file.read_text().replace("    clock: local\n", "    clock: local\n    bulletin: KB5002138\n"))
    warnings = _rollout_plan.from_file(given, "officefleet_", GROUPS).warnings
    assert warnings[0].startswith(f"{file}:11: warning: deployments[monthly].bulletin: ")
    assert warnings[1].startswith(f"{waivers}:1: warning: waivers[gone].host: 'gone' is not in the inventory")
    sliced = _rollout_plan.from_file({**given, "slices": 2}, "officefleet_", GROUPS).warnings
    assert "is not in the inventory" not in "".join(sliced), "another slice may have the host"


def test_what_the_file_says_is_not_said_besides(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="officefleet_channel: with officefleet_deployments the file says this"):
        options(tmp_path, channel="Current")
    with pytest.raises(InputError, match="officefleet_waivers: it goes with a deployment file"):
        _rollout_plan.typed(
            {"records": "/x", "channel": "Current", "version": VERSION, "source": "http://x", "waivers": "/y"},
            "officefleet_",
        )


def test_what_hooks_need_travels_with_the_names_of_secrets() -> None:
    assert planned().events is None, "nobody is to be told anything"
    hooks = (
        "    hooks: [{url: 'env:OFFICE_HOOK', token: 'var:alert_token', events: [start, failures], failure_share: 5}]\n"
        "    bulletin: MS26-12\n"
        "    expedite: {reason: CVE, approved_by: anna, second_approver: bela, soak_time: 2h}\n"
    )
    told = planned(TEXT.replace("    clock: local\n", f"    clock: local\n{hooks}")).events
    assert told is not None
    assert json.loads(json.dumps(told)) == {
        "hooks": [
            {"url": "env:OFFICE_HOOK", "token": "var:alert_token", "events": ["start", "failures"], "failure_share": 5}
        ],
        "bulletin": "MS26-12",
        "expedite": {"reason": "CVE", "approved_by": "anna", "second_approver": "bela"},
    }


def test_hooks_are_told_without_the_hosts_of_other_channels_active_deployments(tmp_path: Path) -> None:
    given = options(tmp_path, deployment="monthly")
    file = Path(given["deployments"])
    text = file.read_text().replace(
        "    clock: local\n", "    clock: local\n    hooks: [{url: 'env:H', events: [start]}]\n"
    )
    for line, others in (
        ("", []),
        (f'    version: "{VERSION}"\n', [["next", "Current", VERSION]]),
        (f'    version: "{VERSION}"\n    halted: true\n', []),
    ):
        file.write_text(text.replace("    channel: Current\n", f"    channel: Current\n{line}"))
        events = _rollout_plan.from_file(given, "officefleet_", GROUPS).events
        assert events is not None
        assert events["other_channels"] == others
