# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read members of a cabinet with libarchive, which knows both compressions of the CDN: LZX and MSZIP.

Verify first (authenticode), read then: these functions trust what they are given.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from libarchive.entry import ArchiveEntry  # type: ignore[import-untyped]  # ships no annotations

MAX_MEMBER = 64 * 1024 * 1024  #: bytes; the largest member ever read (a manifest) has 4 MB


def members(data: bytes | Path) -> list[str]:
    """Give the names of the members, in the order they are stored; FeedError if this is no readable cabinet."""
    with _entries(data) as entries:
        return [str(entry.pathname) for entry in entries]


def read_member(data: bytes | Path, name: str) -> bytes:
    """Give the contents of a member; names are compared without case, as Windows does."""
    seen: list[str] = []
    with _entries(data) as entries:
        for entry in entries:
            seen.append(str(entry.pathname))
            if seen[-1].lower() == name.lower():
                return _contents(entry, data)
    raise FeedError(f"{_name(data)} has no member {name!r}; it has {', '.join(seen) or 'none at all'}.")


def _contents(entry: ArchiveEntry, data: bytes | Path) -> bytes:
    contents = bytearray()
    for block in entry.get_blocks():
        contents += block
        if len(contents) > MAX_MEMBER:
            raise FeedError(f"{_name(data)}: member {entry.pathname!r} is larger than {MAX_MEMBER} bytes; not read.")
    if len(contents) != entry.size:
        raise FeedError(f"{_name(data)}: member {entry.pathname!r} ends early; the cabinet is not complete.")
    return bytes(contents)


@contextmanager
def _entries(data: bytes | Path) -> Iterator[Iterable[ArchiveEntry]]:
    with required("libarchive-c"):
        import libarchive  # type: ignore[import-untyped]  # ships no annotations
    try:
        contents = data if isinstance(data, bytes) else data.read_bytes()
        with libarchive.memory_reader(contents, format_name="cab", filter_name="none") as archive:
            yield archive
    except OSError as error:
        raise FeedError(f"{_name(data)} cannot be read: {error.strerror or error}.") from error
    except libarchive.ArchiveError as error:
        raise FeedError(f"{_name(data)} is not a readable cabinet: {error.msg}. Fetch it again.") from error


def _name(data: bytes | Path) -> str:
    return "this cabinet" if isinstance(data, bytes) else data.name
