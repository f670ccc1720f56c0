# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End what other threads wait for: requests itself lets nobody interrupt a read."""

from __future__ import annotations

import socket
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


class LiveSockets:
    """The connections that some sessions opened, through the places where requests and urllib3 let one hook in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._ended = False

    def watch(self, session: requests.Session) -> None:
        """Keep the connections that the session opens from now on, also those through a proxy."""
        from requests.adapters import HTTPAdapter

        watched = self._watched

        class Adapter(HTTPAdapter):
            def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
                super().init_poolmanager(*arguments, **options)
                watched(self.poolmanager)

            def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
                known = proxy in self.proxy_manager
                manager = super().proxy_manager_for(proxy, **options)
                return manager if known else watched(manager)

        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter())

    def end(self) -> None:
        """Shut all connections down: reads under way fail at once, and so do later ones."""
        with self._lock:
            self._ended = True
            sockets = list(self._sockets)
        for connection in sockets:
            _shut_down(connection)

    def _watched(self, manager: Any) -> Any:
        """Let the pools of a urllib3 manager make connections that say so; give the manager."""
        add = self._add

        def pool_class(original: Any) -> Any:
            class Connection(original.ConnectionCls):  # type: ignore[misc]  # known only at run time
                def connect(self) -> None:
                    super().connect()
                    add(self.sock)

            return type(original.__name__, (original,), {"ConnectionCls": Connection})

        originals = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: pool_class(original) for scheme, original in originals.items()}
        return manager

    def _add(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)
            ended = self._ended
        if ended:
            _shut_down(connection)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # gone already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which would wait to say goodbye
