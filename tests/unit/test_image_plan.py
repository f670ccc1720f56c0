# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan comes to in bytes, and in trust."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_plan
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents, Download

TWICE = Download("http://cdn/v64_1.cab", ("office/data/v64.cab", "office/data/v64_1.cab"), "authenticode", size=10)
ONCE = Download("http://cdn/i640.cab", ("office/data/1/i640.cab",), "authenticode", size=100)
THERE = ImageFile("office/data/1/s640.cab", 1000, "00" * 32, "http://cdn/s640.cab", "authenticode")


def test_copies_take_room_and_no_transfer() -> None:
    plan = Plan(Contents(), stays=(THERE,), recheck=(TWICE,), fetch=(ONCE,))
    assert (plan.bytes_to_fetch, plan.bytes_on_disk, plan.bytes_reused, plan.size) == (100, 110, 1010, 1120)
    plan = Plan(Contents(), recheck=(ONCE,), fetch=(TWICE,))
    assert (plan.bytes_to_fetch, plan.bytes_on_disk, plan.bytes_reused, plan.size) == (10, 20, 100, 120)


def test_one_size_that_is_not_known_leaves_the_sum_open() -> None:
    plan = Plan(Contents(), stays=(THERE,), fetch=(ONCE, replace(TWICE, size=None)))
    assert (plan.bytes_to_fetch, plan.bytes_on_disk, plan.size) == (None, None, None)
    assert plan.bytes_reused == 1000


@pytest.mark.parametrize(
    ("ways", "verification"),
    [
        (["authenticode", "stream-hash"], "full"),
        (["authenticode", "manifest"], "manifest"),
        (["manifest", "none", "stream-hash"], "none"),
    ],
)
def test_an_image_is_as_verified_as_its_least_verified_file(ways: list[str], verification: str) -> None:
    assert image_plan.weakest(ways) == verification
