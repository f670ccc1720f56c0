# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Payload files: bytes that depend on their seed alone, of any size, written without holding them in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

BLOCK_BYTES = 1 << 20


def block(seed: str, index: int, length: int = BLOCK_BYTES) -> bytes:
    """The block at this index of the payload with this seed; not compressible, so that nothing cheats on the way."""
    return hashlib.shake_128(f"{seed}#{index}".encode()).digest(length)


def write_payload(path: Path, seed: str, size: int) -> str:
    """Write size bytes of the seed's payload to path; return their SHA-256 as upper-case hex."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for index, start in enumerate(range(0, size, BLOCK_BYTES)):
            data = block(seed, index, min(BLOCK_BYTES, size - start))
            digest.update(data)
            file.write(data)
    return digest.hexdigest().upper()
