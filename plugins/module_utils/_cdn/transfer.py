# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch whole files over HTTP(S), several at a time, each written and hashed in one pass."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import TransferError, required

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import requests

CHUNK = 256 << 10  #: bytes held in memory per transfer, and how soon an interrupt is seen

_MISSING = (400, 404)  # the CDN answers either for what it does not have
_REFUSED = (401, 403, 407)
_BUSY = (408, 429)  # as passing as the 5xx

Item = TypeVar("Item")
Result = TypeVar("Result")


class NotInBuildError(TransferError):
    """The server does not have the file (HTTP 400 or 404); trying again does not help."""


class _TransientError(Exception):
    """One attempt failed in a way that the next one may not; the text is the reason."""


class _StoppedError(Exception):
    """Another transfer failed, so this one was given up."""


@dataclass(frozen=True)
class Patience:
    """How long to try; times in seconds."""

    attempts: int = 4
    pause: float = 1.0  #: before the second attempt; doubled before each further one
    connect: float = 15.0
    read: float = 60.0  #: between two pieces of an answer


@dataclass(frozen=True)
class Fetched:
    """What one transfer wrote."""

    size: int  #: bytes
    sha256: str  #: lower-case hex


class Downloader:
    """Up to `workers` transfers at a time. Errors name `option`; the first one stops the rest."""

    def __init__(
        self,
        option: str,
        patience: Patience = Patience(),
        workers: int = 4,
        on_bytes: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Call `on_bytes` from any thread with the bytes written, and with the negative sum of an attempt given up."""
        with required("requests"):
            import requests  # noqa: F401  # say at once what is missing
        self._option = option
        self._patience = patience
        self._workers = workers
        self._on_bytes = on_bytes
        self._stop = threading.Event()
        self._sessions = threading.local()  # requests does not promise that threads may share one

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Call the function for every item, in parallel; give the results in the items' order or raise the first error.

        After an error or an interrupt the transfers under way end within a chunk or their read timeout.
        """
        with ThreadPoolExecutor(self._workers) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                self._raise_first(futures)
                return [future.result() for future in futures]
            except BaseException:
                self._stop.set()
                for future in futures:
                    future.cancel()
                raise

    @staticmethod
    def _raise_first(futures: list[Future[Result]]) -> None:
        for future in futures:
            error = future.exception() if future.done() and not future.cancelled() else None
            if error is not None and not isinstance(error, _StoppedError):
                raise error

    def size(self, url: str) -> int | None:
        """Give the length the server announces, None if it announces none; NotInBuildError if it has no such file."""

        def ask() -> int | None:
            with self._answer("HEAD", url) as answer:
                if answer.status_code == 200:
                    http.refuse_html(b"", answer.headers.get("Content-Type", ""), url, self._option)
                    return _length(answer)
            # Some servers and proxies refuse HEAD alone: a GET decides, its body is left unread.
            with self._answer("GET", url) as answer:
                self._check_status(answer, url)
                return _length(answer)

        return self._patiently(url, ask)

    def fetch(self, url: str, target: Path) -> Fetched:
        """Write the file to `target`, safely on disk on return. TransferError, or OSError for the disk."""
        return self._patiently(url, lambda: self._fetch_once(url, target))

    def _patiently(self, url: str, attempt: Callable[[], Result]) -> Result:
        number = 1
        while True:
            if self._stop.is_set():
                raise _StoppedError
            try:
                return attempt()
            except _TransientError as error:
                if number >= self._patience.attempts:
                    raise TransferError(
                        f"{self._option}: {http.redact(url)} cannot be fetched, {number} attempts failed: {error}. "
                        "Check the address, the proxy (https_proxy, no_proxy) and the firewall, then run again."
                    ) from error
            self._stop.wait(self._patience.pause * 2 ** (number - 1))
            number += 1

    def _fetch_once(self, url: str, target: Path) -> Fetched:
        size = 0
        try:
            with self._answer("GET", url) as answer, target.open("wb") as file:
                self._check_status(answer, url)
                content_type = answer.headers.get("Content-Type", "")
                digest = hashlib.sha256()
                for chunk in self._chunks(answer):
                    if size == 0:
                        http.refuse_html(chunk[:1024], content_type, url, self._option)
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                    self._on_bytes(len(chunk))
                file.flush()
                os.fsync(file.fileno())
                return Fetched(size, digest.hexdigest())
        except BaseException:
            self._on_bytes(-size)
            raise

    def _chunks(self, answer: requests.Response) -> Iterator[bytes]:
        """Give the body; it has to be as long as announced, which not every version of requests checks itself."""
        import requests

        announced, size = _length(answer), 0
        try:
            for chunk in answer.iter_content(CHUNK):
                if self._stop.is_set():
                    raise _StoppedError
                size += len(chunk)
                yield chunk
        except requests.exceptions.ChunkedEncodingError as error:
            raise _TransientError(_cut_off(announced)) from error
        if announced is not None and size != announced:
            raise _TransientError(_cut_off(announced))

    @contextmanager
    def _answer(self, method: str, url: str) -> Iterator[requests.Response]:
        """Give the answer with its body unread; errors until the end of the context are sorted by whether they pass."""
        import requests

        timeout = (self._patience.connect, self._patience.read)
        try:
            with self._session().request(method, url, stream=True, timeout=timeout, allow_redirects=True) as answer:
                if answer.status_code >= 500 or answer.status_code in _BUSY:
                    raise _TransientError(f"HTTP status {answer.status_code} {answer.reason}")
                yield answer
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _TransientError(http._reason(error)) from error
        except requests.RequestException as error:
            raise TransferError(f"{self._option}: {http.redact(url)} cannot be fetched: {error}.") from error

    def _check_status(self, answer: requests.Response, url: str) -> None:
        if answer.status_code == 200:
            return
        text = f"{self._option}: {http.redact(url)} answered with HTTP status {answer.status_code} {answer.reason}."
        if answer.status_code in _MISSING:
            raise NotInBuildError(text)
        if answer.status_code in _REFUSED:
            text += " Access is refused: check the proxy (https_proxy, no_proxy) and the firewall."
        raise TransferError(text)

    def _session(self) -> requests.Session:
        session: Any = getattr(self._sessions, "session", None)
        if session is None:
            from requests.adapters import HTTPAdapter

            session = http.session()
            session.headers["Accept-Encoding"] = "identity"  # lengths and hashes are those of the bytes on the wire
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=0))  # a file is tried again as a whole, here
            self._sessions.session = session
        return session  # type: ignore[no-any-return]  # thread-local attributes have no type


def _length(answer: requests.Response) -> int | None:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _cut_off(announced: int | None) -> str:
    length = "" if announced is None else f", it announced {announced} bytes"
    return f"the answer ended early{length}"
