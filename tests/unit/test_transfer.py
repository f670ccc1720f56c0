# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole files over HTTP: written and hashed in one pass, tried again where that can help, and only there."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    NotInBuildError,
    TransferError,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Patience
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader, Fetched

BODY = b"0123456789abcdef" * 20_000
QUICK = Patience(attempts=3, pause=0.01, connect=2.0, read=0.3)

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers each request with the next of `script`, and with the last one from then on."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.requests: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                outer.requests.append(self.command)
                outer.script[min(len(outer.requests), len(outer.script)) - 1](self)

            do_GET = do_HEAD = handle_any  # noqa: N815  # the names http.server looks for

            def log_message(self, *_arguments: object) -> None:
                """Say nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/office/data/i640.cab"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def answer(
    status: int = 200,
    body: bytes = BODY,
    length: int | None = len(BODY),
    content_type: str = "application/octet-stream",
) -> Answer:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(body)

    return send


def silence(handler: BaseHTTPRequestHandler) -> None:
    answer(body=BODY[:300_000])(handler)
    handler.wfile.flush()
    time.sleep(1)


CUT_OFF = answer(body=BODY[:300_000])


class Count:
    def __init__(self) -> None:
        self.total = 0

    def __call__(self, number: int) -> None:
        self.total += number


def test_writes_the_file_and_tells_size_and_hash(server: Server, tmp_path: Path) -> None:
    server.script = [answer()]
    count = Count()
    fetched = Downloader("cdn_url", QUICK, on_bytes=count).fetch(server.url, tmp_path / "file")
    assert fetched == Fetched(len(BODY), hashlib.sha256(BODY).hexdigest())
    assert (tmp_path / "file").read_bytes() == BODY
    assert count.total == len(BODY)


def test_files_are_asked_for_as_they_are(server: Server, tmp_path: Path) -> None:
    """Compressed on the way, size and hash would be those of something else."""
    asked: list[str | None] = []

    def send(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers.get("Accept-Encoding"))
        answer()(handler)

    server.script = [send]
    downloader = Downloader("cdn_url", QUICK)
    downloader.size(server.url)
    downloader.fetch(server.url, tmp_path / "file")
    assert asked == ["identity", "identity"]


def test_a_length_that_is_not_announced_is_no_error(server: Server, tmp_path: Path) -> None:
    server.script = [answer(length=None)]
    downloader = Downloader("cdn_url", QUICK)
    assert downloader.size(server.url) is None
    assert downloader.fetch(server.url, tmp_path / "file").size == len(BODY)


@pytest.mark.parametrize("passing", [answer(503), answer(429), CUT_OFF, silence], ids=["503", "429", "cut", "silence"])
def test_tries_again_from_the_start(server: Server, tmp_path: Path, passing: Answer) -> None:
    server.script = [passing, passing, answer()]
    count = Count()
    fetched = Downloader("cdn_url", QUICK, on_bytes=count).fetch(server.url, tmp_path / "file")
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (tmp_path / "file").read_bytes() == BODY
    assert len(server.requests) == 3
    assert count.total == len(BODY)  # what the lost attempts wrote is taken back


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (answer(503), "HTTP status 503"),
        (CUT_OFF, f"ended early, it announced {len(BODY)} bytes"),
        (silence, "timed out"),
    ],
    ids=["503", "cut", "silence"],
)
def test_gives_up_after_some_attempts_and_says_why(
    server: Server, tmp_path: Path, failing: Answer, reason: str
) -> None:
    server.script = [failing]
    count = Count()
    with pytest.raises(TransferError) as caught:
        Downloader("cdn_url", QUICK, on_bytes=count).fetch(server.url, tmp_path / "file")
    assert str(caught.value).startswith(f"cdn_url: {server.url} cannot be fetched, 3 attempts failed: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.requests) == 3
    assert count.total == 0


def test_a_server_that_is_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
    with pytest.raises(TransferError, match=r"^cdn_url: http://127\.0\.0\.1:\d+/file cannot .* Connection refused\. "):
        Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file")


@pytest.mark.parametrize("status", [400, 404])
def test_missing_is_final(server: Server, tmp_path: Path, status: int) -> None:
    server.script = [answer(status)]
    downloader = Downloader("cdn_url", QUICK)
    with pytest.raises(NotInBuildError, match=f"HTTP status {status}"):
        downloader.fetch(server.url, tmp_path / "file")
    assert server.requests == ["GET"]
    with pytest.raises(NotInBuildError):
        downloader.size(server.url)


@pytest.mark.parametrize("status", [401, 403, 407])
def test_refused_is_final_and_names_the_proxy(server: Server, tmp_path: Path, status: int) -> None:
    server.script = [answer(status)]
    with pytest.raises(TransferError, match="proxy") as caught:
        Downloader("cdn_url", QUICK).fetch(server.url, tmp_path / "file")
    assert not isinstance(caught.value, NotInBuildError)
    assert server.requests == ["GET"]


@pytest.mark.parametrize(
    "page",
    [
        answer(body=b"sign in", length=7, content_type="text/html; charset=utf-8"),
        answer(body=b"<!DOCTYPE html>sign in", length=22),
    ],
    ids=["by type", "by content"],
)
def test_a_web_page_is_not_the_file(server: Server, tmp_path: Path, page: Answer) -> None:
    server.script = [page]
    with pytest.raises(TransferError, match="web page"):
        Downloader("cdn_url", QUICK).fetch(server.url, tmp_path / "file")
    assert server.requests == ["GET"]


def test_the_size_comes_from_a_head(server: Server) -> None:
    server.script = [answer()]
    assert Downloader("cdn_url", QUICK).size(server.url) == len(BODY)
    assert server.requests == ["HEAD"]


def test_a_server_that_refuses_head_is_asked_with_get(server: Server) -> None:
    server.script = [answer(405), answer()]
    assert Downloader("cdn_url", QUICK).size(server.url) == len(BODY)
    assert server.requests == ["HEAD", "GET"]


def test_a_full_disk_is_an_error_of_the_disk(server: Server, tmp_path: Path) -> None:
    server.script = [answer()]
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        Downloader("cdn_url", QUICK).fetch(server.url, tmp_path / "file")
    assert server.requests == ["GET"]


def test_each_keeps_the_order_and_the_limit() -> None:
    lock = threading.Lock()
    running = most = 0

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return number * 10

    assert Downloader("cdn_url", QUICK).each(work, range(12)) == [number * 10 for number in range(12)]
    assert most == 8


def test_the_first_error_stops_the_others(server: Server, tmp_path: Path) -> None:
    """One transfer fails for good while others would try again for a long time and more are waiting."""
    server.script = [answer(503)]
    downloader = Downloader("cdn_url", Patience(attempts=7, pause=0.1))
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 3:
            time.sleep(0.1)
            raise NotInBuildError("cdn_url: gone")
        downloader.fetch(server.url, tmp_path / str(number))

    started = time.monotonic()
    with pytest.raises(NotInBuildError, match="gone"):
        downloader.each(work, range(50))
    assert time.monotonic() - started < 2
    assert len(begun) < 10


def say_nothing(handler: BaseHTTPRequestHandler) -> None:
    """Take the request and answer only when the client is gone."""
    handler.connection.settimeout(20)
    handler.connection.recv(1)


def say_half(handler: BaseHTTPRequestHandler) -> None:
    answer(body=BODY[:300_000])(handler)
    handler.wfile.flush()
    say_nothing(handler)


@pytest.mark.parametrize("proxy", [False, True], ids=["direct", "proxy"])
@pytest.mark.parametrize("silent", [say_nothing, say_half])
@pytest.mark.parametrize("error", [NotInBuildError, KeyboardInterrupt])
def test_an_error_ends_what_waits_for_a_silent_server(
    server: Server,
    tmp_path: Path,
    silent: Answer,
    error: type[BaseException],
    proxy: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before the read timeout."""
    url = server.url
    if proxy:
        monkeypatch.setenv("http_proxy", url.removesuffix("/office/data/i640.cab"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        url = "http://cdn.invalid/file"
    server.script = [silent]
    downloader = Downloader("cdn_url", Patience(connect=2.0, read=20.0))

    def work(number: int) -> None:
        if number == 3:
            deadline = time.monotonic() + 5
            while len(server.requests) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.05)
            raise error("gone")
        downloader.fetch(url, tmp_path / str(number))

    started = time.monotonic()
    with pytest.raises(error, match="gone"):
        downloader.each(work, range(4))
    assert time.monotonic() - started < 5
    assert len(server.requests) == 3  # and nothing is tried again


def test_memory_stays_flat(server: Server, tmp_path: Path) -> None:
    size = 48 << 20

    def large(handler: BaseHTTPRequestHandler) -> None:
        answer(body=b"", length=size)(handler)
        for _ in range(size >> 20):
            handler.wfile.write(bytes(1 << 20))

    server.script = [large]
    downloader = Downloader("cdn_url", QUICK)
    tracemalloc.start()
    try:
        assert downloader.fetch(server.url, tmp_path / "file").size == size
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
