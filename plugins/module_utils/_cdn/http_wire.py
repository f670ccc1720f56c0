# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer as the standard library's HTTPResponse holds it, which is also at the bottom of requests."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http

if TYPE_CHECKING:
    from http.client import HTTPResponse


class WireAnswer:
    """One answer, read as it comes over the wire: neither decoded nor gathered on the way."""

    def __init__(self, method: str, found: HTTPResponse, status: int, reason: str, headers: http.Headers) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self._found = found
        self._left = None if found.chunked else http.number(headers.get("Content-Length", ""))
        if method == "HEAD":
            self._left = 0

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left to read, so that the connection may serve another request."""
        return self._left == 0 or (self._left is None and self._found.isclosed())

    def read(self, size: int) -> bytes:
        """Give what comes next; the body has to be as long as announced, which read1 does not check."""
        if self._left is not None:
            size = min(size, self._left)
        if size == 0:
            return b""
        try:
            # One system call for one piece; read() would wait until all of `size` is there.
            data = self._found.read1(size)
        except HTTPException as error:
            raise self._cut_off() from error
        except OSError as error:
            raise http.PassingError(http.reason(error)) from error
        except ValueError as error:  # read of a closed file: another thread ended the connection
            raise http.PassingError("the connection was closed") from error
        if self._left is not None:
            if not data:
                raise self._cut_off()
            self._left -= len(data)
        return data

    def _cut_off(self) -> http.PassingError:
        announced = http.length(self)
        return http.PassingError(
            "the answer ended early" + ("" if announced is None else f", it announced {announced} bytes")
        )
