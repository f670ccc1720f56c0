# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we read from certificates ourselves: whom they belong to, whether they may sign what they signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable

CODE_SIGNING = "code_signing"
TIME_STAMPING = "time_stamping"

Certificate = Any  # asn1crypto.x509.Certificate, which has no annotations


def of_message(signed_data: Any) -> list[Certificate]:
    """Give the X.509 certificates a PKCS#7 or CMS message carries; attribute certificates are left out."""
    return [choice.chosen for choice in signed_data["certificates"] or [] if choice.name == "certificate"]


def of_signer(signer_info: Any, certificates: Iterable[Certificate], what: str) -> Certificate:
    """Give the one certificate the signer names by issuer and serial number."""
    named = signer_info["sid"]
    if named.name != "issuer_and_serial_number":
        raise SignatureError(f"{what} does not name its certificate by issuer and serial number.")
    issuer, serial = named.chosen["issuer"], named.chosen["serial_number"].native
    found = {c.dump(): c for c in certificates if c.serial_number == serial and c.issuer == issuer}
    if len(found) != 1:
        raise SignatureError(f"{what} comes with {len(found)} certificates of its signer instead of one.")
    return next(iter(found.values()))


def require_use(certificate: Certificate, use: str, what: str) -> None:
    """Refuse an end certificate that is not expressly meant for `use`."""
    uses = certificate.extended_key_usage_value
    if uses is None or use not in uses.native:
        raise SignatureError(f"{what} is by {subject(certificate)}, whose certificate is not meant for {use}.")
    key_usage = certificate.key_usage_value
    if key_usage is not None and "digital_signature" not in key_usage.native:
        raise SignatureError(f"{what} is by {subject(certificate)}, whose certificate is not meant for signatures.")


def intermediates(certificates: Iterable[Certificate], use: str) -> list[bytes]:
    """Give, as DER, those that are authorities and not restricted to uses other than `use`."""
    return [certificate.dump() for certificate in certificates if is_authority(certificate, use)]


def is_authority(certificate: Certificate, use: str) -> bool:
    """Tell whether a certificate may issue certificates for `use`."""
    constraints, uses = certificate.basic_constraints_value, certificate.extended_key_usage_value
    if constraints is None or not constraints["ca"].native:
        return False
    return uses is None or use in uses.native or "any_extended_key_usage" in uses.native


def is_named(certificate: Certificate, name: str) -> bool:
    """Tell whether common name and organization are both `name`."""
    parts = certificate.subject.native
    return bool(parts.get("common_name") == name and parts.get("organization_name") == name)


def subject(certificate: Certificate) -> str:
    """Give the subject for people: common name and organization, or all of it where those are missing."""
    parts = certificate.subject.native
    known = [
        f"{short}={parts[long]}" for short, long in (("CN", "common_name"), ("O", "organization_name")) if long in parts
    ]
    return ", ".join(known) or str(certificate.subject.human_friendly)
