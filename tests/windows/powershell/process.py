# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One program run to its end: input, output, time limit, and nothing of it left behind, in Wine as well."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MARK = "OFFICEFLEET_COMMAND"  # an environment variable: Wine's processes leave the process group, but inherit this
DRAIN_SECONDS = 2.0  # how long output may still come after the end, when something else keeps the pipe open
MOST_OUTPUT = 16 * 1024 * 1024  # bytes of each stream that are kept
SHARED = {"wineserver", "wineserver64", "services.exe", "explorer.exe", "winedevice.exe", "plugplay.exe", "svchost.exe"}
SHARED |= {"rpcss.exe", "wineboot.exe"}  # of a whole Wine prefix, never of one command


_running: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Outcome:
    """How a program ended; `trouble` says in words when it was not by itself."""

    stdout: bytes
    stderr: bytes
    exit_code: int
    trouble: str = ""


def run(
    argv: Sequence[str], stdin: bytes, *, environment: Mapping[str, str], directory: Path, seconds: float
) -> Outcome:
    """Run a program; one that does not end is killed with all that it started."""
    mark = uuid.uuid4().hex
    try:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            env={**environment, MARK: mark},
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        trouble = f"{argv[0]} cannot be started: {error.strerror or error}"
        return Outcome(b"", trouble.encode(), 127, trouble)
    _running[mark] = process
    try:
        return _attended(process, mark, stdin, seconds)
    except BaseException:  # an interrupt of ours as well
        _kill(process, mark)
        raise
    finally:
        del _running[mark]


def end_all() -> None:
    """End every program that runs now; whoever waits for it is told that a signal ended it."""
    for mark, process in list(_running.items()):
        _kill(process, mark)


def _attended(process: subprocess.Popen[bytes], mark: str, stdin: bytes, seconds: float) -> Outcome:
    pipes = {name: pipe for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)) if pipe}
    collected = {name: _Collector(pipe) for name, pipe in pipes.items()}
    threading.Thread(target=_write, args=(process.stdin, stdin), daemon=True).start()
    trouble = ""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        trouble = f"no end within {seconds:g} s: killed"
    _kill(process, mark)
    deadline = time.monotonic() + DRAIN_SECONDS
    output = {name: each.take(deadline) for name, each in collected.items()}
    code = process.returncode
    if code < 0 and not trouble:
        trouble = f"ended by signal {-code}"
    stderr = output["stderr"] + (f"\n[{trouble}]\n".encode() if trouble else b"")
    return Outcome(output["stdout"], stderr, code if code >= 0 else 128 - code, trouble)


class _Collector:
    """Reads a pipe to its end in a thread of its own."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._data = pipe, bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            while chunk := self._pipe.read(65536):
                if len(self._data) < MOST_OUTPUT:
                    self._data += chunk

    def take(self, deadline: float) -> bytes:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return bytes(self._data[:MOST_OUTPUT])


def _write(pipe: IO[bytes] | None, data: bytes) -> None:
    """Write the input; a program that ends without reading it is none of our trouble."""
    if pipe is None:
        return
    left = memoryview(data)
    with suppress(OSError):
        while left:
            left = left[pipe.write(left) :]
    with suppress(OSError):
        pipe.close()


def _kill(process: subprocess.Popen[bytes], mark: str) -> None:
    """End what is left of a command; after its own end that is what it started in the background."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for _ in range(20):  # a process may start another meanwhile
        marked = _marked(mark)
        for pid in marked:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not marked:
            break
        time.sleep(0.02)
    process.wait()


def _marked(mark: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ, name = (folder / "environ").read_bytes(), (folder / "comm").read_text().strip()
        except OSError:
            continue  # it ended, or is another user's
        if f"{MARK}={mark}".encode() in environ and name not in SHARED:
            found.append(int(folder.name))
    return found
