# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server for tests: a cluster of its own in a temporary directory, on loopback, with real passwords."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

TIMEOUT_SECONDS = 60
ATTEMPTS = 5  # another process may take the free port first
ADMIN = "admin"
GUARDIAN = """
read -r _
stop='"$2/pg_ctl" stop -w -m immediate -D "$1/data" >/dev/null 2>&1'
if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "$stop" -- sh "$1" "$2"; else eval "$stop"; fi
rm -rf "$1"
"""


def programs() -> Path | None:
    """Find the newest server's programs: Debian keeps them by version, outside the PATH."""
    by_version = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name), reverse=True
    )
    in_path = shutil.which("initdb")
    found = [*by_version, *([Path(in_path)] if in_path else [])]
    return next((path.parent for path in found if (path.parent / "postgres").exists()), None)


class PostgresqlServer:
    """A context manager: a running server, ended and removed with the block.

    It runs as the user postgres where the tests run as root, which the server refuses. Nothing is synced to disk.
    """

    def __init__(self, programs: Path) -> None:
        self.password = secrets.token_hex(8)
        self.port = 0
        self._programs = programs
        self._directory = Path()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._names = count(1)

    def __enter__(self) -> PostgresqlServer:
        self._directory = Path(tempfile.mkdtemp(prefix="officefleet-postgresql-"))
        # Cleans up when this process ends, which closes the pipe, however it ends
        self._guardian = subprocess.Popen(
            ["sh", "-c", GUARDIAN, "sh", str(self._directory), str(self._programs)],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        try:
            self._make()
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs that the address does not say."""
        return {"PGPASSWORD": self.password}

    def address(self, database: str, user: str = ADMIN) -> str:
        """Give the address of a database, without the password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def database(self, options: str = "") -> str:
        """Make an empty database; give its name."""
        name = f"records_{next(self._names)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return name

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the administrator; give its rows."""
        with psycopg.connect(self.address(database), password=self.password, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def restart(self) -> None:
        """End all sessions and begin anew, on the same port."""
        self._run("pg_ctl", "restart", "-w", "-m", "fast", *self._how())

    def _end(self) -> None:
        self._guardian.communicate(timeout=TIMEOUT_SECONDS)

    def _make(self) -> None:
        words = self._directory / "password"
        words.write_text(self.password)
        if self._user:
            entry = pwd.getpwnam(self._user)
            for path in (self._directory, words):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        data = str(self._directory / "data")
        method = ("--auth", "scram-sha-256", "--username", ADMIN, "--pwfile", str(words))
        self._run("initdb", "-D", data, "--no-sync", "--encoding", "UTF8", "--locale", "C", *method)

    def _start(self) -> None:
        for attempt in range(ATTEMPTS):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
            try:
                self._run("pg_ctl", "start", "-w", *self._how())
            except subprocess.CalledProcessError as error:
                if attempt == ATTEMPTS - 1:
                    log = self._directory / "log"
                    raise RuntimeError(log.read_text() if log.exists() else error.output) from error
            else:
                return

    def _how(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._directory,
            "fsync": "off",
            "synchronous_commit": "off",
            "max_connections": 60,
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        return ["-D", str(self._directory / "data"), "-l", str(self._directory / "log"), "-o", options]

    def _run(self, program: str, *arguments: str) -> None:
        # Output to a file: the server that pg_ctl leaves behind would keep a pipe open.
        with (self._directory / "output").open("ab") as output:
            subprocess.run(
                [self._programs / program, *arguments],
                check=True,
                cwd=self._directory,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=TIMEOUT_SECONDS,
            )
