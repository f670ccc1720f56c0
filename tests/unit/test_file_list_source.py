# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the file list comes from, and the reason that stands in the result."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    channels,
    file_list,
    file_list_source,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    CdnError,
    FeedError,
    InputError,
    NotInBuildError,
    SignatureError,
    TransferError,
)
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

BUILD = Build("MonthlyEnterprise", "16.0.20228.20190", languages=("en-us",), payload_bytes=3000, language_bytes=3000)
CHANNEL = channels.find(BUILD.channel)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.fixture(autouse=True)
def cdn(shared: LabCdn, monkeypatch: pytest.MonkeyPatch) -> LabCdn:
    """The module's lab, at the addresses that are asked where none is given."""
    shared.faults.clear()
    shared.requests.clear()
    monkeypatch.setattr(file_list_source, "API_URL", shared.file_list_url)
    monkeypatch.setattr(file_list_source, "OFL_URL", shared.ofl_url)
    return shared


@pytest.fixture(scope="module")
def anchors(shared: LabCdn) -> authenticode.TrustAnchors:
    return authenticode.TrustAnchors.from_pem([shared.anchors], include_microsoft=False)


Read = Callable[..., file_list_source.Listed]


@pytest.fixture
def read(anchors: authenticode.TrustAnchors) -> Read:
    def read(**changes: Any) -> file_list_source.Listed:
        given = {"channel": CHANNEL, "version": BUILD.version, "architecture": "x64", "anchors": anchors, **changes}
        return file_list_source.read(**given)

    return read


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port that nobody answers at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/filelist"


def asked(cdn: LabCdn) -> list[str]:
    return [request.path.partition("?")[0].rpartition("/")[2] for request in cdn.requests]


def answer(cdn: LabCdn, path: Path) -> Path:
    """The API's answer to the build, brought along in a file."""
    query = {"Channel": BUILD.channel, "Version": BUILD.version, "Arch": "x64", "AllLanguages": "True"}
    path.write_bytes(requests.get(cdn.file_list_url, params=query, timeout=10).content)
    cdn.requests.clear()
    return path


def test_the_api_is_asked_first_and_for_all_it_needs(read: Read, cdn: LabCdn) -> None:
    listed = read()
    assert (listed.form, listed.source, listed.reason) == ("api", cdn.file_list_url, "the API answered")
    assert listed.files.languages == ("en-us",)
    sent = f"Channel=MonthlyEnterprise&Version={BUILD.version}&Arch=x64&AllLanguages=True"
    assert [request.path.partition("?")[2] for request in cdn.requests] == [sent]


@pytest.mark.parametrize(("form", "name"), [("api", "filelist"), ("ofl", "ofl.cab")])
def test_a_form_that_was_asked_for_is_the_only_one_tried(read: Read, cdn: LabCdn, form: str, name: str) -> None:
    listed = read(form=form)
    assert (listed.form, listed.reason) == (form, "asked for")
    assert asked(cdn) == [name]


def test_ofl_stands_in_for_an_api_that_cannot_be_reached(
    read: Read, cdn: LabCdn, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_list_source, "API_URL", nobody)
    listed = read()
    assert (listed.form, listed.source) == ("ofl", cdn.ofl_url)
    assert listed.reason.startswith(f"the API could not be reached ({nobody} cannot be fetched")
    assert listed.reason.endswith("), and ofl.cab knows the channel")
    assert asked(cdn) == ["ofl.cab"]


def test_an_unreachable_api_stays_an_error_where_ofl_does_not_know_the_channel(
    read: Read, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_list_source, "API_URL", nobody)
    with pytest.raises(TransferError, match=rf"^file_list_url: {nobody} .*'PerpetualVL2024' is not in ofl\.cab"):
        read(channel=channels.find("PerpetualVL2024"))


def test_both_that_cannot_be_reached_are_named(read: Read, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_list_source, "API_URL", nobody)
    monkeypatch.setattr(file_list_source, "OFL_URL", f"{nobody}/ofl.cab")
    with pytest.raises(TransferError, match=rf"^file_list_url: {nobody} .*could not stand in.*{nobody}/ofl\.cab"):
        read()


