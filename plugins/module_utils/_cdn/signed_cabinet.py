# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of a signed cabinet: where its signature lies and what the signature covers.

Sources: [MS-CAB] for the header; the digests were established on Microsoft's own cabinets, SHA-1 and SHA-256. Signed
are the header's first 34 bytes without `reserved1`, then everything from byte 60 to the signature. The bytes
between say how the reserve area is laid out and where the signature is; they are not covered, so they
are accepted in the one form Microsoft's tools write and in no other.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import SignatureError

_HEADER = struct.Struct("<4sIIIIIBBHHHHHHBBIIIII")  # with a reserve area of 20 bytes
_SIGNATURE, _RESERVED1, _CB_CABINET, _FLAGS, _CABINET_INDEX, _RESERVE_SIZES, _RESERVE = (
    0,
    1,
    2,
    10,
    12,
    slice(13, 16),
    16,
)
_RESERVE_PRESENT = 4
_MAX_PKCS7 = 1024 * 1024  # bytes; Microsoft's have 9 to 17 kB
_BLOCK = 1024 * 1024


class SignedCabinet:
    """A cabinet with an embedded signature; SignatureError if it has none or is not complete."""

    def __init__(self, cabinet: bytes | Path, name: str) -> None:
        self.name = name  #: for messages
        self._cabinet = cabinet
        size = len(cabinet) if isinstance(cabinet, bytes) else self._file_size(cabinet)
        start = self._read(0, _HEADER.size)
        if len(start) < _HEADER.size or not start.startswith(b"MSCF"):
            raise SignatureError(f"{name} is not a cabinet; nothing in it can be verified. Fetch it again.")
        fields = _HEADER.unpack(start)
        if fields[_FLAGS] != _RESERVE_PRESENT:
            raise SignatureError(f"{name} carries no signature; every cabinet of the CDN has one.")
        mark, offset, length, *rest = fields[_RESERVE:]
        if (
            fields[_RESERVED1] != 0
            or fields[_CABINET_INDEX] != 0
            or fields[_RESERVE_SIZES] != (20, 0, 0)
            or mark != 0x00100000
            or any(rest)
            or offset != fields[_CB_CABINET]
            or offset < _HEADER.size
        ):
            raise SignatureError(f"{name} has a header that does not fit a signed cabinet; it is damaged or forged.")
        if length == 0 or length > _MAX_PKCS7:
            raise SignatureError(f"{name} carries no signature, or one of {length} bytes, which is none.")
        if offset + length != size:
            raise SignatureError(
                f"{name} has {size} bytes where its header says {offset + length}; it is not complete. Fetch it again."
            )
        self._end = int(offset)
        self.signature: bytes = self._read(self._end, int(length))  #: PKCS#7, DER, padded with zeros

    def digest(self, algorithm: str) -> bytes:
        """Give the digest over what a signature covers; `algorithm` as hashlib calls it."""
        made = hashlib.new(algorithm)
        header = self._read(0, 34)
        made.update(header[:4] + header[8:34] + bytes(4))
        position = _HEADER.size
        while position < self._end:
            block = self._read(position, min(_BLOCK, self._end - position))
            if not block:
                raise SignatureError(f"{self.name} became shorter while it was read.")
            made.update(block)
            position += len(block)
        return made.digest()

    def _file_size(self, path: Path) -> int:
        try:
            return path.stat().st_size
        except OSError as error:
            raise SignatureError(f"{self.name} cannot be read: {error.strerror or error}.") from error

    def _read(self, position: int, length: int) -> bytes:
        if isinstance(self._cabinet, bytes):
            return self._cabinet[position : position + length]
        try:
            with self._cabinet.open("rb") as file:
                file.seek(position)
                return file.read(length)
        except OSError as error:
            raise SignatureError(f"{self.name} cannot be read: {error.strerror or error}.") from error
