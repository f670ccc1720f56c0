# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated CDN keeps its word: real formats, real HTTP, real signatures, and every fault as named."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import libarchive  # type: ignore[import-untyped]  # ships no annotations
import pytest
import requests

from ansible_collections.officefleet.c2r.tests.lab.cdn import DEFAULT_BUILDS, Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.authority import Authority

OLD = Build("MonthlyEnterprise", "16.0.20131.20206", "2606", payload_bytes=300_000, language_bytes=70_000)
NEW = Build("MonthlyEnterprise", "16.0.20228.20190", "2607", payload_bytes=300_000, language_bytes=70_000)
ONE_LANGUAGE = Build(
    "Current", "16.0.20326.20100", languages=("en-us",), payload_bytes=100_000, language_bytes=5_000, throttle=250
)
STREAM = "stream.x64.x-none.dat"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (OLD, NEW, ONE_LANGUAGE)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    """The module's lab without the last test's faults and requests."""
    shared.faults.clear()
    shared.requests.clear()
    shared.bytes_per_second = None
    return shared


def fetch(url: str, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=names, timeout=10)


def read_into(got: bytearray, answer: requests.Response) -> None:
    for chunk in answer.iter_content(1000):
        got += chunk


def members(cabinet: bytes) -> dict[str, bytes]:
    with libarchive.memory_reader(cabinet) as archive:
        return {entry.pathname: b"".join(entry.get_blocks()) for entry in archive}


