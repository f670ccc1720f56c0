# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End what other threads wait for: neither requests nor the standard library lets one interrupt a read."""

from __future__ import annotations

import socket
import threading
import weakref
from contextlib import suppress


class LiveSockets:
    """The connections of one client, as far as they are open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.ended = False

    def add(self, connection: socket.socket) -> None:
        """Keep a connection that has just been made."""
        with self._lock:
            self._sockets.add(connection)
            ended = self.ended
        if ended:
            _shut_down(connection)

    def end(self) -> None:
        """Shut all connections down: reads under way fail at once, and so do later ones."""
        with self._lock:
            self.ended = True
            sockets = list(self._sockets)
        for connection in sockets:
            _shut_down(connection)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # gone already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which would wait to say goodbye
