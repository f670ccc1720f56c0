# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets a download slot now, and behind how many downloads the others wait."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ansible_collections.officefleet.c2r.plugins.plugin_utils._slot_queue import turns
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import Slot

SITE = Slot("http://a", 2)
SLOW = Slot("http://a slow links", 1)


def after(wanted: Mapping[str, Sequence[Slot]], **held: Collection[str]) -> dict[str, tuple[str, int]]:
    """For each host that waits, its slot and the downloads before it."""
    active = {"http://a": held.get("site", ()), "http://a slow links": held.get("slow", ())}
    return {host: (turn.slot.name, turn.after) for host, turn in turns(wanted, active.__getitem__).items()}


def test_hosts_get_free_slots_in_their_order() -> None:
    wanted = dict.fromkeys(("c", "b", "a", "d"), (SITE,))
    assert after(wanted) == {"a": ("http://a", 1), "d": ("http://a", 2)}


def test_downloads_under_way_come_first() -> None:
    wanted = dict.fromkeys(("a", "b"), (SITE,))
    assert after(wanted, site=("x",)) == {"b": ("http://a", 1)}
    assert after(wanted, site=("x", "y", "z")) == {"a": ("http://a", 2), "b": ("http://a", 3)}, "the limit was lowered"


def test_a_host_that_holds_a_slot_has_it() -> None:
    wanted = dict.fromkeys(("a", "b"), (SITE,))
    assert after(wanted, site=("x", "b")) == {"a": ("http://a", 1)}
    assert after({"a": (SITE, SLOW)}, site=("a", "x"), slow=("a 1",)) == {}


def test_one_that_waits_elsewhere_keeps_nobody_from_the_source() -> None:
    wanted = {"s1": (SITE, SLOW), "s2": (SITE, SLOW), "s3": (SITE, SLOW), "a": (SITE,)}
    assert after(wanted) == {"s2": ("http://a slow links", 1), "s3": ("http://a slow links", 2)}


def test_where_nothing_is_limited_nobody_waits() -> None:
    assert after(dict.fromkeys(("a", "b", "c"), ())) == {}
