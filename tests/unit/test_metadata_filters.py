# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters about metadata in a real play, and their documentation as Ansible renders it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.plugins import filter as filters

FILTERS = ("bulletin", "bulletin_name", "more_info_url", "officeupdater")
URL = "http://go.microsoft.com/fwlink/?LinkId=626090&Ver=16.0.12527.21104&Branch=Insiders&Arch=64& ServicePath={}"
SERVICE = "https://config.office.com/api/filelist?Channel=Insiders&Version=16.0.12527.21104&Arch=64&AllLanguages=True"
RELEASES = [
    {"channel": "Current", "full": "16.0.20326.20100", "published": "2026-08-18T21:05:15Z"},
    {"channel": "MonthlyEnterprise", "full": "16.0.20228.20190", "published": "2026-08-11T15:29:03Z"},
]


def play(folder: Path, variables: dict[str, object], *tasks: dict[str, object]) -> subprocess.CompletedProcess[str]:
    (folder / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": list(tasks)}])
    )
    return subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_LOCALHOST_WARNING": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def write(path: Path, expression: str, **more: object) -> dict[str, object]:
    content = f"{{{{ ({expression}) | to_json }}}}"
    return {"ansible.builtin.copy": {"dest": str(path), "content": content, "mode": "0600"}, **more}


def test_in_a_play(tmp_path: Path) -> None:
    variables: dict[str, object] = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "more_info": URL.format(SERVICE),
        "releases": RELEASES,
        "which": "MS26-08-O365-{{ 'monthly_enterprise' | upper }}",
        "found": "{{ which | officefleet.c2r.bulletin(releases) }}",
        "old": "{{ 'OfficeUpdater.exe --showui --loglevel = 3' | officefleet.c2r.officeupdater }}",
    }
    answers = {
        "info": "more_info | officefleet.c2r.more_info_url",
        "builds": "found.builds | map(attribute='full')",
        "names": "releases | map('officefleet.c2r.bulletin_name')",
        "options": "old.options",
    }
    tasks = [write(tmp_path / name, expression) for name, expression in answers.items()]
    tasks += [
        # Conditions are truth values, never dictionaries
        write(tmp_path / "level", "old.log_level.data", when="old.log_level is not none"),
        write(tmp_path / "never", "1", when="found.builds | length > 1"),
    ]
    done = play(tmp_path, variables, *tasks)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    found = {name: json.loads((tmp_path / name).read_text()) for name in (*answers, "level")}
    assert found.pop("info")["service_path"] == SERVICE
    assert found == {
        "builds": ["16.0.20228.20190"],
        "names": ["MS26-08-O365-CURRENT", "MS26-08-O365-MONTHLY_ENTERPRISE"],
        "options": {"display_level": True},
        "level": 3,
    }
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("more_info | officefleet.c2r.more_info_url(allowed_hosts=['example.com'])", "leads to 'config.office.com'"),
        ("'MS26-08' | officefleet.c2r.bulletin", "'MS26-08' is no name of a bulletin"),
        ("{} | officefleet.c2r.bulletin_name", "is no build with channel and published"),
        ("'--what' | officefleet.c2r.officeupdater", "OfficeUpdater.exe has no --what"),
    ],
)
def test_in_a_play_an_error_is_clear(tmp_path: Path, expression: str, text: str) -> None:
    done = play(tmp_path, {"more_info": URL.format(SERVICE)}, write(tmp_path / "answer", expression))
    output = done.stdout + done.stderr
    assert done.returncode == 2, output
    assert text in output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", FILTERS)
def test_the_documentation_renders(tmp_path: Path, name: str) -> None:
    done = subprocess.run(
        ["ansible-doc", "--type", "filter", "--json", f"officefleet.c2r.{name}"],
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    rendered = json.loads(done.stdout)[f"officefleet.c2r.{name}"]
    assert rendered["doc"]["options"]["_input"]["required"]
    assert yaml.safe_load(rendered["examples"])
    assert rendered["return"]["_value"]


def keys(contains: Any) -> Iterator[str]:
    for key, described in (contains or {}).items():
        yield key
        yield from keys(described.get("contains"))


@pytest.mark.parametrize("name", FILTERS)
def test_no_key_is_a_method_of_dictionaries(name: str) -> None:
    """Jinja would find the method where a play says result.update or result.items."""
    sidecar = Path(filters.__path__[0]) / f"{name}.yml"
    described = yaml.safe_load(sidecar.read_text(encoding="utf-8"))["RETURN"]["_value"]
    assert not set(keys(described.get("contains"))) & set(dir(dict))
