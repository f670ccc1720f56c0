# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role distribution_point: limits as the real web servers keep them, and what it refuses."""

from __future__ import annotations

import re
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.officefleet.c2r.tests.lab.distribution_point import PROGRAMS, DistributionPoint, program

FILE = "MonthlyEnterprise/16.0.1.2/office/data/v64.cab"
MB = 1_000_000


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="officefleet-point-") as folder:
        Path(folder).chmod(0o755)  # the server gives root up where it has it
        yield Path(folder)


def point(server: str, home: Path, size: int) -> DistributionPoint:
    if program(server) is None:
        pytest.skip(f"{' or '.join(PROGRAMS[server])} is not installed (dev/setup_servers.sh)")
    made = DistributionPoint(server, home)
    path = made.library / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(size))
    return made


def seconds_to_fetch(url: str, times: int) -> float:
    """Fetch a file over this many connections at once."""

    def fetch(_number: int) -> None:
        assert requests.get(url, timeout=60).status_code == 200

    begun = time.monotonic()
    with ThreadPoolExecutor(times) as pool:
        list(pool.map(fetch, range(times)))
    return time.monotonic() - begun


@pytest.mark.parametrize("server", sorted(PROGRAMS))
def test_each_connection_has_its_limit(server: str, home: Path) -> None:
    served = point(server, home, 4 * MB)
    assert served.play(officefleet_connection_rate_limit="1M").returncode == 0
    with served.serving():
        assert seconds_to_fetch(f"{served.url}/{FILE}", 1) > 2


def test_all_connections_together_have_a_limit(home: Path) -> None:
    served = point("lighttpd", home, 2 * MB)
    assert served.play(officefleet_rate_limit="2M").returncode == 0
    with served.serving():
        assert seconds_to_fetch(f"{served.url}/{FILE}", 4) > 2


@pytest.mark.parametrize("server", sorted(PROGRAMS))
def test_one_connection_too_many_waits_until_another_ends(server: str, home: Path) -> None:
    served = point(server, home, 50 * MB)  # more than sockets hold: whoever does not read stays connected
    assert served.play(officefleet_max_connections=2).returncode == 0
    request = f"GET /office/{FILE} HTTP/1.1\r\nHost: point\r\n\r\n".encode()
    with served.serving():
        address = ("127.0.0.1", served.port)
        open_now = []
        for _ in range(2):
            connection = socket.create_connection(address, timeout=20)
            connection.sendall(request)
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
            open_now.append(connection)
        with socket.create_connection(address, timeout=1) as third:
            third.sendall(request)
            with pytest.raises(TimeoutError):
                third.recv(15)
            open_now.pop().close()
            third.settimeout(20)
            assert third.recv(15) == b"HTTP/1.1 200 OK"
        open_now.pop().close()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"officefleet_server": "nginx"}, "officefleet_server: 'nginx' is neither lighttpd nor apache."),
        ({"officefleet_library": "srv"}, "officefleet_library: 'srv' is not an absolute path"),
        ({"officefleet_library": "/srv/a\nb"}, "officefleet_library: '/srv/a\nb' is not an absolute path"),
        ({"officefleet_library": ""}, "officefleet_library is not set; it takes"),
        ({"officefleet_url_prefix": "/a b"}, "officefleet_url_prefix: '/a b' is not a path"),
        ({"officefleet_listen": "::"}, "officefleet_listen: '::' is not an IP address, of IPv6 in brackets"),
        ({"officefleet_port": 70000}, "officefleet_port: '70000' is not a port"),
        ({"officefleet_max_connections": "x"}, "officefleet_max_connections: 'x' is not a number"),
        ({"officefleet_rate_limit": "50 MB"}, "officefleet_rate_limit: '50 MB' is not a number of bytes"),
        ({"officefleet_rate_limit": "64M"}, "officefleet_rate_limit: 64M is not from 1K to 65535K"),
        ({"officefleet_connection_rate_limit": 70 * MB}, "officefleet_connection_rate_limit: 70000000 is "),
        ({"officefleet_connection_rate_limit": "1000"}, "officefleet_connection_rate_limit: 1000 is "),
        (
            {"officefleet_server": "apache", "officefleet_rate_limit": "5M"},
            "officefleet_rate_limit: Apache cannot limit all answers together. Use lighttpd, or",
        ),
    ],
)
def test_what_no_server_could_do_is_refused(home: Path, changes: dict[str, Any], expected: str) -> None:
    asked = point("lighttpd", home, 1)
    done = asked.play(**changes)
    assert done.returncode != 0
    message = re.search(r'"msg": "((?:[^"\\]|\\.)*)"', done.stdout)
    assert message is not None, done.stdout
    assert message[1].replace("\\n", "\n").startswith(expected)
    assert list(asked.config.parent.iterdir()) == []