def test_an_ofl_that_stands_in_has_to_be_signed(read: Read, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_list_source, "API_URL", nobody)
    with pytest.raises(SignatureError, match=r"^file_list_url: "):
        read(anchors=authenticode.TrustAnchors((), ()))


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"version": "16.0.20131.20206"}, FeedError, "is for version"),
        ({"version": None}, FeedError, "is for version"),
        ({"version": ""}, InputError, "^version: '16.0.20228.20190' is not a build of channel MonthlyEnterprise"),
        ({"architecture": "x86"}, FeedError, "is for architecture"),
        ({"files": []}, FeedError, "does not say where"),
    ],
)
def test_an_api_that_answers_nonsense_is_never_passed_over(
    read: Read,
    cdn: LabCdn,
    change: dict[str, Any],
    kind: type[CdnError],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = answer(cdn, tmp_path / "filelist")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    cdn.serve("/lies", tmp_path)
    monkeypatch.setattr(file_list_source, "API_URL", f"{cdn.url}/lies/filelist")
    with pytest.raises(kind, match=text):
        read()
    assert asked(cdn) == ["filelist"]


@pytest.mark.parametrize("fault", ["missing", "bad-request"])
def test_an_api_that_says_no_has_answered(read: Read, cdn: LabCdn, fault: str) -> None:
    cdn.faults[file_list_source.API_URL.removeprefix(cdn.url)] = fault
    with pytest.raises(NotInBuildError, match=r"^file_list_url: "):
        read()
    assert asked(cdn) == ["filelist"]


def test_an_address_is_taken_for_what_it_leads_to(read: Read, cdn: LabCdn) -> None:
    found = read(url=cdn.ofl_url)
    assert (found.form, found.reason) == ("ofl", "file_list_url leads to a cabinet")
    found = read(url=f"{cdn.file_list_url}?key=secret")
    assert (found.form, found.source) == ("api", cdn.file_list_url)
    assert found.reason == "file_list_url leads to an answer of the API"
    assert [request.path.partition("?")[2].partition("&Version")[0] for request in cdn.requests] == [
        "",
        "key=secret&Channel=MonthlyEnterprise",
    ]


def test_a_cabinet_by_any_name_is_asked_for_as_it_is(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    (tmp_path / "lists").write_bytes((cdn.anchors.parents[1] / "www/pr/wsus/ofl.cab").read_bytes())
    cdn.serve("/office", tmp_path)
    assert read(form="ofl", url=f"{cdn.url}/office/lists").form == "ofl"
    assert [request.path for request in cdn.requests] == ["/office/lists"]


def test_a_local_copy_is_taken_for_what_it_is(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    """A network without internet access: nothing is asked."""
    plain = answer(cdn, tmp_path / "list.json")
    ofl = tmp_path / "ofl.cab"
    ofl.write_bytes((cdn.anchors.parents[1] / "www/pr/wsus/ofl.cab").read_bytes())
    extracted = tmp_path / "list.xml"
    extracted.write_bytes(cabinet.read_member(ofl, "o365client_64bit.xml"))
    found = {path: read(url=str(path)) for path in (plain, ofl, extracted)}
    assert {path: (listed.form, listed.source, listed.reason) for path, listed in found.items()} == {
        plain: ("api", str(plain), "local copy, an answer of the API"),
        ofl: ("ofl", str(ofl), "local copy, a cabinet"),
        extracted: ("ofl", str(extracted), "local copy, a list out of ofl.cab"),
    }
    assert all("en-us" in listed.files.languages for listed in found.values())
    assert cdn.requests == []
    with pytest.raises(SignatureError, match=r"^file_list_url: "):
        read(url=str(ofl), anchors=authenticode.TrustAnchors((), ()))


def test_without_anchors_no_signature_is_looked_at(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    data = bytearray((cdn.anchors.parents[1] / "www/pr/wsus/ofl.cab").read_bytes())
    data[-1] ^= 1
    ofl = tmp_path / "ofl.cab"
    ofl.write_bytes(data[:-100])
    assert read(url=str(ofl), anchors=None).form == "ofl"


def test_places_in_the_address_are_filled_in(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    path = answer(cdn, tmp_path / f"{BUILD.channel}-{BUILD.version}-x64.json")
    assert read(url=f"{tmp_path}/{{channel}}-{{version}}-{{architecture}}.json").source == str(path)
    with pytest.raises(InputError, match=f"^file_list_url: '{tmp_path}/list-x86.json' cannot be read"):
        read(url=f"{tmp_path}/list-{{architecture}}.json", architecture="x86")
    cdn.serve("/lists", tmp_path)
    listed = read(url=f"{cdn.url}/lists/{{channel}}-{{version}}-{{architecture}}.json")
    assert listed.source == f"{cdn.url}/lists/{path.name}"
    assert [request.path for request in cdn.requests] == [f"/lists/{path.name}"]  # no query: it says all already


def test_a_copy_for_the_other_architecture_is_told_with_the_remedy(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    path = answer(cdn, tmp_path / "list.json")
    with pytest.raises(FeedError, match=rf"^file_list_url: {path}: .*'x64', not for 'x86'.*{{architecture}}"):
        read(url=str(path), architecture="x86")


@pytest.mark.parametrize("form", ["auto", "api", "ofl"])
def test_what_is_no_list_at_all_is_refused(read: Read, tmp_path: Path, form: str) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(CdnError, match=f"^file_list_url: {path}"):
        read(url=str(path), form=form)


def test_an_unsigned_list_is_only_taken_from_the_disk(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    (tmp_path / "list.xml").write_text("<UpdateFiles/>")
    cdn.serve("/lists", tmp_path)
    with pytest.raises(InputError, match=r"^file_list_url: .*/lists/list\.xml is an XML document"):
        read(url=f"{cdn.url}/lists/list.xml")


def test_a_list_of_the_other_form_is_a_matter_of_file_list(read: Read, cdn: LabCdn, tmp_path: Path) -> None:
    (tmp_path / "list.xml").write_text("<UpdateFiles/>")
    for url in (cdn.ofl_url, str(tmp_path / "list.xml")):
        with pytest.raises(InputError, match=r"^file_list: 'api' reads .*set file_list: ofl\.$"):
            read(form="api", url=url)
    with pytest.raises(InputError, match=r"^file_list: 'ofl' reads .*set file_list: api\.$"):
        read(form="ofl", url=cdn.file_list_url)


def test_32_bit_office_has_its_own_list_in_ofl(read: Read) -> None:
    listed = read(form="ofl", architecture="x86").files
    assert isinstance(listed, file_list.FileList)
    assert f"office/data/{BUILD.version}/i641033.cab" in {entry.path for entry in listed.select(["en-us"])}
