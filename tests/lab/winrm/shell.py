# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote shells and the commands in them, while the server holds them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ansible_collections.officefleet.c2r.tests.lab.winrm import soap
from ansible_collections.officefleet.c2r.tests.lab.winrm.console import Result


@dataclass
class Command:
    """One command: its input until it is complete, then the task that answers it, then the unread output."""

    id: str
    line: str
    stdin: list[bytes] = field(default_factory=list)
    answer: asyncio.Future[Result] | None = None
    unread: dict[str, bytes] = field(default_factory=dict)

    def take_input(self) -> bytes:
        """Return the whole input and forget it: a payload is far larger than its answer."""
        data = b"".join(self.stdin)
        self.stdin.clear()
        return data

    def take_output(self, result: Result, limit: int) -> tuple[dict[str, bytes], int | None]:
        """Return at most `limit` bytes of output not handed out yet, and the exit code once that was the last."""
        if not self.unread:
            self.unread = {"stdout": result.stdout, "stderr": result.stderr}
        taken = {}
        for name, data in self.unread.items():
            taken[name] = data[:limit]
            self.unread[name] = data[limit:]
            limit -= len(taken[name])
        return taken, None if any(self.unread.values()) else result.exit_code

    def cancel(self) -> None:
        """Stop waiting for the answer; one that is being computed already is thrown away when it comes."""
        if self.answer:
            self.answer.cancel()


@dataclass
class Shell:
    """One remote shell of one host."""

    id: str
    host: str
    idle_seconds: float
    expires: float  #: time.monotonic() after which nobody cares for it any more
    commands: dict[str, Command] = field(default_factory=dict)

    def find(self, command_id: str) -> Command:
        """Return a command, or raise the fault that says there is none."""
        try:
            return self.commands[command_id]
        except KeyError:
            raise soap.no_such_command() from None

    def close(self) -> None:
        """Give up all commands."""
        for command in self.commands.values():
            command.cancel()
        self.commands.clear()
