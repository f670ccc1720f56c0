# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which products there are, with the ids of their applications: SKUS.XML, or the file list API's answer to /skus.

Source of SKUS.XML: Microsoft, "Integrating manageability applications with Office 365 Click-to-Run installer" of 2017.
The API's answer is not documented; the names of its keys are those of captures, how they are nested is not known, so
every sensible nesting is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, safe_xml
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

MEMBER = "SKUS.XML"  #: the member of skus.cab

_XML = "SKUS.XML"
_API = "The file list API's answer to /skus"


@dataclass(frozen=True)
class App:
    """One application of a product."""

    app_id: str  #: for <ExcludeApp ID="…"> of the Office Deployment Tool: "Lync"
    name: str  #: "Skype for Business"


@dataclass(frozen=True)
class Sku:
    """One product."""

    product_id: str  #: for <Product ID="…"> of the Office Deployment Tool: "O365ProPlusRetail"
    name: str
    default: bool | None  #: whether Microsoft recommends it; None: the source does not say
    apps: tuple[App, ...]
    channels: tuple[str, ...]  #: by the names of channels.CHANNELS; names not known there as they are
    languages: tuple[str, ...] = ()  #: cultures, lower case; empty: the source does not say
    recommended_channel: str | None = None  #: None: the source does not say


def read(document: bytes) -> tuple[Sku, ...]:
    """Read either form, told apart by its beginning; FeedError if it is neither, or names no product."""
    if document[:100].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        what, found = _API, _from_api(document)
    else:
        what, found = _XML, _from_xml(document)
    if not found:
        raise FeedError(f"{what} names no product at all.")
    listed: dict[str, Sku] = {}
    for sku in found:
        if listed.setdefault(sku.product_id.lower(), sku) != sku:
            raise FeedError(f"{what} lists the product {sku.product_id[:100]!r} twice, and not the same.")
    return tuple(listed.values())


def find(skus: Sequence[Sku], term: str) -> Sku:
    """Give the product with this id or name, in any case; InputError with the ids there are otherwise."""
    wanted = term.strip().lower()
    for sku in skus:  # an id first: a name may be another product's id
        if sku.product_id.lower() == wanted:
            return sku
    named = [sku for sku in skus if sku.name.lower() == wanted]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(sku.product_id for sku in named or skus)
    wrong = "is the name of several products; name one by its id" if named else "is no product listed"
    raise InputError(f"product: {term!r} {wrong}. Valid are {ids}.")


def _from_xml(xml: bytes) -> list[Sku]:
    root = safe_xml.parse(xml, _XML, "ReleaseInfo")
    return [
        Sku(
            product_id=safe_xml.attribute(node, "ProductID", _XML),
            name=safe_xml.attribute(node, "Name", _XML),
            default=node.get("Default", "").lower() == "true",
            apps=tuple(
                App(safe_xml.attribute(app, "AppID", _XML), safe_xml.attribute(app, "Name", _XML))
                for app in node.iterfind("Apps/App")
            ),
            channels=_channels(_ids(node, "Channels/Channel")),
            languages=_languages(_ids(node, "Languages/Language")),
        )
        for node in root.iter("SKU")
    ]


def _ids(node: _Element, path: str) -> list[str]:
    return [safe_xml.attribute(child, "ID", _XML) for child in node.iterfind(path)]


def _from_api(document: bytes) -> list[Sku]:
    try:
        answer = json.loads(document.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FeedError(f"{_API} is not JSON: {error}.") from error
    nodes = answer
    if isinstance(answer, dict):
        nodes = next((value for key, value in answer.items() if key.lower() in ("skus", "value")), None)
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise FeedError(f"{_API} is no list of products.")
    return [_sku({str(key).lower(): value for key, value in node.items()}) for node in nodes]


def _sku(node: Mapping[str, Any]) -> Sku:
    product_id = _text(node, ("productid",), "a product")
    apps = _named(node.get("officeapps", node.get("apps")), ("appid", "id"), f"officeApps of {product_id}")
    recommended = node.get("recommendedchannel")
    default = node.get("default")
    return Sku(
        product_id=product_id,
        name=_text(node, ("name",), product_id),
        default=default if default is None else str(default).lower() == "true",
        apps=tuple(App(key, name) for key, name in apps),
        channels=_channels(
            key for key, _name in _named(node.get("channels"), ("id", "name"), f"channels of {product_id}")
        ),
        languages=_languages(
            key for key, _name in _named(node.get("languages"), ("id", "name"), f"languages of {product_id}")
        ),
        recommended_channel=_channel(recommended) if isinstance(recommended, str) and recommended else None,
    )


def _named(value: Any, id_keys: tuple[str, ...], what: str) -> list[tuple[str, str]]:
    """Give id and name out of a list of texts or objects, or of objects by id."""
    if value is None:
        return []
    if not isinstance(value, (list, dict)):
        raise FeedError(f"{_API} has no list for {what[:100]}: {json.dumps(value)[:100]}.")
    items = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
    found = []
    for key, item in items:
        if isinstance(item, dict):
            node = {str(inner).lower(): text for inner, text in item.items()}
            identifier = _text(node, id_keys, what, key)
            found.append((identifier, str(node.get("name") or identifier)))
        elif key is not None:
            found.append((str(key), str(key)))
        elif isinstance(item, str) and item:
            found.append((item, item))
        else:
            raise FeedError(f"{_API} has something else than names in {what}: {json.dumps(item)[:100]}.")
    return found


def _text(node: Mapping[str, Any], keys: tuple[str, ...], what: str, otherwise: str | None = None) -> str:
    value = next((node[key] for key in keys if node.get(key)), otherwise)
    if not isinstance(value, str) or not value:
        raise FeedError(f"{_API} has no {' or '.join(keys)} for {what[:100]}.")
    return value


def _channels(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_channel(name) for name in names))


def _channel(name: str) -> str:
    try:
        return channels.find(name).name
    except InputError:
        return name  # a channel we do not know is one all the same


def _languages(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names))
