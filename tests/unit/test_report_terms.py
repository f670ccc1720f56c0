# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends by a date is reported in time, and rings come in the order of the deployment file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import html

from ansible_collections.officefleet.c2r.plugins.action import report
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import page, result, table, terms
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import parse
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import Summary, summarise
from ansible_collections.officefleet.c2r.tests.lab.sample_records import NOW, TARGET, record, write
from ansible_collections.officefleet.c2r.tests.unit.transcript import Transcript

DEPLOYMENTS = """\
deployments:
  - name: "2607"
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    rings: [pilot, early, broad]
    sources: [{url: "http://office"}]
    pin_until: 2026-11-20T08:00
  - name: kiosks
    channel: Current
    version: 16.0.20228.20190
    rings: [zeta, alpha]
    sources: [{url: "http://office"}]
    pin_until: 2027-03-01
  - name: halted
    channel: BetaChannel
    version: 16.0.20228.20190
    rings: [beta]
    sources: [{url: "http://office"}]
    pin_until: 2027-03-01
    halted: true
"""
WAIVERS = """\
waivers:
  - {host: ws-042, reason: the payroll add-in, owner: payroll@example.com, expires: 2026-11-30}
  - {group: floor, reason: "before <b>the audit", owner: risk@example.com, expires: 2026-11-01}
"""


@pytest.fixture
def files(tmp_path: Path) -> terms.Files:
    """What the two files say on a day on which a pin and a waiver have ended."""
    (tmp_path / "deployments.yml").write_text(DEPLOYMENTS)
    (tmp_path / "waivers.yml").write_text(WAIVERS)
    return terms.read(str(tmp_path / "deployments.yml"), str(tmp_path / "waivers.yml"), NOW)


def sums(files: terms.Files, *rings: str) -> Summary:
    """Sum up hosts of two deployments."""
    kiosks = {"name": "kiosks", "channel": "Current", "version": TARGET}
    own = [record(f"a-{ring}", "blocked", ring=ring) for ring in ("broad", "early", "pilot")]
    others = [record(f"b-{ring}", ring=ring, deployment=kiosks) for ring in ("alpha", "zeta")]
    return summarise([parse(document) for document in (*own, *others)], [], rings, files)


def test_what_ends_first_comes_first_and_what_is_halted_holds_nobody(files: terms.Files) -> None:
    assert [(term.kind, term.name, term.status, str(term.ends)) for term in files.terms] == [
        ("waiver", "floor", "ended", "2026-11-01 23:59 UTC"),
        ("pin", "2607", "ended", "2026-11-20 08:00 UTC"),
        ("waiver", "ws-042", "soon", "2026-11-30 23:59 UTC"),
        ("pin", "kiosks", "lasts", "2027-03-01 00:00 UTC"),
    ]


@pytest.mark.parametrize(
    ("days", "status"), [(-1, "ended"), (0, "ended"), (14, "soon"), (15, "lasts")], ids=["past", "now", "soon", "later"]
)
def test_a_pin_is_told_of_two_weeks_before_it_ends(tmp_path: Path, days: int, status: str) -> None:
    path = tmp_path / "deployments.yml"
    end = (NOW + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")
    path.write_text(DEPLOYMENTS.replace("2026-11-20T08:00", end))
    found = {term.name: term.status for term in terms.read(str(path), None, NOW).terms}
    assert found["2607"] == status


def test_rings_come_in_the_order_of_the_file_unless_another_is_given(files: terms.Files) -> None:
    summary = sums(files)
    assert [ring.name for ring in summary.rings] == ["pilot", "early", "broad", "zeta", "alpha"]
    assert [host.host for host in summary.attention] == ["a-pilot", "a-early", "a-broad"]
    assert [ring.name for ring in sums(files, "broad").rings] == ["broad", "early", "pilot", "alpha", "zeta"]


def test_the_page_has_all_of_them(files: terms.Files) -> None:
    document = html.document_fromstring(page.render(sums(files), NOW))
    rows = [
        [" ".join("".join(map(str, cell.itertext())).split()) for cell in row]
        for row in document.findall(".//table[@id='terms-table']/tbody/tr")
    ]
    assert rows == [
        ["floor", "waiver", "2026-11-01 23:59 UTC ! has ended", "before <b>the audit", "risk@example.com"],
        ["2607", "pin", "2026-11-20 08:00 UTC ! has ended", f"holds hosts at {TARGET}", "-"],
        ["ws-042", "waiver", "2026-11-30 23:59 UTC · ends soon", "the payroll add-in", "payroll@example.com"],
        ["kiosks", "pin", "2027-03-01 00:00 UTC", f"holds hosts at {TARGET}", "-"],
    ]
    assert 'id="terms"' not in page.render(sums(terms.NOTHING), NOW)


def test_the_terminal_names_what_is_due(files: terms.Files, monkeypatch: pytest.MonkeyPatch) -> None:
    text = table.render(sums(files), table="auto", width=100, now=NOW)
    assert text.endswith(
        "\n\nPins and waivers that have ended or end soon (3)\n"
        "ended 2026-11-01 23:59 UTC: waiver of floor, risk@example.com: before <b>the audit\n"
        f"ended 2026-11-20 08:00 UTC: pin of 2607: holds hosts at {TARGET}\n"
        "ends  2026-11-30 23:59 UTC: waiver of ws-042, payroll@example.com: the payroll add-in"
    )
    monkeypatch.setattr(table, "TERMS", 1)
    assert table.render(sums(files), table="auto", width=40, now=NOW).splitlines()[-2:] == [
        "ended 2026-11-01 23:59 UTC: waiver of f…",
        "and 2 more",
    ]


def test_the_result_has_them_for_tasks_that_follow(files: terms.Files) -> None:
    assert result.from_summary(sums(files))["terms"][2] == {
        "kind": "waiver",
        "name": "ws-042",
        "ends": "2026-11-30 23:59 UTC",
        "status": "soon",
        "reason": "the payroll add-in",
        "owner": "payroll@example.com",
    }


@pytest.mark.parametrize("option", ["deployments", "waivers"])
def test_a_file_that_cannot_be_used_is_a_warning(tmp_path: Path, option: str) -> None:
    write(tmp_path / "records", [record()])
    bad = tmp_path / "bad.yml"
    options = {"records": str(tmp_path / "records"), "table": "none", option: str(bad)}
    missing = Transcript(report.ActionModule, options).run([])
    assert missing["hosts"] == 1
    (warning,) = missing["warnings"]
    assert f"{option}: '{bad}' cannot be read: No such file" in warning
    bad.write_text("deploymnts: []\n")
    (warning,) = Transcript(report.ActionModule, options).run([])["warnings"]
    assert f"{bad}:1: deploymnts: there is no such key" in warning
