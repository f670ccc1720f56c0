# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""500 hosts behind one server process: what it costs in memory, and that none of it stays."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from ansible_collections.officefleet.c2r.tests.lab.winrm import soap

HOSTS = 500
ROUNDS = 3
LIMIT_MIB = 300
LEAKED_OBJECTS = 500  # what two more rounds may add: one object kept by each of their 1000 calls is more
SERVER = """
import gc, resource, sys, threading, time
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer
with WinrmServer(lambda host, call: {"host": host, "blob": "x" * 2000}, password="right") as server:
    print(server.port, flush=True)
    for _ in sys.stdin:
        time.sleep(0.5)  # until the server has seen all clients hang up
        gc.collect()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        objects = len(gc.get_objects()) - 30 * threading.active_count()  # a thread of the pool has up to 30, and stays
        print(peak, server.open_shells, objects, flush=True)
"""
LINE = "PowerShell -EncodedCommand " + base64.b64encode("bootstrap".encode("utf-16-le")).decode()
CHUNK = 200_000  # of ansible-core's winrm connection


class ServerProcess:
    """The server in a process of its own, so that its memory can be told from the test's."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def usage(self) -> tuple[float, int, int]:
        """Return the largest resident size so far in MiB, the number of open shells, and of Python's objects."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        kibibytes, shells, objects = map(int, self._answer().split())
        return kibibytes / 1024, shells, objects

    def stop(self) -> None:
        self._process.communicate(timeout=20)


@contextmanager
def server_process() -> Iterator[ServerProcess]:
    process = ServerProcess()
    try:
        yield process
    finally:
        process.stop()


def request(action: str, shell: str, body: str) -> bytes:
    names = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in soap.NAMESPACES.items())
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>' if shell else ""
    return (
        f"<s:Envelope{names}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
        f"<w:ResourceURI>{soap.SHELL_RESOURCE}</w:ResourceURI><w:OperationTimeout>PT20S</w:OperationTimeout>{selector}"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


async def call(session: aiohttp.ClientSession, url: str, payload: bytes) -> str:
    """Run one module from Create to Delete, in the requests that pywinrm makes; return its output."""
    rsp = soap.NAMESPACES["rsp"]

    async def post(action: str, shell: str, body: str) -> str:
        async with session.post(url, data=request(action, shell, body)) as response:
            text = await response.text()
            assert response.status == 200, text
            return text

    shell = found("ShellId", await post(f"{soap.NAMESPACES['x']}/Create", "", "<rsp:Shell/>"))
    line = f"<rsp:CommandLine><rsp:Command>{LINE}</rsp:Command></rsp:CommandLine>"
    command = found("CommandId", await post(f"{rsp}/Command", shell, line))
    for offset in range(0, len(payload), CHUNK):
        end = "true" if offset + CHUNK >= len(payload) else "false"
        data = base64.b64encode(payload[offset : offset + CHUNK]).decode()
        stream = f'<rsp:Stream Name="stdin" CommandId="{command}" End="{end}">{data}</rsp:Stream>'
        await post(f"{rsp}/Send", shell, f"<rsp:Send>{stream}</rsp:Send>")
    wanted = f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>'
    received = await post(f"{rsp}/Receive", shell, wanted)
    code = f'<rsp:Signal CommandId="{command}"><rsp:Code>{rsp}/signal/terminate</rsp:Code></rsp:Signal>'
    await post(f"{rsp}/Signal", shell, code)
    await post(f"{soap.NAMESPACES['x']}/Delete", shell, "")
    streams: list[str] = re.findall(r'Name="stdout"[^>]*>([^<]*)<', received)
    return "".join(base64.b64decode(text).decode() for text in streams)


def found(name: str, text: str) -> str:
    match = re.search(f"<rsp:{name}>([^<]+)<", text)
    assert match, text
    return match[1]


async def fleet(port: int, payload: bytes) -> None:
    """Call a module on all hosts at the same time, each over a connection of its own."""
    connector = aiohttp.TCPConnector(limit=0)
    credentials = {"Authorization": aiohttp.encode_basic_auth("fleet", "right")}
    async with aiohttp.ClientSession(connector=connector, headers=credentials) as session:
        hosts = [f"ws-{number:03}" for number in range(HOSTS)]
        outputs = await asyncio.gather(
            *(call(session, f"http://127.0.0.1:{port}/wsman/{host}", payload) for host in hosts)
        )
    assert [json.loads(output)["host"] for output in outputs] == hosts


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
def test_memory_of_500_hosts_at_once() -> None:
    args = {"_ansible_module_name": "a.b.c", "text": "x"}
    manifest = {"actions": ["module_powershell_wrapper"], "module_args": args, "script": "y" * 250_000}
    payload = b"script\0\0\0\0" + json.dumps(manifest).encode()
    with server_process() as server:
        idle, _, _ = server.usage()
        peaks, counts = [], []
        for _ in range(ROUNDS):
            asyncio.run(fleet(server.port, payload))
            peak, shells, objects = server.usage()
            assert shells == 0
            peaks.append(peak)
            counts.append(objects)
    print(f"idle {idle:.0f} MiB, peaks {', '.join(f'{peak:.0f}' for peak in peaks)} MiB, objects {counts}")  # noqa: T201
    assert peaks[-1] < LIMIT_MIB
    assert counts[-1] - counts[0] < LEAKED_OBJECTS
