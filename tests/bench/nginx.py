# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that both contestants fetch from: nginx on loopback, with a port at full speed and a slow one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
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
    server {{ listen 127.0.0.1:{slow}; limit_rate {rate}; }}
}}
"""


class Nginx:
    """Serves `root` while the context lasts; its own files go to `home`."""

    def __init__(self, root: Path, home: Path, slow_bytes_per_second: int) -> None:
        """`slow_bytes_per_second` is for each connection to the slow port. LookupError if nginx is not installed."""
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if program is None:
            raise LookupError("nginx is not installed; sh dev/setup_servers.sh installs it")
        self._program = program
        self._home = home
        ports = [_free_port() for _ in range(2)]
        self.fast, self.slow = (f"http://127.0.0.1:{port}" for port in ports)
        (home / "nginx.conf").write_text(
            CONFIGURATION.format(home=home, root=root, fast=ports[0], slow=ports[1], rate=slow_bytes_per_second)
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._port = ports[0]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([self._program, "-c", str(self._home / "nginx.conf"), "-e", "stderr"])
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._stop()
                    raise
                time.sleep(0.02)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
