# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML page: whole, harmless, readable without colour, the same for the same records."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree, html

from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Unreadable
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.changes import host_lines
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.page import breakable, render, same_but_for_time
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.records import parse
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import STATES
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import summarise
from ansible_collections.officefleet.c2r.tests.lab.sample_records import NOW, TARGET, fleet, record

ALL_STATES = [record(f"ws-{number}", state) for number, state in enumerate(STATES)]
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
KIOSKS = {"name": "kiosks", "channel": "Current", "version": "16.0.20326.20100"}


def page(documents: list[dict[str, Any]], *unreadable: Unreadable, rings: tuple[str, ...] = ("pilot", "broad")) -> str:
    """Render documents as the report does."""
    return render(summarise([parse(document) for document in documents], unreadable, rings), NOW)


def tree(text: str) -> html.HtmlElement:
    """Parse a page and insist that a parser has nothing to complain about but HTML 5's newer elements."""
    parser = html.HTMLParser(encoding="utf-8")
    document = html.document_fromstring(text.encode("utf-8"), parser=parser)
    known = {"main", "header", "time", "details", "summary", "wbr"}
    complaints = [entry.message for entry in parser.error_log if entry.type_name != "HTML_UNKNOWN_TAG"]
    unknown = {m.group(1) for e in parser.error_log if (m := re.match(r"Tag (\w+) invalid", e.message))}
    assert complaints == []
    assert unknown <= known
    return document


def texts(element: html.HtmlElement, path: str) -> list[str]:
    """Return the text of what a path finds, white space evened out."""
    return [" ".join(str(found.text_content()).split()) for found in element.findall(path)]


def test_every_element_is_closed() -> None:
    """HTML forgives; an XML parser does not, once void elements are closed."""
    text = page([*fleet(40), record("x", deployment=KIOSKS)], Unreadable("a.json", "is bad"))
    text = re.sub(r"<(meta|wbr)([^>]*)>", r"<\1\2/>", text).replace("<!DOCTYPE html>", "")
    etree.fromstring(text.encode("utf-8"))


def test_it_says_what_it_is_about() -> None:
    document = tree(page(ALL_STATES))
    assert document.get("lang") == "en"
    assert texts(document, ".//h1") == ["Office update report"]
    assert texts(document, './/ul[@class="targets"]/li') == [f"2607: MonthlyEnterprise {TARGET}"]
    assert texts(document, './/time[@id="generated"]') == ["2026-11-21 08:00"]
    figures = dict(zip(texts(document, ".//dt"), texts(document, ".//dd"), strict=True))
    assert figures == {
        "2 of 16 hosts run the approved version or a newer one": "12.5 %",
        "Under way": "3",
        "Waiting": "3",
        "Needs a person": "8",
    }


def test_a_deployment_without_a_name_of_its_own_is_named_once() -> None:
    document = tree(page([record(deployment={"name": TARGET, "channel": "Current", "version": TARGET})]))
    assert texts(document, './/ul[@class="targets"]/li') == [f"Current {TARGET}"]


def test_it_needs_nothing_besides_itself() -> None:
    text = page([*fleet(80), record("x", deployment=KIOSKS)])
    document = tree(text)
    elements = {str(element.tag) for element in document.iter(etree.Element)}
    assert not elements & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg"}
    assert not re.search(r"@import|url\(|https?://", text)
    links = [element.get("href") for element in document.iter("a")]
    targets = {f"#{element.get('id')}" for element in document.iter(etree.Element) if element.get("id")}
    assert len(links) > 0
    assert set(links) <= targets
    assert "default-src 'none'" in text


EVIL_DOCUMENTS = {
    "host": {"host": EVIL},
    "ring": {"ring": EVIL},
    "reason": {"reason": EVIL},
    "version": {"version": EVIL},
    "deployment": {"deployment": {"name": EVIL, "channel": EVIL, "version": EVIL}},
    "error": {"error": {"domain": EVIL, "code": EVIL, "name": EVIL, "hresult": None, "message": EVIL, "hint": EVIL}},
    "hresult": {"error": {"domain": "hresult", "code": "1", "name": "", "hresult": EVIL, "message": "", "hint": ""}},
    "history": {"history": [{"at": "2026-11-20T01:00:00Z", "state": EVIL, "version": EVIL, "note": EVIL}]},
}


@pytest.mark.parametrize("changes", EVIL_DOCUMENTS.values(), ids=EVIL_DOCUMENTS)
@pytest.mark.parametrize("others", [[], [record("x", deployment=KIOSKS)]], ids=["alone", "several"])
def test_text_of_others_is_only_text(changes: dict[str, Any], others: list[dict[str, Any]]) -> None:
    text = page([record(**{"state": "failed", **changes}), *others])
    document = tree(text)
    assert EVIL in document.text_content()
    assert not list(document.iter("script", "img"))
    assert not [
        name for element in document.iter(etree.Element) for name in element.attrib if str(name).startswith("on")
    ]
    assert "<script" not in text.lower()


def test_names_of_unreadable_files_are_only_text_too() -> None:
    document = tree(page([], Unreadable(EVIL, EVIL)))
    assert texts(document, './/table[@id="unreadable-table"]/tbody/tr/*') == [EVIL, EVIL]
    assert not list(document.iter("script", "img"))


def test_states_are_told_by_word_and_symbol() -> None:
    cells = texts(tree(page(ALL_STATES)), './/table[@id="hosts-table"]//td[@data-label="State"]')
    assert cells == [f"{state.symbol} {state.label}" for state in STATES.values()]


