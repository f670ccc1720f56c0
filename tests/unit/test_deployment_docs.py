# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/deployments.md: its examples are read, its messages are real, and no key is missing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils._decide import STATES
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import reading, schema, yaml_tree
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "deployments.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMPLETE = BLOCKS[0]
#: What a part of a deployment needs around it.
AROUND = {"name": "part", "channel": "MonthlyEnterprise", "rings": "[all]", "cdn_allowed": "true"}


def whole(block: str) -> str:
    """Make a file of what is only some keys of a deployment."""
    root, problems = yaml_tree.parse(block)
    assert root is not None
    assert not problems
    if {"deployments", "waivers"} & root.mapping.keys():
        return block
    around = "".join(f"{key}: {value}\n" for key, value in AROUND.items() if key not in root.mapping)
    return "deployments:\n  -\n" + "".join(f"    {line}\n" for line in (block + around).splitlines())


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_every_example_is_right(place: int) -> None:
    text = whole(BLOCKS[place])
    if "\nwaivers:" in f"\n{text}":
        assert reading.read_waivers(text, NOW).warnings == ()
    else:
        assert reading.read(text, NOW).warnings == ()


def test_the_complete_example_is_what_the_page_says() -> None:
    file = reading.read(COMPLETE, NOW)
    monthly, servers = file.deployments
    assert (monthly.active, servers.active) == (True, False)
    assert [ring.group for ring in servers.rings] == ["rds_pilot", "rds"]
    assert servers.sources == monthly.sources
    assert (servers.restart.servers, monthly.restart.servers) == ("hook", "report")
    assert monthly.rings[0].gates.ring_success == 100


def test_the_messages_are_those_of_the_product() -> None:
    (shown,) = re.findall(r"^```text\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL)
    broken = COMPLETE.replace("      soak_time: 1d", "      soak_tme: 1d").replace("+2w", '"2026-12-03T18:00"')
    with pytest.raises(FileProblemsError) as refused:
        reading.read(broken, NOW)
    assert shown == str(refused.value)


def test_every_key_has_an_example() -> None:
    written: set[str] = set()
    for block in BLOCKS:
        root, _ = yaml_tree.parse(block)
        assert root is not None
        for node in yaml_tree.walk(root):
            written |= node.mapping.keys()
    for name in (schema.DEPLOYMENTS, schema.WAIVERS):
        for definition in schema.load(name)["$defs"].values():
            assert set(definition.get("properties", {})) <= written, set(definition["properties"]) - written


def test_editors_find_the_schemas() -> None:
    urls = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", PAGE, re.MULTILINE)
    assert urls == [schema.load(name)["$id"] for name in (schema.DEPLOYMENTS, schema.WAIVERS)]


def test_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", re.sub("```.*?```", "", PAGE, flags=re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_every_state_is_explained() -> None:
    table = PAGE.partition("\n| state | the host | what helps |\n")[2].partition("\n\n")[0]
    explained = [state for row in table.splitlines() for state in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(explained) == sorted(STATES)
