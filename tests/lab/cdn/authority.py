# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's certificate authority and the Authenticode signatures that it vouches for."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """A fresh root and a code-signing certificate below it, kept as PEM files in a directory of their own."""

    def __init__(self, directory: Path, common_name: str = "officefleet lab") -> None:
        directory.mkdir(parents=True)
        self.anchors = directory / "anchors.pem"  #: the root, PEM
        self._certificate = directory / "signer.pem"
        self._key = directory / "signer.key"
        root_key = _new_key()
        signer_key = _new_key()
        root_name = _name(f"{common_name} root")
        root = _certificate(root_name, root_key, issuer=root_name, issuer_key=root_key, authority=True)
        signer = _certificate(
            _name(f"{common_name} code signing"), signer_key, issuer=root_name, issuer_key=root_key, authority=False
        )
        self.anchors.write_bytes(_pem(root))
        self._certificate.write_bytes(_pem(signer))
        self._key.write_bytes(
            signer_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def sign(self, unsigned: Path, signed: Path) -> None:
        """Write the cabinet `unsigned` with an embedded SHA-256 Authenticode signature to `signed`, a new file."""
        command = ["osslsigncode", "sign", "-h", "sha256", "-n", "officefleet lab CDN"]
        command += ["-certs", str(self._certificate), "-key", str(self._key), "-in", str(unsigned), "-out", str(signed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"osslsigncode cannot sign {signed.name}: {done.stdout}{done.stderr}")


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
    subject: x509.Name, key: rsa.RSAPrivateKey, *, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey, authority: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(_key_usage(authority), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(authority: bool) -> x509.KeyUsage:
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
