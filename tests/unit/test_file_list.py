# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    channels,
    file_list,
    file_list_api,
    file_list_ofl,
    image_layout,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

VERSION = "16.0.20326.20100"
CURRENT = channels.find("Current")
BASE = f"http://officecdn.microsoft.com/pr/{CURRENT.guid}"
NEUTRAL = {
    "office/data/v64.cab",
    f"office/data/v64_{VERSION}.cab",
    *(f"office/data/{VERSION}/{name}" for name in ("s640.cab", "i640.cab", "stream.x64.x-none.dat")),
}
GERMAN = {f"office/data/{VERSION}/{name}" for name in ("i641031.cab", "s641031.cab", "stream.x64.de-de.dat")}


def api_file(name: str, lcid: str = "0", *, bits: str = "64", **more: Any) -> dict[str, Any]:
    descriptor = name.startswith("v")
    source = f"v{bits}_{VERSION}.cab" if descriptor else name
    folder = "/office/data/" if descriptor else f"/office/data/{VERSION}/"
    entry = {"url": f"{BASE}{folder}{source}", "name": name, "relativePath": folder, "lcid": lcid, **more}
    if name.endswith(".dat"):
        cabinet = f"{'sp' if '.proof.' in name else 's'}{bits}{lcid}.cab"
        entry |= {"hashLocation": f"{cabinet}/{name[:-4]}.hash", "hashAlgorithm": "Sha256"}
    return entry


def answer(*, without: str = "", **more: Any) -> dict[str, Any]:
    files = [
        api_file(name) for name in ("v64.cab", f"v64_{VERSION}.cab", "s640.cab", "i640.cab", "stream.x64.x-none.dat")
    ]
    files += [
        api_file(name, "1031", languageType="core") for name in ("i641031.cab", "s641031.cab", "stream.x64.de-de.dat")
    ]
    files += [
        api_file(name, "1031", languageType="proofingonly") for name in ("sp641031.cab", "stream.x64.de-de.proof.dat")
    ]
    files += [api_file(name, "1027", languageType="partial") for name in ("s641027.cab", "stream.x64.ca-es.dat")]
    files += [api_file(name, "1128", languageType="proofing") for name in ("s641128.cab", "stream.x64.ha-latn-ng.dat")]
    files = [item for item in files if item["name"] != without]
    return {"version": VERSION, "channel": "Current", "architecture": "x64", "files": files, **more}


def from_api(document: dict[str, Any]) -> file_list.FileList:
    return file_list_api.read(json.dumps(document).encode(), VERSION, "x64", CURRENT)


def paths(entries: tuple[file_list.FileEntry, ...]) -> set[str]:
    return {entry.path for entry in entries}


def ofl_file(name: str, lcid: str, language_type: str = "") -> str:
    extra = f' languageType="{language_type}"' if language_type else ""
    if name.endswith(".dat"):
        extra += f' hashLocation="s64{lcid}.cab/{name[:-4]}.hash" hashAlgo="Sha256"'
    return f'<File name="{name}" relativePath="/office/data/%version%/" language="{lcid}"{extra}/>'


def ofl(*nodes: str, version: str = "1.10", branch: str = "Monthly", base: str = BASE) -> bytes:
    files = [
        '<File name="v64_%version%.cab" rename="v64.cab" relativePath="/office/data/" language="0"/>',
        '<File name="v64_%version%.cab" relativePath="/office/data/" language="0"/>',
        *(ofl_file(name, "0") for name in ("s640.cab", "i640.cab", "stream.x64.x-none.dat")),
        *(ofl_file(name, "1031", "core") for name in ("i641031.cab", "s641031.cab", "stream.x64.de-de.dat")),
        *(ofl_file(name, "1128", "proofing") for name in ("s641128.cab", "stream.x64.ha-latn-ng.dat")),
    ]
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\r\n<!-- c -->\r\n<UpdateFiles version="{version}">\r\n'
        f'<baseURL branch="Fabrikam" URL="http://example.invalid/" /><baseURL branch="{branch}" URL="{base}" />'
        f"{''.join(files)}{''.join(nodes)}</UpdateFiles>"
    )
    return b"\xef\xbb\xbf" + text.encode()


