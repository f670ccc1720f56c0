# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's WinRM server, driven by pywinrm as Ansible drives it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from ansible_collections.officefleet.c2r.tests.lab.module_call import Drop, ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

PASSWORD = "right"  # noqa: S105  (of the lab)
LINE = "PowerShell -NoProfile -EncodedCommand " + base64.b64encode("bootstrap".encode("utf-16-le")).decode()
NOT_FOUND = 2150858843  # WS-Management's code for an unknown shell or command


def answer(host: str, call: ModuleCall) -> ModuleAnswer:
    """What the simulated hosts do, chosen by the argument `do`."""
    match call.params.get("do"):
        case "crash":
            raise RuntimeError("no such registry key")
        case "drop":
            raise Drop
        case "fail":
            return {"failed": True, "msg": "refused"}
        case "long":
            return {"text": "ä" * 300_000}
        case "diff":
            return {"changed": True, "diff": {"before": "a", "after": "b"}}
    return {"host": host, "name": call.name, "params": call.params}


@pytest.fixture(scope="module")
def server() -> Iterator[WinrmServer]:
    with WinrmServer(answer, password=PASSWORD) as running:
        yield running


def connect(server: WinrmServer, host: str = "ws-001", *, password: str = PASSWORD, seconds: int = 20) -> Protocol:
    return Protocol(
        f"http://127.0.0.1:{server.port}/wsman/{host}",
        transport="basic",
        username="fleet",
        password=password,
        operation_timeout_sec=seconds,
        read_timeout_sec=seconds + 10,
        proxy=None,
        server_cert_validation="ignore",  # there is no TLS: it keeps pywinrm from looking for certificates
    )


@contextmanager
def shell(protocol: Protocol) -> Iterator[str]:
    """A shell, deleted at the end."""
    identifier = protocol.open_shell(codepage=65001)
    yield identifier
    protocol.close_shell(identifier)


def start(protocol: Protocol, shell_id: str, arguments: dict[str, Any]) -> str:
    """Start a module with these arguments; return the command's identifier."""
    manifest = {"actions": ["module_powershell_wrapper"], "module_args": {"_ansible_module_name": "a.b.c", **arguments}}
    payload = b"script" + b"\0\0\0\0" + json.dumps(manifest).encode()
    command = str(protocol.run_command(shell_id, LINE, console_mode_stdin=False))
    protocol.send_command_input(shell_id, command, payload[:20])
    protocol.send_command_input(shell_id, command, payload[20:], end=True)
    return command


def run(server: WinrmServer, host: str = "ws-001", **arguments: object) -> tuple[bytes, bytes, int]:
    """Run a module from Create to Delete; return its output, error output and exit code."""
    protocol = connect(server, host)
    with shell(protocol) as shell_id:
        command = start(protocol, shell_id, arguments)
        output: tuple[bytes, bytes, int] = protocol.get_command_output(shell_id, command)
        protocol.cleanup_command(shell_id, command)
    return output


def test_answer_is_one_line_of_json(server: WinrmServer) -> None:
    stdout, stderr, code = run(server, "ws-042", text="Grüße", number=3)
    assert (stderr, code) == (b"", 0)
    assert stdout.endswith(b"}\r\n")
    assert json.loads(stdout) == {
        "changed": False,
        "host": "ws-042",
        "name": "a.b.c",
        "params": {"text": "Grüße", "number": 3},
    }


def test_failure_ends_with_1(server: WinrmServer) -> None:
    stdout, _, code = run(server, do="fail")
    assert json.loads(stdout) == {"changed": False, "failed": True, "msg": "refused"}
    assert code == 1


def test_diff_only_when_asked_for(server: WinrmServer) -> None:
    assert json.loads(run(server, do="diff")[0]) == {"changed": True}
    assert json.loads(run(server, do="diff", _ansible_diff=True)[0])["diff"] == {"before": "a", "after": "b"}


def test_crash_is_not_the_servers(server: WinrmServer) -> None:
    assert run(server, do="crash") == (b"", b"RuntimeError: no such registry key\r\n", 1)
    assert run(server)[2] == 0


def test_garbled_payload_is_named(server: WinrmServer) -> None:
    protocol = connect(server)
    with shell(protocol) as shell_id:
        command = protocol.run_command(shell_id, LINE, console_mode_stdin=False)
        protocol.send_command_input(shell_id, command, b"compressed?", end=True)
        stdout, stderr, code = protocol.get_command_output(shell_id, command)
    assert (stdout, code) == (b"", 1)
    assert b"four NUL bytes expected, seen 'compressed?'" in stderr


