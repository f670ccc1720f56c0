# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP(S): one session, one reading of what servers answer, one way to try again; small documents, whole."""

from __future__ import annotations

import itertools
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    InputError,
    NotInBuildError,
    TransferError,
    required,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

USER_AGENT = "officefleet.c2r/0.1.0"
MAX_DOCUMENT = 64 * 1024 * 1024  #: bytes; the largest metadata cabinet has 2 MB

_REMEDY = "Check the address, the proxy (https_proxy, no_proxy) and the firewall, then run again."

Result = TypeVar("Result")


class PassingError(Exception):
    """One attempt failed in a way that the next one may not; the text is the reason."""


@dataclass(frozen=True)
class Patience:
    """How long to try; times in seconds. What a server wishes (Retry-After) does not count: it may be hours."""

    attempts: int = 4
    pause: float = 1.0  #: before the second attempt; doubled before each further one
    connect: float = 15.0
    read: float = 60.0  #: between two pieces of an answer


#: For what is small or has no body: a server that never answers is given up after 21 seconds.
BRIEF = Patience(attempts=2, pause=1.0, connect=10.0, read=10.0)


def session() -> requests.Session:
    """Give a session with this collection's user agent, for the bytes as they are; it never leads from https to http.

    It tries once: who wants more uses `patiently`.
    """
    with required("requests"):
        import requests
    made = requests.Session()
    # Lengths and hashes are those of the bytes on the wire.
    made.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    made.hooks["response"].append(_refuse_downgrade)
    return made


@contextmanager
def answer(
    client: requests.Session, method: str, url: str, option: str, patience: Patience
) -> Iterator[requests.Response]:
    """Give the answer, body unread. Errors until the context ends: PassingError if they may pass, or TransferError."""
    import requests

    try:
        timeout = (patience.connect, patience.read)
        with client.request(method, url, stream=True, timeout=timeout, allow_redirects=True) as found:
            yield found
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise PassingError(reason(error)) from error
    except (requests.RequestException, ValueError) as error:  # ValueError: some malformed addresses
        raise TransferError(f"{option}: {redact(url)} cannot be fetched: {reason(error)}. {_REMEDY}") from error


def check_status(found: requests.Response, url: str, option: str) -> None:
    """Sort every status but 200 into NotInBuildError, PassingError and TransferError."""
    status = found.status_code
    if status == 200:
        return
    said = f"HTTP status {status} {found.reason}"
    if status >= 500 or status in (408, 429):
        raise PassingError(said)
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
    for number in itertools.count(1):
        try:
            return attempt()
        except PassingError as error:
            if number >= patience.attempts:
                failed = "" if number == 1 else f", {number} attempts failed"
                raise TransferError(f"{option}: {redact(url)} cannot be fetched{failed}: {error}. {_REMEDY}") from error
        wait(patience.pause * 2 ** (number - 1))
    raise AssertionError  # count() has no end


def length(found: requests.Response) -> int | None:
    """Give the bytes that the server announces, None if it announces none."""
    if found.headers.get("Content-Encoding", "identity") != "identity":
        return None
    text = found.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def chunks(found: requests.Response, size: int) -> Iterator[bytes]:
    """Give the body; it has to be as long as announced, which not every version of requests checks itself."""
    import requests

    announced, got = length(found), 0
    cut_off = "the answer ended early" + ("" if announced is None else f", it announced {announced} bytes")
    try:
        for chunk in found.iter_content(size):
            got += len(chunk)
            yield chunk
    except requests.exceptions.ChunkedEncodingError as error:
        raise PassingError(cut_off) from error
    if announced is not None and got != announced:
        raise PassingError(cut_off)


def get(url: str, *, option: str, patience: Patience = BRIEF) -> bytes:
    """Give the body found at `url`; TransferError otherwise."""
    with session() as client:

        def once() -> bytes:
            with answer(client, "GET", url, option, patience) as found:
                check_status(found, url, option)
                return _body(found, url, option)

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


def _body(found: requests.Response, url: str, option: str) -> bytes:
    body = bytearray()
    for block in chunks(found, 64 * 1024):
        body += block
        if len(body) > MAX_DOCUMENT:
            raise TransferError(f"{option}: {redact(url)} is larger than {MAX_DOCUMENT} bytes; that is no metadata.")
    refuse_html(bytes(body[:1024]), found.headers.get("Content-Type", ""), url, option)
    return bytes(body)


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
    return str(inner or error).rpartition(": ")[2].rstrip(".")


def _refuse_downgrade(found: requests.Response, **_given: object) -> None:
    """Follow no redirect from https to http: nothing would protect, on the way, what is not signed."""
    import requests

    target = urljoin(found.url, found.headers.get("Location", ""))
    if found.is_redirect and found.url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise requests.RequestException(f"it redirects from https to {redact(target)}, which nothing protects")