def test_a_language_brings_the_neutral_files_and_its_own() -> None:
    listed = from_api(answer())
    assert paths(listed.select(["DE-de"])) == NEUTRAL | GERMAN
    assert listed.languages == ("ca-es", "de-de")  # ha-latn-ng has proofing tools only


def test_the_same_build_comes_out_of_ofl() -> None:
    listed = file_list_ofl.read(ofl(), CURRENT, "20326.20100", "x64")
    assert (listed.version, listed.list_version, listed.languages) == (VERSION, (1, 10), ("de-de",))
    assert paths(listed.select(["de-de"])) == NEUTRAL | GERMAN
    assert {e.path: e for e in listed.select(["de-de"])}.items() <= {
        e.path: e for e in from_api(answer()).files
    }.items()


@pytest.mark.parametrize("without", ["", "v64.cab", f"v64_{VERSION}.cab"])
def test_both_names_of_the_descriptor_come_from_the_builds_own(without: str) -> None:
    files = {entry.path: entry.url for entry in from_api(answer(without=without)).files}
    assert (
        files["office/data/v64.cab"]
        == files[f"office/data/v64_{VERSION}.cab"]
        == f"{BASE}/office/data/v64_{VERSION}.cab"
    )


def test_the_hash_of_a_stream_is_known() -> None:
    streams = {entry.path.rpartition("/")[2]: entry.hash_location for entry in from_api(answer()).select(["de-de"])}
    assert streams["stream.x64.de-de.dat"] == "s641031.cab/stream.x64.de-de.hash"
    assert streams["s641031.cab"] is None


def test_proofing_files_are_told_by_name_where_the_type_is_missing() -> None:
    document = answer()
    for item in document["files"]:
        item.pop("languageType", None)
    assert paths(from_api(document).select(["de-de"])) == NEUTRAL | GERMAN


def test_the_culture_of_a_catalog_is_that_of_its_stream() -> None:
    document = answer()
    document["files"].append(api_file("stream.x64.de-de.dat.cat", "0"))
    catalog = next(entry for entry in from_api(document).files if entry.path.endswith(".cat"))
    assert catalog.language == "de-de"


def test_optional_files_are_marked() -> None:
    node = '<File name="i640.cab" relativePath="/office/data/%version%/Experiment/" language="0" optional="TRUE"/>'
    listed = file_list_ofl.read(ofl(node, version="1.7"), CURRENT, VERSION, "x64")
    assert [e.path for e in listed.files if e.optional] == [f"office/data/{VERSION}/experiment/i640.cab"]
    assert listed.list_version < (1, 10)  # as text "1.7" would be the higher one


@pytest.mark.parametrize("languages", [["xx-xx"], ["de-de", "ha-latn-ng"], ["x-none"], []])
def test_a_language_that_cannot_be_staged_is_named_with_those_that_can(languages: list[str]) -> None:
    named = languages[-1] if languages else "empty list"
    with pytest.raises(InputError, match=f"^languages: .*{named}.*Valid are ca-es, de-de"):
        from_api(answer()).select(languages)


@pytest.mark.parametrize(
    "change", [{"version": ""}, {"version": "16.0.20228.20190"}, {"version": None}, {"architecture": "x86"}]
)
def test_an_answer_about_something_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FeedError, match=r"is for (version|architecture)"):
        from_api(answer(**change))


def with_file(which: str = "i640.cab", **change: Any) -> dict[str, Any]:
    document = answer()
    document["files"] = [{**f, **change} if f["name"] == which else f for f in document["files"]]
    return document


def with_another(which: str, **change: Any) -> dict[str, Any]:
    document = answer()
    document["files"] += [{**f, **change} for f in document["files"] if f["name"] == which]
    return document


