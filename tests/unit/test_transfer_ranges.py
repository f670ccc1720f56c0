# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large files: ranges over several connections, of one state of the file, whatever the server does."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_transfer, http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    NotInBuildError,
    RequirementError,
    SignatureError,
    TransferError,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Patience
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.rate_limit import RateLimit
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader, Fetched
from ansible_collections.officefleet.c2r.tests.lab.cdn.server import Server

SEGMENT, CHUNK = 1 << 16, 1 << 14
BODY = random.Random(1).randbytes(16 * SEGMENT + 1000)
NEWER = random.Random(2).randbytes(len(BODY))
WHOLE = Fetched(len(BODY), hashlib.sha256(BODY).hexdigest())
QUICK = Patience(attempts=3, pause=0.01, connect=5.0, read=10.0, retry_after=0.05)
IMPATIENT = Patience(attempts=3, pause=0.01, connect=5.0, read=0.4)
PATH = "/office/data/stream.dat"


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_transfer, "SEGMENT", SEGMENT)
    monkeypatch.setattr(file_transfer, "CHUNK", CHUNK)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file on the server."""
    made = tmp_path / "www" / PATH.lstrip("/")
    made.parent.mkdir(parents=True)
    made.write_bytes(BODY)
    return made


@pytest.fixture
def server(tmp_path: Path, file: Path) -> Iterator[Server]:
    assert file.exists()
    made = Server()
    made.tree.mount("", tmp_path / "www")
    made.start()
    yield made
    made.close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}{PATH}"


class Count:
    """Sums up what is fetched and thrown away."""

    def __init__(self) -> None:
        self.total = self.thrown_away = 0
        self._lock = threading.Lock()

    def __call__(self, number: int) -> None:
        with self._lock:
            self.total += number
            self.thrown_away -= min(0, number)


def asked(server: Server) -> list[tuple[int, int]]:
    """The ranges as (start, end), end exclusive, in order of their start."""
    found = [re.fullmatch(r"bytes=(\d+)-(\d+)", text) for text in server.ranges]
    return sorted((int(match[1]), int(match[2]) + 1) for match in found if match)


def is_there(target: Path, body: bytes = BODY) -> bool:
    """Whether the file is whole and nothing lies beside it."""
    return target.read_bytes() == body and list(target.parent.glob("file*")) == [target]


def test_a_large_file_comes_in_ranges_and_each_byte_once(server: Server, url: str, tmp_path: Path) -> None:
    count = Count()
    assert Downloader("cdn_url", QUICK, on_bytes=count).fetch(url, tmp_path / "file") == WHOLE
    assert is_there(tmp_path / "file")
    ranges = asked(server)
    assert len(ranges) == 17
    assert all(end == start for (_start, end), (start, _end) in itertools.pairwise(ranges))
    assert (count.total, count.thrown_away) == (len(BODY), 0)


def test_connections_are_kept_for_the_next_range(server: Server, url: str, tmp_path: Path) -> None:
    Downloader("cdn_url", QUICK, connections=3).fetch(url, tmp_path / "file")
    assert len(server.connections) <= 3


class Meeting(BaseHTTPRequestHandler):
    """Answers ranges; all but the first wait until as many as there are connections are under way."""

    protocol_version = "HTTP/1.1"
    barrier: threading.Barrier
    lock: threading.Lock
    running: int
    most: int
    conditions: set[str | None]

    def do_GET(self) -> None:
        kind = type(self)
        start, end = (int(number) for number in self.headers["Range"].removeprefix("bytes=").split("-"))
        end = min(end + 1, len(BODY))
        with kind.lock:
            kind.conditions.add(self.headers["If-Range"] if start else None)
            kind.running += 1
            kind.most = max(kind.most, kind.running)
        try:
            if 0 < start <= 12 * SEGMENT:  # three times four
                kind.barrier.wait(10)
        finally:
            with kind.lock:
                kind.running -= 1
        self.send_response(206)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(BODY[start:end])

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


@pytest.fixture
def meeting() -> Iterator[tuple[str, type[Meeting]]]:
    class Handler(Meeting):
        barrier = threading.Barrier(4)
        lock = threading.Lock()
        running = most = 0
        conditions: set[str | None] = set()  # noqa: RUF012 - one per server is the point

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/file", Handler
        made.shutdown()


def test_one_file_gets_all_connections(meeting: tuple[str, type[Meeting]], tmp_path: Path) -> None:
    url, handler = meeting
    assert Downloader("cdn_url", Patience(read=15.0), connections=4).fetch(url, tmp_path / "file") == WHOLE
    assert handler.most == 4
    assert handler.conditions == {None, '"one"'}  # no range but the first is asked for without the state it is of


def test_the_bound_is_for_all_files_together(meeting: tuple[str, type[Meeting]], tmp_path: Path) -> None:
    url, handler = meeting
    handler.barrier = threading.Barrier(1)
    downloader = Downloader("cdn_url", QUICK, connections=4)
    found = downloader.each(lambda number: downloader.fetch(url, tmp_path / str(number)), range(12))
    assert found == [WHOLE] * 12
    assert handler.most <= 4


def test_no_connection_runs_far_ahead_of_the_hash(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is hashed later would have to come from the disk."""
    count = Count()
    downloader = Downloader("cdn_url", QUICK, connections=2, on_bytes=count)
    began: list[int] = []
    original = file_transfer.FileTransfer._submit

    def submitted(self: file_transfer.FileTransfer, stretch: file_transfer._Stretch) -> None:
        began.append(stretch.position)
        assert stretch.position < self._part.reach(0) + 4 * SEGMENT
        original(self, stretch)

    monkeypatch.setattr(file_transfer.FileTransfer, "_submit", submitted)
    assert downloader.fetch(url, tmp_path / "file") == WHOLE
    assert began == list(range(0, len(BODY), SEGMENT))
    assert len(server.ranges) == 17


