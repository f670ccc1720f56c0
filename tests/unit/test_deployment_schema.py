# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two JSON Schemas: valid, the same as the library jsonschema has them, and the same as the data they become."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _windows
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import (
    model,
    moments,
    reading,
    schema,
    yaml_tree,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError

SCHEMAS = {name: schema.load(name) for name in (schema.DEPLOYMENTS, schema.WAIVERS)}
DEFINITIONS = SCHEMAS[schema.DEPLOYMENTS]["$defs"]

#: Every key once.
SETTINGS: dict[str, Any] = {
    "template": "standard",
    "channel": "Current",
    "rings": ["pilot", {"group": "all", "available_from": "2026-12-01", "gates": {"ring_success": 100}}],
    "gates": {
        "ring_success": 95,
        "ring_coverage": 90,
        "soak_time": "1d",
        "stop_on": [{"domain": "win32", "code": 112}, {"domain": "win32", "code": "0x70"}],
    },
    "clock": "local",
    "available_from": "asap",
    "deadline": "+14d",
    "after_deadline": "force",
    "windows": [
        {"days": ["monday"], "start": "22:00", "end": "04:00"},
        {"nth": "last", "weekday": "sunday", "start": "00:00", "end": "24:00"},
        {"after_patch_tuesday": 3, "start": "18:00", "end": "23:59"},
        {"always": True},
    ],
    "exclusions": ["2026-12-24", "2026-12-31..2027-01-06"],
    "downloads": "in_windows",
    "apps": {"close": "after_deadline", "defer": 3, "wait": "4h", "multi_session_shutdown": False},
    "notice": {"title": "Office", "text": "Save", "postpone": True, "seconds": 60},
    "sources": [
        {
            "url": "http://office.example.com",
            "groups": ["site"],
            "max_active": 5,
            "group_limits": {"site": 2},
            "slow_link": {"groups": ["vpn"], "rule": "trickle", "max_active": 1},
        },
        {"url": "\\\\server\\office"},
    ],
    "cdn_allowed": False,
    "restart": {"servers": "hook", "workstations": "notice", "outside_windows": True},
    "retries": {"max_attempts": 3, "retry_delay": "1h"},
    "hooks": [{"url": "env:HOOK", "events": ["start", "failures"], "token": "var:token", "failure_share": 5}],
    "goal": "downloaded",
    "take_over": True,
    "min_free_disk": "8G",
    "display_level": True,
}
OWN: dict[str, Any] = {
    "name": "2026-12 broad",
    "version": "16.0.20228.20190",
    "bulletin": "MS26-12-O365-Current",
    "halted": True,
    "ignore_withdrawn": "it was withdrawn for Access",
    "expedite": {
        "reason": "CVE",
        "approved_by": "anna",
        "second_approver": "bela",
        "soak_time": "2h",
        "deadline": "2026-12-01T08:00Z",
    },
    "pin_until": "2027-01-31",
    "allow_downgrade": True,
}
GOOD = {
    schema.DEPLOYMENTS: {"templates": {"standard": SETTINGS}, "deployments": [{**SETTINGS, **OWN}, {"name": "least"}]},
    schema.WAIVERS: {
        "waivers": [
            {"host": "pc042", "reason": "audit", "owner": "risk", "expires": "2026-12-31"},
            {"group": "lab", "reason": "audit", "owner": "risk", "expires": "2026-12-31"},
        ]
    },
}
#: What a value is replaced by.
STRANGERS: list[Any] = [
    None, True, False, 0, 1, -1, 5, 1.0, 1.5, 101, 100001, "", " ", "x", "yes", "22:00", "24:00", "25:00", "1d",
    "+1d", "2026-12-01", "2026-12-01T08:00", "2026-12-01T08:00+01:00", "asap", "none", "env:X", "env:", "http://a",
    "https://a?b", "16.0.20228.20190", "16.0", "0x70", "monday", "first", "x" * 200, "x\n", [], ["x"], ["x", "x"],
    [1, 1.0], {}, {"x": 1}, {"group": "x"}, {"always": True}, {"always": 1}, {"days": ["friday"], "nth": "first"},
    {"required": ["days"]},
]  # fmt: skip


def parts(definition: Any) -> Iterator[dict[str, Any]]:
    """Give all schemas in a schema."""
    yield definition
    for key in ("properties", "$defs"):
        for part in definition.get(key, {}).values():
            yield from parts(part)
    for key in ("items", "additionalProperties"):
        if isinstance(definition.get(key), dict):
            yield from parts(definition[key])


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema_of_the_draft_it_names(name: str) -> None:
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMAS[name]["$id"].endswith(f"/{name}")
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_uses_only_what_our_own_check_knows(name: str) -> None:
    for part in parts(SCHEMAS[name]):
        assert set(part) <= schema.KEYWORDS | schema.ANNOTATIONS
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in SCHEMAS[name]["$defs"]
        assert all(list(choice) == ["required"] and len(choice["required"]) == 1 for choice in part.get("oneOf", ()))
        assert ("minimum" in part) == ("maximum" in part)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_description_for_editors(name: str) -> None:
    for part in parts(SCHEMAS[name]):
        for key, entry in part.get("properties", {}).items():
            assert "description" in entry or "$ref" in entry, key


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_examples_and_defaults_fit_it(name: str) -> None:
    for part in parts(SCHEMAS[name]):
        validator = jsonschema.Draft202012Validator({**part, "$defs": SCHEMAS[name].get("$defs", {})})
        for example in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]:
            assert not list(validator.iter_errors(example)), (part, example)


