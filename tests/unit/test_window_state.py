# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter window_state: by itself, and in a real play."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.filter import window_state as plugin

SIDECAR = Path(plugin.__file__).with_suffix(".yml")
NIGHTS = {"days": ["saturday", "sunday"], "start": "22:00", "end": "04:00"}
judge: Callable[..., dict[str, Any]] = plugin.FilterModule().filters()["window_state"]


def test_the_clock_of_the_host_decides() -> None:
    utc = "2026-12-05T21:30:00Z"  # a Saturday
    assert judge([NIGHTS], utc, 0)["open"] is False
    assert judge([NIGHTS], utc, 60) == {
        "open": True,
        "reason": "in the window saturday, sunday 22:00 to 04:00, until 2026-12-06 04:00 local time",
        "opens_at": None,
        "closes_at": "2026-12-06T04:00:00",
        "opens_at_utc": None,
        "closes_at_utc": "2026-12-06T03:00:00Z",
    }
    assert judge([NIGHTS], utc, -300)["opens_at_utc"] == "2026-12-06T03:00:00Z"
    assert judge([], utc, 0)["open"] is True
    assert judge([NIGHTS], utc, 60, exclusions=["2026-12-05"])["open"] is False


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (({"days": []}, "2026-12-05T21:30:00Z", 0), "windows: {'days': []} is not a list"),
        (([{**NIGHTS, "end": 240}], "2026-12-05T21:30:00Z", 0), "windows[0].end: 240"),
        (([NIGHTS], "2026-12-05T21:30:00+01:00", 0), "now: '2026-12-05T21:30:00+01:00'"),
        (([NIGHTS], "2026-02-30T21:30:00Z", 0), "now: '2026-02-30T21:30:00Z'"),
        (([NIGHTS], None, 0), "now: None"),
        (([NIGHTS], "2026-12-05T21:30:00Z", None), "utc_offset: None"),
        (([NIGHTS], "2026-12-05T21:30:00Z", "60"), "utc_offset: '60'"),
        (([NIGHTS], "2026-12-05T21:30:00Z", 3600), "utc_offset: 3600"),
        (([NIGHTS], "2026-12-05T21:30:00Z", 0, "2026-12-05"), "exclusions: '2026-12-05' is not a list"),
        (([NIGHTS], "2026-12-05T21:30:00Z", 0, ["5.12."]), "exclusions[0]: '5.12.'"),
        (([NIGHTS], "1601-01-01T00:00:00Z", 0), "now: 1601-01-01T00:00:00"),
    ],
)
def test_garbage_is_refused(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        judge(*arguments)
    assert f"officefleet.c2r.window_state: {says}" in str(refused.value)


def test_documentation_names_what_there_is() -> None:
    documentation = yaml.safe_load(SIDECAR.read_text(encoding="utf-8"))
    found = judge([NIGHTS], "2026-11-21T07:38:00Z", 60)
    documented = documentation["RETURN"]["_value"]["contains"]
    assert {key: entry["sample"] for key, entry in documented.items()} == found


def test_in_a_play(tmp_path: Path) -> None:
    """The example of the documentation, with what a host answered, and dates as YAML reads them."""
    example = yaml.safe_load(yaml.safe_load(SIDECAR.read_text(encoding="utf-8"))["EXAMPLES"])[1]
    save = {
        "ansible.builtin.copy": {
            "dest": str(tmp_path / "state.json"),
            "content": "{{ window | to_json }}",
            "mode": "0600",
        }
    }
    dates = {
        "ansible.builtin.debug": {
            "msg": "{{ [] | officefleet.c2r.window_state(office.clock, office.utc_offset_minutes, exclusions=dates) }}"
        }
    }
    variables = {
        "dates": [date(2026, 12, 5), "2026-12-24..2026-12-26"],
        "office": {"clock": "2026-12-05T21:30:00Z", "utc_offset_minutes": 60},
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    play = {
        "name": "Windows",
        "hosts": "localhost",
        "gather_facts": False,
        "vars": variables,
        "tasks": [example, {"name": "Save", **save}, {"name": "Dates", **dates}],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    ended = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
    )
    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, output
    assert json.loads((tmp_path / "state.json").read_text())["open"] is True
    assert "2026-12-05 is excluded" in output


def test_ansible_doc_renders_the_filter(tmp_path: Path) -> None:
    answer = subprocess.run(
        ["ansible-doc", "--type", "filter", "--json", "officefleet.c2r.window_state"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
    )
    rendered = json.loads(answer.stdout)["officefleet.c2r.window_state"]
    assert rendered["doc"]["options"]["now"]["required"]
    assert rendered["examples"]
    assert rendered["return"]
