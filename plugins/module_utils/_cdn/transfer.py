# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch whole files, several at a time over a bounded number of connections; what is interrupted is continued."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, http_requests
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, RequirementError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.file_transfer import (
    FileTransfer,
    OtherStateError,
    RangesRefusedError,
    StoppedError,
    Terms,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.part_file import PartFile
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_AWAKE = 0.5  # seconds; Python handles a signal that comes just before an endless wait at the end of that wait
_RANGED_ATTEMPTS = 2  # then one answer is taken whole: servers behind one name may differ in their validators

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fetched:
    """What one transfer came to."""

    size: int  #: bytes of the whole file
    sha256: str  #: lower-case hex, of the whole file
    reused: int = 0  #: bytes that an earlier, interrupted run had fetched already


class Downloader:
    """Transfers over at most `connections` connections together. Errors name `option`; the first one stops the rest."""

    def __init__(
        self,
        option: str,
        patience: http.Patience = http.Patience(),  # noqa: B008  # immutable
        *,
        client: http.ClientFactory = http_requests.Client,
        connections: int = 8,
        bytes_per_second: int | None = None,
        on_bytes: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Call `on_bytes` from any thread with the bytes fetched, and with a negative number when some are thrown away.

        `bytes_per_second` bounds all transfers together. RequirementError if the client lacks a library.
        """
        client().close()  # say at once what is missing
        self._option = option
        self._patience = patience
        self._client_factory = client
        self._on_bytes = on_bytes
        self._connections = connections
        self._pool = ThreadPoolExecutor(connections, thread_name_prefix="fetch")
        self._own = threading.local()  # .client: each thread of the pool has its own
        self._terms = Terms(option, patience, RateLimit(bytes_per_second), 2 * connections, on_bytes, self._submit)
        self._stop = threading.Event()
        self._lock = threading.Lock()  # guards the two below
        self._clients: list[http.Client] = []
        self._transfers: set[FileTransfer] = set()

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Call the function for every item, in parallel; give the results in the items' order or raise the first error.

        After an error or an interrupt the transfers under way end at once: their connections are shut down.
        """
        with ThreadPoolExecutor(self._connections) as pool:
            futures: list[Future[Result]] = []
            try:
                futures.extend(pool.submit(function, item) for item in items)
                self._wait(futures)
                self._raise_first(futures)
                return [future.result() for future in futures]
            except BaseException:
                for future in futures:
                    future.cancel()
                self._end()
                raise

    @staticmethod
    def _wait(futures: Iterable[Future[Result]]) -> None:
        """Wait until all are done or one has failed."""
        pending = set(futures)
        while pending:
            done, pending = wait(pending, _AWAKE, FIRST_EXCEPTION)
            if any(future.exception() for future in done):
                return

    @staticmethod
    def _raise_first(futures: list[Future[Result]]) -> None:
        for future in futures:
            error = future.exception() if future.done() and not future.cancelled() else None
            if error is not None and not isinstance(error, StoppedError):
                raise error

    def size(self, url: str) -> int | None:
        """Give the length the server announces, None if it announces none; NotInBuildError if it has no such file."""

        def ask(client: http.Client) -> int | None:
            with client.request("HEAD", url, {}, self._patience) as answer:
                if answer.status == 200:
                    http.refuse_html(b"", answer.headers.get("Content-Type", ""), url, self._option)
                    return http.length(answer)
            # Some servers and proxies refuse HEAD alone: a GET decides, its body is left unread.
            with client.request("GET", url, {}, self._patience) as answer:
                http.check_status(answer, url, self._option)
                return http.length(answer)

        return self._patiently(url, lambda: self._submit(ask).result())

    def fetch(
        self, url: str, target: Path, *, size: int | None = None, check: Callable[[Path, Fetched], None] | None = None
    ) -> Fetched:
        """Fetch the file to `target`, safely on disk on return. TransferError, or OSError for the disk.

        Where its `size` is known, not a byte more is written: a body without end would fill the disk.
        Until then it is `target`.part, with a journal beside it (part_file), which the next call continues, also after
        this process was killed. `check` gets the complete part; if it raises a CdnError, the part is thrown away and
        the file fetched once more, after which the error stands.
        """
        part = PartFile(target, url)
        try:
            fetched = self._fetch(url, part, size)
            if check is not None:
                try:
                    check(part.path, fetched)
                except RequirementError:
                    raise
                except CdnError:
                    self._throw_away(part, fetched)
                    fetched = self._fetch(url, part, size)
                    try:
                        check(part.path, fetched)
                    except CdnError:
                        self._throw_away(part, fetched)
                        raise
            part.publish()
            return fetched
        finally:
            part.close()

    def _throw_away(self, part: PartFile, fetched: Fetched) -> None:
        part.discard()
        self._on_bytes(fetched.reused - fetched.size)

    def _fetch(self, url: str, part: PartFile, size: int | None) -> Fetched:
        """Fetch a part to its end, however many attempts that takes."""
        ranged_attempts = _RANGED_ATTEMPTS

        def attempt() -> Fetched:
            nonlocal ranged_attempts
            try:
                return self._attempt(url, part, size, ranged_attempts > 0)
            except RangesRefusedError:
                ranged_attempts = 0
                return self._attempt(url, part, size, ranged=False)
            except OtherStateError as error:
                ranged_attempts -= 1
                raise http.PassingError(str(error)) from error

        return self._patiently(url, attempt)

    def _attempt(self, url: str, part: PartFile, size: int | None, ranged: bool) -> Fetched:
        part.close()
        transfer = FileTransfer(url, part, self._terms, size)
        with self._lock:
            self._transfers.add(transfer)
        try:
            self._go_on_after(0)
            return Fetched(*transfer.run(ranged), transfer.reused)
        except BaseException as error:
            if isinstance(error, OtherStateError) or part.forgotten:
                part.discard()
                self._on_bytes(-transfer.fetched)
            raise
        finally:
            with self._lock:
                self._transfers.discard(transfer)

    def _patiently(self, url: str, attempt: Callable[[], Result]) -> Result:
        self._go_on_after(0)
        return http.patiently(attempt, url, self._option, self._patience, self._go_on_after)

    def _go_on_after(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError

    def _submit(self, function: Callable[[http.Client], Result]) -> Future[Result]:
        return self._pool.submit(lambda: function(self._client()))

    def _client(self) -> http.Client:
        """Give the client of this thread of the pool."""
        client: http.Client | None = getattr(self._own, "client", None)
        if client is None or client.ended:
            client = self._own.client = self._client_factory()
            with self._lock:
                self._clients = [known for known in self._clients if not known.ended]
                self._clients.append(client)
                if self._stop.is_set():
                    client.end()
        return client

    def _end(self) -> None:
        self._stop.set()
        with self._lock:
            clients, transfers = list(self._clients), list(self._transfers)
        for transfer in transfers:
            transfer.give_up()
        for client in clients:
            client.end()
