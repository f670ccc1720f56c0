# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cabinets as on the CDN: MSZIP (no free LZX writer exists), members in order, hash members in their two forms."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from cabarchive import CabArchive, CabFile


def cabinet(members: Mapping[str, bytes], written: datetime) -> bytes:
    """An unsigned MSZIP cabinet of these members; `written` becomes their file time."""
    archive = CabArchive()
    for name, data in members.items():
        archive[name] = CabFile(data, mtime=written)
    return archive.save(compress=True)


def stream_hash(sha256_hex: str) -> bytes:
    """A stream.*.hash member: 128 bytes, UTF-16LE without BOM, 64 upper-case hex digits, no line end."""
    return sha256_hex.upper().encode("utf-16-le")


def cabinet_hash(version: str) -> bytes:
    """A v64.hash, s640.hash, ... member: UTF-16LE with BOM, 32 hex digits CRLF version CRLF.

    What the real digits cover is not known; here they are merely stable for a version.
    """
    digits = hashlib.md5(version.encode(), usedforsecurity=False).hexdigest().upper()
    return f"\ufeff{digits}\r\n{version}\r\n".encode("utf-16-le")


def c2rx_hash(sha256_hex: str) -> bytes:
    """The i640.c2rx.hash member: UTF-16LE with BOM, 64 hex digits CRLF."""
    return f"\ufeff{sha256_hex.upper()}\r\n".encode("utf-16-le")
