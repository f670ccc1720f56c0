# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML of the CDN, read without entities, document types or network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, required

if TYPE_CHECKING:
    from lxml.etree import _Element


def parse(xml: bytes, what: str, root: str) -> _Element:
    """Give the root element, which has to be called `root`; FeedError calls the document `what`."""
    with required("lxml"):
        from lxml import etree
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        element = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError(f"{what} is not well-formed XML: {error}.") from error
    if element.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # lxml-stubs does not know it
        raise FeedError(f"{what} declares a document type; Microsoft's has none, so it is not used.")
    if element.tag != root:
        raise FeedError(f"{what} has the root element {element.tag!r}, not {root!r}; it is some other document.")
    return element


def attribute(element: _Element, name: str, what: str) -> str:
    """Give the value of an attribute that has to be there and not be empty."""
    value = element.get(name)
    if not value:
        raise FeedError(f"{what}: <{element.tag}> in line {element.sourceline} has no attribute {name!r}.")
    return str(value)
