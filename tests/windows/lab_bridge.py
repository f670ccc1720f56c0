# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the COM server in Wine (com_server.c) answer from the lab's model: one connection and two lines per call."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from types import TracebackType

from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.com_codes import REGDB_E_CLASSNOTREG, S_OK
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.windows import wire_text
from ansible_collections.officefleet.c2r.tests.windows.com_methods import ComMethods

ComCall = tuple[str | int | None, ...]  # the method, then its arguments


@dataclass(frozen=True)
class BridgeAnswer:
    """What a method gives back; `text` becomes a BSTR, None a null one."""

    hresult: int = S_OK
    status: int = 0
    error: int = 0
    text: str | None = None

    def line(self) -> str:
        """As com_server.c reads it."""
        return f"{self.hresult:08x} {self.status} {self.error} {wire_text.put(self.text)}\n"


@dataclass
class LabBridge:
    """A server on loopback that answers for one host at a time; a context manager.

    It takes no lock of the host's: there is one driver, and who waits for it may hold the lock.

    `calls` holds the methods that were called, activations apart. `faults` holds what went wrong in here, which the COM
    server answers with E_UNEXPECTED.
    """

    calls: list[ComCall] = field(default_factory=list)
    activations: int = 0
    faults: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._methods: ComMethods | None = None
        self._elevated = True

    def __enter__(self) -> LabBridge:
        bridge = self

        class Question(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    answer = bridge.answer(self.rfile.readline().decode("ascii").split())
                except Exception as error:  # whatever it is, the test wants to see it
                    bridge.faults.append(error)
                else:
                    self.wfile.write(answer.line().encode("ascii"))

        self._server = socketserver.TCPServer(("127.0.0.1", 0), Question)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where the COM server asks."""
        return int(self._server.server_address[1])

    def attend(self, host: Host) -> None:
        """Answer from this host's service as it is now; nothing was called yet."""
        self._methods = ComMethods.of(host.service) if host.service else None
        self._elevated = host.elevated
        self.activations = 0
        self.calls.clear()
        self.faults.clear()

    def answer(self, words: list[str]) -> BridgeAnswer:
        """Ask the host's service; an object that cannot be had is an HRESULT like the others."""
        if self._methods is None:
            return BridgeAnswer(REGDB_E_CLASSNOTREG)
        try:
            return self._ask(self._methods, *words)
        except ComError as error:
            return BridgeAnswer(error.hresult)

    def _ask(self, methods: ComMethods, name: str, *words: str) -> BridgeAnswer:
        if name == "Activate":
            self.activations += 1
            methods.status()  # the model has no bare CoCreateInstance; this changes nothing and is always allowed
            return BridgeAnswer()
        if name == "GetOfficeDeploymentData":
            # What it tells is documented nowhere and not modelled. It repeats its arguments, to show that they arrive.
            kind, about = int(words[0]), wire_text.get(words[1])
            self.calls.append((name, kind, about))
            return BridgeAnswer(text=None if about is None else f"{kind} {about}")
        texts = [wire_text.get(word) for word in words]
        self.calls.append((name, *texts))
        if name in ("Download", "Apply"):
            call = methods.download if name == "Download" else methods.apply
            return BridgeAnswer(call(texts[0] or "", elevated=self._elevated))
        if name == "Cancel":
            return BridgeAnswer(methods.cancel())
        if name == "GetBlockingApps":
            return BridgeAnswer(text=methods.blocking_apps())
        if name == "Status":
            report = methods.status()
            return BridgeAnswer(S_OK, report.status, report.error, report.content_id)
        raise ValueError(f"no such method: {name}")
