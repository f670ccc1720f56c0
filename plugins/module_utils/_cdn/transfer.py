# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch whole files over HTTP(S), several at a time, each written and hashed in one pass."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import required
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.live_sockets import LiveSockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import requests

CHUNK = 256 << 10  #: bytes held in memory per transfer

Item = TypeVar("Item")
Result = TypeVar("Result")


class _StoppedError(Exception):
    """Another transfer failed, so this one was given up."""


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
        patience: http.Patience = http.Patience(),  # noqa: B008  # immutable
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
        self._sockets = LiveSockets()
        self._sessions = threading.local()  # requests does not promise that threads may share one

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Call the function for every item, in parallel; give the results in the items' order or raise the first error.

        After an error or an interrupt the transfers under way end at once: their connections are shut down.
        """
        with ThreadPoolExecutor(self._workers) as pool:
            futures: list[Future[Result]] = []
            try:
                futures.extend(pool.submit(function, item) for item in items)
                wait(futures, return_when=FIRST_EXCEPTION)
                self._raise_first(futures)
                return [future.result() for future in futures]
            except BaseException:
                self._stop.set()
                for future in futures:
                    future.cancel()
                self._sockets.end()
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
                    return http.length(answer)
            # Some servers and proxies refuse HEAD alone: a GET decides, its body is left unread.
            with self._answer("GET", url) as answer:
                http.check_status(answer, url, self._option)
                return http.length(answer)

        return self._patiently(url, ask)

    def fetch(self, url: str, target: Path) -> Fetched:
        """Write the file to `target`, safely on disk on return. TransferError, or OSError for the disk."""
        return self._patiently(url, lambda: self._fetch_once(url, target))

    def _patiently(self, url: str, attempt: Callable[[], Result]) -> Result:
        self._go_on_after(0)
        return http.patiently(attempt, url, self._option, self._patience, self._go_on_after)

    def _go_on_after(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise _StoppedError

    def _fetch_once(self, url: str, target: Path) -> Fetched:
        size = 0
        try:
            with self._answer("GET", url) as answer, target.open("wb") as file:
                http.check_status(answer, url, self._option)
                content_type = answer.headers.get("Content-Type", "")
                digest = hashlib.sha256()
                for chunk in http.chunks(answer, CHUNK):
                    self._go_on_after(0)
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

    def _answer(self, method: str, url: str) -> AbstractContextManager[requests.Response]:
        return http.answer(self._session(), method, url, self._option, self._patience)

    def _session(self) -> requests.Session:
        session: Any = getattr(self._sessions, "session", None)
        if session is None:
            self._sessions.session = session = http.session()
            self._sockets.watch(session)
        return session  # type: ignore[no-any-return]  # thread-local attributes have no type
