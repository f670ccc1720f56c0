# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controlling end of Driver.cs: the product's C# client at work in Wine, called from Python."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ansible_collections.officefleet.c2r.tests.windows import wire_text
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import WinePrefix, windows_path

ANSWER_SECONDS = 30


class DriverError(Exception):
    """The driver ended, was silent, or the client let an exception through."""


@dataclass(frozen=True)
class ClientAnswer:
    """UpdateNotifyAnswer of _UpdateNotify.cs."""

    activated: bool
    succeeded: bool
    hresult: int
    hresult_text: str
    status: int
    error: int
    content_id: str | None
    apps: tuple[str | None, ...]


@dataclass(frozen=True)
class Counters:
    """What the COM server has given out: still alive, and altogether."""

    live_objects: int
    live_strings: int
    made_objects: int
    made_strings: int


class Driver:
    """One process of the driver, for as long as the block lasts."""

    def __init__(self, prefix: WinePrefix, dotnet: Path, program: Path, port: int, apartment: str = "MTA") -> None:
        self._prefix = prefix
        self._command = ["wine", windows_path(dotnet), windows_path(program), apartment]
        self._environment = prefix.environment | {"OFFICEFLEET_LAB_PORT": str(port), "OANOCACHE": "1"}
        self._rest = b""

    def __enter__(self) -> Driver:
        log = self._prefix.directory / "driver.log"
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self.greeting = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:  # closes the pipes, which is what the driver ends on
            if self._process.stdin:
                self._process.stdin.close()
            try:
                self._process.wait(ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def call(self, method: str, *text: str | None) -> ClientAnswer:
        """Call a method of UpdateNotifyClient."""
        words = self.ask(method, *map(wire_text.put, text))
        activated, succeeded, hresult, hresult_text, status, error, content_id, *apps = words
        return ClientAnswer(
            activated == "True",
            succeeded == "True",
            int(hresult),
            hresult_text,
            int(status),
            int(error),
            wire_text.get(content_id),
            tuple(map(wire_text.get, apps)),
        )

    def deployment_data(self, kind: int, name: str | None) -> tuple[int, str | None]:
        """Call GetOfficeDeploymentData of the interface itself: the HRESULT as .NET has it, and the text."""
        hresult, text = self.ask("GetOfficeDeploymentData", str(kind), wire_text.put(name))
        return int(hresult), wire_text.get(text)

    def client_deployment_data(self, kind: int, name: str | None) -> tuple[str, str | None]:
        """Let the client call it: the HRESULT as modules report it, and the text."""
        hresult, text = self.ask("DeploymentData", str(kind), wire_text.put(name))
        return hresult, wire_text.get(text)

    def build(self, builder: str, *arguments: bool | str | None) -> tuple[str, str | None]:
        """Let UpdateParameters build a text: ("built", the text) or ("refused", the reason)."""
        words = [str(each) if isinstance(each, bool) else wire_text.put(each) for each in arguments]
        outcome, text = self.ask(builder, *words)
        return outcome, wire_text.get(text)

    def counters(self) -> Counters:
        """Ask the COM server's own book-keeping."""
        return Counters(*map(int, self.ask("Counters")))

    def private_bytes(self) -> int:
        """The memory of the whole process that is its own."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
        if not found:
            raise DriverError("this kernel does not tell RssAnon")
        return int(found[1]) * 1024

    def ask(self, *words: str) -> list[str]:
        """One line there, one line back."""
        if self._process.stdin is None:
            raise DriverError("no way to reach it")
        self._process.stdin.write((" ".join(words) + "\n").encode("ascii"))
        answer = self._read()
        if answer[0] == "fault":
            raise DriverError(wire_text.get(answer[1]))
        return answer

    def _read(self) -> list[str]:
        if self._process.stdout is None:
            raise DriverError("no way to hear it")
        until = time.monotonic() + ANSWER_SECONDS
        while b"\n" not in self._rest:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                raise DriverError(f"no answer for {ANSWER_SECONDS} s; stderr:\n{self._errors()}")
            chunk = os.read(self._process.stdout.fileno(), 65536)
            if not chunk:
                raise DriverError(f"it ended with {self._process.wait()}; stderr:\n{self._errors()}")
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode("ascii").split()

    def _errors(self) -> str:
        return (self._prefix.directory / "driver.log").read_text(errors="replace")[-4000:]
