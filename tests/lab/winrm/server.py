# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM server of the lab: many simulated Windows hosts behind one loopback port, told apart by the path."""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from aiohttp import web

from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm import console, payload, soap
from ansible_collections.officefleet.c2r.tests.lab.winrm.shell import Command, Shell

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
        self._shells: dict[str, Shell] = {}
        self._operations: dict[str, Callable[[str, soap.Request], Awaitable[str]]] = {
            f"{soap.NAMESPACES['x']}/Create": self._create,
            f"{soap.NAMESPACES['x']}/Delete": self._delete,
            f"{soap.NAMESPACES['rsp']}/Command": self._command,
            f"{soap.NAMESPACES['rsp']}/Send": self._send,
            f"{soap.NAMESPACES['rsp']}/Receive": self._receive,
            f"{soap.NAMESPACES['rsp']}/Signal": self._signal,
        }
        self._pool = ThreadPoolExecutor(MAX_PARALLEL_MODULES, "winrm-module")
        self._stop: Callable[[], object] = lambda: None
        self._thread: threading.Thread | None = None

    @property
    def open_shells(self) -> int:
        """How many shells the server holds, over all hosts."""
        return len(self._shells)

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
        for shell in self._shells.values():
            shell.close()
        await runner.cleanup()

    async def _post(self, http: web.Request) -> web.StreamResponse:
        """Authenticate and answer one envelope."""
        body = await _read(http)  # before any refusal, so that the connection stays in step
        if not hmac.compare_digest(http.headers.get("Authorization", "").encode(), self._authorization):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="WSMAN"'})
        try:
            request = soap.Request(body)
        except ValueError as error:
            return web.Response(status=400, text=str(error))
        try:
            if request.resource != soap.SHELL_RESOURCE:
                raise soap.unsupported_resource(request.resource)
            if request.action not in self._operations:
                raise soap.unsupported_action(request.action)
            content = await self._operations[request.action](http.match_info["host"], request)
        except soap.Fault as fault:
            return _reply(500, soap.envelope(soap.FAULT_ACTION, request.message_id, soap.fault_body(fault)))
        except Drop:
            return await _break_off(http, soap.envelope(f"{request.action}Response", request.message_id, ""))
        return _reply(200, soap.envelope(f"{request.action}Response", request.message_id, content))

    async def _create(self, host: str, request: soap.Request) -> str:
        now = time.monotonic()
        for expired in [shell for shell in self._shells.values() if shell.expires < now]:
            self._forget(expired)
        shell = Shell(soap.new_id(), host, request.idle_seconds, now + request.idle_seconds)
        self._shells[shell.id] = shell
        return soap.shell_body(shell.id, shell.idle_seconds)

    async def _delete(self, host: str, request: soap.Request) -> str:
        self._forget(self._find(host, request))
        return ""

    async def _command(self, host: str, request: soap.Request) -> str:
        shell = self._find(host, request)
        command = Command(soap.new_id(), request.command_line)
        shell.commands[command.id] = command
        if request.has_console_input:
            self._start(host, command)
        return soap.command_body(command.id)

    async def _send(self, host: str, request: soap.Request) -> str:
        path = "s:Body/rsp:Send/rsp:Stream"
        command = self._find(host, request).find(request.attribute(path, "CommandId"))
        if command.answer:
            raise soap.input_closed()
        command.stdin.append(base64.b64decode(request.text(path)))
        if request.attribute(path, "End").lower() == "true":
            self._start(host, command)
        return "<rsp:SendResponse/>"

    async def _receive(self, host: str, request: soap.Request) -> str:
        shell = self._find(host, request)
        command = shell.find(request.attribute("s:Body/rsp:Receive/rsp:DesiredStream", "CommandId"))
        if command.answer is None:
            await asyncio.sleep(request.operation_seconds)
            raise soap.timed_out()
        done, _ = await asyncio.wait([command.answer], timeout=request.operation_seconds)
        if not done:
            raise soap.timed_out()
        if command.answer.cancelled():
            raise soap.no_such_command()
        try:
            result = command.answer.result()
        except Drop:
            shell.commands.pop(command.id, None)  # the module ran, its answer is lost
            raise
        output, exit_code = command.take_output(result, request.output_bytes)
        return soap.receive_body(command.id, output, exit_code)

    async def _signal(self, host: str, request: soap.Request) -> str:
        """End and forget a command; after a lost answer there is none left, which is as good."""
        command = self._find(host, request).commands.pop(request.attribute("s:Body/rsp:Signal", "CommandId"), None)
        if command:
            command.cancel()
        return "<rsp:SignalResponse/>"

    def _find(self, host: str, request: soap.Request) -> Shell:
        shell, now = self._shells.get(request.shell_id), time.monotonic()
        if shell is None or shell.host != host or shell.expires < now:
            raise soap.no_such_shell()
        shell.expires = now + shell.idle_seconds + request.operation_seconds
        return shell

    def _forget(self, shell: Shell) -> None:
        shell.close()
        del self._shells[shell.id]

    def _start(self, host: str, command: Command) -> None:
        command.answer = asyncio.create_task(self._answer(host, command.line, command.take_input()))

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


async def _break_off(http: web.Request, body: bytes) -> web.StreamResponse:
    """Promise a whole answer, send half of it and hang up."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(http)
    await response.write(body[: len(body) // 2])
    if http.transport:
        http.transport.close()
    return response
