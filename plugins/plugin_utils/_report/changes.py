# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes between two pages, as a person wants to read it: one line per host."""

from __future__ import annotations

from lxml import etree, html

COLUMNS = ("State", "Ring", "Version")


def host_lines(page: str) -> str:
    """Return "host  state  ring  version" per row of a page's host table; empty when the page is no report of ours."""
    parser = html.HTMLParser(encoding="utf-8")
    try:
        document = html.document_fromstring(page.encode("utf-8"), parser=parser)
    except etree.ParserError:  # nothing in it that HTML could be made of
        return ""
    rows = document.iterfind('.//table[@id="hosts-table"]/tbody/tr')
    cells = ("th", *(f'td[@data-label="{label}"]' for label in COLUMNS))
    return "".join("  ".join(_text(row.find(cell)) for cell in cells) + "\n" for row in rows)


def _text(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())