@pytest.mark.parametrize(
    ("fault", "in_ranges"),
    [
        ("no-ranges", False),
        ("no-validators", False),  # nothing would tell whether parts belong together
        ("weak-etag", True),  # there is still the date
        ("no-length", True),
        ("wrong-range", False),
        ("mixed-states", False),
    ],
)
def test_whatever_the_server_can_do_the_file_is_of_one_state(
    server: Server, url: str, tmp_path: Path, fault: str, in_ranges: bool
) -> None:
    server.faults[PATH] = fault
    count = Count()
    downloader = Downloader("cdn_url", Patience(attempts=4, pause=0.01), on_bytes=count)
    assert downloader.fetch(url, tmp_path / "file") == WHOLE
    assert is_there(tmp_path / "file")
    assert count.total == len(BODY)
    whole = [request for request in server.requests if request.status == 200]
    assert len(whole) == (0 if in_ranges else 1)
    if fault != "mixed-states":
        assert count.thrown_away == 0


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT])
def test_sizes_at_the_edges(server: Server, file: Path, url: str, tmp_path: Path, size: int) -> None:
    file.write_bytes(BODY[:size])
    fetched = Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file")
    assert fetched == Fetched(size, hashlib.sha256(BODY[:size]).hexdigest())
    assert is_there(tmp_path / "file", BODY[:size])
    assert len(server.requests) == max(1, -(-size // SEGMENT)) + (size == 0)


@pytest.mark.parametrize(
    "newer", [NEWER, NEWER + b"more", NEWER[:-5], NEWER[:10]], ids=["same", "long", "short", "tiny"]
)
def test_a_file_that_changes_under_way_is_taken_in_its_new_state(
    server: Server, file: Path, url: str, tmp_path: Path, newer: bytes
) -> None:
    """All bytes of it, and none of before."""
    replacement = file.with_suffix(".new")
    replacement.write_bytes(newer)
    os.utime(replacement, (1_000_000_000, 1_000_000_000))

    class Change(Count):
        def __call__(self, number: int) -> None:
            super().__call__(number)
            if replacement.exists():
                replacement.replace(file)

    count = Change()
    fetched = Downloader("cdn_url", QUICK, connections=2, on_bytes=count).fetch(url, tmp_path / "file")
    assert fetched == Fetched(len(newer), hashlib.sha256(newer).hexdigest())
    assert is_there(tmp_path / "file", newer)
    assert count.total == len(newer)
    assert count.thrown_away > 0
    assert server.requests


class Shifted(BaseHTTPRequestHandler):
    """Answers each later range, once, with one of the right length and state from elsewhere; the last one in two."""

    protocol_version = "HTTP/1.1"
    answers: list[str]

    def do_GET(self) -> None:
        start, end = (int(number) for number in self.headers["Range"].removeprefix("bytes=").split("-"))
        end = min(end + 1, len(BODY))
        if start == 2 * SEGMENT and self.answers.count("shifted") == 0:
            self.answers.append("shifted")
            start, end = start - 7, end - 7
        elif start == 3 * SEGMENT:
            self.answers.append("half")
            end -= SEGMENT // 2
        self.send_response(206)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.write(BODY[start:end])

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


def test_what_an_answer_says_it_holds_is_believed(tmp_path: Path) -> None:
    """Other bytes are thrown away, fewer are taken."""

    class Handler(Shifted):
        answers: list[str] = []  # noqa: RUF012 - one per server is the point

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{made.server_port}/file"
        assert Downloader("cdn_url", QUICK, connections=1).fetch(url, tmp_path / "file") == WHOLE
        made.shutdown()
    assert is_there(tmp_path / "file")
    assert {"shifted", "half"} == set(Handler.answers)


class Endless(BaseHTTPRequestHandler):
    """Answers every request with as much as is taken, announcing another size or none."""

    announced: str
    sent: list[int]

    def do_GET(self) -> None:
        self.send_response(200)
        if self.announced:
            self.send_header("Content-Length", self.announced)
        self.end_headers()
        with suppress(OSError):  # nobody listens any more
            while sum(self.sent) < 64 * len(BODY):
                self.wfile.write(BODY)
                self.sent.append(len(BODY))

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


@pytest.mark.parametrize("announced", ["", str(10**12), "9" * 5000, "many"])
def test_of_a_file_whose_size_is_known_not_a_byte_more_is_written(tmp_path: Path, announced: str) -> None:
    """What a server sends on would fill the disk before any hash tells that it is not the file."""

    class Handler(Endless):
        sent: list[int] = []  # noqa: RUF012 - one per server is the point

    Handler.announced = announced
    written = Count()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{made.server_port}/file"
        downloader = Downloader("cdn_url", QUICK, on_bytes=written)
        if announced == str(10**12):
            reason = (
                rf"^cdn_url: {url} cannot be fetched, 3 attempts failed: the file has {announced} bytes there instead"
            )
            with pytest.raises(TransferError, match=reason):
                downloader.fetch(url, tmp_path / "file", size=10 * SEGMENT)
            assert written.total == 0
        else:
            begun = Fetched(10 * SEGMENT, hashlib.sha256(BODY[: 10 * SEGMENT]).hexdigest())
            assert downloader.fetch(url, tmp_path / "file", size=10 * SEGMENT) == begun
        made.shutdown()


@pytest.mark.parametrize("fault", ["", "no-ranges", "no-length", "no-validators"])
def test_a_file_whose_size_is_known_is_fetched_as_any_other(
    server: Server, url: str, tmp_path: Path, fault: str
) -> None:
    if fault:
        server.faults[PATH] = fault
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file", size=len(BODY)) == WHOLE
    if fault != "no-length":
        with pytest.raises(TransferError, match=rf"the file has {len(BODY)} bytes there instead of 7\."):
            Downloader("cdn_url", QUICK).fetch(url, tmp_path / "other", size=7)


def test_a_later_answer_with_another_part_is_not_used(server: Server, url: str, tmp_path: Path) -> None:
    class Confuse(Count):
        def __call__(self, number: int) -> None:
            super().__call__(number)
            server.faults[PATH] = "wrong-range"

    count = Confuse()
    assert Downloader("cdn_url", QUICK, connections=1, on_bytes=count).fetch(url, tmp_path / "file") == WHOLE
    assert is_there(tmp_path / "file")
    assert count.total == len(BODY)
    assert count.thrown_away >= SEGMENT


def test_a_connection_that_breaks_off_but_brings_much_is_no_failure(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer brings half of what is left of its range, down to the last byte, half of which is nothing."""
    monkeypatch.setattr(file_transfer, "CHUNK", 1)
    server.faults[PATH] = "truncate"
    with pytest.raises(TransferError, match="2 attempts failed"):
        Downloader("cdn_url", Patience(attempts=2, pause=0.0), connections=1).fetch(url, tmp_path / "file")
    assert len(server.ranges) > 16


@pytest.mark.parametrize("fault", ["truncate", "stall", "drip"])
def test_a_range_goes_on_where_its_connection_ended(server: Server, url: str, tmp_path: Path, fault: str) -> None:
    server.faults.once(PATH, fault)
    count = Count()
    patience = Patience(attempts=2, pause=0.01, connect=2.0, read=0.5, slowest=10_000)
    assert Downloader("cdn_url", patience, on_bytes=count).fetch(url, tmp_path / "file") == WHOLE
    assert is_there(tmp_path / "file")
    again = [(start, end) for start, end in asked(server) if start % SEGMENT]
    assert len(again) == 1
    assert SEGMENT // 2 <= again[0][0] < SEGMENT
    assert (count.total, count.thrown_away) == (len(BODY), 0)


def test_a_limit_of_our_own_is_no_stall(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends at once what is read slowly."""
    paid: list[int] = []
    pay = RateLimit.pay

    def noted(self: RateLimit, size: int, wait: Callable[[float], object]) -> None:
        paid.append(size)
        pay(self, size, wait)

    monkeypatch.setattr(RateLimit, "pay", noted)
    patience = Patience(attempts=1, read=0.2, slowest=2 * len(BODY))
    downloader = Downloader("cdn_url", patience, bytes_per_second=2 * len(BODY))
    assert downloader.fetch(url, tmp_path / "file") == WHOLE
    assert len(server.requests) == 17
    assert sum(paid) == len(BODY)


def test_a_busy_server_is_asked_again(server: Server, url: str, tmp_path: Path) -> None:
    server.faults.once(PATH, "busy")
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file") == WHOLE


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        ("html", TransferError, "answered with a web page"),
        ("missing", NotInBuildError, "HTTP status 404"),
        ("bad-request", NotInBuildError, "HTTP status 400"),
        ("busy", TransferError, "3 attempts failed: HTTP status 503"),
        ("stall", TransferError, "3 attempts failed: .*timed out"),
    ],
)
def test_what_happens_to_a_later_range_ends_the_transfer(
    server: Server, url: str, tmp_path: Path, fault: str, error: type[TransferError], text: str
) -> None:
    """What was fetched stays for the next run."""

    class Break(Count):
        def __call__(self, number: int) -> None:
            super().__call__(number)
            if self.total >= SEGMENT:
                server.faults[PATH] = fault

    count = Break()
    patience = IMPATIENT if fault == "stall" else QUICK
    with pytest.raises(error, match=rf"^cdn_url: {url} .*{text}"):
        Downloader("cdn_url", patience, connections=2, on_bytes=count).fetch(url, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert count.total >= SEGMENT
    assert count.thrown_away == 0
    del server.faults[PATH]
    fetched = Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file")
    assert fetched == Fetched(WHOLE.size, WHOLE.sha256, reused=count.total)


def test_a_disk_that_becomes_full_keeps_what_is_there(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite

    def full(descriptor: int, data: bytes, position: int) -> int:
        if position >= 8 * SEGMENT:
            raise OSError(28, "No space left on device")
        return write(descriptor, data, position)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file")
    assert not (tmp_path / "file").exists()
    monkeypatch.undo()
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file").reused > 0
    assert server.requests


class Silent(BaseHTTPRequestHandler):
    """Answers the first range, is silent about the second and busy with the third; from the fourth on there is 404."""

    protocol_version = "HTTP/1.1"
    asked: set[int]

    def do_GET(self) -> None:
        number = int(self.headers["Range"].removeprefix("bytes=").split("-")[0]) // SEGMENT
        self.asked.add(number)
        if number == 1 or self.path == "/silent":
            self.connection.settimeout(20)
            self.connection.recv(1)  # until the client is gone
            return
        while number > 2 and not {1, 2} <= self.asked:
            time.sleep(0.01)
        self.send_response({0: 206, 2: 503}.get(number, 404))
        self.send_header("ETag", '"one"')
        self.send_header("Content-Range", f"bytes 0-{SEGMENT - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(SEGMENT if number == 0 else 0))
        self.end_headers()
        self.wfile.write(BODY[:SEGMENT] if number == 0 else b"")

    def do_HEAD(self) -> None:
        self.asked.add(-1)
        self.connection.settimeout(20)
        self.connection.recv(1)

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


@pytest.fixture
def silent() -> Iterator[tuple[str, set[int]]]:
    class Handler(Silent):
        asked: set[int] = set()  # noqa: RUF012 - one per server is the point

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.daemon_threads = True
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/file", Handler.asked
        made.shutdown()


LONG = Patience(attempts=4, pause=30.0, connect=5.0, read=30.0)


def test_one_range_that_fails_ends_the_others(
    silent: tuple[str, set[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait for an answer, and those that wait to ask again; on return nobody is at work any more."""
    running: set[int] = set()
    run = file_transfer.FileTransfer._run

    def counted(self: file_transfer.FileTransfer, stretch: file_transfer._Stretch, client: http.Client) -> None:
        running.add(id(stretch))
        run(self, stretch, client)
        running.discard(id(stretch))

    monkeypatch.setattr(file_transfer.FileTransfer, "_run", counted)
    began = time.monotonic()
    with pytest.raises(NotInBuildError, match="404"):
        Downloader("cdn_url", LONG, connections=4).fetch(silent[0], tmp_path / "file")
    assert running == set()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("waits", ["for an answer", "to ask again", "for a size"])
def test_an_error_elsewhere_ends_whatever_a_transfer_waits_for(
    silent: tuple[str, set[int]], tmp_path: Path, waits: str
) -> None:
    url, asked = silent
    downloader = Downloader("cdn_url", LONG, connections=2)

    def work(number: int) -> None:
        if number == 0:
            if waits == "for a size":
                downloader.size(url)
            else:
                downloader.fetch(url, tmp_path / "file")
        while not asked & {"for an answer": {1}, "to ask again": {2}, "for a size": {-1}}[waits]:
            time.sleep(0.01)
        raise SignatureError("elsewhere")

    began = time.monotonic()
    with pytest.raises(SignatureError, match="elsewhere"):
        downloader.each(work, range(2))
    assert time.monotonic() - began < 10


class TestCheck:
    def test_a_file_has_its_name_only_once_it_is_checked(self, url: str, tmp_path: Path) -> None:
        seen: list[Fetched] = []

        def check(path: Path, fetched: Fetched) -> None:
            assert path.read_bytes() == BODY
            assert not (tmp_path / "file").exists()
            seen.append(fetched)

        assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file", check=check) == WHOLE
        assert seen == [WHOLE]
        assert is_there(tmp_path / "file")

    def test_a_damaged_file_is_fetched_once_more_from_the_start(self, server: Server, url: str, tmp_path: Path) -> None:
        server.faults[PATH] = "flip"

        def check(_path: Path, fetched: Fetched) -> None:
            server.faults.clear()
            if fetched != WHOLE:
                raise SignatureError("damaged")

        count = Count()
        assert Downloader("cdn_url", QUICK, on_bytes=count).fetch(url, tmp_path / "file", check=check) == WHOLE
        assert is_there(tmp_path / "file")
        assert len(server.ranges) == 2 * 17
        assert (count.total, count.thrown_away) == (len(BODY), len(BODY))

    def test_the_second_error_stands_and_nothing_is_left(self, server: Server, url: str, tmp_path: Path) -> None:
        def check(_path: Path, _fetched: Fetched) -> None:
            raise SignatureError("damaged")

        count = Count()
        with pytest.raises(SignatureError, match="damaged"):
            Downloader("cdn_url", QUICK, on_bytes=count).fetch(url, tmp_path / "file", check=check)
        assert len(server.ranges) == 2 * 17
        assert list(tmp_path.glob("file*")) == []
        assert count.total == 0

    @pytest.mark.parametrize("error", [RequirementError("pip install it"), KeyboardInterrupt()])
    def test_what_is_not_the_files_fault_keeps_it(
        self, server: Server, url: str, tmp_path: Path, error: BaseException
    ) -> None:
        def check(_path: Path, _fetched: Fetched) -> None:
            raise error

        with pytest.raises(type(error)):
            Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file", check=check)
        assert not (tmp_path / "file").exists()
        server.requests.clear()
        fetched = Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file")
        assert fetched == Fetched(WHOLE.size, WHOLE.sha256, reused=WHOLE.size)
        assert server.requests == []


def test_memory_does_not_grow_with_the_file(
    server: Server, file: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real sizes of segments and chunks; the server's own memory is counted, too."""
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with file.open("wb") as made:
        made.truncate(160 << 20)
    downloader = Downloader("cdn_url", QUICK)
    tracemalloc.start()
    try:
        assert downloader.fetch(url, tmp_path / "file").size == 160 << 20
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(server.ranges) == 20
    assert peak < 60 << 20
