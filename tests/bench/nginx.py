# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that both contestants fetch from: nginx on loopback, with a port at full speed and a slow one.

The slow port's limit is the kernel's (SO_MAX_PACING_RATE), which spaces the segments of a connection evenly for as long
as it lasts. nginx's own limit_rate begins anew with every request, and grants each a second's worth at once: whoever
asks for many ranges on one connection is hardly slowed down. Accepted connections take the option over from the
listening socket, which is therefore made here and handed to nginx as its own upgrades do (the variable NGINX).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

CONFIGURATION = """
daemon off;
worker_processes auto;
pid {home}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    root {root};
    server {{ listen 127.0.0.1:{fast}; }}
    server {{ listen 127.0.0.1:{slow}; }}
}}
"""

SO_MAX_PACING_RATE = 47  # of Linux; the module socket has no name for it before Python 3.14


class Nginx:
    """Serves `root` while the context lasts; its own files go to `home`."""

    def __init__(self, root: Path, home: Path, slow_bytes_per_second: int) -> None:
        """`slow_bytes_per_second` is for each connection to the slow port. LookupError if nginx is not installed."""
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            raise LookupError("nginx is not installed; sh dev/setup_servers.sh installs it")
        self._program = program
        self._home = home
        self._sockets = [_listener(None), _listener(slow_bytes_per_second)]
        fast, slow = (listener.getsockname()[1] for listener in self._sockets)
        self.fast, self.slow = (f"http://127.0.0.1:{port}" for port in (fast, slow))
        (home / "nginx.conf").write_text(CONFIGURATION.format(home=home, root=root, fast=fast, slow=slow))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        descriptors = [listener.fileno() for listener in self._sockets]
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._home / "nginx.conf"), "-e", "stderr"],
            env={**os.environ, "NGINX": "".join(f"{descriptor};" for descriptor in descriptors)},
            pass_fds=descriptors,
        )
        for listener in self._sockets:  # they listen already: whoever connects before nginx is up waits
            listener.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def _listener(bytes_per_second: int | None) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=511)
    listener.setblocking(False)  # nginx leaves that as it comes; a worker must not wait for what another one accepted
    if bytes_per_second is not None:
        listener.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, bytes_per_second)
    return listener
