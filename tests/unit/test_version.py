# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


@pytest.mark.parametrize("text", ["16.0.20326.20100", "20326.20100"])
def test_both_forms_are_the_same_version(text: str) -> None:
    assert version.parse(text) == (16, 0, 20326, 20100)
    assert version.full(text) == "16.0.20326.20100"


def test_versions_compare_as_numbers() -> None:
    assert version.parse("16.0.9330.2073") < version.parse("16.0.20326.20100")
    assert version.parse("16.0.17928.9") < version.parse("16.0.17928.20148")


@pytest.mark.parametrize(
    "text",
    [
        *("", "2608", "16.0", "16", "16.0.20326", "16.0.20326.20100.1", "16.0.20326.20100 ", "v16.0.1.2", "16.0.x.y"),
        *("16.0.-1.2", "16.0.01.2", "16.0.\u0663.2", "16.0.1.2\n", "16..0.1", "../16.0.1.2", "16.0.9999999.1"),
    ],
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=r"^build: .*16\.0\.20326\.20100"):
        version.full(text, option="build")


@pytest.mark.parametrize("value", [20228.20190, 16, None, ["16.0.20326.20100"], True])
def test_what_is_not_text_may_have_lost_digits(value: Any) -> None:
    for read in (version.require_text, version.full, version.parse):
        with pytest.raises(InputError, match=r"^build: .* not text, .*write it in quotes"):
            read(value, "build")


def test_text_is_given_back() -> None:
    assert version.require_text("20228.20190") == "20228.20190"