X_NONE = "stream.x64.x-none.dat"
FOLDER = f"{BASE}/office/data/{VERSION}"
SEMI_ANNUAL = channels.find("SemiAnnual").guid


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": VERSION, "architecture": "x64", "files": "none"},
        answer(files=[]),
        answer(files=["i640.cab"]),
        answer(without="s641031.cab"),  # the hash of a stream could not be read
        with_file(name="../../../etc/cron.d/x"),
        with_file(name="i640.cab/../../x"),
        with_file(name=".."),
        with_file(name="i640\n.cab"),
        with_file(relativePath="/office/"),
        with_file(relativePath="/office/data/../../"),
        with_file(relativePath=None),
        with_file(url=f"{BASE}/office/data/16.0.20228.20190/i640.cab"),  # another version
        with_file(url=f"file:///office/{CURRENT.guid}/{VERSION}/i640.cab"),
        with_file(
            url=f"http://officecdn.microsoft.com/pr/{channels.find('SemiAnnual').guid}/office/data/{VERSION}/i640.cab"
        ),
        with_file(name="s640.cab"),  # one target, two sources
        with_file(name="stream.x64.fr-fr.dat"),  # a stream without a hash
        with_file(name="stream.x64.fr-fr.dat", hashLocation="s640.cab/x.hash", hashAlgorithm="Md5"),
        with_file(name="stream.x64.fr-fr.dat", hashLocation="../s640.cab/x.hash", hashAlgorithm="Sha256"),
        # a name, a URL and a hash that belong to three files
        with_file(X_NONE, url=f"{FOLDER}/s640.cab"),
        with_file(X_NONE, url=f"{FOLDER}/stream.x64.de-de.dat", hashLocation="s641031.cab/stream.x64.de-de.hash"),
        with_file(X_NONE, hashLocation="s640.cab/stream.x64.de-de.hash"),
        with_file("stream.x64.de-de.dat", hashLocation="s640.cab/stream.x64.de-de.hash"),
        with_file("stream.x64.de-de.dat", hashLocation="i641031.cab/stream.x64.de-de.hash"),
        with_file("s640.cab", hashLocation="s640.cab/s640.hash", hashAlgorithm="Sha256"),
        # another build or channel, the wanted one named elsewhere in the URL
        with_file(url=f"{BASE}/office/data/16.0.20228.20190/i640.cab?{VERSION}"),
        with_file(url=f"{BASE}/office/data/16.0.20228.20190/i640.cab#{VERSION}"),
        with_file(url=f"{BASE}/office/data/{VERSION}/../16.0.20228.20190/i640.cab"),
        with_file(url=f"{BASE}/office/data/{VERSION}/%2e%2e/16.0.20228.20190/i640.cab"),
        with_file(url=f"{BASE}/office/data/{VERSION}/i640.cab?"),
        with_file(url=f"http://cdn/pr/{SEMI_ANNUAL}/office/data/{VERSION}/i640.cab?/{CURRENT.guid}/"),
        with_file(url=f"http://{CURRENT.guid}/pr/{SEMI_ANNUAL}/office/data/{VERSION}/i640.cab"),
        with_file(url=f"http://cdn/sg/{CURRENT.guid}/office/data/{VERSION}/i640.cab"),
        with_file(url=f"http://[::1/pr/{CURRENT.guid}/office/data/{VERSION}/i640.cab"),
        with_file(url=f"http://me:secret@cdn/pr/{CURRENT.guid}/office/data/{VERSION}/i640.cab"),
        with_file(url=f"{FOLDER}/i640.cab\n"),
        with_file(url=f"http://\ud800/pr/{CURRENT.guid}/office/data/{VERSION}/i640.cab"),
        with_another(
            "i640.cab", relativePath="/office/data/16.0.1.1/", url=f"{BASE}/office/data/16.0.1.1/i640.cab?{VERSION}"
        ),
        with_another("i640.cab", relativePath="/office/data/", url=f"{BASE}/office/data/i640.cab"),
        # less than a build
        *(answer(without=name) for name in ("i640.cab", "s640.cab", X_NONE, "s641027.cab")),
        with_file("s640.cab", lcid="1031"),
        with_file("s641031.cab", lcid="1027"),
        # what no disk could hold
        with_another("i640.cab", name=f"{'a' * 101}.cab", url=f"{FOLDER}/{'a' * 101}.cab"),
        with_another(
            "i640.cab", relativePath=f"/office/data/{VERSION}/s640.cab/", name="a.cab", url=f"{FOLDER}/s640.cab/a.cab"
        ),
        with_another(
            "i640.cab", relativePath=f"/office/data/{VERSION}/{'a/' * 9}", name="a.cab", url=f"{FOLDER}/{'a/' * 9}a.cab"
        ),
    ],
)
def test_an_answer_that_is_not_sound_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(FeedError, match="The file list API's answer"):
        from_api(document)


