# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server: aiohttp on a loopback socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO, NamedTuple

from aiohttp import web

from ansible_collections.officefleet.c2r.tests.lab.cdn.faults import PathFaults
from ansible_collections.officefleet.c2r.tests.lab.cdn.ranges import (
    RangeNotSatisfiableError,
    Validators,
    requested_range,
)
from ansible_collections.officefleet.c2r.tests.lab.cdn.tree import Tree

CHUNK_BYTES = 256 << 10
CONTENT_TYPES = {".cab": "application/vnd.ms-cab-compressed", ".json": "application/json"}
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in to continue.</body></html>\n"

Answer = Callable[[Mapping[str, list[str]]], bytes]


class Request(NamedTuple):
    """One line of the access log; path as sent, with its query when there was one."""

    method: str
    path: str
    status: int


class Server:
    """Serves a tree of files and a few computed JSON documents until closed."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.faults = PathFaults()
        self.requests: list[Request] = []
        self.ranges: list[str] = []  # the Range of each request that had one, in the order of arrival
        self.answers: dict[str, Answer] = {}  # casefolded path -> JSON document for the query (keys casefolded)
        self.pace = Pace()
        self.connection_rate: float | None = None  # bytes per second that one connection gets
        self.connections: dict[object, Pace] = {}  # client's address and port -> the pace of a file's body
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=f"lab-cdn-{self.port}", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Begin to answer; returns when the first request would be served."""
        self._thread.start()
        self._ready.result(timeout=10)

    def close(self) -> None:
        """Stop answering, end the thread, free the port; also before start and twice."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=10)
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        application.on_response_prepare.append(self._record)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.SockSite(runner, self._socket).start()
            self._ready.set_result(None)
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _record(self, request: web.Request, response: web.StreamResponse) -> None:
        self.requests.append(Request(request.method, request.path_qs, response.status))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        fault = self.faults.take(request.path, request.method)
        if fault == "missing":
            raise web.HTTPNotFound
        if fault == "bad-request":
            raise web.HTTPBadRequest
        if fault == "busy":
            return web.Response(status=503, headers={"Retry-After": "1"})
        if fault == "html":
            return web.Response(body=PAGE, content_type="text/html")
        answer = self.answers.get(request.path.casefold())
        if answer is not None:
            return await self._send_document(request, answer, fault)
        path = self.tree.find(request.path)
        if path is None:
            raise web.HTTPNotFound
        return await self._send_file(request, path, fault)

    async def _send_document(self, request: web.Request, answer: Answer, fault: str | None) -> web.StreamResponse:
        query: dict[str, list[str]] = {}
        for key, value in request.query.items():
            query.setdefault(key.casefold(), []).append(value)
        body = answer(query)
        response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
        response.content_length = len(body)
        await response.prepare(request)
        if request.method == "GET":
            await self._send(request, response, _flipped(body, 0, len(body)) if fault == "flip" else body, fault)
        return response

    async def _send_file(self, request: web.Request, path: Path, fault: str | None) -> web.StreamResponse:
        if "Range" in request.headers:
            self.ranges.append(request.headers["Range"])
        with path.open("rb") as file:
            status = path.stat()
            validators = Validators.of(status)
            if fault == "weak-etag":
                validators = validators.weak()
            size = status.st_size
            headers = {**validators.headers, "Accept-Ranges": "bytes"}
            if validators.unchanged_for(request):
                return web.Response(status=304, headers=headers)
            try:
                part = self._part(request, validators, size, fault)
            except RangeNotSatisfiableError:
                return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
            start, end = part or (0, size)
            if part is not None:
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
            if fault == "no-validators":
                headers = {name: text for name, text in headers.items() if name not in {"ETag", "Last-Modified"}}
            elif fault == "mixed-states":
                headers["ETag"] = f'"{len(self.requests)}"'
            headers["Content-Type"] = CONTENT_TYPES.get(path.suffix.casefold(), "application/octet-stream")
            response = web.StreamResponse(status=200 if part is None else 206, headers=headers)
            if fault == "no-length":
                response.enable_chunked_encoding()
            else:
                response.content_length = end - start
            await response.prepare(request)
            if request.method == "GET":
                await self._send_part(request, response, file, (start, end), size, fault)
            return response

    @staticmethod
    def _part(request: web.Request, validators: Validators, size: int, fault: str | None) -> tuple[int, int] | None:
        if fault == "no-ranges":
            return None
        if fault == "mixed-states":
            validators = Validators(request.headers.get("If-Range", ""), validators.last_modified)
        part = requested_range(request, validators, size)
        if part is not None and fault == "wrong-range":
            return min(part[1], size - 1), size
        return part

    async def _send_part(
        self,
        request: web.Request,
        response: web.StreamResponse,
        file: BinaryIO,
        part: tuple[int, int],
        size: int,
        fault: str | None,
    ) -> None:
        start, end = part
        half = start + (end - start) // 2
        file.seek(start)
        position = start
        while position < end:
            limit = half if fault in {"truncate", "stall", "drip"} else end
            data = file.read(min(CHUNK_BYTES, limit - position))
            if not data:
                break
            if fault == "flip":
                data = _flipped(data, position, size)
            await self.pace.take(len(data))
            await self._pace_of(request).take(len(data))
            await response.write(data)
            position += len(data)
        if fault == "drip":
            for byte in file.read(end - position):
                await asyncio.sleep(0.05)
                await response.write(bytes([byte]))
        elif position < end:
            await self._break_off(request, fault)

    def _pace_of(self, request: web.Request) -> Pace:
        address = None if request.transport is None else request.transport.get_extra_info("peername")
        pace = self.connections.setdefault(address, Pace())
        pace.bytes_per_second = self.connection_rate
        return pace

    async def _send(self, request: web.Request, response: web.StreamResponse, body: bytes, fault: str | None) -> None:
        if fault in {"truncate", "stall"}:
            await response.write(body[: len(body) // 2])
            await self._break_off(request, fault)
        else:
            await response.write(body)

    async def _break_off(self, request: web.Request, fault: str | None) -> None:
        if fault == "stall":
            await self._stop.wait()  # or until the client goes away, which cancels the handler
        if request.transport is not None:
            request.transport.close()


class Pace:
    """A rate that all answers share."""

    def __init__(self) -> None:
        self.bytes_per_second: float | None = None
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        """Wait until size bytes may go out."""
        if self.bytes_per_second is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + size / self.bytes_per_second
        await asyncio.sleep(self._free_at - now)


def _flipped(data: bytes, position: int, size: int) -> bytes:
    """Data at this position of a file of this size, the file's middle byte inverted if it lies within."""
    middle = size // 2 - position
    if not 0 <= middle < len(data):
        return data
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