def test_long_answer_comes_in_envelopes_of_the_size_asked_for(server: WinrmServer) -> None:
    protocol = connect(server)
    with shell(protocol) as shell_id:
        command = start(protocol, shell_id, {"do": "long"})
        pieces, done = [], False
        while not done:
            piece, _, _, done = protocol.get_command_output_raw(shell_id, command)
            pieces.append(piece)
    assert len(pieces) > 3
    assert max(map(len, pieces)) * 4 / 3 < Protocol.DEFAULT_MAX_ENV_SIZE
    assert json.loads(b"".join(pieces))["text"] == "ä" * 300_000


def test_dropped_connection(server: WinrmServer) -> None:
    protocol = connect(server)
    with shell(protocol) as shell_id:
        command = start(protocol, shell_id, {"do": "drop"})
        with pytest.raises(requests.RequestException, match="IncompleteRead"):
            protocol.get_command_output(shell_id, command)
        protocol.cleanup_command(shell_id, command)  # as Ansible does next, over a new connection


def test_bad_credentials(server: WinrmServer) -> None:
    with pytest.raises(InvalidCredentialsError):
        connect(server, password="wrong").open_shell()  # noqa: S106


def test_shell_belongs_to_its_host(server: WinrmServer) -> None:
    with shell(connect(server, "ws-001")) as shell_id:
        with pytest.raises(WSManFaultError) as fault:
            connect(server, "ws-002").run_command(shell_id, LINE)
        assert fault.value.wsman_fault_code == NOT_FOUND


def test_unknown_command(server: WinrmServer) -> None:
    protocol = connect(server)
    with shell(protocol) as shell_id, pytest.raises(WSManFaultError) as fault:
        protocol.get_command_output(shell_id, "no-such-command")
    assert fault.value.wsman_fault_code == NOT_FOUND


def test_input_after_its_end(server: WinrmServer) -> None:
    protocol = connect(server)
    with shell(protocol) as shell_id:
        command = start(protocol, shell_id, {})
        with pytest.raises(WSManFaultError, match="pipe is being closed"):
            protocol.send_command_input(shell_id, command, b"more")


def test_what_is_no_shell_operation(server: WinrmServer) -> None:
    url = f"http://127.0.0.1:{server.port}/wsman/ws-001"
    with requests.Session() as session:
        session.trust_env, session.auth = False, ("fleet", PASSWORD)
        assert session.post(url, b"text", timeout=10).status_code == 400
        assert session.post(url, b"x" * 600_000, timeout=10).status_code == 413
        refused = session.post(url, b"<a/>", timeout=10)
    assert refused.status_code == 500
    assert "2150858752" in refused.text


def test_idle_shell_is_forgotten(server: WinrmServer) -> None:
    before, protocol = server.open_shells, connect(server)
    shell_id = protocol.open_shell(idle_timeout="PT0.05S")
    time.sleep(0.1)
    with pytest.raises(WSManFaultError) as fault:
        protocol.run_command(shell_id, LINE)
    assert fault.value.wsman_fault_code == NOT_FOUND
    with shell(protocol):
        assert server.open_shells == before + 1


def test_slow_command_answers_with_timeouts_until_it_is_done() -> None:
    with WinrmServer(answer, password=PASSWORD, command_seconds=1.4) as server:
        protocol, started = connect(server, seconds=1), time.monotonic()
        with shell(protocol) as shell_id:
            command = start(protocol, shell_id, {})
            with pytest.raises(WinRMOperationTimeoutError):
                protocol.get_command_output_raw(shell_id, command)
            assert protocol.get_command_output(shell_id, command)[2] == 0
        assert 1.4 <= time.monotonic() - started < 3


def test_hosts_do_not_wait_for_each_other() -> None:
    """All of 20 modules have to run at the same time for any of them to answer."""
    barrier = threading.Barrier(20, timeout=10)

    def wait(host: str, call: ModuleCall) -> ModuleAnswer:
        barrier.wait()
        return answer(host, call)

    codes = []
    with WinrmServer(wait, password=PASSWORD) as server:
        threads = [
            threading.Thread(target=lambda number=number: codes.append(run(server, f"ws-{number}")[2]))
            for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.open_shells == 0
    assert codes == [0] * 20


def test_deleted_shell_gives_its_command_up() -> None:
    """A client that goes away while a module waits: the server ends, and does not keep the shell."""
    with WinrmServer(answer, password=PASSWORD, command_seconds=60) as server:
        protocol = connect(server)
        with shell(protocol) as shell_id:
            start(protocol, shell_id, {})
        assert server.open_shells == 0
        started = time.monotonic()
    assert time.monotonic() - started < 5