@pytest.mark.parametrize("document", [b"", b"<html></html>", b"[]", b"null", b'{"files": ', b"[" * 200_000])
def test_what_is_no_answer_is_refused(document: bytes) -> None:
    with pytest.raises(FeedError, match="The file list API's answer"):
        file_list_api.read(document, VERSION, "x64")


def test_the_live_descriptor_is_never_a_source() -> None:
    document = answer(without=f"v64_{VERSION}.cab")
    for url in (f"{BASE}/office/data/v64.cab?{VERSION}", f"{BASE}/office/data/v64.cab"):
        document["files"][0]["url"] = url
        with pytest.raises(FeedError, match=rf"it should be http://HOST/pr/CHANNEL/office/data/v64_{VERSION}\.cab"):
            from_api(document)


def test_a_channel_ofl_does_not_know_is_named_with_a_remedy() -> None:
    with pytest.raises(InputError, match=r"^channel: 'PerpetualVL2024' .*Monthly\. Use the file list API"):
        file_list_ofl.read(ofl(), channels.find("PerpetualVL2024"), VERSION, "x64")


@pytest.mark.parametrize(
    "xml",
    [
        ofl(base=BASE.replace(CURRENT.guid, channels.find("SemiAnnual").guid)),
        ofl(version="new"),
        ofl(version="1" * 5000),
        ofl(version="1.1.1.1.1"),
        ofl('<File name="x.cab" language="0"/>'),
        ofl('<File name="../x.cab" relativePath="/office/data/%version%/" language="0"/>'),
        ofl('<File name="x.cab" rename="y.cab" relativePath="/office/data/%version%/" language="0"/>'),
        ofl().replace(b"UpdateFiles", b"Other"),
        b"",
    ],
)
def test_a_list_of_ofl_that_is_not_sound_is_refused(xml: bytes) -> None:
    with pytest.raises(FeedError, match=r"The file list of ofl\.cab"):
        file_list_ofl.read(xml, CURRENT, VERSION, "x64")


def test_the_list_of_the_other_architecture_is_refused() -> None:
    with pytest.raises(FeedError, match="complete x86 build"):
        file_list_ofl.read(ofl(), CURRENT, VERSION, "x86")


@pytest.mark.parametrize(
    "document",
    [
        answer(version="1" * 10_000),
        answer(architecture="x" * 10_000),
        with_file(name="a" * 10_000),
        with_file(url=f"http://cdn/pr/{SEMI_ANNUAL}/{'a' * 10_000}"),
        with_file(url="a" * 10_000),
        with_file("s640.cab", hashLocation="a" * 10_000, hashAlgorithm="Sha256"),
    ],
)
def test_the_error_is_no_longer_than_a_person_reads(document: dict[str, Any]) -> None:
    with pytest.raises(FeedError) as caught:
        from_api(document)
    assert len(str(caught.value)) < 700


def test_a_version_that_the_api_does_not_know_is_told_apart() -> None:
    with pytest.raises(file_list_api.UnknownBuildError):
        from_api(answer(version=""))
    with pytest.raises(FeedError) as caught:
        from_api(answer(version="16.0.20228.20190"))
    assert not isinstance(caught.value, file_list_api.UnknownBuildError)


def test_a_catalogue_or_a_cabinet_makes_no_language() -> None:
    document = answer(without="stream.x64.de-de.dat")
    document["files"].append(api_file("stream.x64.de-de.dat.cat", "1031", languageType="core"))
    listed = from_api(document)
    assert listed.languages == ("ca-es",)
    with pytest.raises(InputError, match=r"^languages: 'de-de' cannot be staged"):
        listed.select(["de-de"])


def test_the_case_of_an_address_is_the_services_own() -> None:
    url = f"HTTP://officecdn.microsoft.com:80/PR/{CURRENT.guid.upper()}/Office/Data/{VERSION}/i640.cab"
    listed = from_api(with_file(url=url))
    assert [entry.url for entry in listed.files if entry.path.endswith("/i640.cab")] == [url]


