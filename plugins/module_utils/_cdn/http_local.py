# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of this machine as if a server had them: absolute paths and file: URLs, with ranges and validators."""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REMEDY = "Check the path, and who may read there, then run again."


class _Headers(dict[str, str]):
    """Names in any case."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # texts, and nothing else
        return super().get(name.lower(), default)


class LocalAnswer:
    """A part of a file, or what to say without one."""

    def __init__(self, status: int, reason: str, headers: _Headers, descriptor: int = -1, left: int = 0) -> None:
        self.status = status
        self.reason = reason
        self.headers: http.Headers = headers
        self._descriptor = descriptor
        self._left = left

    def read(self, size: int) -> bytes:
        """Give what comes next; PassingError if the file became shorter, or cannot be read."""
        if self._left == 0:
            return b""
        try:
            data = os.read(self._descriptor, min(size, self._left))
        except OSError as error:
            raise http.PassingError(http.reason(error)) from error
        if not data:
            raise http.PassingError("the file became shorter while it was read")
        self._left -= len(data)
        return data


class Client:
    """Reads files. It knows If-Range as far as it names the ETag given here."""

    def __init__(self) -> None:
        self.ended = False

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        patience: http.Patience,  # noqa: ARG002  # nothing here waits
    ) -> Iterator[LocalAnswer]:
        """Give the file, or the part that Range asks for. AbsentError, FinalError, PassingError."""
        try:
            descriptor = os.open(_path(url), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # no wait at a pipe
        except (FileNotFoundError, NotADirectoryError) as error:
            raise http.AbsentError(http.reason(error)) from error
        except (OSError, ValueError) as error:
            raise http.FinalError(http.reason(error), _REMEDY) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise http.FinalError("it is not a file", _REMEDY)
            yield _answer(descriptor, method, headers)
        finally:
            os.close(descriptor)

    def end(self) -> None:
        """Reads of files end by themselves."""
        self.ended = True

    def close(self) -> None:
        """Nothing is kept open."""


def _path(url: str) -> Path:
    parts = urlsplit(url) if url.lower().startswith("file:") else None
    path = Path(unquote(parts.path) if parts else url)
    if not path.is_absolute() or (parts and parts.netloc not in ("", "localhost")):
        raise http.FinalError("it is neither an absolute path nor a file: URL of this machine", _REMEDY)
    return path


def _answer(descriptor: int, method: str, headers: Mapping[str, str]) -> LocalAnswer:
    status = os.fstat(descriptor)
    size = status.st_size
    etag = f'"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}-{size:x}"'
    found = _Headers({"etag": etag, "content-length": str(size), "accept-ranges": "bytes"})
    if method == "HEAD":
        return LocalAnswer(200, "OK", found)
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("Range", ""))
    if asked is None or headers.get("If-Range", etag) != etag:
        return LocalAnswer(200, "OK", found, descriptor, size)
    start, end = int(asked[1]), min(int(asked[2]) + 1, size)
    if start >= end:
        return LocalAnswer(416, "Range Not Satisfiable", found)
    os.lseek(descriptor, start, os.SEEK_SET)
    found.update({"content-range": f"bytes {start}-{end - 1}/{size}", "content-length": str(end - start)})
    return LocalAnswer(206, "Partial Content", found, descriptor, end - start)
