# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time stamps on an Authenticode signature: RFC 3161 tokens, and the older PKCS#9 counter-signatures.

Both sign the signature value itself. Each that is present has to hold; a message without any gives no time.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import certificates, openssl
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import SignatureError, required

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

STRONG = ("sha256", "sha384", "sha512")

_TOKEN = "1.3.6.1.4.1.311.3.3.1"  # an RFC 3161 token, as Microsoft attaches it  # noqa: S105
_COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"


def verify(signer_info: Any, message_certificates: list[Any], anchors: Sequence[bytes], name: str) -> datetime | None:
    """Give the proven time of a signature (asn1crypto SignerInfo), None without a stamp; SignatureError if one fails.

    `anchors`: DER of the roots that may stand behind a time stamp.
    """
    moments = []
    for attribute in signer_info["unsigned_attrs"] or []:
        kind = attribute["type"].dotted
        for value in attribute["values"] if kind in (_TOKEN, _COUNTER_SIGNATURE) else []:
            if kind == _TOKEN:
                moments.append(_token(value, signer_info["signature"].native, anchors, name))
            else:
                moments.append(_counter_signature(value, signer_info, message_certificates, anchors, name))
    return min(moments) if moments else None


def _token(value: Any, signature: bytes, anchors: Sequence[bytes], name: str) -> datetime:
    with required("asn1crypto"):
        from asn1crypto import cms, tsp  # type: ignore[import-untyped]  # ships no annotations
    what = f"The time stamp of {name}"
    message = value.dump()
    signed_data = cms.ContentInfo.load(message)["content"]
    content_info = signed_data["encap_content_info"]
    if content_info["content_type"].native != "tst_info" or len(signed_data["signer_infos"]) != 1:
        raise SignatureError(f"{what} is not a time-stamp token with one signer.")
    content = bytes(content_info["content"])
    info = tsp.TSTInfo.load(content)
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if algorithm not in STRONG:
        raise SignatureError(f"{what} uses {algorithm}, which is too weak.")
    if imprint["hashed_message"].native != hashlib.new(algorithm, signature).digest():
        raise SignatureError(f"{what} belongs to another signature.")
    moment: datetime = info["gen_time"].native
    signer = signed_data["signer_infos"][0]
    carried = certificates.of_message(signed_data)
    authority = certificates.of_signer(signer, carried, what)
    _check_signed_attributes(signer, "tst_info", what)
    _check_named_certificate(signer, authority, what)
    _check(message, content, authority, carried, anchors, moment, what, cms=True)
    return moment


def _counter_signature(
    value: Any, signer_info: Any, message_certificates: list[Any], anchors: Sequence[bytes], name: str
) -> datetime:
    with required("asn1crypto"):
        from asn1crypto import cms
    what = f"The counter-signature of {name}"
    counter = cms.SignerInfo.load(value.dump())
    attributes = _check_signed_attributes(counter, "data", what)
    if "signing_time" not in attributes:
        raise SignatureError(f"{what} states no time.")
    moment: datetime = attributes["signing_time"][0].native
    authority = certificates.of_signer(counter, message_certificates, what)
    # openssl knows no counter-signatures, but this is one: a detached signature over the signature value
    message = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [counter["digest_algorithm"]],
                    "encap_content_info": {"content_type": "data"},
                    "signer_infos": [counter],
                }
            ),
        }
    ).dump()
    content = signer_info["signature"].native
    _check(message, content, authority, message_certificates, anchors, moment, what, cms=False)
    return moment


def _check_signed_attributes(signer: Any, content_type: str, what: str) -> dict[str, Any]:
    algorithm = signer["digest_algorithm"]["algorithm"].native
    if algorithm not in STRONG:
        raise SignatureError(f"{what} uses {algorithm}, which is too weak.")
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"] or []}
    if "message_digest" not in attributes or attributes["content_type"].native != [content_type]:
        raise SignatureError(f"{what} does not sign what it should ({content_type}).")
    return attributes


def _check_named_certificate(signer: Any, authority: Any, what: str) -> None:
    """Hold the certificate against the one the token itself names (ESS signing certificate, RFC 5816)."""
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
    if "signing_certificate_v2" in attributes:
        named = attributes["signing_certificate_v2"][0]["certs"][0]
        algorithm = named["hash_algorithm"]["algorithm"].native
    elif "signing_certificate" in attributes:
        named, algorithm = attributes["signing_certificate"][0]["certs"][0], "sha1"  # fixed by RFC 2634
    else:
        raise SignatureError(f"{what} does not name its certificate.")
    if named["cert_hash"].native != hashlib.new(algorithm, authority.dump()).digest():
        raise SignatureError(f"{what} names another certificate than the one it comes with.")


def _check(
    message: bytes,
    content: bytes,
    authority: Any,
    carried: list[Any],
    anchors: Sequence[bytes],
    moment: datetime,
    what: str,
    *,
    cms: bool,
) -> None:
    certificates.require_use(authority, certificates.TIME_STAMPING, what)
    try:
        openssl.check_signature(message, content, authority.dump(), cms=cms)
    except openssl.Refused as error:
        raise SignatureError(f"{what} does not hold: {error}.") from error
    try:
        usable = certificates.intermediates(carried, certificates.TIME_STAMPING)
        openssl.check_chain(authority.dump(), usable, anchors, moment)
    except openssl.Refused as error:
        raise SignatureError(
            f"{what} is by {certificates.subject(authority)}, which no trusted root stands behind: {error}. "
            "If another authority signs on purpose, name its root in trust_anchors."
        ) from error
