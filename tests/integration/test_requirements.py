# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build demands of hosts, from the descriptor on the CDN through a staged image to the records of a rollout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.tests.integration.test_rollout import CHANNEL, VERSION, Lab, lab
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.host import Host, Office
from ansible_collections.officefleet.c2r.tests.unit import staged

__all__ = ["lab"]  # a fixture, found by its name

OLDER = "16.0.20131.20206"
BUILD = Build(
    CHANNEL,
    VERSION,
    payload_bytes=30_000,
    language_bytes=7_000,
    min_os="10.0.17763",
    min_client="16.0.9330.2087",
)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[str]:
    """An image as `image` stages it, behind a web server; one language has its proofing tools there alone."""
    with LabCdn(tmp_path / "cdn", (BUILD,)) as cdn:
        staged.stage(staged.options(cdn, BUILD, tmp_path / "library", proofing_tools=["rm-ch"]))
        cdn.serve("/library", tmp_path / "library")
        yield f"{cdn.url}/library/{CHANNEL}/{VERSION}"


def test_hosts_that_the_build_does_not_run_on_are_left_alone(lab: Lab) -> None:
    old_windows, old_client, well = "old-windows", "old-client", "well"
    clock = Clock(40)
    office = Office(OLDER, CHANNEL, languages=("en-us",), proofing=("rm-ch",))
    lab.fleet = {name: Host(name, office, clock=clock) for name in (well, old_windows, old_client)}
    lab.fleet[old_windows].os_build = "10.0.14393.7428"
    lab.fleet[old_client].registry.merge({keys.CONFIGURATION: {"ClientVersionToReport": "15.0.4420.1017"}})
    lab.fleet[well].os_build = "10.0.17763.6532"
    status, output = lab.rollout()
    assert status == 0, output
    assert {host: (record["state"], record["reason"]) for host, record in lab.records().items() if host != well} == {
        old_windows: (
            "incompatible",
            f"Windows 10.0.14393.7428 is older than 10.0.17763, the oldest that {VERSION} runs on",
        ),
        old_client: (
            "incompatible",
            f"Click-to-Run 15.0.4420.1017 is older than 16.0.9330.2087, the oldest that takes {VERSION}",
        ),
    }
    assert lab.records()[well]["state"] == "compliant", output
    assert {host for host, what in lab.calls if what != "update_info"} == {well}