@pytest.mark.parametrize("name", ["i640.cab", "v64_%version%.cab"])
def test_what_every_image_has_is_neither_optional_nor_a_languages(name: str) -> None:
    for start, more in ((b'language="0"', b'language="0" optional="TRUE"'), (b'language="0"', b'language="1031"')):
        node = next(part for part in ofl().split(b"<") if part.startswith(f'File name="{name}"'.encode()))
        xml = ofl().replace(node, node.replace(start, more))
        if name.startswith("v64"):
            xml = xml.replace(node.replace(b' rename="v64.cab"', b""), b"!-- -->")
        with pytest.raises(FeedError, match=r"lacks office/data/.*not the list of a complete x64 build"):
            file_list_ofl.read(xml, CURRENT, VERSION, "x64")


def test_what_every_image_has() -> None:
    folder = f"office/data/{VERSION}"
    assert image_layout.required(VERSION, "x64", ["de-de"]) == NEUTRAL | {f"{folder}/stream.x64.de-de.dat"}
    assert image_layout.required(VERSION, "x86") == {
        "office/data/v32.cab",
        f"office/data/v32_{VERSION}.cab",
        *(f"{folder}/{name}" for name in ("i320.cab", "i640.cab", "s320.cab", "stream.x86.x-none.dat")),
    }


# 32-bit Office


X86 = {
    "office/data/v32.cab",
    f"office/data/v32_{VERSION}.cab",
    *(f"office/data/{VERSION}/{name}" for name in ("s320.cab", "i320.cab", "i640.cab", "stream.x86.x-none.dat")),
}
X86_GERMAN = {
    f"office/data/{VERSION}/{name}" for name in ("i321031.cab", "i641031.cab", "s321031.cab", "stream.x86.de-de.dat")
}
X86_PROOFING = {f"office/data/{VERSION}/{name}" for name in ("sp321031.cab", "stream.x86.de-de.proof.dat")}


def x86_answer(*, without: str = "") -> dict[str, Any]:
    def entries(names: set[str], lcid: str, **more: Any) -> list[dict[str, Any]]:
        return [api_file(path.rpartition("/")[2], lcid, bits="32", **more) for path in sorted(names)]

    files = [
        *entries(X86, "0"),
        *entries(X86_GERMAN, "1031", languageType="core"),
        *entries({"s321027.cab", "stream.x86.ca-es.dat"}, "1027", languageType="partial"),
        *entries(X86_PROOFING, "1031", languageType="proofingonly"),
    ]
    files = [item for item in files if item["name"] != without]
    return {"version": VERSION, "channel": "Current", "architecture": "x32", "files": files}


def x86_from_api(document: dict[str, Any]) -> file_list.FileList:
    return file_list_api.read(json.dumps(document).encode(), VERSION, "x86", CURRENT)


def x86_ofl(*nodes: str, version: str = "1.10") -> bytes:
    text = ofl(version=version).decode("utf-8-sig").replace("x64", "x86").replace("64", "32")
    client = '<File name="i640.cab" relativePath="/office/data/%version%/" language="0"/>'
    language = '<File name="i641031.cab" relativePath="/office/data/%version%/" language="1031" languageType="core"/>'
    return text.replace("</UpdateFiles>", f"{client}{language}{''.join(nodes)}</UpdateFiles>").encode()


def test_32_bit_office_takes_the_64_bit_client_too_and_its_languages() -> None:
    assert paths(x86_from_api(x86_answer()).select(["de-de"])) == X86 | X86_GERMAN
    urls = {entry.path: entry.url for entry in x86_from_api(x86_answer()).files}
    assert urls["office/data/v32.cab"] == f"{BASE}/office/data/v32_{VERSION}.cab"


@pytest.mark.parametrize("name", ["x86", "x32", "X86"])
def test_the_service_calls_32_bit_office_by_either_name(name: str) -> None:
    assert x86_from_api({**x86_answer(), "architecture": name}).architecture == "x86"


@pytest.mark.parametrize("name", ["x32", "x86", "x6"])
def test_64_bit_office_has_one_name(name: str) -> None:
    with pytest.raises(FeedError, match=f"is for architecture '{name}'"):
        from_api(answer(architecture=name))


