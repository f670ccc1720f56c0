# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's own files, read where they lie: OFFICEFLEET_CDN_SAMPLES names the folder. Skipped without it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms  # type: ignore[import-untyped]  # ships no annotations

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    channels,
    file_list,
    file_list_api,
    file_list_ofl,
    hash_file,
    release_history,
    signed_cabinet,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, SignatureError
from ansible_collections.officefleet.c2r.tests.unit import signing

SAMPLES = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES") or "no-samples")
CABINETS = sorted(SAMPLES.rglob("*.cab"))
BUILD_17928 = SAMPLES / "build-17928"
OFL_2018 = SAMPLES / "metadata-2018-05" / "ofl_2018-05-23_ee4a9e9cf.cab"
OFL_2026 = SAMPLES / "metadata-2026-08" / "ofl.cab"
HISTORY_2018 = SAMPLES / "metadata-2018-05" / "releasehistory_2018-05-23_ee4a9e9cf.cab"
HISTORY_2026 = SAMPLES / "metadata-2026-08" / "releasehistory.cab"
CURRENT = channels.find("Current")

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="OFFICEFLEET_CDN_SAMPLES does not name a folder with Microsoft's files"
)


@pytest.fixture(scope="module")
def microsoft() -> authenticode.TrustAnchors:
    return authenticode.TrustAnchors.microsoft()


def history(path: Path) -> release_history.ReleaseHistory:
    return release_history.parse(cabinet.read_member(path, release_history.MEMBER))


def feed(start: str) -> Path:
    return next((SAMPLES / "feeds").glob(f"{start}*.cab"))


def latest(path: Path, channel: str) -> str:
    return history(path).latest(channels.find(channel)).build


def with_bit_flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


# Signatures


def test_there_are_cabinets_of_all_kinds() -> None:
    assert {path.parent.name for path in CABINETS} == {
        "build-17928",
        "feeds",
        "metadata-2018-05",
        "metadata-2026-08",
        "v64-throttle",
    }


@pytest.mark.parametrize("path", CABINETS, ids=lambda path: path.name)
def test_every_cabinet_is_signed_by_microsoft(path: Path, microsoft: authenticode.TrustAnchors) -> None:
    signature = authenticode.verify(path, microsoft)
    assert signature.subject == "CN=Microsoft Corporation, O=Microsoft Corporation"
    assert signature.digest_algorithm == "sha256"
    assert signature.signed_at is not None
    assert datetime(2018, 1, 1, tzinfo=UTC) < signature.signed_at < datetime(2026, 9, 1, tzinfo=UTC)


def test_a_feed_is_stamped_in_the_minute_it_is_published(microsoft: authenticode.TrustAnchors) -> None:
    for path in [HISTORY_2018, HISTORY_2026, *sorted((SAMPLES / "feeds").glob("*.cab"))]:
        signed_at = authenticode.verify(path, microsoft).signed_at
        assert signed_at is not None
        assert signed_at.replace(second=0, microsecond=0) == history(path).published


