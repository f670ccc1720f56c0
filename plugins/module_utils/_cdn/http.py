# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP(S): what a client is, one reading of what servers answer, one way to try again; small documents, whole."""

from __future__ import annotations

import random
import re
import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    InputError,
    NotInBuildError,
    TransferError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager
    from typing import Protocol

    class Headers(Protocol):
        """Names in any case."""

        def get(self, name: str, default: str, /) -> str: ...

    class Answer(Protocol):
        """What a server said, body unread. `read` raises PassingError or FinalError."""

        status: int
        reason: str  #: "Not Found"
        headers: Headers

        def read(self, size: int) -> bytes:
            """Wait for some of the body and give it, `size` bytes at most; b"" only at its end."""

    class Client(Protocol):
        """Makes requests, one at a time, following redirects; never from https to http."""

        @property
        def ended(self) -> bool:
            """Tell whether `end` was called: good for nothing any more."""

        def request(
            self, method: str, url: str, headers: Mapping[str, str], patience: Patience
        ) -> AbstractContextManager[Answer]:
            """Give the answer, whatever its status. One attempt: PassingError, FinalError or AbsentError."""

        def end(self) -> None:
            """Let what other threads wait for here fail at once, now and later."""

        def close(self) -> None:
            """Close what is open."""

    ClientFactory = Callable[[], Client]  #: RequirementError if a library is missing

USER_AGENT = "officefleet.c2r/0.1.0"
MAX_DOCUMENT = 64 * 1024 * 1024  #: bytes; the largest metadata cabinet has 2 MB

_REMEDY = "Check the address, the proxy (https_proxy, no_proxy) and the firewall, then run again."
_LONGEST_PAUSE = 60.0  # seconds; doubling ends here

Result = TypeVar("Result")


class PassingError(Exception):
    """One attempt failed in a way that the next one may not; the text is the reason."""

    def __init__(self, reason: str, retry_after: float = 0.0, gained: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after  #: seconds that the server asks for
        self.gained = gained  #: whether it brought so much that the next attempt counts as the first


class FinalError(Exception):
    """One attempt failed in a way that any other would, too; the text is the reason."""

    def __init__(self, reason: str, remedy: str = _REMEDY) -> None:
        super().__init__(reason)
        self.remedy = remedy


class AbsentError(Exception):
    """There is no such file; the text is how that was said."""


@dataclass(frozen=True)
class Patience:
    """How long to try; times in seconds."""

    attempts: int = 4  #: in a row that bring nothing
    pause: float = 1.0  #: before the second attempt; doubled before each further one, and up to half of it left out
    connect: float = 15.0
    read: float = 60.0  #: in which a server has to send something, and more than `slowest` on average
    slowest: int = 512  #: bytes per second and connection; below that another connection is tried
    retry_after: float = 120.0  #: the longest pause that a server may ask for (Retry-After)


#: For what is small or has no body: a server that never answers is given up after 21 seconds.
BRIEF = Patience(attempts=2, pause=1.0, connect=10.0, read=10.0, retry_after=5.0)


def check_status(found: Answer, url: str, option: str, good: Collection[int] = (200,)) -> None:
    """Sort every status but the good ones into NotInBuildError, PassingError and TransferError."""
    status = found.status
    if status in good:
        return
    said = f"HTTP status {status} {found.reason}"
    if status >= 500 or status in (408, 429):
        raise PassingError(said, _retry_after(found.headers.get("Retry-After", "")))
    text = f"{option}: {redact(url)} answered with {said}."
    if status in (400, 404):  # the CDN answers either for what it does not have
        raise NotInBuildError(f"{text} It is not there: check the address.")
    if status in (401, 403, 407):
        raise TransferError(f"{text} Access is refused: check the proxy (https_proxy, no_proxy) and the firewall.")
    raise TransferError(f"{text} {_REMEDY}")


def patiently(
    attempt: Callable[[], Result],
    url: str,
    option: str,
    patience: Patience,
    wait: Callable[[float], object] = time.sleep,
) -> Result:
    """Give what the first attempt without PassingError gives; TransferError if there is none."""
    failed = 0
    while True:
        try:
            return attempt()
        except PassingError as error:
            failed = 1 if error.gained else failed + 1
            if failed >= patience.attempts:
                many = "" if failed == 1 else f", {failed} attempts failed"
                raise TransferError(f"{option}: {redact(url)} cannot be fetched{many}: {error}. {_REMEDY}") from error
            pause = min(patience.pause * 2 ** (failed - 1), _LONGEST_PAUSE)
            pause *= random.uniform(0.5, 1.0)  # noqa: S311  # so that many clients do not come back at once
            asked = min(error.retry_after, patience.retry_after)
        except FinalError as error:
            raise TransferError(f"{option}: {redact(url)} cannot be fetched: {error}. {error.remedy}") from error
        except AbsentError as error:
            raise NotInBuildError(f"{option}: {redact(url)} is not there: {error}.") from error
        wait(max(pause, asked))


def _retry_after(text: str) -> float:
    """Read the header (RFC 9110, 10.2.3): seconds or a date."""
    if text.strip().isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return 0.0
    if when.tzinfo is None:
        return 0.0
    return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())


