# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch one file: ranges over several connections, written as they arrive and hashed in order behind them."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_ranges import ContentRange, Validator
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.part_file import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.part_file import PartFile
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.rate_limit import RateLimit

CHUNK = 1 << 20  #: bytes read and written at once, and held in memory per connection
SEGMENT = 8 << 20  #: bytes asked for at once

_RELEASE = 128 << 20  # bytes behind the hashed end that may still wait for the disk
_FLUSH_AFTER = 1.0  # seconds after which also less than a chunk is written and counted


class StoppedError(Exception):
    """Another transfer failed, so this one was given up."""


class OtherStateError(Exception):
    """An answer is of another state of the file than what is there already; the text is what happened."""


class RangesRefusedError(Exception):
    """The server answers a request for a range, but not so that ranges can be put together."""


class _AgainError(Exception):
    """Wraps the PassingError after which nothing can be continued."""

    def __init__(self, error: http.PassingError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class Terms:
    """What all transfers of one Downloader have in common."""

    option: str
    patience: http.Patience
    limit: RateLimit
    window: int  #: segments of one file that may be under way, or wait for one before them to be hashed
    on_bytes: Callable[[int], None]
    submit: Callable[[Callable[[http.Client], None]], Future[None]]  #: runs a function on the next free connection


@dataclass
class _Stretch:
    """Bytes that one connection fetches: from `position` up to `end`, exclusive; None: up to the end of the answer."""

    position: int
    end: int | None


class FileTransfer:
    """One attempt to bring a part to its end."""

    def __init__(self, url: str, part: PartFile, terms: Terms, expected: int | None = None) -> None:
        """`expected` is the file's size where that is known: an answer of another size is not written."""
        self._url = url
        self._expected = expected
        self._part = part
        self._terms = terms
        self._changed = threading.Condition()  # guards all below
        self._state: FileState | None = None
        self._size: int | None = None
        self._error: BaseException | None = None
        self._todo: Iterator[_Stretch] = iter(())
        self._next: _Stretch | None = None
        self._futures: list[Future[None]] = []
        self._clients: set[http.Client] = set()
        self._window_from = 0
        self._given_up = threading.Event()
        self.reused = 0  #: bytes that were there
        self.fetched = 0  #: bytes written

    @property
    def resumable(self) -> bool:
        """Tell whether what was written can be continued, also by a later run."""
        return self._state is not None

    def run(self, ranged: bool) -> tuple[int, str]:
        """Give size and SHA-256 of the whole file.

        PassingError, OtherStateError or RangesRefusedError if another attempt may help; CdnError; OSError of the disk.
        """
        try:
            state = self._part.resume() if ranged else None
            if state is None or self._expected not in (None, state.size):
                self._next = _Stretch(0, SEGMENT if ranged else None)
            else:
                self.reused = self._part.present
                self._window_from = self._part.reach(0)  # what is there is hashed while the rest is fetched
                self._plan(state, state.size, 0)
            return self._hash()
        except BaseException:
            self.give_up()
            raise
        finally:
            wait(self._futures)  # nobody writes any more

    def give_up(self) -> None:
        """Let `run` and all connections under way end at once."""
        self._given_up.set()
        with self._changed:
            for client in self._clients:
                client.end()
            self._changed.notify_all()

    def _plan(self, state: FileState | None, size: int, start: int) -> None:
        """Take what is missing from `start` on as the work to do."""
        gaps = [(max(start, first), end) for first, end in self._part.gaps(size) if end > start]
        with self._changed:
            self._state, self._size = state, size
            self._todo = (
                _Stretch(position, min(position + SEGMENT, end))
                for first, end in gaps
                for position in range(first, end, SEGMENT)
            )
            self._next = next(self._todo, None)
            self._changed.notify_all()

    def _hash(self) -> tuple[int, str]:
        """Hash in order what is there, from the page cache, and keep the connections busy."""
        digest, head, released = hashlib.sha256(), 0, 0
        buffer = memoryview(bytearray(CHUNK))
        while True:
            reach = self._reach_beyond(head)
            if reach == head:
                return head, digest.hexdigest()
            while head < reach and not self._given_up.is_set():
                count = self._part.read(head, buffer[: min(CHUNK, reach - head)])
                if count == 0:
                    raise OSError(f"{self._part.path} became shorter while it was written")
                digest.update(buffer[:count])
                head += count
            if head - released >= SEGMENT:
                self._part.release(max(0, head - _RELEASE), head)
                released = head

    def _reach_beyond(self, head: int) -> int:
        """Wait for bytes from `head` on; give their end, or `head` itself at the end of the file."""
        with self._changed:
            while True:
                if self._error is not None:
                    raise self._error
                if self._given_up.is_set():
                    raise StoppedError
                window_end = max(head, self._window_from) + self._terms.window * SEGMENT
                while self._next is not None and self._next.position < window_end:
                    self._submit(self._next)
                    self._next = next(self._todo, None)
                reach = self._part.reach(head) if self.fetched or self.reused else head
                if reach > head or head == self._size:
                    return min(reach, head + SEGMENT)
                self._changed.wait()

    def _submit(self, stretch: _Stretch) -> None:
        self._futures.append(self._terms.submit(lambda client: self._run(stretch, client)))

    def _run(self, stretch: _Stretch, client: http.Client) -> None:
        """Fetch a stretch, on a connection's thread."""
        try:
            with self._using(client):
                http.patiently(
                    lambda: self._attempt(stretch, client),
                    self._url,
                    self._terms.option,
                    self._terms.patience,
                    self._pause,
                )
        except _AgainError as error:
            self._fail(error.error)
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            if self._error is None:
                self._error = error
            self._changed.notify_all()

    @contextmanager
    def _using(self, client: http.Client) -> Iterator[None]:
        with self._changed:
            self._clients.add(client)
        try:
            self._pause(0)
            yield
        finally:
            with self._changed:
                self._clients.discard(client)

    def _pause(self, seconds: float) -> None:
        if self._given_up.wait(seconds):
            raise StoppedError

    def _attempt(self, stretch: _Stretch, client: http.Client) -> None:
        before = stretch.position
        try:
            self._request(stretch, client)
            while stretch.end is not None and stretch.position < stretch.end:  # the server gave less than asked for
                self._request(stretch, client)
        except http.PassingError as error:
            self._pause(0)  # if that is why it failed
            if not self.resumable:
                raise _AgainError(error) from error
            error.gained = stretch.position - before >= CHUNK
            raise

    def _request(self, stretch: _Stretch, client: http.Client) -> None:
        headers = {}
        if stretch.end is not None:
            headers["Range"] = f"bytes={stretch.position}-{stretch.end - 1}"
        if self._state is not None:
            headers["If-Range"] = self._state.validator.if_range
        with client.request("GET", self._url, headers, self._terms.patience) as answer:
            state = self._state
            end = self._begin(answer, stretch) if state is None else self._continue(answer, stretch, state)
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise http.FinalError("the server sends it compressed, although asked for it as it is")
            self._copy(answer, stretch, end)

    def _begin(self, answer: http.Answer, stretch: _Stretch) -> int | None:
        """Learn from the first answer what kind of file this is; give where its body ends."""
        ranged = stretch.end is not None
        if ranged and answer.status == 416:  # an empty file has no ranges
            raise RangesRefusedError
        self._check(answer, (200, 206) if ranged else (200,))
        if answer.status == 200:
            stretch.end = self._agreed(http.length(answer))
            self._part.begin(None)
            with self._changed:
                self._size = stretch.end
                self._changed.notify_all()
            return stretch.end
        part, validator = ContentRange.of(answer.headers), Validator.of(answer.headers)
        if part is None or part.start != 0 or part.end > (stretch.end or 0):
            raise RangesRefusedError
        self._agreed(part.size)
        if part.end < part.size and not validator.if_range:
            raise RangesRefusedError
        state = FileState(part.size, validator) if validator.if_range else None
        self._part.begin(state)
        stretch.end = part.end
        self._plan(state, part.size, part.end)
        return part.end

    def _agreed(self, said: int | None) -> int | None:
        """Give the size that server and caller agree on; PassingError if they do not, None if neither knows it."""
        if said is not None and self._expected not in (None, said):
            raise http.PassingError(f"the file has {said} bytes there instead of {self._expected}")
        return self._expected if said is None else said

    def _continue(self, answer: http.Answer, stretch: _Stretch, state: FileState) -> int:
        """See that the answer continues what is there; give where its body ends."""
        if answer.status in (200, 416):
            self._check(answer, (200, 416))
            raise OtherStateError("the file changed on the server while it was fetched")
        self._check(answer, (206,))
        part = ContentRange.of(answer.headers)
        if part is None or part.start != stretch.position or part.end > (stretch.end or 0):
            raise OtherStateError("the server sent another part of the file than it was asked for")
        if part.size != state.size or Validator.of(answer.headers).contradicts(state.validator):
            raise OtherStateError("the server sent parts of different states of the file")
        return part.end

    def _check(self, answer: http.Answer, good: tuple[int, ...]) -> None:
        http.check_status(answer, self._url, self._terms.option, good)
        http.refuse_html(b"", answer.headers.get("Content-Type", ""), self._url, self._terms.option)

    def _copy(self, answer: http.Answer, stretch: _Stretch, end: int | None) -> None:
        """Write the body up to `end`, also what of it came before an error."""
        watch = http.StallWatch(self._terms.patience)
        limit = self._terms.limit
        pieces: list[bytes] = []
        pending, since = 0, time.monotonic()
        try:
            while end is None or stretch.position + pending < end:
                self._pause(0)
                room = CHUNK - pending
                if end is not None:
                    room = min(room, end - stretch.position - pending)
                data = watch.read(answer, limit.portion(room))
                if not data:
                    break
                pieces.append(data)
                pending += len(data)
                if pending >= CHUNK or time.monotonic() - since >= _FLUSH_AFTER:
                    self._write(stretch, pieces)
                    pieces, pending, since = [], 0, time.monotonic()
                limit.pay(len(data), self._pause)
        finally:
            self._write(stretch, pieces)
        if end is not None and stretch.position < end:
            raise http.PassingError("the answer ended early")
        if end is None:
            with self._changed:
                self._size = stretch.position
                self._changed.notify_all()

    def _write(self, stretch: _Stretch, pieces: list[bytes]) -> None:
        if not pieces:
            return
        data = b"".join(pieces)
        if stretch.position == 0:
            http.refuse_html(data[:1024], "", self._url, self._terms.option)
        self._part.write(stretch.position, data)
        with self._changed:
            stretch.position += len(data)
            self.fetched += len(data)
            self._changed.notify_all()
        self._terms.on_bytes(len(data))