@pytest.mark.parametrize("path", [OFL_2018, OFL_2026, HISTORY_2018, HISTORY_2026], ids=lambda path: path.name)
def test_a_flipped_bit_is_found(path: Path, microsoft: authenticode.TrustAnchors) -> None:
    data = path.read_bytes()
    end = int.from_bytes(data[8:12], "little")
    for position in (*range(60), *range(60, end, max(1, end // 40)), end, end + 1):
        with pytest.raises(SignatureError):
            authenticode.verify(with_bit_flipped(data, position), microsoft)


def test_a_flipped_bit_in_the_signature_is_found(microsoft: authenticode.TrustAnchors) -> None:
    """In the signer's certificate, the signed attributes, the signature value, and the same of the time stamp."""
    data = HISTORY_2026.read_bytes()
    signed_data = signing.pkcs7(data)["content"]
    stamp = cms.ContentInfo.load(signed_data["signer_infos"][0]["unsigned_attrs"][0]["values"][0].dump())["content"]
    for message, authority in ((signed_data, "Code Signing PCA 2024"), (stamp, "Time-Stamp PCA 2010")):
        signer = message["signer_infos"][0]
        certificates = [choice.chosen for choice in message["certificates"] if choice.name == "certificate"]
        parts = [certificate.dump() for certificate in certificates if authority in certificate.issuer.human_friendly]
        assert len(parts) == 1
        for part in (*parts, signer["signed_attrs"].contents, signer["signature"].native):
            for position in range(data.index(part), data.index(part) + len(part), 97):
                with pytest.raises(SignatureError):
                    authenticode.verify(with_bit_flipped(data, position), microsoft)


def test_a_flipped_bit_in_a_large_file_is_found(microsoft: authenticode.TrustAnchors, tmp_path: Path) -> None:
    data = (BUILD_17928 / "s640.cab").read_bytes()
    path = tmp_path / "s640.cab"
    path.write_bytes(with_bit_flipped(data, 1_500_000))
    with pytest.raises(SignatureError, match=r"s640\.cab is not what was signed"):
        authenticode.verify(path, microsoft)


def test_a_truncated_cabinet_is_refused(microsoft: authenticode.TrustAnchors) -> None:
    data = HISTORY_2026.read_bytes()
    end = int.from_bytes(data[8:12], "little")
    for length in (0, 59, 1000, end, end + 100, len(data) - 1):
        with pytest.raises(SignatureError):
            authenticode.verify(data[:length], microsoft)


def test_the_leading_sha1_signature_is_not_what_counts(microsoft: authenticode.TrustAnchors) -> None:
    """In 2018 a SHA-256 signature was nested in a SHA-1 one: damage to it is found, the leading one is not enough."""
    data = HISTORY_2018.read_bytes()
    digest = signed_cabinet.SignedCabinet(data, "history").digest("sha256")
    assert signed_cabinet.SignedCabinet(data, "history").digest("sha1") in data
    with pytest.raises(SignatureError):
        authenticode.verify(with_bit_flipped(data, data.index(digest)), microsoft)
    nested = data.index(bytes.fromhex("060a2b060104018237020401"))  # the attribute that holds it: now unknown
    with pytest.raises(SignatureError, match="sha1 only"):
        authenticode.verify(with_bit_flipped(data, nested + 11), microsoft)


def test_without_microsofts_roots_nothing_holds() -> None:
    with pytest.raises(SignatureError, match="no anchor to trust"):
        authenticode.verify(HISTORY_2026, authenticode.TrustAnchors((), ()))


# Cabinets


def test_lzx_and_mszip_are_read() -> None:
    assert cabinet.members(OFL_2026) == ["o365client_32bit.xml", "o365client_64bit.xml"]  # MSZIP
    folder = SAMPLES / "metadata-2026-08"
    assert cabinet.read_member(OFL_2026, "O365Client_64bit.xml") == (folder / "o365client_64bit.xml").read_bytes()
    assert (
        cabinet.read_member(HISTORY_2026, "releasehistory.xml") == (folder / "ReleaseHistory.xml").read_bytes()
    )  # LZX


@pytest.mark.parametrize("path", CABINETS, ids=lambda path: path.name)
def test_every_member_of_every_cabinet_is_read(path: Path) -> None:
    for name in cabinet.members(path):
        assert len(cabinet.read_member(path, name)) > 0


def test_the_hash_of_a_stream_is_read() -> None:
    data = cabinet.read_member(BUILD_17928 / "s640.cab", "stream.x64.x-none.hash")
    assert len(data) == 128
    assert hash_file.parse(data) == "90f6269916ba6c58ca7396bf4d0e908240931d82ccd5dc54ce710b0809be28a2"


@pytest.mark.parametrize("path", CABINETS, ids=lambda path: path.name)
def test_every_hash_file_is_read(path: Path) -> None:
    for name in cabinet.members(path):
        if name.endswith(".hash"):
            digest = hash_file.parse(cabinet.read_member(path, name))
            assert len(digest) == (64 if name.startswith("stream.") or "c2rx" in name else 32)


# Release histories


def test_the_release_history_of_2026() -> None:
    read = history(HISTORY_2026)
    assert read.published == datetime(2026, 8, 20, 23, 11, tzinfo=UTC)
    assert {name: read.latest(channels.find(name)).build for name in read.channels} == {
        "CurrentPreview": "16.0.20326.20100",
        "Current": "16.0.20326.20100",
        "SemiAnnualPreview": "16.0.19725.20530",
        "SemiAnnual": "16.0.20228.20186",
        "PerpetualVL2019": "16.0.10417.20197",
        "PerpetualVL2021": "16.0.14334.20848",
        "PerpetualVL2024": "16.0.17932.20910",
        "MonthlyEnterprise": "16.0.20228.20188",
    }


def test_the_release_history_of_2018_under_todays_names() -> None:
    read = history(HISTORY_2018)
    assert {name: len(releases) for name, releases in read.channels.items()} == {
        "CurrentPreview": 11,
        "Current": 7,
        "SemiAnnualPreview": 11,
        "SemiAnnual": 9,
        "PerpetualVL2019": 7,
    }
    assert latest(HISTORY_2018, "Current") == "16.0.9226.2156"


def test_microsofts_mark_is_the_highest_build() -> None:
    for path in CABINETS:
        if "releasehistory" in path.name or path.parent.name == "feeds":
            for releases in history(path).channels.values():
                assert [release.latest for release in releases] == [True, *[False] * (len(releases) - 1)][
                    : len(releases)
                ]


def test_a_withdrawn_build_is_no_longer_the_latest() -> None:
    assert latest(feed("2022-07-a"), "Current") == "16.0.15330.20196"
    assert latest(feed("2022-07-b"), "Current") == "16.0.15225.20288"
    assert latest(feed("2024-07-a"), "SemiAnnual") == "16.0.17328.20452"
    assert latest(feed("2024-07-b"), "SemiAnnual") == "16.0.16731.20738"


def test_a_channel_that_is_suddenly_empty_has_no_latest() -> None:
    assert latest(feed("2022-11-a"), "PerpetualVL2019") == "16.0.10392.20029"
    with pytest.raises(FeedError, match="lists no build at all for channel PerpetualVL2019"):
        latest(feed("2022-11-b"), "PerpetualVL2019")
    assert latest(feed("2022-11-b"), "Current") == "16.0.15831.20072"
    assert latest(feed("2022-11-c"), "PerpetualVL2019") == "16.0.10392.20029"


# File lists


@pytest.mark.parametrize(
    ("path", "architecture", "list_version", "files", "optional"),
    [
        (OFL_2018, "x64", (1, 7), 250, ["experiment/i640.cab"]),
        (OFL_2018, "x86", (1, 7), 292, ["experiment/i320.cab", "experiment/i640.cab"]),
        (OFL_2026, "x64", (1, 10), 249, []),
        (OFL_2026, "x86", (1, 10), 290, []),
    ],
)
def test_ofl(path: Path, architecture: str, list_version: tuple[int, ...], files: int, optional: list[str]) -> None:
    xml = cabinet.read_member(path, file_list.OFL_MEMBERS[architecture])
    listed = file_list_ofl.read(xml, CURRENT, "16.0.9330.2073", architecture)
    assert (listed.list_version, len(listed.files), len(listed.languages)) == (list_version, files, 91)
    assert [e.path.partition("16.0.9330.2073/")[2] for e in listed.files if e.optional] == optional
    assert len([entry for entry in listed.files if entry.hash_location]) == 103


def test_ofl_by_channel() -> None:
    xml = cabinet.read_member(OFL_2026, file_list.OFL_MEMBERS["x64"])
    for name in (
        "CurrentPreview",
        "Current",
        "SemiAnnualPreview",
        "SemiAnnual",
        "PerpetualVL2019",
        "MonthlyEnterprise",
    ):
        channel = channels.find(name)
        for entry in file_list_ofl.read(xml, channel, "16.0.20326.20100", "x64").files:
            assert entry.url.startswith(f"http://officecdn.microsoft.com/pr/{channel.guid}/office/data/")


def test_the_api_and_ofl_agree_on_what_an_installation_needs() -> None:
    version = "16.0.20326.20100"
    document = next((SAMPLES / "file-list-api").glob("*.json")).read_bytes()
    from_api = file_list_api.read(document, version, "x64", CURRENT)
    xml = cabinet.read_member(OFL_2026, file_list.OFL_MEMBERS["x64"])
    from_ofl = file_list_ofl.read(xml, CURRENT, version, "x64")
    assert (len(from_api.files), len(from_api.languages)) == (654, 105)
    assert set(from_ofl.languages) <= set(from_api.languages)
    languages = ["en-us", "de-de", "sr-latn-rs"]
    selected = {entry.path: entry for entry in from_api.select(languages)}
    for entry in from_ofl.select(languages):
        of_api = selected.pop(entry.path)
        assert (entry.url, entry.language, entry.hash_location) == (of_api.url, of_api.language, of_api.hash_location)
    arm64x = ("a640_exp.cab", "sa640.cab", "stream.x64.x-none.arm64x.dat")
    assert all(path.endswith((".cat", *arm64x)) for path in selected)  # what the API has on top


def test_an_api_answer_for_another_channel_is_refused() -> None:
    document = next((SAMPLES / "file-list-api").glob("*.json")).read_bytes()
    with pytest.raises(FeedError, match="not in channel SemiAnnual"):
        file_list_api.read(document, "16.0.20326.20100", "x64", channels.find("SemiAnnual"))


def test_languages_are_those_microsoft_lists() -> None:
    table = (SAMPLES / "metadata-2026-08" / "languages.tsv").read_text().splitlines()[1:]
    cultures = {line.split("\t")[1] for line in table}
    document = next((SAMPLES / "file-list-api").glob("*.json")).read_bytes()
    assert set(file_list_api.read(document, "16.0.20326.20100", "x64").languages) == cultures