def test_the_same_32_bit_build_comes_out_of_ofl() -> None:
    listed = file_list_ofl.read(x86_ofl(), CURRENT, VERSION, "x86")
    assert paths(listed.select(["de-de"])) == X86 | X86_GERMAN


def test_a_partial_language_has_no_client_of_its_own() -> None:
    names = {path.rpartition("/")[2] for path in paths(x86_from_api(x86_answer()).select(["ca-es"])) - X86}
    assert names == {"s321027.cab", "stream.x86.ca-es.dat"}


@pytest.mark.parametrize(
    "without",
    ["i640.cab", "i320.cab", "s320.cab", "stream.x86.x-none.dat", "i641031.cab", "s321031.cab", "sp321031.cab"],
)
def test_a_32_bit_list_that_is_not_complete_is_refused(without: str) -> None:
    with pytest.raises(FeedError, match=without.replace(".", r"\.")):
        x86_from_api(x86_answer(without=without))


def test_an_experiment_is_optional_on_either_architecture() -> None:
    nodes = [
        f'<File name="{name}" relativePath="/office/data/%version%/Experiment/" language="0" optional="TRUE"/>'
        for name in ("i320.cab", "i640.cab")
    ]
    listed = file_list_ofl.read(x86_ofl(*nodes, version="1.7"), CURRENT, VERSION, "x86")
    assert {entry.name for entry in listed.files if entry.optional} == {"i320.cab", "i640.cab"}
    assert {entry.path for entry in listed.files if not entry.optional} >= X86


def test_the_stream_of_the_other_architecture_is_no_language() -> None:
    document = x86_answer(without="stream.x86.de-de.dat")
    document["files"] += [
        api_file("s641031.cab", "1031", languageType="core"),
        api_file("stream.x64.de-de.dat", "1031", languageType="core"),
    ]
    with pytest.raises(FeedError, match="not the cabinet of a language"):
        x86_from_api(document)
    document["files"][-1]["hashLocation"] = "s321031.cab/stream.x64.de-de.hash"
    assert x86_from_api(document).languages == ("ca-es",)


# Proofing tools


PROOFING = {f"office/data/{VERSION}/{name}" for name in ("sp641031.cab", "stream.x64.de-de.proof.dat")}
HAUSA = {f"office/data/{VERSION}/{name}" for name in ("s641128.cab", "stream.x64.ha-latn-ng.dat")}


def test_proofing_tools_come_when_asked_for() -> None:
    listed = from_api(answer())
    assert listed.proofing_languages == ("de-de", "ha-latn-ng")
    assert paths(listed.select(["ca-es"], ["DE-de"])) - paths(listed.select(["ca-es"])) == PROOFING
    assert paths(listed.select(["de-de"], ["ha-latn-ng"])) == NEUTRAL | GERMAN | HAUSA
    assert paths(x86_from_api(x86_answer()).select(["de-de"], ["de-de"])) == X86 | X86_GERMAN | X86_PROOFING


def test_ofl_knows_proofing_tools_of_languages_that_are_nothing_else() -> None:
    listed = file_list_ofl.read(ofl(), CURRENT, VERSION, "x64")
    assert listed.proofing_languages == ("ha-latn-ng",)
    assert paths(listed.select(["de-de"], ["ha-latn-ng"])) == NEUTRAL | GERMAN | HAUSA


@pytest.mark.parametrize("culture", ["ca-es", "xx-xx", "x-none"])
def test_proofing_tools_that_are_not_there_are_named_with_those_that_are(culture: str) -> None:
    with pytest.raises(InputError, match=rf"^proofing_tools: '{culture}' .*Valid are de-de, ha-latn-ng"):
        from_api(answer()).select(["de-de"], ["de-de", culture])


@pytest.mark.parametrize("cabinet", ["s641031.cab", "i641031.cab"])
def test_the_hash_of_proofing_tools_is_in_their_own_cabinet(cabinet: str) -> None:
    location = f"{cabinet}/stream.x64.de-de.proof.hash"
    with pytest.raises(FeedError, match="not the cabinet of a language"):
        from_api(with_file("stream.x64.de-de.proof.dat", hashLocation=location))
