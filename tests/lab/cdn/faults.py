# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong on the way to a client, path by path."""

from __future__ import annotations

from collections import UserDict
from typing import Literal, get_args

Fault = Literal[
    "missing",
    "bad-request",
    "html",
    "busy",
    "truncate",
    "flip",
    "stall",
    "drip",
    "no-ranges",
    "no-validators",
    "weak-etag",
    "no-length",
    "wrong-range",
    "mixed-states",
]
FAULTS: tuple[str, ...] = get_args(Fault)
BODY_FAULTS = frozenset({"truncate", "flip", "stall", "drip"})


class PathFaults(UserDict[str, str]):
    """Path (any case, without query) to fault; takes effect with the next request.

    missing: 404. bad-request: 400, the real CDN's other word for absent. html: 200 with a web page, as captive
    portals and proxies do. truncate: the connection closes after half of the announced bytes. flip: the middle byte
    of the file has its bits inverted. stall: half of the bytes, then silence. busy: 503 with Retry-After: 1. drip:
    half of the bytes, then one every twentieth of a second. no-ranges: always the whole file. no-validators: neither
    ETag nor Last-Modified. weak-etag: an ETag that If-Range may not use. no-length: chunked, without Content-Length.
    wrong-range: the part behind the one that was asked for. mixed-states: each answer has another ETag, whatever
    If-Range says, as several servers behind one name may have.
    """

    def __init__(self) -> None:
        super().__init__()
        self._once: set[str] = set()

    def __setitem__(self, path: str, fault: str) -> None:
        if fault not in FAULTS:
            raise ValueError(f"fault {fault!r} of {path} is none of {', '.join(FAULTS)}")
        self._once.discard(path.casefold())
        super().__setitem__(path.casefold(), fault)

    def __getitem__(self, path: str) -> str:
        return super().__getitem__(path.casefold())

    def __delitem__(self, path: str) -> None:
        super().__delitem__(path.casefold())

    def once(self, path: str, fault: str) -> None:
        """Let the fault happen to one request, then forget it."""
        self[path] = fault
        self._once.add(path.casefold())

    def take(self, path: str, method: str) -> str | None:
        """The fault of a request that is being answered; a HEAD has no body that could suffer."""
        key = path.casefold()
        fault = self.data.get(key)
        if fault is None or (method == "HEAD" and fault in BODY_FAULTS):
            return None
        if key in self._once:
            self._once.discard(key)
            self.data.pop(key, None)
        return fault
