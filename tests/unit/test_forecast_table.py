# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forecast: what comes next for a host, when and why, and how a table says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _forecast
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import ImageSource

UNTIL = "2026-12-01T20:00:00Z"


def visit(state: str, step: str = "none", **more: Any) -> dict[str, Any]:
    return {"state": state, "step": step, "ring": "pilot", "version": "16.0.1.1", "reason": "so it is", **more}


def deployment(**more: Any) -> Deployment:
    return Deployment(
        name="monthly", version="16.0.2.2", source="http://a", channel="Current", rings=("pilot", "all"), **more
    )


def outlooks(
    visits: Mapping[str, Mapping[str, Any]],
    deployment: Deployment,
    held: Mapping[str, Collection[str]] | None = None,
    **groups: Collection[str],
) -> list[_forecast.Outlook]:
    """Judge hosts, with what they hold by slot."""
    return _forecast.outlooks(visits, deployment, groups, lambda slot: (held or {}).get(slot, ()))


@pytest.mark.parametrize(
    ("seen", "following", "at", "reason"),
    [
        (visit("waiting", "download", reason="download comes next"), "download", "now", ""),
        (visit("staged", "apply"), "install", "now", ""),
        (visit("waiting", until=UNTIL), "download", UNTIL, "so it is"),
        (visit("staged", until=UNTIL), "install", UNTIL, "so it is"),
        (visit("waiting", ring_closed=True), "download", "", "so it is"),
        (visit("com_unavailable"), "prepare", "now", "so it is"),
        (visit("com_unavailable", ring_closed=True), "prepare", "", "so it is"),
        (visit("blocked"), "install", "", "so it is"),
        (visit("compliant"), "", "", "so it is"),
        (visit("incompatible", until=None), "", "", "so it is"),
        ({"failed": True, "msg": "no password"}, "", "", "no password"),
    ],
)
def test_what_comes_next(seen: dict[str, Any], following: str, at: str, reason: str) -> None:
    each = _forecast.outlook("ws-001", seen, "installed")
    assert (each.next, each.at, each.reason) == (following, at, reason)


def test_nothing_is_installed_where_the_goal_is_a_download() -> None:
    assert _forecast.outlook("ws-001", visit("staged"), "downloaded").next == ""


def test_hosts_come_in_the_order_of_their_rings() -> None:
    visits = {
        "ws-003": visit("waiting", ring="all"),
        "ws-002": visit("waiting", ring="pilot"),
        "ws-001": visit("failed", ring=""),
    }
    assert [each.host for each in outlooks(visits, deployment())] == ["ws-002", "ws-003", "ws-001"]


def test_a_table_says_it_in_the_width_there_is() -> None:
    long = "ring pilot: " + "1 of 2 hosts are compliant, " * 12
    visits = {"ws-001": visit("waiting", until=UNTIL, reason=long), "ws-002": visit("waiting", "download")}
    text = _forecast.table(outlooks(visits, deployment()), 100)
    assert max(map(len, text.splitlines())) <= 100
    assert " 2026-12-01 20:00Z  ring pilot: 1 of" in text
    assert text.count("compliant") < 12
    assert " …" in text


def test_the_headline_counts_and_names_the_limit() -> None:
    source = ImageSource(url="http://a", max_active=2)
    visits = {f"ws-{number}": visit("waiting", "download") for number in range(3)} | {"ws-9": visit("halted")}
    found = outlooks(visits, deployment(sources=(source,)))
    assert _forecast.headline(deployment(sources=(source,)), found).splitlines() == [
        "monthly: Current 16.0.2.2; 4 hosts",
        "2 download now, 1 download later, 1 halted",
        "1 of them wait for a download slot, at least after so many other downloads, if hosts get slots in the order "
        "of the inventory. How long a download takes is not known.",
    ]
    assert "slot" not in _forecast.headline(deployment(), outlooks(visits, deployment()))


def test_hosts_without_a_slot_come_after_others() -> None:
    source = ImageSource(url="http://a", max_active=3, trickle_groups=("vpn",))
    visits = {f"ws-{number}": visit("waiting", "download") for number in (5, 4, 3, 2, 1)}
    visits["ws-6"] = visit("waiting", "none", until=UNTIL)
    held = {"http://a": ("ws-9",)}
    found = outlooks(visits, deployment(sources=(source,)), held, vpn=["ws-5", "ws-4"])
    assert {each.host: (each.at, each.after) for each in found} == {
        "ws-5": ("now", None),
        "ws-4": ("", 1),
        "ws-3": ("now", None),
        "ws-2": ("", 1),
        "ws-1": ("", 2),
        "ws-6": (UNTIL, None),
    }
    text = _forecast.table(found, 200)
    assert " after 2 others     http://a: 3 downloads at a time, 1 under way\n" in text
    assert " after 1 other      http://a slow links: 1 downloads at a time, 0 under way\n" in text
    assert "At most" not in _forecast.headline(deployment(), found)
