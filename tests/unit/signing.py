# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of any kind, and cabinets signed with them: what signature tests need to go wrong on purpose."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms  # type: ignore[import-untyped]  # ships no annotations
from cabarchive import CabArchive, CabFile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
ISSUES = x509.KeyUsage(
    key_cert_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
ENCRYPTS = x509.KeyUsage(
    key_encipherment=True,
    digital_signature=False,
    content_commitment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2049, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, form, plain)


def issue(
    name: str,
    issuer: Holder | None = None,
    *,
    uses: Sequence[x509.ObjectIdentifier] = (),
    authority: bool | None = None,
    valid: tuple[datetime, datetime] = (LONG_AGO, FAR_AHEAD),
    organization: str = "unit tests",
    bits: int = 2048,
    constrained: bool = True,
    signs: bool = True,
) -> Holder:
    """Without issuer a root; with one an end certificate unless `authority`.

    Not `constrained`: no basic constraints but a key usage that allows to issue, as before X.509 version 3.
    Not `signs`: a key usage without signatures.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    names = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, name))
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    constraints = x509.BasicConstraints(ca=issuer is None if authority is None else authority, path_length=None)
    builder = builder.add_extension(constraints if constrained else ISSUES, critical=True)
    if not signs:
        builder = builder.add_extension(ENCRYPTS, critical=True)
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=list(uses) == [TIME_STAMPING])
    return Holder(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def cabinet(members: Mapping[str, bytes]) -> bytes:
    """An unsigned cabinet."""
    archive = CabArchive()
    for name, data in members.items():
        archive[name] = CabFile(data)
    return bytes(archive.save(compress=True))


def sign(
    data: bytes,
    folder: Path,
    chain: Sequence[Holder],
    *,
    digest: str = "sha256",
    stamp: Sequence[Holder] = (),
    moment: datetime | None = None,
    nest: bool = False,
) -> bytes:
    """Sign a cabinet as chain[0], with the rest of the chain put in; time-stamped as stamp[0] at `moment`."""
    unsigned, signed = folder / "unsigned.cab", folder / "signed.cab"
    unsigned.write_bytes(data)
    signed.unlink(missing_ok=True)
    command = ["osslsigncode", "sign", "-h", digest, *(["-nest"] if nest else [])]
    for option, holders in (("", chain), ("TSA-", stamp)):
        if holders:
            certificates, key = folder / f"{option}certificates.pem", folder / f"{option}key.pem"
            certificates.write_bytes(b"".join(holder.pem for holder in holders))
            key.write_bytes(holders[0].key_pem)
            command += [f"-{option}certs", str(certificates), f"-{option}key", str(key)]
    if moment is not None:
        command += ["-TSA-time", str(int(moment.timestamp()))]
    subprocess.run([*command, "-in", str(unsigned), "-out", str(signed)], check=True, capture_output=True)
    return signed.read_bytes()


def pkcs7(data: bytes) -> Any:
    """The signature of a cabinet as asn1crypto's ContentInfo."""
    return cms.ContentInfo.load(data[struct.unpack_from("<I", data, 8)[0] :])


def with_pkcs7(data: bytes, signature: bytes) -> bytes:
    """The cabinet with another signature in the place of its own."""
    end = struct.unpack_from("<I", data, 8)[0]
    padded = signature + bytes(-len(signature) % 8)
    return data[:48] + struct.pack("<I", len(padded)) + data[52:end] + padded


def changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    """The cabinet with a change (in place) to its PKCS#7 signed data."""
    signature = pkcs7(data)
    change(signature["content"])
    return with_pkcs7(data, signature.dump())
