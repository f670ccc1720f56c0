# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both forms of Microsoft's list of products."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import skus
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError
from ansible_collections.officefleet.c2r.tests.lab.cdn import service

XML = b"""\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r
<ReleaseInfo PublishedDate="08/07/2017 16:34">
  <!-- Suite / App catalog -->
  <Suite>
    <SKU Name="Office 365 ProPlus" ProductID="O365ProPlusRetail" Default="True">
      <Apps><App Name="Skype for Business" AppID="Lync" /><App Name="Word" AppID="Word" /></Apps>
      <Channels><Channel ID="Monthly"/><Channel ID="Insiders"/><Channel ID="Broad"/><Channel ID="Fabrikam"/></Channels>
      <Languages><Language ID="en-US"/></Languages>
    </SKU>
    <SKU Name="Visio Pro" ProductID="VisioProRetail"><Apps/><Channels><Channel ID="Monthly"/></Channels></SKU>
  </Suite>
</ReleaseInfo>
"""
PRO_PLUS = skus.Sku(
    "O365ProPlusRetail",
    "Office 365 ProPlus",
    True,
    (skus.App("Lync", "Skype for Business"), skus.App("Word", "Word")),
    ("Current", "CurrentPreview", "SemiAnnual", "Fabrikam"),
    ("en-us",),
)


def product(**changes: Any) -> bytes:
    node = {"productID": "O365ProPlusRetail", "name": "Microsoft 365 Apps for enterprise", **changes}
    return json.dumps([{key: value for key, value in node.items() if value is not None}]).encode()


def test_the_documented_list() -> None:
    assert skus.read(XML) == (PRO_PLUS, skus.Sku("VisioProRetail", "Visio Pro", False, (), ("Current",)))


@pytest.mark.parametrize(
    "apps",
    [
        [{"appID": "Lync", "name": "Skype for Business"}, {"appID": "Word"}],
        {"Lync": {"name": "Skype for Business"}, "Word": {"appID": "Word", "recommendation": 1}},
        {"lync": {"AppId": "Lync", "Name": "Skype for Business"}, "word": {"id": "Word"}},
    ],
)
@pytest.mark.parametrize(
    "channels",
    [
        ["Monthly", "Fabrikam"],
        [{"name": "Current"}, {"id": "Fabrikam"}],
        {"Current": {}, "Fabrikam": {"recommendation": 0}},
    ],
)
def test_the_services_answer_however_it_is_nested(apps: Any, channels: Any) -> None:
    (found,) = skus.read(product(officeApps=apps, channels=channels, recommendedChannel="Monthly", recommendation=2))
    assert found.apps == (skus.App("Lync", "Skype for Business"), skus.App("Word", "Word"))
    assert found.channels == ("Current", "Fabrikam")
    assert (found.default, found.recommended_channel, found.languages) == (None, "Current", ())


def test_what_the_services_answer_may_say_besides() -> None:
    (found,) = skus.read(product(default="True", languages=["en-US", {"id": "de-de"}], recommendedChannel=None))
    assert (found.default, found.languages, found.recommended_channel) == (True, ("en-us", "de-de"), None)
    assert skus.read(b'{"value": ' + product() + b"}") == skus.read(product())


def test_the_labs_lists_name_the_same_products() -> None:
    older, newer = skus.read(service.skus_xml(datetime(2026, 8, 18, tzinfo=UTC))), skus.read(service.skus_json())
    assert [(sku.product_id, sku.apps) for sku in older] == [(sku.product_id, sku.apps) for sku in newer]
    assert [sku.default for sku in older] == [True, False, False]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"[5]",
        b'{"skus": 5}',
        b"[" * 200_000,
        product(productID=None),
        product(productID=5),
        product(name=None),
        product(officeApps=[{"name": "Word"}]),
        product(officeApps=[5]),
        product(channels=[None]),
        product(channels="Current"),
        product(languages=True),
        product(officeApps=5),
        product()[:-1] + b", " + product(name="Another")[1:],
        XML.replace(b"ReleaseInfo", b"Other"),
        XML.replace(b' ProductID="VisioProRetail"', b""),
        XML.replace(b' AppID="Lync"', b""),
        XML.replace(b"VisioProRetail", b"o365proplusretail"),
        b'<ReleaseInfo PublishedDate="08/07/2017 16:34"/>',
        b'<!DOCTYPE x [<!ENTITY y "z">]><ReleaseInfo/>',
    ],
)
def test_what_is_no_such_list_is_refused(document: bytes) -> None:
    with pytest.raises(FeedError) as caught:
        skus.read(document)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("term", ["O365ProPlusRetail", " o365proplusretail ", "office 365 proplus"])
def test_a_product_is_found_by_id_and_by_name(term: str) -> None:
    assert skus.find(skus.read(XML), term) == PRO_PLUS


def test_a_name_that_is_another_products_id_is_the_id() -> None:
    first = skus.Sku("A", "B", None, (), ())
    second = skus.Sku("B", "C", None, (), ())
    assert skus.find((first, second), "b") == second


def test_an_unknown_product_is_named_with_those_there_are() -> None:
    with pytest.raises(
        InputError, match=r"^product: 'Word' is no product listed\. Valid are O365ProPlusRetail, VisioProRetail\."
    ):
        skus.find(skus.read(XML), "Word")
    twice = (skus.Sku("A", "Office", None, (), ()), skus.Sku("B", "Office", None, (), ()), PRO_PLUS)
    with pytest.raises(InputError, match=r"name of several products; .*Valid are A, B\."):
        skus.find(twice, "office")
