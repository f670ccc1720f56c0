# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging one image against the simulated CDN: what is fetched, how it is verified, what is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet, file_list_source
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.channels import Channel
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    CdnError,
    FeedError,
    InputError,
    SignatureError,
    TransferError,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list import FileEntry
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_list_source import Listed
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.unit import staged

OLD = Build("MonthlyEnterprise", "16.0.20131.20206", payload_bytes=300_000, language_bytes=70_000)
NEW = Build("MonthlyEnterprise", "16.0.20228.20190", payload_bytes=300_000, language_bytes=70_000)
FOLDER = f"office/data/{NEW.version}"
EN_US = {
    "office/data/v64.cab": "authenticode",
    f"office/data/v64_{NEW.version}.cab": "authenticode",
    f"{FOLDER}/a640_exp.cab": "authenticode",
    f"{FOLDER}/i640.cab": "authenticode",
    f"{FOLDER}/i641033.cab": "authenticode",
    f"{FOLDER}/s640.cab": "authenticode",
    f"{FOLDER}/s641033.cab": "authenticode",
    f"{FOLDER}/sa640.cab": "authenticode",
    f"{FOLDER}/stream.x64.en-us.dat": "stream-hash",
    f"{FOLDER}/stream.x64.x-none.arm64x.dat": "stream-hash",
    f"{FOLDER}/stream.x64.x-none.dat": "stream-hash",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (OLD, NEW)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    """The module's lab without the last test's faults and requests."""
    shared.faults.clear()
    shared.requests.clear()
    return shared


def options(cdn: LabCdn, tmp_path: Path, **changes: Any) -> dict[str, Any]:
    return staged.options(cdn, NEW, tmp_path / "library", **changes)


def stage(cdn: LabCdn, tmp_path: Path, **changes: Any) -> Manifest:
    outcome = staged.stage(options(cdn, tmp_path, **changes))
    assert outcome.changed
    assert outcome.image is not None
    return outcome.image


def refusal(cdn: LabCdn, tmp_path: Path, kind: type[CdnError] = CdnError, **changes: Any) -> str:
    """Stage, which has to fail and publish nothing; give the error's text, one line."""
    with pytest.raises(kind) as caught:
        stage(cdn, tmp_path, **changes)
    library = tmp_path / "library"
    assert [path for path in library.glob("*") if path.name != ".staging"] == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def paths(cdn: LabCdn, method: str = "GET") -> list[str]:
    return [request.path.lower() for request in cdn.requests if request.method == method]


@pytest.mark.parametrize("file_list", ["api", "ofl"])
def test_an_image_is_whole_and_as_its_manifest_says(cdn: LabCdn, tmp_path: Path, file_list: str) -> None:
    url = cdn.file_list_url if file_list == "api" else cdn.ofl_url
    outcome = staged.stage(options(cdn, tmp_path, file_list=file_list, file_list_url=url))
    root = tmp_path / "library" / "MonthlyEnterprise" / NEW.version
    image = Manifest.from_json((root / "manifest.json").read_text())
    assert outcome.image == image
    assert outcome.taken.bytes_fetched == sum(f.size for f in image.files if f.path != "office/data/v64.cab")
    assert outcome.taken.bytes_reused == 0
    assert outcome.file_list == {"form": file_list, "source": url, "reason": "asked for"}
    # ofl.cab is older than these two; the API lists them
    expected = {p: v for p, v in EN_US.items() if file_list == "api" or not re.search(r"/s?a640|arm64x", p)}
    assert {file.path: file.verified for file in image.files} == expected
    on_disk = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert on_disk.keys() == {*expected, "manifest.json"}
    for file in image.files:
        assert (file.size, file.sha256) == (len(on_disk[file.path]), hashlib.sha256(on_disk[file.path]).hexdigest())
        assert requests.get(file.url, timeout=5).content == on_disk[file.path]
    assert image.languages == ("en-us",)
    assert image.architectures == ("x64",)
    assert image.verification == "full"
    assert image.origin == {"cdn_url": cdn.url, "file_list": url}
    assert [path.name for path in (tmp_path / "library" / ".staging").iterdir()] == ["MonthlyEnterprise.lock"]


def test_v64_cab_is_the_builds_own_and_never_the_live_one(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    data = tmp_path / "library" / "MonthlyEnterprise" / NEW.version / "office" / "data"
    assert (data / "v64.cab").read_bytes() == (data / f"v64_{NEW.version}.cab").read_bytes()
    assert f'Available Build="{NEW.version}"'.encode() in cabinet.read_member(data / "v64.cab", "VersionDescriptor.xml")
    assert not [request for request in cdn.requests if request.path.lower().endswith("/v64.cab")]


def test_catalogues_are_left_out_and_named(cdn: LabCdn, tmp_path: Path) -> None:
    image = stage(cdn, tmp_path)
    assert {skipped.path for skipped in image.skipped} == {
        f"{FOLDER}/{name}.cat"
        for name in ("i640.cab", "stream.x64.en-us.dat", "stream.x64.x-none.dat", "stream.x64.x-none.arm64x.dat")
    }
    assert not [path for path in paths(cdn) if path.endswith(".cat")]


def test_hash_holders_come_before_the_streams(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    fetched = [path.rpartition("/")[2] for path in paths(cdn)]
    first_stream = min(index for index, name in enumerate(fetched) if name.endswith(".dat"))
    assert {"s640.cab", "s641033.cab", "sa640.cab"} <= set(fetched[:first_stream])


def test_every_file_is_fetched_once(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    fetched = [path for path in paths(cdn) if not path.startswith("/releases")]
    assert len(fetched) == len(set(fetched)) == len(EN_US) - 1  # v64.cab is a copy


def test_a_published_image_needs_no_network(cdn: LabCdn, tmp_path: Path) -> None:
    image = stage(cdn, tmp_path, languages=["en-us", "de-de"])
    cdn.requests.clear()
    outcome = staged.stage(options(cdn, tmp_path, languages=["DE-de"], current=False, keep=1))
    assert not outcome.changed
    assert outcome.image == image
    assert outcome.file_list is None
    assert cdn.requests == []


def test_a_published_image_is_not_read(cdn: LabCdn, tmp_path: Path) -> None:
    stage(cdn, tmp_path)
    opened: list[str] = []
    sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
    staged.stage(options(cdn, tmp_path, keep=3, pinned=[NEW.version]))
    assert [name for name in opened if name.endswith("manifest.json")]
    assert [name for name in opened if name.endswith((".dat", ".cab"))] == []


def test_check_mode_writes_nothing(cdn: LabCdn, tmp_path: Path) -> None:
    foretold = staged.stage(options(cdn, tmp_path, current=True, keep=1), check_mode=True)
    assert foretold.plan is not None
    assert foretold.image is None
    assert {path: download.verified for download in foretold.plan.downloads for path in download.paths} == EN_US
    assert not (tmp_path / "library").exists()
    assert paths(cdn) == [path for path in paths(cdn) if path.startswith("/releases/")]
    outcome = staged.stage(options(cdn, tmp_path))
    assert outcome.image is not None
    assert outcome.image.size == foretold.plan.size
    assert outcome.taken.bytes_fetched == foretold.plan.bytes_to_fetch


def test_two_runs_at_once_end_with_one_image(cdn: LabCdn, tmp_path: Path) -> None:
    barrier = threading.Barrier(2, timeout=10)
    outcomes: list[Outcome] = []

    def one() -> None:
        run = staged.staging(options(cdn, tmp_path))
        barrier.wait()
        outcomes.append(run.run())

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.changed for outcome in outcomes) == [False, True]
    assert outcomes[0].image == outcomes[1].image


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"channel": "Monthli"}, r"^channel: 'Monthli' .* Valid are BetaChannel, .*MonthlyEnterprise"),
        ({"version": "2607"}, r"^version: '2607' .*16\.0\.20326\.20100"),
        ({"version": "../../etc"}, r"^version: '\.\./\.\./etc'"),
        ({"languages": []}, r"^languages: \[\] names no language"),
        ({"languages": ["en-us", ""]}, r"^languages: \['en-us', ''\] has an empty one"),
        ({"cdn_url": "officecdn.microsoft.com"}, r"^cdn_url: 'officecdn\.microsoft\.com' is not an http"),
        ({"cdn_url": "http://cdn:port/"}, r"^cdn_url: 'http://cdn:port/' is not an http"),
        ({"cdn_url": "ftp://me:secret@cdn"}, r"^cdn_url: 'ftp://cdn' is not an http"),
    ],
)
def test_options_are_checked_first(cdn: LabCdn, tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        ImageRequest.from_options(options(cdn, tmp_path, **changes))
    assert cdn.requests == []


def test_options_are_brought_into_one_form(cdn: LabCdn, tmp_path: Path) -> None:
    given = options(cdn, tmp_path, channel="MEC", version="20228.20190", languages=["EN-us", "de-de", "en-US"])
    request = ImageRequest.from_options({**given, "cdn_url": f"{cdn.url}/"})
    assert request.channel.name == "MonthlyEnterprise"
    assert request.version == "16.0.20228.20190"
    assert request.languages == ("en-us", "de-de")
    assert request.cdn_url == cdn.url
    assert request.architectures == ("x64",)
    assert request.verified


@pytest.mark.parametrize("file_list", ["api", "ofl"])
def test_an_unknown_version_is_called_so(cdn: LabCdn, tmp_path: Path, file_list: str) -> None:
    url = cdn.file_list_url if file_list == "api" else cdn.ofl_url
    text = refusal(cdn, tmp_path, InputError, version="16.0.1.2", file_list=file_list, file_list_url=url)
    assert re.match(r"version: '?16\.0\.1\.2'? ", text)
    assert NEW.channel in text


def test_an_unknown_language_is_called_so(cdn: LabCdn, tmp_path: Path) -> None:
    text = refusal(cdn, tmp_path, InputError, languages=["en-us", "xx-xx"])
    assert text.startswith("languages: 'xx-xx' cannot be staged")
    assert "Valid are de-de, en-us, fr-fr." in text


def test_a_language_that_only_has_proofing_tools_is_refused(cdn: LabCdn, tmp_path: Path) -> None:
    assert refusal(cdn, tmp_path, InputError, languages=["rm-ch"]).startswith("languages: 'rm-ch' ")


def test_a_language_that_the_list_has_and_the_cdn_not(cdn: LabCdn, tmp_path: Path) -> None:
    text = refusal(cdn, tmp_path, InputError, languages=["it-it"], file_list="ofl", file_list_url=cdn.ofl_url)
    assert text.startswith(f"languages: 'it-it' is not in {NEW.version} of channel MonthlyEnterprise on the CDN")
    # said before anything large is fetched
    assert not [r for r in cdn.requests if r.method == "GET" and r.status == 200 and r.path.endswith(".dat")]


@pytest.mark.parametrize("fault", ["missing", "bad-request"])
def test_a_file_that_the_cdn_lacks_is_fatal(cdn: LabCdn, tmp_path: Path, fault: str) -> None:
    cdn.faults[cdn.path(NEW, "i640.cab")] = fault
    text = refusal(cdn, tmp_path, InputError)
    assert text.startswith(f"version: {NEW.version} of channel MonthlyEnterprise is not on the CDN, or not all of it")
    assert "i640.cab answered with HTTP status 40" in text


def test_a_version_that_is_not_there_is_not_laid_to_a_language(cdn: LabCdn, tmp_path: Path) -> None:
    for name in ("i640.cab", "s641033.cab", "i641033.cab", "stream.x64.en-us.dat"):
        cdn.faults[cdn.path(NEW, name)] = "missing"
    assert refusal(cdn, tmp_path, InputError).startswith(
        f"version: {NEW.version} of channel MonthlyEnterprise is not on"
    )


@pytest.mark.parametrize("fault", ["missing", "bad-request"])
def test_an_optional_file_may_be_missing(
    cdn: LabCdn, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists of 2018 name such a file (Experiment/i640.cab, optional="TRUE"); it was not always there."""
    real = file_list_source.read
    experiment = f"{FOLDER}/experiment/i640.cab"

    def with_optional(channel: Channel, *given: Any, **more: Any) -> Listed:
        listed = real(channel, *given, **more)
        url = f"{cdn.url}/pr/{channel.guid}/{experiment}"
        entry = FileEntry(url=url, path=experiment, optional=True)
        return replace(listed, files=replace(listed.files, files=(*listed.files.files, entry)))

    monkeypatch.setattr(file_list_source, "read", with_optional)
    cdn.faults[f"{cdn.path(NEW, 'experiment')}/i640.cab"] = fault
    image = stage(cdn, tmp_path)
    assert {file.path for file in image.files} == EN_US.keys()
    assert [s.reason for s in image.skipped if s.path == experiment] == ["optional, and the CDN does not have it"]


@pytest.mark.parametrize("name", ["i640.cab", "s640.cab", f"v64_{NEW.version}.cab"])
def test_a_flipped_byte_in_a_cabinet(cdn: LabCdn, tmp_path: Path, name: str) -> None:
    cdn.faults[cdn.path(NEW, name)] = "flip"
    text = refusal(cdn, tmp_path, SignatureError)
    assert text.startswith("cdn_url: ")
    # The middle of a small cabinet is in its signature, or in the time stamp of that
    assert re.search(rf" {re.escape(cdn.url + cdn.path(NEW, name))} (is not|does not hold)", text)


@pytest.mark.parametrize("name", ["stream.x64.x-none.dat", "stream.x64.en-us.dat"])
def test_a_flipped_byte_in_a_stream(cdn: LabCdn, tmp_path: Path, name: str) -> None:
    cdn.faults[cdn.path(NEW, name)] = "flip"
    text = refusal(cdn, tmp_path, TransferError)
    assert text.startswith(f"cdn_url: {cdn.url}{cdn.path(NEW, name)} was damaged or altered on the way")


@pytest.mark.parametrize("name", ["i640.cab", "stream.x64.x-none.dat"])
@pytest.mark.parametrize("fault", ["truncate", "stall"])
def test_a_transfer_that_never_ends_well(cdn: LabCdn, tmp_path: Path, name: str, fault: str) -> None:
    cdn.faults[cdn.path(NEW, name)] = fault
    text = refusal(cdn, tmp_path, TransferError)
    assert text.startswith(f"cdn_url: {cdn.url}{cdn.path(NEW, name)} cannot be fetched, 2 attempts failed: ")


@pytest.mark.parametrize("name", ["i640.cab", "stream.x64.x-none.dat"])
def test_a_transfer_that_ends_well_the_second_time(cdn: LabCdn, tmp_path: Path, name: str) -> None:
    cdn.faults.once(cdn.path(NEW, name), "truncate")
    stage(cdn, tmp_path)


@pytest.mark.parametrize("name", ["i640.cab", "stream.x64.x-none.dat"])
def test_a_web_page_instead_of_a_file(cdn: LabCdn, tmp_path: Path, name: str) -> None:
    cdn.faults[cdn.path(NEW, name)] = "html"
    text = refusal(cdn, tmp_path, TransferError)
    assert text.startswith(f"cdn_url: {cdn.url}{cdn.path(NEW, name)} answered with a web page")


@pytest.mark.parametrize(
    ("file_list", "fault"),
    [(form, fault) for form in ("api", "ofl") for fault in ("missing", "html", "truncate")] + [("ofl", "flip")],
)
def test_a_file_list_that_cannot_be_used(cdn: LabCdn, tmp_path: Path, file_list: str, fault: str) -> None:
    url = cdn.file_list_url if file_list == "api" else cdn.ofl_url
    cdn.faults[url.removeprefix(cdn.url)] = fault
    assert refusal(cdn, tmp_path, file_list=file_list, file_list_url=url).startswith("file_list_url: ")


def test_without_the_labs_anchor_nothing_is_trusted(cdn: LabCdn, tmp_path: Path) -> None:
    text = refusal(cdn, tmp_path, SignatureError, trust_anchors=None)
    assert text.startswith("cdn_url: ")
    assert f" of {cdn.url}/pr/" in text
    assert "trust_anchors" in text


def test_without_the_labs_anchor_ofl_cab_is_not_trusted(cdn: LabCdn, tmp_path: Path) -> None:
    changes = {"file_list": "ofl", "file_list_url": cdn.ofl_url, "trust_anchors": None}
    text = refusal(cdn, tmp_path, SignatureError, **changes)
    assert text.startswith("file_list_url: ")
    assert paths(cdn) == ["/pr/wsus/ofl.cab"]


def test_signed_cabinets_of_another_build_are_refused(tmp_path: Path) -> None:
    """A mirror that answers with an older build's files could otherwise keep a fleet back, all signatures valid."""
    with LabCdn(tmp_path / "cdn", (OLD, NEW)) as cdn:
        for name in ("s640.cab", "i640.cab", "i641033.cab", "a640_exp.cab", f"v64_{NEW.version}.cab"):
            with replaced(cdn, tmp_path, name, cdn.path(OLD, name.replace(NEW.version, OLD.version))):
                text = refusal(cdn, tmp_path / name, FeedError)
            assert f"is that of version '{OLD.version}', not of '{NEW.version}'" in text
            assert text.startswith("cdn_url: ")


def test_signed_cabinets_of_something_else_are_refused(tmp_path: Path) -> None:
    with LabCdn(tmp_path / "cdn", (NEW,)) as cdn:
        for name in ("s641033.cab", "i640.cab", "i641033.cab", "sa640.cab", f"v64_{NEW.version}.cab"):
            others = ("/pr/wsus/releasehistory.cab", cdn.path(NEW, "s640.cab"), cdn.path(NEW, "s641031.cab"))
            for number, other in enumerate(others):
                with replaced(cdn, tmp_path, name, other):
                    text = refusal(cdn, tmp_path / f"{name}-{number}", FeedError)
                assert "is signed, but it is another file" in text
                assert text.startswith(f"cdn_url: {cdn.url}{cdn.path(NEW, name)} is not used: ")


@contextmanager
def replaced(cdn: LabCdn, tmp_path: Path, name: str, other: str) -> Iterator[None]:
    """Serve what is at the path `other` in the place of NEW's file."""
    www = tmp_path / "cdn" / "www"
    place = www / cdn.path(NEW, name)[1:]
    before = place.read_bytes()
    shutil.copy(www / other[1:], place)
    yield
    place.write_bytes(before)


def change_list(cdn: LabCdn, tmp_path: Path, change: Any) -> str:
    """Write a changed file list to a file; give its path, a valid file_list_url."""
    url = f"{cdn.file_list_url}?Channel={NEW.channel}&Version={NEW.version}&Arch=x64&AllLanguages=True"
    document = requests.get(url, timeout=5).json()
    for file in document["files"]:
        change(file)
    path = tmp_path / "list.json"
    path.write_text(json.dumps(document))
    return str(path)


def no_hash(file: dict[str, str]) -> None:
    file.pop("hashLocation", None)


def no_cabinet(file: dict[str, str]) -> None:
    if file["name"] == "a640_exp.cab":
        file |= {"name": "a640_exp.bin", "url": file["url"].replace(".cab", ".bin")}


@pytest.mark.parametrize("change", [no_hash, no_cabinet])
def test_a_file_that_nothing_vouches_for_is_refused(cdn: LabCdn, tmp_path: Path, change: Any) -> None:
    text = refusal(cdn, tmp_path, FeedError, file_list_url=change_list(cdn, tmp_path, change))
    assert "could not be verified" in text
    assert text.startswith("file_list_url: ")


def test_files_come_from_cdn_url_whatever_the_list_says(cdn: LabCdn, tmp_path: Path) -> None:
    def elsewhere(file: dict[str, str]) -> None:
        file["url"] = file["url"].replace(cdn.url, "http://officecdn.microsoft.com")

    image = stage(cdn, tmp_path, file_list_url=change_list(cdn, tmp_path, elsewhere))
    assert all(file.url.startswith(f"{cdn.url}/pr/") for file in image.files)


def test_a_path_that_leads_out_of_the_image_is_refused(cdn: LabCdn, tmp_path: Path) -> None:
    def outside(file: dict[str, str]) -> None:
        if file["name"] == "i640.cab":
            file["relativePath"] = "/office/data/../../../../"

    text = refusal(cdn, tmp_path, FeedError, file_list_url=change_list(cdn, tmp_path, outside))
    assert text.startswith("file_list_url: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library", "list.json"]


def test_a_library_that_cannot_be_written(cdn: LabCdn, tmp_path: Path) -> None:
    (tmp_path / "library").write_text("a file")
    with pytest.raises(OSError, match="library"):
        stage(cdn, tmp_path)


def test_progress_reaches_its_file(cdn: LabCdn, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress", interval=0.0)
    outcome = staged.staging(options(cdn, tmp_path), progress).run()
    lines = [json.loads(line) for line in (tmp_path / "progress").read_text().splitlines()]
    assert list(dict.fromkeys(line["phase"] for line in lines)) == [
        "asking what the image takes",
        "fetching",
        "publishing",
    ]
    size = outcome.taken.bytes_fetched
    counted = [line for line in lines if line["phase"] == "fetching"]
    assert counted[0] == {"phase": "fetching", "files": 0, "files_total": 10, "bytes": 0, "bytes_total": size}
    assert counted[-1] == {**counted[0], "files": 10, "bytes": size}
    assert [line["files"] for line in counted] == sorted(line["files"] for line in counted)
    assert progress.timeline()[-1]["bytes"] == size


def test_progress_that_cannot_be_written_stops_nothing(cdn: LabCdn, tmp_path: Path) -> None:
    progress = Progress(tmp_path / "absent" / "progress", interval=0.0)
    assert staged.staging(options(cdn, tmp_path), progress).run().changed
