# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A distribution point on loopback: configured by the real role, served by the real lighttpd or Apache."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = {"lighttpd": ("lighttpd",), "apache": ("apache2", "httpd")}  # Debian's name, Red Hat's
FOREGROUND = {"lighttpd": "-D", "apache": "-DFOREGROUND"}
PLAYBOOK = "officefleet.c2r.distribution_point"


def program(server: str) -> str | None:
    """The server's program, None where it is not installed."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return next((found for name in PROGRAMS[server] if (found := shutil.which(name, path=path))), None)


class DistributionPoint:
    """A library, a configuration and a port below `home`, which the server's user has to be able to read."""

    def __init__(self, server: str, home: Path) -> None:
        found = program(server)
        if found is None:
            raise LookupError(f"{' or '.join(PROGRAMS[server])} is not installed (dev/setup_servers.sh)")
        self._server = server
        self._program = found
        self._home = home
        self.library = home / "library"
        self.config = home / "etc" / "server.conf"
        self.port = _free_port()
        for folder in (self.library, self.config.parent, home / "log", home / "run"):
            folder.mkdir()
        (home / "log").chmod(0o777)  # lighttpd writes there as its own user

    @property
    def url(self) -> str:
        """Where the library begins."""
        return f"http://127.0.0.1:{self.port}/office"

    def play(self, *arguments: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        """Run the playbook, which writes the configuration and leaves packages and services alone."""
        variables = {
            "officefleet_library": str(self.library),
            "officefleet_server": self._server,
            "officefleet_listen": "127.0.0.1",
            "officefleet_port": self.port,
            "distribution_point_config_path": str(self.config),
            "distribution_point_log_directory": str(self._home / "log"),
            "distribution_point_run_directory": str(self._home / "run"),
            "distribution_point_empty_directory": str(self._home / "empty"),
            "distribution_point_manage_packages": False,
            "distribution_point_manage_service": False,
            "ansible_python_interpreter": sys.executable,
            **changes,
        }
        environment = {"ANSIBLE_HOME": str(self._home / ".ansible"), "ANSIBLE_NOCOLOR": "1", "HOME": str(self._home)}
        return subprocess.run(
            ["ansible-playbook", PLAYBOOK, "-e", json.dumps(variables), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self._home,
            env={**os.environ, **environment},
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the server in the foreground until the context ends."""
        command = [self._program, FOREGROUND[self._server], "-f", str(self.config)]
        log = self._home / "log" / "terminal.log"
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            self._wait_until_up(process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_until_up(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    texts = [path.read_text() for path in (log, self._home / "log" / "error.log") if path.exists()]
                    raise RuntimeError(f"{self._program} does not serve: {''.join(texts)}") from error
                time.sleep(0.02)
            else:
                return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
