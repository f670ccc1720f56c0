# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which state of a file an answer is of, and which part of it (RFC 9110, sections 8.8, 13.1.5 and 14.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Headers

_CONTENT_RANGE = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)


@dataclass(frozen=True)
class Validator:
    """What tells one state of a file from the next; empty texts: the server does not say."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, headers: Headers) -> Validator:
        """Read an answer's."""
        return cls(headers.get("ETag", "").strip(), headers.get("Last-Modified", "").strip())

    @property
    def if_range(self) -> str:
        """Give the value for If-Range; empty if parts of this file cannot be told to belong together."""
        return self.etag if self._strong else self.last_modified

    @property
    def _strong(self) -> bool:
        return self.etag.startswith('"')

    def contradicts(self, other: Validator) -> bool:
        """Tell whether the two are of different states; what only one of them says proves nothing."""
        if self._strong and other._strong:
            return self.etag != other.etag
        pairs = ((self.etag, other.etag), (self.last_modified, other.last_modified))
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)


@dataclass(frozen=True)
class ContentRange:
    """The part that an answer holds, `end` exclusive, and the size of the whole."""

    start: int
    end: int
    size: int

    @classmethod
    def of(cls, headers: Headers) -> ContentRange | None:
        """Read an answer's; None if it has none, or one that makes no sense or does not say the size."""
        found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
        if found is None:
            return None
        start, last, size = (int(number) for number in found.groups())
        length = http.number(headers.get("Content-Length", ""))
        if not start <= last < size or length not in (None, last + 1 - start):
            return None
        return cls(start, last + 1, size)