def file_list(cdn: LabCdn, **query: str | list[str]) -> dict[str, Any]:
    answer = requests.get(cdn.file_list_url, params=query, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    document: dict[str, Any] = answer.json()
    return document


def samples() -> Path:
    folder = os.environ.get("OFFICEFLEET_CDN_SAMPLES")
    if not folder:
        pytest.skip("OFFICEFLEET_CDN_SAMPLES does not name the folder with the real samples")
    return Path(folder)


class TestFeeds:
    def test_release_history_has_the_real_form(self, cdn: LabCdn) -> None:
        content = members(fetch(cdn.release_history_url).content)
        assert list(content) == ["ReleaseHistory.xml"]
        xml = content["ReleaseHistory.xml"]
        assert xml.startswith(b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<ReleaseHistory PublishedDate="')
        assert xml.count(b"\n") == xml.count(b"\r\n") > 5
        root = ElementTree.fromstring(xml)  # noqa: S314  the lab's own document
        channel = root.find("UpdateChannel[@ID='MonthlyEnterprise']")
        assert channel is not None
        assert channel.attrib["DisplayName"] == "Monthly Enterprise Channel"
        assert [update.attrib["Latest"] for update in channel] == ["True", "False"]
        assert list(channel[0].attrib) == ["Latest", "Version", "LegacyVersion", "Build", "PubTime"]
        assert channel[0].attrib["LegacyVersion"] == NEW.version
        assert channel[0].attrib["Build"] == "20228.20190"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", channel[0].attrib["PubTime"])

    def test_ofl_has_both_lists_with_addresses_in_the_lab(self, cdn: LabCdn) -> None:
        content = members(fetch(cdn.ofl_url).content)
        assert set(content) == {"o365client_32bit.xml", "o365client_64bit.xml"}
        for xml in content.values():
            root = ElementTree.fromstring(xml)  # noqa: S314  the lab's own document
            assert root.attrib == {"version": "1.10"}
            addresses = {node.attrib["branch"]: node.attrib["URL"] for node in root.iter("baseURL")}
            assert addresses["MonthlyEnterprise"] == f"{cdn.url}/pr/55336b82-a18d-4dd6-b5f6-9e5095c314a6"

    @pytest.mark.parametrize("member", ["o365client_64bit.xml", "o365client_32bit.xml"])
    def test_ofl_lists_exactly_the_files_of_the_real_one(self, cdn: LabCdn, member: str) -> None:
        def nodes(xml: bytes) -> list[list[tuple[str, str]]]:
            return sorted(sorted(node.attrib.items()) for node in ElementTree.fromstring(xml).iter("File"))  # noqa: S314  known documents

        real = nodes((samples() / "metadata-2026-08" / member).read_bytes())
        assert len(real) > 200
        assert nodes(members(fetch(cdn.ofl_url).content)[member]) == real

    def test_live_v64_is_not_the_build_s_own(self, cdn: LabCdn) -> None:
        live = fetch(cdn.url + cdn.path(ONE_LANGUAGE, "v64.cab")).content
        own = fetch(cdn.url + cdn.path(ONE_LANGUAGE, f"v64_{ONE_LANGUAGE.version}.cab")).content
        assert live != own
        live_root = ElementTree.fromstring(members(live)["VersionDescriptor.xml"])  # noqa: S314  the lab's own document
        own_root = ElementTree.fromstring(members(own)["VersionDescriptor.xml"])  # noqa: S314  the lab's own document
        offered = live_root.find("AvailableBuilds/AvailableBuild[@RestrictionType='Default']")
        assert offered is not None
        assert offered.attrib["Version"] == ONE_LANGUAGE.version
        for root, build, throttle in ((live_root, "16.0.12527.22286", "250"), (own_root, ONE_LANGUAGE.version, "1000")):
            available, throttled = root.find("Available"), root.find("Throttle")
            assert available is not None
            assert throttled is not None
            assert (available.attrib["Build"], throttled.attrib["Value"]) == (build, throttle)


class TestFileList:
    def test_every_listed_file_is_served_and_every_hash_true(self, cdn: LabCdn) -> None:
        listed = file_list(cdn, Channel="MonthlyEnterprise", Version=NEW.version, Arch="x64", AllLanguages="True")
        assert listed["version"] == NEW.version
        cabinets: dict[str, dict[str, bytes]] = {}
        hashed = 0
        for entry in listed["files"]:
            assert entry["url"].startswith(f"{cdn.url}/pr/")
            data = fetch(entry["url"])
            assert data.status_code == 200, entry["url"]
            if entry["name"].endswith(".cab"):
                cabinets[entry["name"]] = members(data.content)
        for entry in listed["files"]:
            if "hashLocation" in entry:
                cabinet, _, member = entry["hashLocation"].partition("/")
                digest = hashlib.sha256(fetch(entry["url"]).content).hexdigest()
                assert cabinets[cabinet][member] == digest.upper().encode("utf-16-le")
                assert entry["hashAlgorithm"] == "Sha256"
                hashed += 1
        assert hashed == 2 + 2 * 4  # x-none and its arm64x; a stream and its proofing tools for four languages

    def test_the_list_has_what_a_stager_must_sort_out(self, cdn: LabCdn) -> None:
        files = file_list(cdn, Channel="MonthlyEnterprise", Version=NEW.version, Arch="x64", Lid=["de-de", "rm-ch"])[
            "files"
        ]
        types: dict[str, str | None] = {entry["name"]: entry.get("languageType") for entry in files}
        assert types["i641031.cab"] == types["stream.x64.de-de.dat"] == "core"
        assert types["sp641031.cab"] == types["stream.x64.de-de.proof.dat"] == "proofingonly"
        assert types["s641047.cab"] == types["stream.x64.rm-ch.dat"] == "proofing"
        assert "i641047.cab" not in types
        assert {"a640_exp.cab", "sa640.cab", "stream.x64.x-none.arm64x.dat", f"{STREAM}.cat"} <= set(types)
        assert not any("1033" in name or "en-us" in name for name in types)
        renamed = {entry["name"]: entry["url"].rpartition("/")[2] for entry in files if "v64" in entry["name"]}
        assert renamed == {"v64.cab": f"v64_{NEW.version}.cab", f"v64_{NEW.version}.cab": f"v64_{NEW.version}.cab"}

    def test_entries_have_the_keys_and_values_of_the_real_answer(self, cdn: LabCdn) -> None:
        folder = samples() / "file-list-api"
        real = json.loads((folder / "Current_x64_16.0.20326.20100.RECONSTRUCTED.json").read_text("utf-8"))
        lab = file_list(cdn, Channel="Current", Version=ONE_LANGUAGE.version, Arch="x64", AllLanguages="True")
        real_files = {entry["name"]: entry for entry in real["files"]}
        assert len(lab["files"]) > 20
        for entry in lab["files"]:
            of_real = real_files[entry["name"]]
            entry.pop("languageType", None)  # the sample lost it
            entry["url"] = entry["url"].replace(cdn.url, "http://officecdn.microsoft.com")
            assert entry == of_real
        assert {"version", "architecture", "channel", "baseUrl"} <= set(lab)

    def test_a_language_outside_the_build_is_nowhere(self, cdn: LabCdn) -> None:
        for query in ({"Lid": ["en-us", "nl-nl", "fr-fr"]}, {"AllLanguages": "True"}):
            listed = file_list(cdn, Channel="Current", Version=ONE_LANGUAGE.version, Arch="x64", **query)
            assert {entry["lcid"] for entry in listed["files"]} <= {"0", "1033", "1047"}
            assert "1033" in listed["lcids"]
        assert fetch(cdn.url + cdn.path(ONE_LANGUAGE, "s641036.cab")).status_code == 404
        assert fetch(cdn.url + cdn.path(ONE_LANGUAGE, "stream.x64.fr-fr.dat")).status_code == 404

    @pytest.mark.parametrize(
        "query",
        [
            {"Channel": "MonthlyEnterprise", "Version": "16.0.1.1"},
            {"Channel": "Current", "Version": NEW.version},
            {"Channel": "SemiAnnual"},
            {"Channel": "MonthlyEnterprise", "Version": NEW.version, "Arch": "x86"},
        ],
    )
    def test_an_unknown_build_gets_a_well_formed_list_with_an_empty_version(
        self, cdn: LabCdn, query: dict[str, str]
    ) -> None:
        listed = file_list(cdn, **query, Lid="en-us")
        assert listed["version"] == ""
        client = next(entry for entry in listed["files"] if entry["name"] == "i640.cab")
        assert client["relativePath"] == "/office/data//"
        assert client["url"].endswith("/office/data/i640.cab")

    def test_query_keys_and_the_older_address_work_in_any_case(self, cdn: LabCdn) -> None:
        answer = fetch(f"{cdn.url}/API/FileList?channel=monthlyenterprise&version={OLD.version}&arch=x64&lid=FR-FR")
        assert answer.json()["version"] == OLD.version
        assert answer.json()["channel"] == "MonthlyEnterprise"
        assert "s641036.cab" in {entry["name"] for entry in answer.json()["files"]}

    def test_without_a_version_the_newest_build_answers(self, cdn: LabCdn) -> None:
        assert file_list(cdn, Channel="MonthlyEnterprise", Arch="x64")["version"] == NEW.version


def verify(cabinet: Path, anchors: Path, *options: str) -> int:
    roots = ["-CAfile", str(anchors), "-TSA-CAfile", str(anchors)]
    command = ["osslsigncode", "verify", *roots, *options, "-in", str(cabinet)]
    return subprocess.run(command, capture_output=True, check=False).returncode


class TestCabinets:
    def test_cabinet_members_are_those_of_the_real_ones(self, cdn: LabCdn) -> None:
        assert set(members(fetch(cdn.url + cdn.path(NEW, "s640.cab")).content)) == {
            "MasterDescriptor.x-none.xml",
            "i640.c2rx.hash",
            "s640.hash",
            "stream.x64.x-none.dat.cat",
            "stream.x64.x-none.db",
            "stream.x64.x-none.hash",
            "stream.x64.x-none.man.dat",
        }
        placeholder = members(fetch(cdn.url + cdn.path(NEW, "i641031.cab")).content)
        assert set(placeholder) == {"placeholder.txt", "i641031.hash"}
        assert placeholder["placeholder.txt"] == b""
        own_hash = placeholder["i641031.hash"]
        assert len(own_hash) == 106
        assert own_hash.decode("utf-16").split("\r\n")[1:] == [NEW.version, ""]

    def test_cabinets_are_mszip_with_a_signature_behind_them(self, cdn: LabCdn) -> None:
        data = fetch(cdn.url + cdn.path(NEW, "s640.cab")).content
        declared = int.from_bytes(data[8:12], "little")
        assert data[:4] == b"MSCF"
        assert declared < len(data)
        # Reserve area of 20 bytes: 0x00100000, offset of the signature, its size.
        assert int.from_bytes(data[36:38], "little") == 20
        assert data[40:48] == bytes.fromhex("00001000") + declared.to_bytes(4, "little")
        compression = int.from_bytes(data[66:68], "little")
        assert compression == 1

    def test_signatures_hold_with_the_lab_s_root_alone(self, cdn: LabCdn, tmp_path: Path) -> None:
        stranger = Authority(tmp_path / "stranger").anchors
        for url in (cdn.release_history_url, cdn.ofl_url, cdn.url + cdn.path(NEW, "s641033.cab")):
            cabinet = tmp_path / url.rpartition("/")[2]
            cabinet.write_bytes(fetch(url).content)
            assert verify(cabinet, cdn.anchors) == 0
            assert verify(cabinet, stranger) != 0
            cdn.faults[url.removeprefix(cdn.url)] = "flip"
            cabinet.write_bytes(fetch(url).content)
            assert verify(cabinet, cdn.anchors) != 0

    def test_the_signer_has_expired_and_only_the_time_stamp_makes_up_for_it(self, cdn: LabCdn, tmp_path: Path) -> None:
        cabinet = tmp_path / "ofl.cab"
        cabinet.write_bytes(fetch(cdn.ofl_url).content)
        assert verify(cabinet, cdn.anchors) == 0
        assert verify(cabinet, cdn.anchors, "-ignore-timestamp") != 0


class TestHttp:
    def test_whole_file_with_validators(self, cdn: LabCdn) -> None:
        answer = fetch(cdn.url + cdn.path(NEW, STREAM))
        assert answer.status_code == 200
        assert len(answer.content) == NEW.payload_bytes == int(answer.headers["Content-Length"])
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["ETag"].startswith('"')
        assert answer.headers["Last-Modified"] == format_datetime(NEW.published, usegmt=True)

    def test_head_announces_and_sends_nothing(self, cdn: LabCdn) -> None:
        answer = requests.head(cdn.url + cdn.path(NEW, STREAM), timeout=10)
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(NEW.payload_bytes))
        assert answer.content == b""

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=1000-1999", 1000, 2000),
            ("bytes=299000-", 299_000, 300_000),
            ("bytes=-7", 299_993, 300_000),
            ("bytes=299999-900000", 299_999, 300_000),
            ("bytes=-900000", 0, 300_000),
        ],
    )
    def test_a_range_gives_that_part(self, cdn: LabCdn, asked: str, start: int, end: int) -> None:
        url = cdn.url + cdn.path(NEW, STREAM)
        answer = fetch(url, Range=asked)
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/300000"
        assert answer.content == fetch(url).content[start:end]

    def test_a_range_behind_the_end_is_refused(self, cdn: LabCdn) -> None:
        answer = fetch(cdn.url + cdn.path(NEW, STREAM), Range="bytes=300000-")
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */300000")

    @pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-2", "lines=1-2"])
    def test_a_range_that_is_none_gives_the_whole(self, cdn: LabCdn, asked: str) -> None:
        answer = fetch(cdn.url + cdn.path(NEW, STREAM), Range=asked)
        assert (answer.status_code, len(answer.content)) == (200, 300_000)

    def test_if_range_continues_only_the_same_file(self, cdn: LabCdn) -> None:
        url = cdn.url + cdn.path(NEW, STREAM)
        other = fetch(cdn.url + cdn.path(OLD, "s640.cab")).headers
        for validator in ("ETag", "Last-Modified"):
            same = fetch(url).headers[validator]
            assert fetch(url, Range="bytes=5-", If_Range=same).status_code == 206
        for stale in (other["ETag"], "Mon, 01 Jan 2024 00:00:00 GMT"):
            answer = fetch(url, Range="bytes=5-", If_Range=stale)
            assert (answer.status_code, len(answer.content)) == (200, 300_000)

    def test_unchanged_files_are_not_sent_again(self, cdn: LabCdn) -> None:
        url = cdn.url + cdn.path(NEW, STREAM)
        headers = fetch(url).headers
        assert fetch(url, If_None_Match=headers["ETag"]).status_code == 304
        assert fetch(url, If_Modified_Since=headers["Last-Modified"]).status_code == 304
        assert fetch(url, If_None_Match='"another"').status_code == 200
        assert fetch(url, If_Modified_Since="Mon, 01 Jan 2024 00:00:00 GMT").status_code == 200
        assert fetch(url, If_None_Match='"another"', If_Modified_Since=headers["Last-Modified"]).status_code == 200

    @pytest.mark.parametrize(
        "path", ["/", "/pr", "/pr/wsus/nothing.cab", "/elsewhere", "/api", "/pr/wsus/ofl.cab/x", "/pr/wsus/ofl.cab/"]
    )
    def test_what_is_absent_is_a_404_and_no_page(self, cdn: LabCdn, path: str) -> None:
        answer = fetch(cdn.url + path)
        assert answer.status_code == 404
        assert "html" not in answer.headers["Content-Type"]

    def test_paths_in_any_case(self, cdn: LabCdn) -> None:
        path = cdn.path(NEW, STREAM)
        assert fetch(cdn.url + path.upper()).content == fetch(cdn.url + path).content
        assert fetch(cdn.url + path.replace("office/data", "Office/Data")).status_code == 200

    def test_nothing_can_be_written(self, cdn: LabCdn) -> None:
        for method in ("POST", "PUT", "DELETE"):
            assert requests.request(method, cdn.ofl_url, data=b"x", timeout=10).status_code == 405

    def test_requests_are_recorded_with_their_status(self, cdn: LabCdn) -> None:
        path = cdn.path(NEW, "s640.cab")
        fetch(cdn.url + path)
        requests.head(cdn.url + path + "x", timeout=10)
        fetch(cdn.url + path, Range="bytes=0-1")
        fetch(f"{cdn.file_list_url}?Channel=Current&Lid=en-us")
        assert cdn.requests == [
            ("GET", path, 200),
            ("HEAD", f"{path}x", 404),
            ("GET", path, 206),
            ("GET", "/releases/v1.0/filelist?Channel=Current&Lid=en-us", 200),
        ]

    def test_the_rate_is_shared_by_all_answers(self, cdn: LabCdn) -> None:
        cdn.bytes_per_second = 1_000_000
        began = time.monotonic()
        clients = [threading.Thread(target=fetch, args=(cdn.url + cdn.path(build, STREAM),)) for build in (OLD, NEW)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert 0.5 < time.monotonic() - began < 5


class TestFaults:
    def test_missing_and_bad_request(self, cdn: LabCdn) -> None:
        cdn.faults["/pr/wsus/OFL.cab"] = "missing"
        assert fetch(cdn.ofl_url).status_code == 404
        cdn.faults["/pr/wsus/ofl.cab"] = "bad-request"
        assert fetch(cdn.ofl_url).status_code == 400
        assert requests.head(cdn.ofl_url, timeout=10).status_code == 400
        del cdn.faults["/PR/wsus/ofl.cab"]
        assert fetch(cdn.ofl_url).status_code == 200

    def test_html(self, cdn: LabCdn) -> None:
        cdn.faults["/pr/wsus/ofl.cab"] = "html"
        answer = fetch(cdn.ofl_url)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.content.startswith(b"<!DOCTYPE html>")

    def test_truncate_can_be_resumed(self, cdn: LabCdn) -> None:
        path = cdn.path(NEW, STREAM)
        whole = fetch(cdn.url + path).content
        cdn.faults[path] = "truncate"
        got = bytearray()
        answer = requests.get(cdn.url + path, stream=True, timeout=10)
        assert answer.headers["Content-Length"] == "300000"
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            read_into(got, answer)
        assert len(got) == 150_000
        del cdn.faults[path]
        assert bytes(got) + fetch(cdn.url + path, Range=f"bytes={len(got)}-").content == whole

    def test_flip_changes_the_middle_byte_wherever_a_range_meets_it(self, cdn: LabCdn) -> None:
        path = cdn.path(NEW, STREAM)
        whole = fetch(cdn.url + path).content
        cdn.faults[path] = "flip"
        flipped = fetch(cdn.url + path).content
        assert [at for at in range(300_000) if whole[at] != flipped[at]] == [150_000]
        assert fetch(cdn.url + path, Range="bytes=150000-150001").content == flipped[150_000:150_002]
        assert fetch(cdn.url + path, Range="bytes=0-149999").content == whole[:150_000]

    def test_stall(self, cdn: LabCdn) -> None:
        path = cdn.path(NEW, STREAM)
        cdn.faults[path] = "stall"
        got = bytearray()
        answer = requests.get(cdn.url + path, stream=True, timeout=(10, 0.3))
        with pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
            read_into(got, answer)
        answer.close()
        assert len(got) == 150_000
        assert requests.head(cdn.url + path, timeout=10).status_code == 200

    def test_file_lists_suffer_too(self, cdn: LabCdn) -> None:
        intact = fetch(f"{cdn.file_list_url}?Channel=Current").content
        cdn.faults["/releases/v1.0/filelist"] = "truncate"
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            file_list(cdn, Channel="Current")
        cdn.faults["/releases/v1.0/filelist"] = "flip"
        assert fetch(f"{cdn.file_list_url}?Channel=Current").content != intact

    def test_once_is_once(self, cdn: LabCdn) -> None:
        cdn.faults.once("/pr/wsus/ofl.cab", "missing")
        assert [fetch(cdn.ofl_url).status_code for _ in range(3)] == [404, 200, 200]

    def test_a_head_leaves_a_fault_of_the_body_to_the_next_get(self, cdn: LabCdn) -> None:
        cdn.faults.once("/pr/wsus/ofl.cab", "truncate")
        assert requests.head(cdn.ofl_url, timeout=10).status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            fetch(cdn.ofl_url)
        assert fetch(cdn.ofl_url).status_code == 200

    def test_an_unknown_fault_is_refused(self, cdn: LabCdn) -> None:
        with pytest.raises(ValueError, match="'explode' of /x is none of missing"):
            cdn.faults["/x"] = "explode"


class TestLibrary:
    @pytest.fixture
    def library(self, cdn: LabCdn, tmp_path: Path) -> Path:
        folder = tmp_path / "library"
        image = folder / "MonthlyEnterprise" / "16.0.1.2" / "office" / "data"
        image.mkdir(parents=True)
        (image / "v64.cab").write_bytes(b"0123456789")
        (tmp_path / "secret").write_text("not for the network")
        assert cdn.serve("/library", folder) == cdn.library_url("/library") == f"{cdn.url}/library"
        return folder

    @pytest.mark.usefixtures("library")
    def test_files_in_any_case_with_ranges(self, cdn: LabCdn) -> None:
        url = f"{cdn.url}/Library/monthlyenterprise/16.0.1.2/Office/Data/V64.CAB"
        assert fetch(url).content == b"0123456789"
        assert fetch(url, Range="bytes=3-4").content == b"34"
        assert fetch(f"{cdn.library_url()}/MonthlyEnterprise/16.0.1.2/office/data/v32.cab").status_code == 404
        assert fetch(f"{cdn.library_url()}/MonthlyEnterprise/").status_code == 404

    def test_what_is_published_later_is_found(self, cdn: LabCdn, library: Path) -> None:
        url = f"{cdn.library_url()}/Current/file"
        assert fetch(url).status_code == 404
        (library / "Current").mkdir()
        (library / "Current" / "file").write_text("new")
        first = fetch(url)
        assert first.text == "new"
        (library / "Current" / "file").write_text("newer")
        assert fetch(url).headers["ETag"] != first.headers["ETag"]

    def test_a_link_may_lead_elsewhere_inside_but_not_out(self, cdn: LabCdn, library: Path) -> None:
        (library / "current").symlink_to(library / "MonthlyEnterprise" / "16.0.1.2")
        (library / "out").symlink_to(library.parent)
        assert fetch(f"{cdn.library_url()}/current/office/data/v64.cab").status_code == 200
        assert (library / "out" / "secret").exists()
        assert fetch(f"{cdn.library_url()}/out/secret").status_code == 404

    @pytest.mark.parametrize(
        "path",
        [
            "/library/../secret",
            "/library/%2e%2e/secret",
            "/library/..%2fsecret",
            "/library/%2e%2e%2fsecret",
            "/library/..%5csecret",
            "/library//../secret",
            "/library/x%00y",
            "/library/MonthlyEnterprise/../../secret",
        ],
    )
    @pytest.mark.usefixtures("library")
    def test_no_path_leads_out(self, cdn: LabCdn, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", int(cdn.url.rpartition(":")[2]), timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status in {400, 404}
        assert b"not for the network" not in body


class TestLife:
    def test_the_default_lab_publishes_its_builds(self, tmp_path: Path) -> None:
        began = time.monotonic()
        with LabCdn(tmp_path) as cdn:
            assert time.monotonic() - began < 10
            assert cdn.url.startswith("http://127.0.0.1:")
            for build in DEFAULT_BUILDS:
                assert fetch(cdn.url + cdn.path(build, f"v64_{build.version}.cab")).status_code == 200
            assert {path.name for path in tmp_path.iterdir()} == {"www", "authority"}

    def test_payloads_are_the_same_in_every_lab_and_channel(self, cdn: LabCdn, tmp_path: Path) -> None:
        elsewhere = Build("SemiAnnual", NEW.version, payload_bytes=300_000, language_bytes=70_000)
        with LabCdn(tmp_path, (elsewhere,)) as other:
            for name in (STREAM, "stream.x64.en-us.dat"):
                assert (
                    fetch(other.url + other.path(elsewhere, name)).content
                    == fetch(cdn.url + cdn.path(NEW, name)).content
                )
        assert fetch(cdn.url + cdn.path(OLD, STREAM)).content != fetch(cdn.url + cdn.path(NEW, STREAM)).content

    @pytest.mark.parametrize("leave_by", [None, KeyboardInterrupt])
    def test_leaving_stops_everything_even_a_stalled_answer(
        self, tmp_path: Path, leave_by: type[BaseException] | None
    ) -> None:
        before = set(threading.enumerate())
        cdn = LabCdn(tmp_path, (ONE_LANGUAGE,))

        def use() -> None:
            with cdn:
                cdn.faults["/pr/wsus/ofl.cab"] = "stall"
                requests.get(cdn.ofl_url, stream=True, timeout=10)
                if leave_by is not None:
                    raise leave_by

        began = time.monotonic()
        if leave_by is None:
            use()
        else:
            with pytest.raises(leave_by):
                use()
        assert time.monotonic() - began < 5
        assert set(threading.enumerate()) == before
        with pytest.raises(requests.exceptions.ConnectionError):
            fetch(cdn.ofl_url)

    def test_an_interrupted_process_ends(self, tmp_path: Path) -> None:
        """Also where these tests are a background job of a shell, which lets its jobs' children ignore SIGINT."""
        program = (
            "import signal, sys, time, pathlib\n"
            "from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn\n"
            "build = Build('Current', '16.0.1.1', payload_bytes=9, language_bytes=9)\n"
            "with LabCdn(pathlib.Path(sys.argv[1]), [build]) as cdn:\n"
            "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "    print(cdn.url, flush=True)\n"
            "    time.sleep(60)\n"
        )
        command = [sys.executable, "-c", program, str(tmp_path / "lab")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline().startswith("http://127.0.0.1:")
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=50)
        assert "KeyboardInterrupt" in errors
        assert "ResourceWarning" not in errors

    def test_a_used_directory_is_refused_and_the_port_is_free_again(self, tmp_path: Path) -> None:
        (tmp_path / "www").mkdir()
        cdn = LabCdn(tmp_path, (ONE_LANGUAGE,))
        with pytest.raises(FileExistsError, match="www"), cdn:
            pass
        with pytest.raises(requests.exceptions.ConnectionError):
            fetch(cdn.url)

    def test_an_unknown_channel_is_named(self, tmp_path: Path) -> None:
        with (
            pytest.raises(ValueError, match="'Slow' is none of CurrentPreview, "),
            LabCdn(tmp_path, (Build("Slow", "1"),)),
        ):
            pass
