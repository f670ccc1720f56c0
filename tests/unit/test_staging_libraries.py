# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When staging needs the Python libraries that are not Python's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import RequirementError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_libraries import LIBRARIES
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build("MonthlyEnterprise", "16.0.20228.20190", payload_bytes=30_000, language_bytes=7_000)


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.mark.parametrize(("library", "package"), LIBRARIES.items())
def test_a_missing_library_is_named_before_anything_is_asked_for(
    cdn: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    cdn.requests.clear()
    with pytest.raises(RequirementError, match=f"pip install {package}"):
        staged.stage(staged.options(cdn, BUILD, tmp_path / "library"))
    assert cdn.requests == []


@pytest.mark.parametrize("verify", [False, True])
def test_none_is_needed_where_nothing_is_to_be_fetched(
    cdn: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: bool
) -> None:
    given = staged.options(cdn, BUILD, tmp_path / "library")
    staged.stage(given)
    for library in LIBRARIES:
        monkeypatch.setitem(sys.modules, library, None)
    assert not staged.stage({**given, "verify": verify}).changed
