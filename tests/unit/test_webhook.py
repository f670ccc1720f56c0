# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One message to one hook: what is sent, what is refused, and that no text shows an address or a token."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _webhook
from ansible_collections.officefleet.c2r.plugins.plugin_utils._webhook import HookError, post, resolved, shown
from ansible_collections.officefleet.c2r.tests.lab.hook_sink import HookSink, hook_sink

MESSAGE = {"event": "start", "deployment": "Dezember, erste Hälfte"}
NAMES = {"hook_token": " t0ken-from-vault \n", "empty": " ", "broken": "two\nlines", "hook": "http://me:pw@127.0.0.1/x"}


@pytest.fixture
def sink() -> Iterator[HookSink]:
    """A hook that runs."""
    with hook_sink() as sink:
        yield sink


def test_json_is_posted_with_a_token(sink: HookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFICE_HOOK", f"{sink.url}?key=a-key")
    sink.status = 204
    post("env:OFFICE_HOOK", "var:hook_token", MESSAGE, NAMES.get)
    post(sink.url, None, MESSAGE, NAMES.get)
    (path, headers, document), (_path, without, _document) = sink.requests
    assert path == "/hooks/very-secret?key=a-key"
    assert document == MESSAGE
    assert (headers["Content-Type"], headers["Authorization"]) == ("application/json", "Bearer t0ken-from-vault")
    assert headers["User-Agent"] == "officefleet.c2r"
    assert "Authorization" not in without


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "it answered 500"),
        (404, "it answered 404"),
        (403, "it answered 403: look at its token"),
        (302, "it answered 302, a redirect, which is not followed: name the address it leads to"),
    ],
)
def test_what_a_hook_refuses_is_said(sink: HookSink, status: int, said: str) -> None:
    sink.status, sink.headers = status, {"Location": sink.url}
    with pytest.raises(HookError) as error:
        post(sink.url, None, MESSAGE, NAMES.get)
    assert str(error.value) == said
    assert sink.requests == []


def test_a_hook_that_does_not_answer_is_not_waited_for_long(sink: HookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_webhook, "PATIENCE", 0.2)
    sink.hang.clear()
    with pytest.raises(HookError, match=r"^it did not answer within 0.2 s$"):
        post(sink.url, None, MESSAGE, NAMES.get)


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("env:NOBODY_SETS_THIS", None, "the environment variable NOBODY_SETS_THIS is not set for this run"),
        ("var:nobody", None, "the Ansible variable nobody is not set for this run"),
        ("var:empty", None, "the Ansible variable empty is not set for this run"),
        ("var:hook", None, "its value is not an http(s) URL without user and password"),
        ("http://127.0.0.1:1/x", "var:broken", "the token in var:broken holds characters that no token has"),
        ("http://127.0.0.1:very-secret/x", None, "its value is not an http(s) URL"),
        ("http://no-such-host.invalid/very-secret", None, "the name of its server cannot be found"),
    ],
)
def test_what_cannot_be_sent_is_said_without_secrets(url: str, token: str | None, said: str) -> None:
    with pytest.raises(HookError) as error:
        post(url, token, MESSAGE, NAMES.get)
    assert str(error.value).startswith(said)
    assert not [part for part in ("very-secret", "pw@", "two") if part in str(error.value)]


def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(HookError, match=r"^it cannot be reached \(Connection refused\)$"):
            post(f"http://127.0.0.1:{free.getsockname()[1]}/very-secret", None, MESSAGE, NAMES.get)


class NoHttp(socketserver.BaseRequestHandler):
    """Another service on the port."""

    def handle(self) -> None:
        """Answer as it does."""
        self.request.recv(1)
        self.request.sendall(b"SSH-2.0-OpenSSH very-secret\r\n")


def test_an_answer_that_is_no_http() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), NoHttp) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(HookError) as error:
            post(f"http://127.0.0.1:{server.server_address[1]}/very-secret", None, MESSAGE, NAMES.get)
        thread.join()
    assert "very-secret" not in str(error.value)


def test_names_for_messages_hold_no_address() -> None:
    assert shown("env:OFFICE_HOOK") == "env:OFFICE_HOOK"
    assert shown("https://alerts.example.com/T0/secret") == "https://alerts.example.com"
    assert resolved("https://alerts.example.com/x", NAMES.get) == "https://alerts.example.com/x"
