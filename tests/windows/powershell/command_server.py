# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WinRM server that hands each command to a function; of the standard library alone."""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.server
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from types import TracebackType

from ansible_collections.officefleet.c2r.tests.lab.winrm import soap
from ansible_collections.officefleet.c2r.tests.lab.winrm.console import Result
from ansible_collections.officefleet.c2r.tests.lab.winrm.operations import Operations

USER = "fleet"
Run = Callable[[str, str, bytes], Result]


class CommandServer:
    """A context manager: WS-Management on a free port of 127.0.0.1, basic authentication, hosts told apart by the path.

    :param run: called as `run(host, command_line, stdin)` in a thread, once the whole input is there.
    """

    def __init__(self, run: Run) -> None:
        self.password = secrets.token_urlsafe(12)
        self._run = run
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(thread_name_prefix="command")
        self._operations = Operations(self._answer)
        credentials = base64.b64encode(f"{USER}:{self.password}".encode())
        self._server = _Server(self, b"Basic " + credentials)
        self._threads = [
            threading.Thread(target=self._loop.run_forever, name="winrm-operations"),
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="winrm-http"),
        ]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> CommandServer:
        """Serve."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; commands that run come to their end, or to that of their time."""
        self._server.shutdown()
        self._loop.call_soon_threadsafe(self._operations.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._pool.shutdown()
        self._loop.close()

    def respond(self, host: str, body: bytes) -> tuple[int, bytes]:
        """Answer one envelope, in the thread of its connection."""
        return asyncio.run_coroutine_threadsafe(self._operations.respond(host, body), self._loop).result()

    async def _answer(self, host: str, line: str, stdin: bytes) -> Result:
        return await self._loop.run_in_executor(self._pool, self._run, host, line, stdin)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, commands: CommandServer, authorization: bytes) -> None:
        self.commands, self.authorization = commands, authorization
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away is no concern of ours, and anything else reaches it as an answer."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Authenticate, then answer one envelope."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > soap.MAX_ENVELOPE_BYTES:
            self.close_connection = True
            self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"")
            return
        body = self.rfile.read(length)
        prefix, _, host = self.path.rpartition("/")
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.authorization):
            self._reply(HTTPStatus.UNAUTHORIZED, b"")
        elif prefix != "/wsman":
            self._reply(HTTPStatus.NOT_FOUND, b"")
        else:
            self._reply(*self.server.commands.respond(host, body))

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep no log: what matters is kept command by command."""
