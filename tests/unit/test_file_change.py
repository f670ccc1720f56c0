# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposed changes: nobody's deployment file is written to who did not say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _file_change, _named


def proposed(path: Path, output: Path | None = None, **given: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"write": False, "check_mode": False, **given}
    return _file_change.proposed(
        str(path), "new\n", "a diff\n", output=None if output is None else str(output), **options
    )


@pytest.mark.parametrize("name", ["deployments.yml", "../here/deployments.yml", "link.yml"])
def test_the_deployment_file_is_no_place_for_a_proposal(tmp_path: Path, name: str) -> None:
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "deployments.yml"
    path.write_text("old\n")
    (tmp_path / "here" / "link.yml").symlink_to(path)
    for write in (False, True):
        with pytest.raises(InputError, match=r"output: '.*' is the deployment file itself"):
            proposed(path, tmp_path / "here" / name, write=write)
    assert path.read_text() == "old\n"


def test_what_is_asked_for_is_written(tmp_path: Path) -> None:
    path, patch, whole = tmp_path / "deployments.yml", tmp_path / "a.patch", tmp_path / "whole.yml"
    path.write_text("old\n")
    assert proposed(path, patch)["written"] == [str(patch)]
    assert proposed(path, whole)["written"] == [str(whole)]
    assert (path.read_text(), patch.read_text(), whole.read_text()) == ("old\n", "a diff\n", "new\n")
    assert not proposed(path, patch)["changed"], "it is there already"
    assert proposed(path, write=True, check_mode=True)["changed"]
    assert path.read_text() == "old\n"
    proposed(path, write=True)
    assert path.read_text() == "new\n"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("name: 'a' is taken. Set name to another.", "fleet_name: 'a' is taken. Set fleet_name to another."),
        ("argument 'name' is of type list", "argument 'fleet_name' is of type list"),
        ("d.yml:3: x[a].name: name is missing", "d.yml:3: x[a].name: name is missing"),
        ("names: no", "names: no"),
    ],
)
def test_messages_name_the_variables(message: str, named: str) -> None:
    assert _named.with_variables(message, {"name": "fleet_name", "out": "fleet_out"}) == named
    assert _named.with_variables(message, {}) == message
