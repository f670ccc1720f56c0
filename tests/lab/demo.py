# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on the embedded lab: stage an image, update a simulated fleet in two rings, report.

The playbooks, roles and plugins are the ones a real fleet uses, run by the real ansible-playbook over real WinRM.
Only the inventory differs: its addresses lead to simulated hosts and a simulated CDN on loopback.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import yaml

from ansible_collections.officefleet.c2r.tests.lab.cdn import LabCdn
from ansible_collections.officefleet.c2r.tests.lab.fleet import build_fleet, inventory
from ansible_collections.officefleet.c2r.tests.lab.modules import run as run_module
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

CHANNEL = "MonthlyEnterprise"
STEPS = (
    ("stage", "Stage the image: newest build of the channel, three languages, every signature and hash checked"),
    ("rollout", "Prepare and update the fleet, ring by ring"),
    ("report", "Report"),
)
ANSIBLE_CFG = """\
[defaults]
inventory = inventory.yml
stdout_callback = officefleet.c2r.fleet
forks = 25
display_ok_hosts = false
display_skipped_hosts = false
"""


def demo_variables(cdn: LabCdn, work: Path) -> dict[str, object]:
    """Return the officefleet_* variables, as a team would keep them in group_vars/all.yml."""
    return {
        "officefleet_channel": CHANNEL,
        "officefleet_version": "{{ lookup('officefleet.c2r.release', officefleet_channel, "
        "source=officefleet_release_history, trust_anchors=officefleet_trust_anchors, cache_dir=officefleet_cache) }}",
        "officefleet_languages": ["en-us", "de-de", "fr-fr"],
        "officefleet_library": str(work / "library"),
        "officefleet_source": f"{cdn.url}/library/{{{{ officefleet_channel }}}}/{{{{ officefleet_version }}}}",
        "officefleet_rings": ["pilot", "broad"],
        "officefleet_ring_success": 50,
        "officefleet_records": str(work / "records"),
        "officefleet_report": str(work / "report.html"),
        "officefleet_cdn_url": cdn.url,
        "officefleet_file_list_url": f"{cdn.url}/api/filelist",
        "officefleet_release_history": f"{cdn.url}/pr/wsus/releasehistory.cab",
        "officefleet_trust_anchors": [str(cdn.anchors)],
        "officefleet_cache": str(work / "cache"),
        "officefleet_document_sync_timeout": 600000,
        "officefleet_pass_seconds": 1,
        "officefleet_retry_delay": 4,
        "officefleet_timeout": 180,
    }


def run_playbook(name: str, work: Path, scratch: str) -> int:
    """Run one of the collection's playbooks in a process group of its own; return its exit status.

    An interrupt ends the whole group, so that nothing stays behind however the interrupt arrived.
    """
    process = subprocess.Popen(
        ["ansible-playbook", f"officefleet.c2r.{name}"],
        cwd=work,
        env={**os.environ, "ANSIBLE_CONFIG": str(work / "ansible.cfg"), "TMPDIR": scratch},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process group: politely, then for good."""
    for number, patience in ((signal.SIGINT, 5.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        if process.poll() is not None and not group_lives(process.pid):
            return


def group_lives(group: int) -> bool:
    """Tell whether a process group still has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def work_folder(work: Path) -> Iterator[Path]:
    """Give a fresh folder; keep report, records and inventory at a good end, nothing after an interrupt."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    for name in ("cdn", "library", "cache"):
        shutil.rmtree(work / name, ignore_errors=True)


def demonstrate(count: int, work: Path) -> int:
    """Run the three playbooks against a fresh lab; return the first exit status that is not 0."""
    # Ansible leaves a directory behind when it is killed; the paths of its sockets there must not get long.
    with LabCdn(work / "cdn") as cdn, tempfile.TemporaryDirectory(prefix="c2r-") as scratch:
        (work / "library").mkdir()
        cdn.serve("/library", work / "library")
        fleet = {host.name: host for host in build_fleet(count, channel=CHANNEL)}
        password = secrets.token_urlsafe()
        with WinrmServer(lambda name, call: run_module(fleet[name], call), password=password) as server:
            hosts = inventory(list(fleet.values()), server, password=password)
            hosts["all"].setdefault("vars", {}).update(demo_variables(cdn, work))
            (work / "inventory.yml").write_text(yaml.safe_dump(hosts, sort_keys=False))
            (work / "ansible.cfg").write_text(ANSIBLE_CFG)
            for number, (playbook, title) in enumerate(STEPS, 1):
                print(f"\n=== {number}/{len(STEPS)} {title}", flush=True)
                print(f"    ansible-playbook officefleet.c2r.{playbook}", flush=True)
                status = run_playbook(playbook, work, scratch)
                if status:
                    return status
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Make SIGTERM end the demo as Ctrl-C does."""
    raise KeyboardInterrupt


def main() -> int:
    """Parse the command line and run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=25, help="simulated Windows hosts, 10 to 500 (default 25)")
    parser.add_argument("--output", type=Path, required=True, help="folder for report and records; emptied first")
    options = parser.parse_args()
    if not 10 <= options.hosts <= 500:
        parser.error(f"--hosts: {options.hosts} is not between 10 and 500")
    signal.signal(signal.SIGTERM, interrupt)
    started = time.monotonic()
    try:
        with work_folder(options.output.resolve()) as work:
            status = demonstrate(options.hosts, work)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; everything it started has ended", file=sys.stderr)
        return 130
    if status == 0:
        print(f"\ndemo: {options.hosts} hosts in {time.monotonic() - started:.0f} s")
        print(f"demo: the report is {options.output.resolve() / 'report.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