def test_a_download_that_is_all_looks_done() -> None:
    document = tree(page([record("a", "staged", goal="downloaded"), record("b", "staged")]))
    (table,) = document.findall('.//table[@id="hosts-table"]')
    classes = [mark.get("class") for mark in table.findall('.//td[@data-label="State"]//span') if mark.get("class")]
    assert classes == ["state up_to_date", "state under_way"]


def test_tables_have_captions_and_scoped_headers() -> None:
    tables = list(tree(page(ALL_STATES, Unreadable("a.json", "is bad"))).iter("table"))
    assert [table.get("id") for table in tables] == [
        f"{name}-table" for name in ("rings", "attention", "unreadable", "errors", "versions", "hosts")
    ]
    for table in tables:
        assert len(table.findall("caption")) == 1
        columns = table.findall("thead/tr/th")
        assert all(cell.get("scope") == "col" for cell in columns)
        for row in table.findall("tbody/tr"):
            assert len(row) == len(columns)
            assert row[0].get("scope") == "row"
            assert [cell.get("data-label") for cell in row[1:]] == texts(table, "thead/tr/th")[1:]


def test_hosts_that_need_a_person_are_told_apart_and_linked() -> None:
    document = tree(page(ALL_STATES))
    rows = document.findall('.//table[@id="attention-table"]/tbody/tr')
    assert [row.findtext("th/a") for row in rows] == ["ws-"] * 8
    assert [str(row.find("th").text_content()) for row in rows] == [f"ws-{number}" for number in range(8)]
    for row in rows:
        target = document.get_element_by_id(row.find("th/a").get("href")[1:])
        assert target.find("th").text_content() == row.find("th").text_content()
        assert texts(row, 'td[@data-label="What to do"]') != [""]


def test_an_unreachable_host_says_when_it_last_answered() -> None:
    documents = [record("a", "unreachable", seen_at=None), record("b", "unreachable", seen_at="2026-11-01T10:00:00Z")]
    why = texts(tree(page(documents)), './/table[@id="attention-table"]//td[@data-label="Why"]')
    assert [cell.rpartition("; ")[2] for cell in why] == ["last answer: never", "last answer: 2026-11-01 10:00"]


def test_bars_are_as_long_as_the_numbers_say() -> None:
    documents = [record("a"), record("b"), record("c", "staged"), record("d", "failed")]
    bars = tree(page(documents, rings=())).findall('.//span[@class="bar"]/i')
    assert [(bar.get("class"), bar.get("style")) for bar in bars] == [
        ("up_to_date", "flex-grow:2"),
        ("under_way", "flex-grow:1"),
        ("attention", "flex-grow:1"),
    ]


def test_history_is_there_to_unfold() -> None:
    details = tree(page([record(state="staged")])).findall(".//details")
    assert [[item.findtext("b") for item in detail.iter("li")] for detail in details] == [
        ["waiting", "downloading", "staged"]
    ]


def test_a_long_history_is_shown_by_its_end() -> None:
    """A page of thousands of hosts has to stay one that browsers open."""
    entries = [{"at": f"2026-11-{day:02}T08:00:00Z", "state": "waiting", "note": f"day {day}"} for day in range(1, 21)]
    (detail,) = tree(page([record(history=entries)])).findall(".//details")
    items = [" ".join(item.text_content().split()) for item in detail.iter("li")]
    assert items[0] == "10 earlier in the record"
    assert (items[1], items[-1], len(items)) == (
        "2026-11-11 08:00 waiting : day 11",
        "2026-11-20 08:00 waiting : day 20",
        11,
    )


def test_a_fleet_without_records_says_so() -> None:
    document = tree(page([]))
    assert "No host has a record yet." in document.text_content()
    assert "0 %" in texts(document, ".//dd")[0]


def test_only_another_time_is_no_change() -> None:
    summary = summarise([parse(document) for document in ALL_STATES], [], [])
    first, later = render(summary, NOW), render(summary, NOW + timedelta(days=1))
    assert first != later
    assert same_but_for_time(first, later)
    other = summarise([parse(document) for document in ALL_STATES[1:]], [], [])
    assert not same_but_for_time(first, render(other, NOW))


def test_a_name_is_broken_but_stays_a_name() -> None:
    assert breakable("a-b.c_d") == "a-<wbr>b.<wbr>c_<wbr>d"
    assert breakable("<i>.x") == "&lt;i&gt;.<wbr>x"
    assert breakable("-.-") == "-.-"
    assert breakable("E_FAIL in 16.0", "_") == "E_<wbr>FAIL in 16.0"


def test_changes_are_one_line_per_host() -> None:
    assert host_lines(page([record("ws-1"), record("<b>", "blocked", ring="broad")])) == (
        f"<b>  ! blocked  broad  16.0.20131.20206\nws-1  ✓ compliant  pilot  {TARGET}\n"
    )
    assert [
        host_lines(text) for text in ("", " ", "no html", "<p>other</p>", '<?xml version="1.0" encoding="x"?>')
    ] == [""] * 5


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2 of two colours such as "#1a7440"."""

    def luminance(colour: str) -> float:
        if len(colour) == 4:
            colour = "#" + "".join(digit * 2 for digit in colour[1:])
        channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_have_contrast_in_light_dark_and_print() -> None:
    palettes = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{([^}]*)\}", page([]))]
    assert len(palettes) == 3
    for colours in palettes:
        for ink, ground in itertools.product(
            ("ink", "soft", "up_to_date", "under_way", "waiting", "attention"), ("page", "panel")
        ):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for group in ("up_to_date", "under_way", "waiting", "attention"):
            assert contrast(colours[group], colours[f"{group}-tint"]) >= 4.5, group