def ours(name: str, document: Any) -> list[str]:
    root, problems = yaml_tree.parse(json.dumps(document))
    assert root is not None
    assert not problems
    return [str(problem) for problem in schema.checked(root, SCHEMAS[name])[1]]


def theirs(name: str, document: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMAS[name]).iter_errors(document)]


def mutant(chance: random.Random, document: Any) -> Any:
    """Give a copy with one thing changed somewhere."""
    copied = json.loads(json.dumps(document))
    holder = copied
    while True:
        key = chance.choice(list(holder) if isinstance(holder, dict) else list(range(len(holder))))
        inner = holder[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.15:
            break
        holder = inner
    change = chance.randrange(5)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[chance.choice([*SETTINGS, *OWN, "xyzzy"])] = chance.choice(STRANGERS)
    elif change == 1:
        holder.append(chance.choice([holder[key], *STRANGERS]))
    else:
        holder[key] = chance.choice(STRANGERS)
    return copied


@pytest.mark.parametrize("name", SCHEMAS)
def test_good_documents_fit(name: str) -> None:
    assert ours(name, GOOD[name]) == theirs(name, GOOD[name]) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", SCHEMAS)
def test_our_check_and_the_library_agree(name: str, seed: int) -> None:
    chance = random.Random(seed)
    verdicts = []
    for _ in range(100):
        document = mutant(chance, GOOD[name])
        said, others = ours(name, document), theirs(name, document)
        if "\\n" not in json.dumps(document):  # the library's $ is that of Python, before a last line break, too
            assert bool(said) == bool(others), (document, said, others)
        verdicts.append(bool(said))
    assert sum(verdicts) > 10, "there are misfits among them"


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_wrong_is_told_and_nothing_breaks(seed: int) -> None:
    chance = random.Random(seed)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    groups = {"pilot": ["pc1"], "all": ["pc1", "pc2"]}
    for _ in range(150):
        for name, read in ((schema.DEPLOYMENTS, reading.read), (schema.WAIVERS, reading.read_waivers)):
            document = GOOD[name]
            for _ in range(chance.randrange(1, 4)):
                document = mutant(chance, document)
                if not document:
                    break
            with contextlib.suppress(FileProblemsError):
                read(json.dumps(document), now, groups=chance.choice([None, groups]))


# The data


def test_every_key_is_a_field_of_the_same_name() -> None:
    pairs: list[tuple[str, Any]] = [
        ("deployment", model.FleetDeployment),
        ("ring", model.Ring),
        ("gates", model.Gates),
        ("error", model.StopError),
        ("window", _windows.Window),
        ("apps", model.Apps),
        ("notice", model.Notice),
        ("source", model.Source),
        ("restart", model.Restart),
        ("retries", model.Retries),
        ("hook", model.Hook),
        ("expedite", model.Expedite),
    ]
    for name, kind in pairs:
        assert set(DEFINITIONS[name]["properties"]) == {field.name for field in fields(kind)}, name
    assert set(DEFINITIONS["source"]["properties"]["slow_link"]["properties"]) == {
        f.name for f in fields(model.SlowLink)
    }
    assert set(SCHEMAS[schema.WAIVERS]["$defs"]["waiver"]["properties"]) == {f.name for f in fields(model.Waiver)}
    assert set(SETTINGS) == set(DEFINITIONS["template"]["properties"])
    assert {*SETTINGS, *OWN} == set(DEFINITIONS["deployment"]["properties"])


def default_of(field: Field[Any]) -> Any:
    return None if field.default is MISSING else field.default


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("deployment", model.FleetDeployment),
        ("gates", model.Gates),
        ("apps", model.Apps),
        ("notice", model.Notice),
        ("source", model.Source),
        ("restart", model.Restart),
        ("retries", model.Retries),
        ("hook", model.Hook),
    ],
)
def test_the_defaults_that_editors_show_are_those_of_the_data(name: str, kind: Any) -> None:
    by_name = {field.name: field for field in fields(kind)}
    for key, entry in DEFINITIONS[name]["properties"].items():
        if "default" not in entry:
            continue
        shown: Any = entry["default"]
        if entry.get("$ref") == "#/$defs/span":
            shown = moments.seconds(shown)
        shown = {"asap": moments.ASAP, "none": None}.get(shown, shown) if isinstance(shown, str) else shown
        assert shown == default_of(by_name[key]), key
