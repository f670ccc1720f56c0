# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    InputError,
    RequirementError,
    TransferError,
)

QUICK = http.Patience(attempts=2, pause=0.01, connect=2.0, read=0.3, retry_after=0.05)


class Answers(BaseHTTPRequestHandler):
    """Answers by path; keeps what was asked."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"]))
        known: dict[str, tuple[int, str, bytes]] = {
            "/found": (200, "application/octet-stream", b"MSCF"),
            "/page": (200, "text/html; charset=utf-8", b"MSCF"),
            "/portal": (200, "application/octet-stream", b"\r\n<!DOCTYPE html><title>Log in</title>"),
            "/empty": (400, "text/plain", b""),
            "/refused": (403, "text/html", b"<html>blocked</html>"),
            "/tired": (503, "text/plain", b""),
            "/teapot": (418, "text/plain", b""),
            "/silent": (200, "text/plain", b""),
        }
        # only the first request for it fails
        recovered = (503, "text/plain", b"") if len(self.asked) == 1 else (200, "text/plain", b"at last")
        status, kind, body = known.get(self.path.partition("?")[0], recovered)
        if self.path == "/silent":
            time.sleep(1)
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "25")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + (self.path == "/found?short")))
        with suppress(BrokenPipeError):  # who has waited long enough is gone
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


@contextmanager
def serving() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    class Handler(Answers):
        asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list per server is the point

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", Handler.asked
        finally:
            server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_a_document_is_fetched_under_our_name() -> None:
    with serving() as (url, asked):
        assert http.get(f"{url}/found", option="source") == b"MSCF"
    assert asked == [("/found", http.USER_AGENT)]


def test_a_passing_failure_is_tried_again() -> None:
    with serving() as (url, asked):
        began = time.monotonic()
        assert http.get(f"{url}/soon", option="source", patience=QUICK) == b"at last"
    assert len(asked) == 2
    assert time.monotonic() - began < 5  # and not the 25 seconds that the server wishes: there is a bound


def test_a_server_that_never_answers_is_given_up_soon() -> None:
    with serving() as (url, asked):
        with pytest.raises(
            TransferError, match=rf"^source: {url}/silent cannot be fetched, 2 attempts failed: .*timed "
        ):
            http.get(f"{url}/silent", option="source", patience=QUICK)
        assert len(asked) == 2
    assert http.BRIEF.attempts * (max(http.BRIEF.connect, http.BRIEF.read) + http.BRIEF.pause) < 25


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/page", "answered with a web page"),
        ("/portal", "answered with a web page"),
        ("/empty", "answered with HTTP status 400 .* It is not there"),
        ("/refused", "answered with HTTP status 403 .* Access is refused"),
        ("/tired", "cannot be fetched, 2 attempts failed: HTTP status 503 .* Check the address.* run again"),
        ("/teapot", "answered with HTTP status 418 .* Check the address.* run again"),
        ("/found?short", "cannot be fetched, 2 attempts failed: the answer ended early, it announced 5 bytes"),
    ],
)
def test_what_is_not_the_document_is_refused(path: str, text: str) -> None:
    with (
        serving() as (url, _asked),
        pytest.raises(TransferError, match=rf"^source: {url}{path.partition('?')[0]} {text}"),
    ):
        http.get(f"{url}{path}", option="source", patience=QUICK)


def test_a_document_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_DOCUMENT", 3)
    with serving() as (url, _asked), pytest.raises(TransferError, match="larger than 3 bytes"):
        http.get(f"{url}/found", option="source")


def test_an_unreachable_server_is_named_without_secrets() -> None:
    with socket.socket() as bound:  # bound, but nobody listens
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(TransferError, match=r"^source: .*Connection refused\. Check .*proxy") as caught:
            http.get(f"http://fleet:secret@127.0.0.1:{port}/x?token=secret", option="source", patience=QUICK)
    assert "secret" not in str(caught.value)


@contextmanager
def redirecting(folder: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An https server that answers /away with a redirect to `target` and /near with one to itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lab", "-days", "2"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            location = {"/away": target, "/near": "/there"}.get(self.path)
            self.send_response(302 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0" if location else "4")
            self.end_headers()
            if not location:
                self.wfile.write(b"MSCF")

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_no_redirect_leads_from_https_to_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (http_url, asked), redirecting(tmp_path, f"{http_url}/found?secret", monkeypatch) as url:
        assert http.get(f"{url}/near", option="source", patience=QUICK) == b"MSCF"
        with pytest.raises(
            TransferError, match=rf"^source: {url}/away .* from https to {http_url}/found, .* Check the"
        ):
            http.get(f"{url}/away", option="source", patience=QUICK)
    assert asked == []


def test_a_redirect_without_end_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        redirecting(tmp_path, "/away", monkeypatch) as url,
        pytest.raises(
            TransferError, match=rf"^source: {url}/away cannot be fetched: Exceeded 30 redirects\. Check the"
        ),
    ):
        http.get(f"{url}/away", option="source", patience=QUICK)


def test_a_source_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feed.cab").write_bytes(b"MSCF")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert http.read_source(str(tmp_path / "feed.cab"), "source") == b"MSCF"
    assert http.read_source("~/feed.cab", "source") == b"MSCF"
    with serving() as (url, _asked):
        assert http.read_source(f"{url}/found", "source") == b"MSCF"


@pytest.mark.parametrize(
    "source", ["/nonexistent/feed.cab", "", "a\0b", "ftp://127.0.0.1/feed.cab", "file:///etc/hosts"]
)
def test_a_source_that_cannot_be_read_is_named(source: str) -> None:
    with pytest.raises(InputError, match=r"^source: .*(Give an http|neither an http)"):
        http.read_source(source, "source")


def test_a_malformed_address_is_named() -> None:
    with pytest.raises(TransferError, match=r"^source: http://\[bad/ cannot be fetched"):
        http.read_source("http://[bad/", "source")


def test_a_missing_library_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(RequirementError, match="pip install requests"):
        http.get("http://127.0.0.1/", option="source")