def length(found: Answer) -> int | None:
    """Give the bytes that the server announces, None if it announces none."""
    if found.headers.get("Content-Encoding", "identity") != "identity":
        return None
    return number(found.headers.get("Content-Length", ""))


def number(text: str) -> int | None:
    """Read a number of bytes in a header; None if it is none, or more than any file has."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def get(url: str, *, option: str, patience: Patience = BRIEF, client: ClientFactory | None = None) -> bytes:
    """Give the body found at `url`; TransferError otherwise."""
    if client is None:
        from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http_requests

        client = http_requests.Client
    with closing(client()) as made:

        def once() -> bytes:
            with made.request("GET", url, {}, patience) as found:
                check_status(found, url, option)
                return _body(found, url, option, patience)

        return patiently(once, url, option, patience)


def read_source(source: str, option: str) -> bytes:
    """Give the contents of a URL (http, https) or of a local file; the error names `option`."""
    if "://" in source:
        if not source.lower().startswith(("http://", "https://")):
            raise InputError(f"{option}: {redact(source)!r} is neither an http(s) URL nor the path of a local file.")
        return get(source, option=option)
    try:
        return Path(source).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{option}: {source!r} cannot be read: {reason}. Give an http(s) URL or a file's path."
        ) from error


def redact(url: str) -> str:
    """Give the URL without user, password, query and fragment: fit for logs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2].partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _body(found: Answer, url: str, option: str, patience: Patience) -> bytes:
    body = bytearray()
    too_large = TransferError(f"{option}: {redact(url)} is larger than {MAX_DOCUMENT} bytes; that is no metadata.")
    watch = StallWatch(patience)
    while True:
        block = watch.read(found, 64 * 1024)
        if not block:
            break
        body += block
        if len(body) > MAX_DOCUMENT:
            raise too_large
    document = bytes(body)
    if found.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip", "deflate"):
        try:
            unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the data says
            document = unpacker.decompress(document, MAX_DOCUMENT + 1)
        except zlib.error as error:
            raise PassingError("the answer is compressed and damaged") from error
        if len(document) > MAX_DOCUMENT:
            raise too_large
    refuse_html(document[:1024], found.headers.get("Content-Type", ""), url, option)
    return document


class StallWatch:
    """Reads of one answer, and whether they bring enough."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._seconds, self._bytes = 0.0, 0

    def read(self, found: Answer, size: int) -> bytes:
        """Read as `found` does; PassingError if the server sends almost nothing for too long.

        Only the time in here counts, so that nobody who reads slowly on purpose blames the server.
        """
        began = time.monotonic()
        data = found.read(size)
        self._seconds += time.monotonic() - began
        self._bytes += len(data)
        if self._seconds >= self._patience.read:
            if self._bytes < self._patience.slowest * self._seconds:
                raise PassingError(f"the server sent {self._bytes} bytes in {self._seconds:.0f} seconds")
            self._seconds, self._bytes = 0.0, 0
        return data


def refuse_html(start: bytes, content_type: str, url: str, option: str) -> None:
    """Refuse the web page a proxy, a firewall or a portal answers with; `start`: the body's first bytes."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower()
    if content_type.lower().startswith("text/html") or text.startswith((b"<!doctype html", b"<html")):
        raise TransferError(
            f"{option}: {redact(url)} answered with a web page, not with the file. A proxy, firewall or login portal "
            "is likely in between: allow the address there."
        )


def reason(error: BaseException) -> str:
    """Give the innermost reason: requests wraps urllib3's, which wraps the system's."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(inner, BaseException):
        return reason(inner)
    return str(getattr(error, "strerror", None) or inner or error).rpartition(": ")[2].rstrip(".")
