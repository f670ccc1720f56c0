# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validators and byte ranges: which part of a file a request gets (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web


@dataclass(frozen=True)
class Validators:
    """What tells one state of a file from the next."""

    etag: str  #: quoted
    last_modified: datetime

    @classmethod
    def of(cls, status: os.stat_result) -> Validators:
        """From size and time of change, as web servers commonly do."""
        changed = datetime.fromtimestamp(int(status.st_mtime), UTC)
        return cls(f'"{status.st_mtime_ns:x}-{status.st_size:x}"', changed)

    def weak(self) -> Validators:
        """The same, promising only that the file means the same, not that its bytes are."""
        return Validators(f"W/{self.etag}", self.last_modified)

    @property
    def headers(self) -> dict[str, str]:
        """ETag, Last-Modified."""
        return {"ETag": self.etag, "Last-Modified": self._date}

    @property
    def _date(self) -> str:
        return format_datetime(self.last_modified, usegmt=True)

    def unchanged_for(self, request: web.Request) -> bool:
        """Whether the request's If-None-Match or else If-Modified-Since asks for a 304."""
        if request.if_none_match is not None:
            return any(tag.value in {"*", self.etag.strip('"')} for tag in request.if_none_match)
        return request.if_modified_since is not None and self.last_modified <= request.if_modified_since

    def fit_range_of(self, request: web.Request) -> bool:
        """Whether If-Range, when sent, names this very state: only then a range continues what the client has."""
        given = request.headers.get("If-Range")
        return given is None or given == self._date or (given == self.etag and not given.startswith("W/"))


class RangeNotSatisfiableError(Exception):
    """The range starts behind the end."""


def requested_range(request: web.Request, validators: Validators, size: int) -> tuple[int, int] | None:
    """The asked part as (start, end), end exclusive; None for the whole file, also for several ranges."""
    header = request.headers.get("Range")
    if header is None or not validators.fit_range_of(request):
        return None
    try:
        asked = request.http_range
    except ValueError:
        return None
    start, end, _step = slice(asked.start, asked.stop).indices(size)
    if start >= end:
        raise RangeNotSatisfiableError
    return start, end
