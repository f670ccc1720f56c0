# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's certificate authority and the Authenticode signatures that it vouches for."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
FOREVER = datetime(2049, 1, 1, tzinfo=UTC)


class Authority:
    """A fresh root with a code-signing and a time-stamping certificate below it, PEM files in their own directory.

    The code-signing certificate is valid from signs_from to signs_until. As on the real CDN it has commonly expired
    by now: the time stamp inside a signature says that it was valid then.
    """

    def __init__(
        self,
        directory: Path,
        *,
        signs_from: datetime = EPOCH,
        signs_until: datetime = FOREVER,
        common_name: str = "officefleet lab",
    ) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self.anchors = directory / "anchors.pem"  #: the root, PEM
        root_key = _new_key()
        root = _certificate(_name(f"{common_name} root"), root_key, EPOCH, FOREVER)
        self.anchors.write_bytes(_pem(root))
        for file, validity, usage in (
            ("signer", (signs_from, signs_until), ExtendedKeyUsageOID.CODE_SIGNING),
            ("stamper", (EPOCH, FOREVER), ExtendedKeyUsageOID.TIME_STAMPING),
        ):
            key = _new_key()
            leaf = _certificate(_name(f"{common_name} {file}"), key, *validity, issuer=(root, root_key), usage=usage)
            (directory / f"{file}.pem").write_bytes(_pem(leaf))
            (directory / f"{file}.key").write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )

    def sign(self, unsigned: Path, signed: Path, moment: datetime) -> None:
        """Write the cabinet `unsigned` with an Authenticode signature, time-stamped at `moment`, to a new file."""
        command = ["osslsigncode", "sign", "-h", "sha256", "-n", "officefleet lab CDN"]
        command += ["-certs", self._file("signer.pem"), "-key", self._file("signer.key")]
        command += ["-TSA-certs", self._file("stamper.pem"), "-TSA-key", self._file("stamper.key")]
        command += ["-TSA-time", str(int(moment.timestamp())), "-in", str(unsigned), "-out", str(signed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"osslsigncode cannot sign {signed.name}: {done.stdout}{done.stderr}")

    def _file(self, name: str) -> str:
        return str(self._directory / name)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "officefleet lab, not Microsoft"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    valid_from: datetime,
    valid_until: datetime,
    *,
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    usage: x509.ObjectIdentifier | None = None,
) -> x509.Certificate:
    """A certificate for one usage, by its issuer; without both a root."""
    issuer_name, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_until)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(_key_usage(authority=issuer is None), critical=True)
    )
    if usage is not None:
        # RFC 3161 wants a time stamper's one usage critical.
        critical = usage == ExtendedKeyUsageOID.TIME_STAMPING
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
