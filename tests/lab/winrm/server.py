# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM server of the lab: many simulated Windows hosts behind one loopback port, told apart by the path."""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from aiohttp import web

from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm import console, payload, soap
from ansible_collections.officefleet.c2r.tests.lab.winrm.operations import Operations

MAX_PARALLEL_MODULES = 100  # threads; they are started only as they are needed


class WinrmServer:
    """WS-Management over HTTP with basic authentication, in a thread of its own; a context manager.

    :param run: called as `run(host, call)` for each module call, in a pool of threads. What it returns is the module's
        result; `Drop` breaks the connection in the middle of the answer; any other exception is a crashed module.
    :param user: the account that every host accepts.
    :param password: its password.
    :param command_seconds: what each command costs before its answer is there, as starting PowerShell does.
    :param observe: called as `observe(command_line, stdin)` for each command before it is decoded, to record it.
    """

    def __init__(
        self,
        run: Callable[[str, ModuleCall], ModuleAnswer],
        *,
        user: str = "fleet",
        password: str,
        command_seconds: float = 0.0,
        observe: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.port = 0
        self._observe = observe
        self._run, self._command_seconds = run, command_seconds
        self._authorization = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
        self._operations = Operations(self._answer)
        self._pool = ThreadPoolExecutor(MAX_PARALLEL_MODULES, "winrm-module")
        self._stop: Callable[[], object] = lambda: None
        self._thread: threading.Thread | None = None

    @property
    def open_shells(self) -> int:
        """How many shells the server holds, over all hosts."""
        return len(self._operations.shells)

    def __enter__(self) -> WinrmServer:
        """Listen and serve."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        started: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(listener, started)), name="winrm")
        self._thread.start()
        started.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and wait for the modules that still run."""
        self._stop()
        if self._thread:
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    async def _serve(self, listener: socket.socket, started: Future[None]) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        application = web.Application()
        application.router.add_post("/wsman/{host}", self._post)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        try:
            await runner.setup()
            await web.SockSite(runner, listener).start()
        except BaseException as error:
            started.set_exception(error)
            raise
        started.set_result(None)
        await stopped.wait()
        self._operations.close()
        await runner.cleanup()

    async def _post(self, http: web.Request) -> web.StreamResponse:
        """Authenticate and answer one envelope."""
        body = await _read(http)  # before any refusal, so that the connection stays in step
        if not hmac.compare_digest(http.headers.get("Authorization", "").encode(), self._authorization):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="WSMAN"'})
        try:
            return _reply(*await self._operations.respond(http.match_info["host"], body))
        except Drop:
            return await _break_off(http)

    async def _answer(self, host: str, line: str, stdin: bytes) -> console.Result:
        """Return what the command leaves behind; raises Drop only."""
        try:
            if self._observe:
                self._observe(line, stdin)
            call = payload.decode(line, stdin)
            del stdin  # while the module runs, only its arguments are held
            await asyncio.sleep(self._command_seconds)
            if isinstance(call, payload.ShellScript):
                return console.script_result(call)
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, host, call)
            return console.module_result(call, answer)
        except Drop:
            raise
        except Exception as error:  # whatever a host's module raises is that module's crash, not the server's
            return console.crash(error)


async def _read(http: web.Request) -> bytes:
    """Return the body. http.read() would keep it for as long as the connection stays open: 500 payloads, idle."""
    if http.content_length is None:
        raise web.HTTPLengthRequired
    if http.content_length > soap.MAX_ENVELOPE_BYTES:
        raise web.HTTPRequestEntityTooLarge(soap.MAX_ENVELOPE_BYTES, http.content_length)
    return b"".join([chunk async for chunk in http.content.iter_any()])


def _reply(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, headers={"Content-Type": "application/soap+xml;charset=UTF-8"})


async def _break_off(http: web.Request) -> web.StreamResponse:
    """Promise a whole answer, send the beginning of it and hang up."""
    beginning = soap.envelope("", "", "")[:100]
    response = web.StreamResponse(headers={"Content-Length": str(2 * len(beginning))})
    await response.prepare(http)
    await response.write(beginning)
    if http.transport:
        http.transport.close()
    return response
