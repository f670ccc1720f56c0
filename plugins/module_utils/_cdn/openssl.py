# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the openssl program checks for us: one signature by one certificate, and one chain to given anchors.

The two are kept apart on purpose. The signature is checked with exactly the certificate we name; the chain is built
from the intermediates and anchors we name, never from the system's trust store or what else a message carries.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import RequirementError, required

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_TIMEOUT = 60  # seconds; a call takes some ten milliseconds
_REASON = re.compile(r"(?:error [0-9]+ at [0-9]+ depth lookup|Verify error): *(.+)")
_SIGNATURE_REASON = re.compile(r":error:[^:]*:[^:]*:[^:]*:([^:]+):")


class Refused(Exception):  # noqa: N818 - an answer, not a mistake
    """openssl says no; the text is its reason."""


def check_signature(message: bytes, content: bytes, certificate: bytes, *, cms: bool = False) -> None:
    """Check the message's only signer against `certificate` (DER): Refused unless it signed exactly `content`.

    `message` is DER: PKCS#7, or CMS if asked for (they differ in how content is wrapped). Says nothing about trust.
    """
    with tempfile.TemporaryDirectory(prefix="officefleet-") as name:
        folder = Path(name)
        (folder / "message").write_bytes(message)
        (folder / "content").write_bytes(content)
        (folder / "signer").write_bytes(_pem([certificate]))
        _run(
            folder,
            ["cms" if cms else "smime", "-verify", "-noverify"],
            ["-binary", "-inform", "DER", "-in", "message", "-content", "content", "-out", "verified"],
            ["-nointern", "-certfile", "signer"],
        )


def check_chain(certificate: bytes, intermediates: Sequence[bytes], anchors: Sequence[bytes], moment: datetime) -> None:
    """Check that `certificate` leads over `intermediates` to one of `anchors` (all DER) at that moment, or Refused.

    Signatures weaker than SHA-256 and keys weaker than RSA 2048 are refused. Uses are not looked at. No revocation.
    """
    if not anchors:
        raise Refused("there is no anchor to trust")
    with tempfile.TemporaryDirectory(prefix="officefleet-") as name:
        folder = Path(name)
        (folder / "certificate").write_bytes(_pem([certificate]))
        (folder / "anchors").write_bytes(_pem(anchors))
        untrusted = []
        if intermediates:
            (folder / "intermediates").write_bytes(_pem(intermediates))
            untrusted = ["-untrusted", "intermediates"]
        answer = _run(
            folder,
            ["verify", "-no-CApath", "-no-CAstore", "-CAfile", "anchors", *untrusted],
            ["-purpose", "any", "-auth_level", "2", "-attime", str(int(moment.timestamp())), "certificate"],
        )
        if answer.strip() != "certificate: OK":
            raise Refused("openssl verify gave no clear answer")


def _run(folder: Path, *arguments: Sequence[str]) -> str:
    """Run openssl in the folder and give its output; RequirementError if there is none or it is too old."""
    command = ["openssl", *(argument for group in arguments for argument in group)]
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise RequirementError(
            "The program openssl is missing on this machine; signatures cannot be checked without it. Install the "
            "package openssl (3.0 or later)."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RequirementError(f"The program openssl cannot be run on this machine: {error}.") from error
    if done.returncode == 0:
        return done.stdout.decode(errors="replace")
    said = done.stderr.decode(errors="replace")
    if "nknown option" in said or "nrecognized flag" in said or "unknown option" in said:
        raise RequirementError("The program openssl on this machine is too old; version 3.0 or later is needed.")
    reasons = _REASON.findall(said) or _SIGNATURE_REASON.findall(said) or ["openssl refuses it"]
    raise Refused(reasons[0].strip())


def _pem(certificates: Sequence[bytes]) -> bytes:
    with required("asn1crypto"):
        from asn1crypto import pem  # type: ignore[import-untyped]  # ships no annotations
    return b"".join(pem.armor("CERTIFICATE", certificate) for certificate in certificates)
