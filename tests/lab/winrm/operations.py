# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What WS-Management's remote shell can be asked to do, whatever carries the requests and whatever runs the commands.

Standard library only: the server in tests/windows/powershell uses it where nothing else is installed.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable

from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop
from ansible_collections.officefleet.c2r.tests.lab.winrm import soap
from ansible_collections.officefleet.c2r.tests.lab.winrm.console import Result
from ansible_collections.officefleet.c2r.tests.lab.winrm.shell import Command, Shell

#: Called as `answer(host, command_line, stdin)` once the whole input is there; raises Drop only.
Answer = Callable[[str, str, bytes], Awaitable[Result]]


class Operations:
    """The shells of all hosts and the commands in them. Not thread-safe: it lives in one event loop."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.shells: dict[str, Shell] = {}
        self._operations: dict[str, Callable[[str, soap.Request], Awaitable[str]]] = {
            f"{soap.NAMESPACES['x']}/Create": self._create,
            f"{soap.NAMESPACES['x']}/Delete": self._delete,
            f"{soap.NAMESPACES['rsp']}/Command": self._command,
            f"{soap.NAMESPACES['rsp']}/Send": self._send,
            f"{soap.NAMESPACES['rsp']}/Receive": self._receive,
            f"{soap.NAMESPACES['rsp']}/Signal": self._signal,
        }

    async def respond(self, host: str, body: bytes) -> tuple[int, bytes]:
        """Answer one envelope: the HTTP status and the body. Raises Drop where the connection is to break."""
        try:
            request = soap.Request(body)
        except ValueError as error:
            return 400, str(error).encode()
        try:
            if request.resource != soap.SHELL_RESOURCE:
                raise soap.unsupported_resource(request.resource)
            if request.action not in self._operations:
                raise soap.unsupported_action(request.action)
            content = await self._operations[request.action](host, request)
        except soap.Fault as fault:
            return 500, soap.envelope(soap.FAULT_ACTION, request.message_id, soap.fault_body(fault))
        return 200, soap.envelope(f"{request.action}Response", request.message_id, content)

    def close(self) -> None:
        """Give up all commands."""
        for shell in self.shells.values():
            shell.close()

    async def _create(self, host: str, request: soap.Request) -> str:
        now = time.monotonic()
        for expired in [shell for shell in self.shells.values() if shell.expires < now]:
            self._forget(expired)
        shell = Shell(soap.new_id(), host, request.idle_seconds, now + request.idle_seconds)
        self.shells[shell.id] = shell
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
        shell, now = self.shells.get(request.shell_id), time.monotonic()
        if shell is None or shell.host != host or shell.expires < now:
            raise soap.no_such_shell()
        shell.expires = now + shell.idle_seconds + request.operation_seconds
        return shell

    def _forget(self, shell: Shell) -> None:
        shell.close()
        del self.shells[shell.id]

    def _start(self, host: str, command: Command) -> None:
        command.answer = asyncio.ensure_future(self._answer(host, command.line, command.take_input()))
