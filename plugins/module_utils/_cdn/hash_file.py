# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The *.hash members of the CDN's cabinets.

stream.*.hash: UTF-16LE without a byte order mark, 64 upper-case digits, nothing else. Others carry a mark, a line
end, sometimes the version in a second line; old ones are ASCII.
"""

from __future__ import annotations

import re

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")  # MD5, SHA-1, SHA-256


def parse(data: bytes) -> str:
    """Give the digest in lower-case hex; its length tells the algorithm (64 digits: SHA-256). FeedError otherwise."""
    return _lines(data)[0]


def version(data: bytes) -> str | None:
    """Give what stands in the second line, the version of the build; None if there is no such line."""
    lines = _lines(data)
    return lines[1] if len(lines) > 1 else None


def _lines(data: bytes) -> list[str]:
    """Give the lines in lower case, the first of which is a digest."""
    try:
        if data.startswith(b"\xff\xfe"):
            text = data[2:].decode("utf-16-le")
        elif b"\x00" in data[:2]:
            text = data.decode("utf-16-le")
        else:
            text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise FeedError(f"A hash file of {len(data)} bytes is neither UTF-16 nor ASCII.") from error
    lines = [line.strip() for line in text.strip().lower().splitlines()]
    if not lines or not _DIGEST.fullmatch(lines[0]):
        raise FeedError(f"A hash file does not begin with a digest but with {text[:80]!r}.")
    return lines
