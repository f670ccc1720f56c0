# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as teams run it: the real ansible-playbook on the records of an invented fleet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from ansible_collections.officefleet.c2r.tests.lab import sample_records as sample
from ansible_collections.officefleet.c2r.tests.lab.demo import ANSIBLE_CFG as DEMO_CFG

COLLECTION = Path(__file__).resolve().parents[2]
BUILD = COLLECTION.parents[2]
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Site:
    """A team's directory: inventory with variables, records, and a place for the page."""

    directory: Path

    @property
    def records(self) -> Path:
        return self.directory / "records"

    @property
    def page(self) -> Path:
        return self.directory / "www" / "office.html"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's programs with this inventory and no setting of ours."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        environment |= {
            "ANSIBLE_COLLECTIONS_PATH": str(BUILD),
            "ANSIBLE_CONFIG": str(self.directory / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.directory / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "120",
        }
        return subprocess.run(
            [PROGRAMS / program, "-i", self.directory / "inventory.yml", *arguments],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def playbook(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the collection's playbook."""
        return self.run("ansible-playbook", "officefleet.c2r.report", *arguments)

    def task(self, arguments: str, host: str = "localhost") -> tuple[dict[str, Any], str]:
        """Run the module alone; return its result and all that was printed."""
        ran = self.run("ansible", host, "-m", "officefleet.c2r.report", "-a", f"records={self.records} {arguments}")
        printed = ran.stdout + ran.stderr
        assert "=> {" in ran.stdout, printed
        return json.loads(ran.stdout[ran.stdout.index("=> {") + 3 :]), printed


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give the directory of a team with 25 hosts, all of them switched off."""
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "www").mkdir()
    (tmp_path / "ansible.cfg").touch()
    hosts = {"ws-001": {"ansible_connection": "winrm", "ansible_host": "127.0.0.1", "ansible_port": 9}}
    (tmp_path / "inventory.yml").write_text(json.dumps({"windows": {"hosts": hosts}}))
    variables = {
        "officefleet_records": str(tmp_path / "records"),
        "officefleet_report": str(tmp_path / "www" / "office.html"),
        "officefleet_rings": ["pilot", "broad"],
    }
    (tmp_path / "group_vars" / "all.yml").write_text(json.dumps(variables))
    sample.write(tmp_path / "records", sample.fleet(25))
    return Site(tmp_path)


def test_the_playbook_shows_the_fleet_and_writes_the_page(site: Site) -> None:
    ran = site.playbook()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    documents = sample.fleet(25)
    done = sum(document["state"] in ("compliant", "ahead") for document in documents)
    assert f"{done} of 25 hosts up to date" in ran.stdout
    assert all(document["host"] in ran.stdout for document in documents)
    assert ran.stdout.index("\npilot ") < ran.stdout.index("\nbroad ")
    assert f"Page: {site.page}" in ran.stdout
    rows = html.parse(site.page).findall('.//table[@id="hosts-table"]/tbody/tr')
    assert len(rows) == 25
    assert ran.stderr == ""


def test_pins_waivers_and_the_order_of_rings_come_from_the_files_of_the_rollout(site: Site) -> None:
    (site.directory / "deployments.yml").write_text(
        "deployments:\n"
        f'  - {{name: "2607", channel: MonthlyEnterprise, version: {sample.TARGET}, rings: [pilot, broad],\n'
        '     sources: [{url: "http://office"}], pin_until: 2026-01-31}\n'
    )
    (site.directory / "waivers.yml").write_text(
        "waivers:\n  - {host: ws-003, reason: an old add-in, owner: risk@example.com, expires: 2026-02-01}\n"
    )
    variables = json.loads((site.directory / "group_vars" / "all.yml").read_text())
    del variables["officefleet_rings"]
    variables |= {f"officefleet_{name}": str(site.directory / f"{name}.yml") for name in ("deployments", "waivers")}
    (site.directory / "group_vars" / "all.yml").write_text(json.dumps(variables))
    ran = site.playbook()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.index("\npilot ") < ran.stdout.index("\nbroad ")
    assert "ended 2026-01-31 00:00 UTC: pin of 2607" in ran.stdout
    assert "ended 2026-02-01 23:59 UTC: waiver of ws-003, risk@example.com: an old add-in" in ran.stdout
    assert len(html.parse(site.page).findall('.//table[@id="terms-table"]/tbody/tr')) == 2


def test_the_page_is_written_only_when_there_is_news(site: Site) -> None:
    assert "changed=1" in site.playbook().stdout
    first = site.page.stat()
    assert "changed=0" in site.playbook().stdout
    now = site.page.stat()
    assert (now.st_ino, now.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    sample.write(site.records, [sample.record("ws-001.corp.example.com", "failed")])
    assert "changed=1" in site.playbook().stdout
    assert site.page.stat().st_ino != first.st_ino


def test_check_mode_shows_what_would_change_and_writes_nothing(site: Site) -> None:
    site.playbook()
    before = site.page.read_bytes()
    sample.write(site.records, [sample.record("ws-001.corp.example.com", "failed")])
    ran = site.playbook("--check", "--diff")
    assert "changed=1" in ran.stdout
    assert f"-ws-001.corp.example.com  ✓ compliant  pilot  {sample.TARGET}\n" in ran.stdout
    assert f"+ws-001.corp.example.com  ✗ failed  pilot  {sample.BEFORE}\n" in ran.stdout
    assert "<tr" not in ran.stdout
    assert site.page.read_bytes() == before
    site.page.unlink()
    assert "changed=1" in site.playbook("--check").stdout
    assert list(site.page.parent.iterdir()) == []


def test_the_result_is_for_the_tasks_that_follow(site: Site) -> None:
    result, printed = site.task("table=none")
    assert printed.startswith("localhost | SUCCESS")
    assert result["changed"] is False
    assert result["hosts"] == sum(result["states"].values()) == 25
    assert "dest" not in result
    assert result["attention"][0]["state"] == "failed"
    assert result["errors"][0]["hosts"] == [item["host"] for item in result["attention"] if item["state"] == "failed"]
    assert [ring["ring"] for ring in result["rings"]] == ["broad", "pilot"]


def test_no_host_is_contacted(site: Site) -> None:
    """The host's address leads nowhere, so a connection would make the task unreachable."""
    result, printed = site.task("table=none", host="ws-001")
    assert printed.startswith("ws-001 | SUCCESS")
    assert result["hosts"] == 25


def test_a_damaged_record_is_named_and_the_rest_reported(site: Site) -> None:
    (site.records / "ws-026.json").write_text('{"schema": 1')
    ran = site.playbook("--diff")
    assert ran.returncode == 0
    assert "ws-026.json' is not JSON" in " ".join(ran.stderr.split())
    page = html.parse(site.page)
    assert [cell.text_content() for cell in page.findall('.//table[@id="unreadable-table"]/tbody/tr/th')] == [
        "ws-026.json"
    ]
    assert len(page.findall('.//table[@id="hosts-table"]/tbody/tr')) == 25


def test_warnings_and_messages_are_seen_where_ok_is_not(site: Site) -> None:
    """With the settings that the README advises and the demo uses."""
    (site.directory / "ansible.cfg").write_text(DEMO_CFG)
    assert site.playbook().returncode == 0
    (site.records / "ws-026.json").write_text('{"schema": 1')
    assert site.playbook().returncode == 0
    ran = site.playbook()
    assert "changed=0" in ran.stdout, "so that its line is hidden"
    assert "ws-026.json' is not JSON" in " ".join(ran.stderr.split())
    assert "1 damaged record: ws-026.json is not JSON" in ran.stdout
    tasks = [
        {"ansible.builtin.debug": {"msg": "said by each"}},
        {"ansible.builtin.debug": {"msg": "said once"}, "run_once": True},
        {"ansible.builtin.debug": {"var": "inventory_hostname"}},
    ]
    play = {"name": "Speak", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (site.directory / "speak.yml").write_text(json.dumps([play]))
    said = site.run("ansible-playbook", "speak.yml").stdout.splitlines()
    assert [line for line in said if line and not line.startswith(("PLAY", "localhost    "))] == [
        "localhost  said by each",
        "said once",
    ]


def test_many_damaged_records_do_not_flood_the_terminal(site: Site) -> None:
    for number in range(30):
        (site.records / f"bad-{number}.json").write_text("{}")
    result, printed = site.task("table=none")
    assert printed.count("[WARNING]: records:") == 6
    assert "25 more are damaged" in printed
    assert len(result["unreadable"]) == 30


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "officefleet_records=/nowhere/records",
            ["records: '/nowhere/records' does not exist.", "officefleet.c2r.rollout"],
        ),
        ("officefleet_records=", ["officefleet_records is not set; it takes the directory"]),
        ("officefleet_report=/nowhere/x.html", ["dest: the directory of '/nowhere/x.html' does not exist. Create it"]),
        ("officefleet_report=/", ["dest: '/' is a directory. Name the file to write"]),
        ("officefleet_report_table=big", ["officefleet_report_table: 'big' is not one of auto, all, attention, none."]),
    ],
)
def test_bad_input_is_named_with_its_remedy(site: Site, setting: str, words: list[str]) -> None:
    ran = site.playbook("-e", setting)
    printed = ran.stdout + ran.stderr
    assert ran.returncode == 2
    assert all(word in printed for word in words), printed
    assert "Traceback" not in printed
    assert "argument_spec" not in printed
    assert not site.page.exists()


def test_an_empty_path_is_not_taken_for_the_present_directory(site: Site) -> None:
    assert "dest: '' names no file" in site.task("dest=''")[1]
    ran = site.run("ansible", "localhost", "-m", "officefleet.c2r.report", "-a", "records=''")
    assert "records: '' names no directory" in ran.stdout


def test_the_module_itself_says_where_it_works(tmp_path: Path) -> None:
    arguments = tmp_path / "arguments.json"
    arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": {"records": str(tmp_path)}}))
    module = COLLECTION / "plugins" / "modules" / "report.py"
    ran = subprocess.run([sys.executable, module, arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert "works in the action plugin of the same name" in json.loads(ran.stdout)["msg"]
