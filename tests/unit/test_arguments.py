# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of action plugins: a version that YAML took for a number is refused wherever one is taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.action import image_info, reconcile, update
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import (
    ArgumentsError,
    UnquotedVersionError,
    require_quoted,
    validated,
)
from ansible_collections.officefleet.c2r.tests.unit.transcript import TARGET, Transcript

SPECIFICATION = {
    "version": {"type": "str"},
    "pinned": {"type": "list", "elements": "str"},
    "deployment": {"type": "dict", "options": {"version": {"type": "str"}, "name": {"type": "str"}}},
    "release": {"type": "dict"},
    "bandwidth": {"type": "str"},
}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"version": 20228.2019}, "version: 20228.2019 is a float"),
        ({"version": 16}, "version: 16 is a int"),
        ({"pinned": 20228.2019}, "pinned: 20228.2019 is a float"),
        ({"pinned": [TARGET, 20228.2019]}, "pinned: 20228.2019 is a float"),
        ({"deployment": {"version": 20228.2019}}, "deployment.version: 20228.2019 is a float"),
    ],
)
def test_a_version_without_quotes_is_refused(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(UnquotedVersionError) as caught:
        validated(SPECIFICATION, arguments)
    assert str(caught.value).startswith(named)
    assert "in quotes" in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"version": TARGET, "pinned": [TARGET], "deployment": {"version": TARGET, "name": 2607}},
        {"version": None, "pinned": None, "deployment": None},
        {"pinned": f"{TARGET},20228.20190"},
        {"release": {"version": 2608}},  # of the lookup, which loses nothing by it
        {"bandwidth": 1.5},
    ],
)
def test_all_else_is_taken(arguments: dict[str, Any]) -> None:
    require_quoted(arguments, SPECIFICATION)
    validated(SPECIFICATION, arguments)


@pytest.mark.parametrize(
    ("action", "options"),
    [
        (update.ActionModule, {"version": 20228.2019}),
        (update.ActionModule, {"version": 20228.2019, "_step": "download"}),
        (reconcile.ActionModule, {"records": "/nonexistent", "deployment": {"version": 20228.2019, "source": "x"}}),
        (image_info.ActionModule, {"library": "/nonexistent", "version": 20228.2019}),
    ],
)
def test_no_host_is_asked_with_one(action: Any, options: dict[str, Any]) -> None:
    result = Transcript(action, options).run([])
    assert result["failed"]
    assert "version: 20228.2019 is a float, not text, and may have lost digits" in result["msg"]


def test_image_info_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []

    def module(**call: Any) -> dict[str, Any]:
        calls.append(call)
        return {"images": []}

    task: Any = SimpleNamespace(args={"library": "/srv"}, async_val=60, check_mode=False, action="image_info")
    connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"))
    nothing: Any = None
    action = image_info.ActionModule(task, connection, nothing, nothing, nothing)
    monkeypatch.setattr(action, "_execute_module", module)
    assert action.run(task_vars={"x": 1}) == {"images": []}
    assert calls == [{"module_name": "officefleet.c2r.image_info", "task_vars": {"x": 1}, "wrap_async": 60}]


def test_other_arguments_are_named_as_ansible_does() -> None:
    with pytest.raises(ArgumentsError, match=r"^Unsupported parameters: "):
        validated(SPECIFICATION, {"versions": [TARGET]})
