# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup sku by itself, and in a real play."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError

from ansible_collections.officefleet.c2r.plugins.lookup import sku as plugin
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.service import skus_json

NAME = "officefleet.c2r.sku"
BUILD = Build("Current", "16.0.20326.20100", languages=("en-us",), payload_bytes=3000, language_bytes=3000)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    shared.faults.clear()
    shared.requests.clear()
    return shared


@pytest.fixture
def sku(cdn: LabCdn, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """The lookup at the lab, with its anchors and a cache of its own; takes terms and options."""

    def run(*terms: Any, **options: Any) -> list[dict[str, Any]]:
        lab = {"source": cdn.skus_url, "trust_anchors": [str(cdn.anchors)], "cache_dir": str(tmp_path / "cache")}
        # what Ansible's loader does with a plugin's documentation
        define = constants.config.initialize_plugin_configuration_definitions
        define("lookup", NAME, yaml.safe_load(plugin.DOCUMENTATION)["options"])  # type: ignore[no-untyped-call]
        lookup = plugin.LookupModule()
        lookup._load_name = NAME
        return lookup.run(list(terms), {}, **{**lab, **options})

    return run


def test_an_option_that_is_misspelt_is_not_ignored(sku: Callable[..., list[dict[str, Any]]]) -> None:
    with pytest.raises(AnsibleLookupError, match=r"^trust_anchor: the lookup has no such option\. .* trust_anchors\."):
        sku(trust_anchor=[])


def test_a_product_has_the_ids_that_configurations_need(sku: Callable[..., list[dict[str, Any]]]) -> None:
    (found,) = sku("o365proplusretail")
    assert list(found) == list(yaml.safe_load(plugin.RETURN)["_raw"]["contains"])
    assert (found["product_id"], found["default"]) == ("O365ProPlusRetail", True)
    assert {"app_id": "Lync", "name": "Skype for Business"} in found["apps"]
    assert found["channels"] == ["Current", "CurrentPreview", "SemiAnnualPreview", "SemiAnnual"]


def test_without_terms_all_are_given_and_several_in_order(sku: Callable[..., list[dict[str, Any]]]) -> None:
    every = [found["product_id"] for found in sku()]
    assert every == ["O365ProPlusRetail", "VisioProRetail", "ProPlus2019Volume"]
    asked = ["Visio Online Plan 2", "O365ProPlusRetail"]
    assert [found["product_id"] for found in sku(*asked)] == ["VisioProRetail", "O365ProPlusRetail"]


@pytest.mark.parametrize("path", ["/pr/wsus/skus.cab", "/api/filelist/skus"])
def test_what_was_fetched_is_kept(sku: Callable[..., list[dict[str, Any]]], cdn: LabCdn, path: str) -> None:
    first = sku(source=cdn.url + path)
    assert sku(source=cdn.url + path) == first
    assert [request.path for request in cdn.requests] == [path]
    sku(source=cdn.url + path, cache_ttl=0)
    assert len(cdn.requests) == 2


def test_a_kept_cabinet_is_verified_again(
    sku: Callable[..., list[dict[str, Any]]], cdn: LabCdn, tmp_path: Path
) -> None:
    sku()
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    sku()
    assert len(cdn.requests) == 2
    with pytest.raises(AnsibleLookupError, match=r"^source: .* name its root in trust_anchors"):
        sku(trust_anchors=[])


def test_a_local_list_of_any_form_is_read(
    sku: Callable[..., list[dict[str, Any]]], cdn: LabCdn, tmp_path: Path
) -> None:
    cab = cdn.anchors.parents[1] / "www/pr/wsus/skus.cab"
    xml, answer = tmp_path / "SKUS.XML", tmp_path / "skus.json"
    xml.write_text('<ReleaseInfo><SKU Name="A" ProductID="B"/></ReleaseInfo>')
    answer.write_bytes(skus_json())
    assert [sku(source=str(path))[0]["product_id"] for path in (cab, xml, answer)] == [
        "O365ProPlusRetail",
        "B",
        "O365ProPlusRetail",
    ]
    assert sku(source=str(answer))[0]["recommended_channel"] == "Current"
    assert cdn.requests == []


@pytest.mark.parametrize(
    ("terms", "options", "text"),
    [
        (["Word"], {}, r"^product: 'Word' is no product listed\. Valid are O365ProPlusRetail"),
        ([5], {}, "^product: 5 is not a text"),
        ([], {"trust_anchors": []}, r"^source: .* name its root in trust_anchors"),
        ([], {"source": "/nonexistent.cab"}, r"^source: '/nonexistent\.cab' cannot be read"),
        ([], {"source": "ftp://127.0.0.1/x.cab"}, "^source: .* neither an http"),
        ([], {"cache_ttl": -1}, "^cache_ttl: -1 is negative"),
    ],
)
def test_wrong_input_is_named(
    terms: list[Any], options: dict[str, Any], text: str, sku: Callable[..., list[dict[str, Any]]]
) -> None:
    with pytest.raises(AnsibleLookupError, match=text):
        sku(*terms, **options)


def test_what_cannot_be_verified_is_not_taken_from_the_network(
    sku: Callable[..., list[dict[str, Any]]], cdn: LabCdn, tmp_path: Path
) -> None:
    (tmp_path / "SKUS.XML").write_text("<ReleaseInfo/>")
    cdn.serve("/mine", tmp_path)
    with pytest.raises(AnsibleLookupError, match=r"^source: .*/mine/SKUS\.XML is not a cabinet"):
        sku(source=f"{cdn.url}/mine/SKUS.XML")
    cdn.faults["/pr/wsus/skus.cab"] = "flip"
    with pytest.raises(AnsibleLookupError, match=r"^source: .*/skus\.cab"):
        sku()
    assert not (tmp_path / "cache").exists()


def test_in_a_play(cdn: LabCdn, tmp_path: Path) -> None:
    options = f"source='{cdn.skus_url}', trust_anchors=['{cdn.anchors}'], cache_ttl=0"
    product = f"lookup('{NAME}', 'O365ProPlusRetail', {options})"
    tasks = [
        {
            "ansible.builtin.copy": {
                "content": f"{{{{ {product}.apps | map(attribute='app_id') | to_json }}}}",
                "dest": str(tmp_path / "answer"),
                "mode": "0600",
            },
            "when": f"{product}.default",
        }
    ]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")],
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "answer").read_text())[:2] == ["Access", "Excel"]


def test_the_documentation_renders(tmp_path: Path) -> None:
    command = ["ansible-doc", "-t", "lookup", "--json", NAME]
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    documented = json.loads(done.stdout)[NAME]
    assert yaml.safe_load(documented["examples"])
    assert documented["return"]["_raw"]["contains"]["apps"]
