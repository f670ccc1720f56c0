# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A webhook on loopback that keeps what it is sent and answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HookSink(ThreadingHTTPServer):
    """The server; `status` is what it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.headers: dict[str, str] = {}  #: of the answer
        self.hang = threading.Event()  #: while it is not set, requests have no answer
        self.hang.set()
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []  #: path, headers, document

    @property
    def url(self) -> str:
        """The address of a hook there, with what nobody may see."""
        return f"http://127.0.0.1:{self.server_port}/hooks/very-secret"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The documents it took."""
        return [document for _path, _headers, document in self.requests]


class _Handler(BaseHTTPRequestHandler):
    server: HookSink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.hang.wait(60)
        if self.server.status < 300:
            self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        for name, value in {"Content-Length": "0", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def hook_sink() -> Iterator[HookSink]:
    """Give one that runs."""
    with HookSink() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.hang.set()
            server.shutdown()
            thread.join()
