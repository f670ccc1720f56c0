# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the module `image`: brought into one form, checked, and held against each other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bandwidth
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents

VERSION = "16.0.12527.21104"
GIVEN = {"channel": "MonthlyEnterprise", "version": VERSION, "languages": ["en-us"], "library": "/srv/office"}
FROM_LIBRARY = {**GIVEN, "languages": None, "source": "http://dp-1/office"}
MORE_INFO = (
    f"https://go.microsoft.com/fwlink/?LinkId=626090&Ver={VERSION}&Branch=MonthlyEnterprise&Arch=64&XMLVer=1.4"
    "&xmlPath=http://officecdn.microsoft.com/pr/wsus/ofl.cab&xmlFile=O365Client_64bit.xml"
)
SERVICE = (
    f"https://config.office.com/api/filelist?Channel=MonthlyEnterprise&Version={VERSION}&Arch=64&AllLanguages=True"
)


def request(given: dict[str, Any], **changes: Any) -> ImageRequest:
    return ImageRequest.from_options({**given, **changes})


def test_defaults_of_an_image_from_the_cdn_and_from_a_library() -> None:
    cdn = request(GIVEN)
    assert (cdn.architectures, cdn.languages, cdn.proofing_tools) == (("x64",), ("en-us",), ())
    assert (cdn.verified, cdn.file_list, cdn.file_list_url, cdn.keep) == (True, "auto", None, None)
    mirrored = request(FROM_LIBRARY)
    assert (mirrored.architectures, mirrored.languages, mirrored.proofing_tools) == (None, None, None)
    some = request(FROM_LIBRARY, languages=["DE-de"], architectures=["x86"])
    assert (some.architectures, some.languages, some.proofing_tools) == (("x86",), ("de-de",), None)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"channel": None}, r"^channel: it is not given\. Give it, or more_info_url"),
        ({"version": " "}, r"^version: it is not given"),
        ({"languages": None}, r"^languages: \[\] names no language"),
        ({"proofing_tools": ["de-de", " "]}, r"^proofing_tools: \['de-de', ' '\] has an empty one"),
        ({"keep": 0}, r"^keep: 0 is out of range; give a number at least 1\."),
        ({"connections": 0}, r"^connections: 0 is out of range; give a number from 1 to 64\."),
        ({"connections": 65}, r"^connections: 65 is out of range"),
        ({"pinned": ["2607"]}, r"^pinned: '2607' is not an Office version"),
        ({"bandwidth_limit": "20 MB"}, r"^bandwidth_limit: '20 MB' is no rate"),
        ({"manifest_sha256": "00" * 32}, r"^manifest_sha256: it pins the manifest of a source; give source"),
        ({"library": "office"}, r"^library: 'office' is not an absolute path"),
    ],
)
def test_what_cannot_be_is_named(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        request(GIVEN, **changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"source": "office"}, r"^source: 'office' is not an absolute path"),
        ({"source": "ftp://dp-1/office"}, r"^source: 'ftp://dp-1/office' is not an http\(s\) URL"),
        ({"source": "http://me:secret@dp-1/?sig=secret"}, r"^source: the address http://dp-1/ goes on with a query"),
        ({"manifest_sha256": "abc"}, r"^manifest_sha256: 'abc' is no SHA-256"),
        *(
            ({option: value}, rf"^source: 'http://dp-1/office' is another library.* leave out {option}, or source\.")
            for option, value in (
                ("file_list", "auto"),
                ("file_list_url", "/tmp/ofl.cab"),  # noqa: S108  # never opened
                ("cdn_url", "http://cdn"),
                ("trust_anchors", ["/root.pem"]),
                ("verification", "none"),
                ("more_info_url", MORE_INFO),
            )
        ),
    ],
)
def test_what_a_library_as_source_excludes(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        request(FROM_LIBRARY, **changes)
    assert "secret" not in str(caught.value)


def test_an_image_is_met_by_what_has_all_of_it() -> None:
    asked = request(GIVEN, architectures=["x64", "x86"], proofing_tools=["nl-nl"])
    there = Contents(("x86", "x64"), ("de-de", "en-us"), ("nl-nl", "rm-ch"))
    assert asked.is_met_by(there)
    assert not asked.is_met_by(Contents(("x64",), there.languages, there.proofing_tools))
    assert not asked.is_met_by(Contents(there.architectures, ("de-de",), there.proofing_tools))
    assert not asked.is_met_by(Contents(there.architectures, there.languages, ()))
    assert not request(FROM_LIBRARY).is_met_by(there)  # nobody here knows what the source has


def test_pinned_versions_and_wanted_ones_are_protected() -> None:
    found = request(GIVEN, pinned=["20228.20190"], _wanted={"16.0.1.2": "wanted by deployment pilot"}).protected
    assert found == {"16.0.1.2": "wanted by deployment pilot", "16.0.20228.20190": "pinned"}


def test_a_more_info_url_stands_for_channel_version_architecture_and_file_list() -> None:
    given = {"more_info_url": MORE_INFO, "languages": ["en-us"], "library": "/srv/office"}
    found = request(given)
    assert (found.channel.name, found.version, found.architectures) == ("MonthlyEnterprise", VERSION, ("x64",))
    assert found.file_list_url == "http://officecdn.microsoft.com/pr/wsus/ofl.cab"
    service = {**given, "more_info_url": f"{MORE_INFO}& ServicePath={SERVICE}"}
    assert request(service).file_list_url == "https://config.office.com/api/filelist"
    assert request(service, file_list="ofl").file_list_url == "http://officecdn.microsoft.com/pr/wsus/ofl.cab"
    assert request(given, file_list="api").file_list_url is None
    assert request(given, version=VERSION.removeprefix("16.0."), channel="MEC").version == VERSION


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"channel": "Current"}, r"^channel: Current contradicts more_info_url, which names MonthlyEnterprise\."),
        ({"version": "16.0.1.2"}, rf"^version: 16\.0\.1\.2 contradicts more_info_url, which names {VERSION}\."),
        ({"architectures": ["x86"]}, r"^architectures: \['x86'\] contradicts more_info_url, which names \['x64'\]\."),
        ({"file_list_url": "http://me:secret@a/b?c"}, r"^file_list_url: http://a/b contradicts more_info_url, which "),
    ],
)
def test_what_contradicts_a_more_info_url_is_named(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        request({**GIVEN, "more_info_url": MORE_INFO}, **changes)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("500K", 500_000), ("20M", 20_000_000), ("1.5g", 1_500_000_000), ("2000", 2000), (" 20 m ", 20_000_000)],
)
def test_a_rate_is_read_as_people_write_it(text: str, rate: int) -> None:
    assert bandwidth.bytes_per_second(text, "bandwidth_limit") == rate


@pytest.mark.parametrize("text", ["", "20", "0M", "M", "20MB", "-1M", "1e6", "20M/s", "\u0662\u0660M"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^bandwidth_limit: .* is no rate of at least 1000 bytes"):
        bandwidth.bytes_per_second(text, "bandwidth_limit")
