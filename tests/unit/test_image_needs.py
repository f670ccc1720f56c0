# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What images need to hold: display languages, proofing tools by themselves, and hosts of which nothing is known."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _image_needs
from ansible_collections.officefleet.c2r.plugins.plugin_utils._image_needs import ImageNeeds, UnknownError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, Record
from ansible_collections.officefleet.c2r.tests.unit.transcript import answer

KEY = DeploymentKey("monthly", "MonthlyEnterprise", "16.0.2.2", "http://a")


def needs(**looks: dict[str, Any]) -> ImageNeeds:
    found = ImageNeeds()
    for host, look in looks.items():
        found.add(host, _image_needs.of_host(look), from_record=False)
    return found


def test_a_culture_with_proofing_tools_alone_is_no_language() -> None:
    use = {"display": ["en-us"], "proofing": ["en-us", "nl-NL"]}
    need = _image_needs.of_host(answer(languages=["en-US", "nl-NL"], language_use=use))
    assert (need.languages, need.proofing_tools) == (frozenset({"en-us"}), frozenset({"nl-nl"}))
    plain = _image_needs.of_host(answer(languages=["en-us", "nl-nl"], language_use={"display": [], "proofing": []}))
    assert plain.languages == {"en-us", "nl-nl"}, "an empty list says nothing"


def test_proofing_tools_that_come_with_a_language_are_not_asked_for() -> None:
    use = {"display": ["en-us"], "proofing": ["de-de", "nl-nl"]}
    found = needs(
        a=answer(languages=["de-de", "en-us"]), b=answer(languages=["en-us", "de-de", "nl-nl"], language_use=use)
    )
    assert _image_needs.variables("Current", found) == {
        "officefleet_channel": "Current",
        "officefleet_architectures": ["x64"],
        "officefleet_languages": ["de-de", "en-us"],
        "officefleet_proofing_tools": ["nl-nl"],
    }


def test_the_yaml_holds_the_variables_and_names_hosts() -> None:
    found = needs(**{f"ws-{number}": answer() for number in range(5)}, other=answer(languages=["no-no"]))
    text = _image_needs.yaml_text("Current", found)
    assert yaml.safe_load(text) == _image_needs.variables("Current", found)
    assert "  - en-us  # ws-0, ws-1, ws-2 and 2 more\n" in text
    assert "officefleet_proofing_tools: []\n" in text


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"unreachable": True, "msg": "refused\nmore"}, "refused"),
        ({"failed": True, "msg": "crashed"}, "crashed"),
        ({}, "it was not asked"),
        (answer(installed=False, version=None), "no Click-to-Run Office"),
        (answer(channel=None, channel_url="http://wsus"), "http://wsus"),
        (answer(languages="en-us"), "languages 'en-us' is not a list"),
    ],
)
def test_what_is_not_known_is_said(look: dict[str, Any], says: str) -> None:
    with pytest.raises(UnknownError) as unknown:
        _image_needs.of_host(look)
    assert says in str(unknown.value)
    assert "\n" not in str(unknown.value)


@pytest.mark.parametrize(
    "record",
    [
        None,
        Record("a", "", KEY),
        Record("a", "", KEY, architecture="x64"),
        Record("a", "", KEY, state="incompatible", languages=("en-us",), architecture="x64"),
    ],
)
def test_a_record_that_tells_too_little_is_none(record: Record | None) -> None:
    with pytest.raises(UnknownError):
        _image_needs.of_record(record)
