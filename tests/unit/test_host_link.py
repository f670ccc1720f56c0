# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a host: what each error of a connection is taken for, and what is said of it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _host_link
from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_link import (
    HostLink,
    HungError,
    LostError,
    ModuleFailedError,
    RejectedError,
)


class Action:
    """An action plugin whose host answers as it is told."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.resets = 0
        self._connection = SimpleNamespace(reset=self._reset)

    def _execute_module(self, **_: Any) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer

    def _reset(self) -> None:
        self.resets += 1


def link(action: Action, answer_timeout: float = 5) -> HostLink:
    """A link over that action."""
    fake: Any = action
    return HostLink(fake, {"inventory_hostname": "ws-001"}, answer_timeout)


def failure_of(error: Any) -> Exception:
    """What the link makes of an answer."""
    with pytest.raises((LostError, RejectedError, ModuleFailedError)) as caught:
        link(Action(error)).ask("update_info", {})
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "basic: the specified credentials were rejected by the server",
        "Kerberos auth failure for principal x@Y: kinit: Client 'x@Y' not found in Kerberos database while getting",
        "Kerberos auth failure for principal x@Y: kinit: Password incorrect while getting initial credentials",
        "Kerberos auth failure for principal x@Y: kinit: Clients credentials have been revoked while getting",
        "Kerberos auth failure for principal x@Y: kinit: Password has expired while getting initial credentials",
        "kerberos: authGSSClientStep() failed: Ticket expired",
    ],
)
def test_credentials_that_are_refused(text: str) -> None:
    assert isinstance(failure_of(AnsibleConnectionFailure(text)), RejectedError)


def test_an_authentication_failure_is_a_refusal_whatever_its_text() -> None:
    assert isinstance(failure_of(AnsibleAuthenticationFailure("no")), RejectedError)


@pytest.mark.parametrize(
    ("text", "gist"),
    [
        ("basic: HTTPConnectionPool(host='ws', port=5985): [Errno 111] Connection refused", "connection refused"),
        ("basic: HTTPConnectionPool(host='ws'): Read timed out. (read timeout=30)", "timed out"),
        ("basic: Failed to resolve 'ws' ([Errno -2] Name or service not known)", "its name is not known"),
        ("ssl: certificate verify failed: [SSL: CERTIFICATE_VERIFY_FAILED] unable to", "certificate is not accepted"),
        ("ssl: SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number')", "no TLS connection"),
        ("basic: HTTPConnectionPool: (Caused by ProxyError('Cannot connect to proxy.', OSError('403')))", "the proxy"),
        ("basic: Bad HTTP response returned from server. Code 500", "HTTP 5xx"),
        ("basic: Bad HTTP response returned from server. Code 404", "HTTP 404"),
        ("kerberos: Server HTTP/ws@Y not found in Kerberos database", "service principal"),
        ("Kerberos auth failure for principal x@Y: kinit: Cannot find KDC for realm 'Y'", "no Kerberos server answers"),
        ("kerberos: Clock skew too great", "too far apart"),
        ("kerberos: SpnegoError (16): Operation not supported", "Kerberos failed; -vvv tells more"),
        ("something nobody foresaw", "no connection; -vvv tells more"),
    ],
)
def test_the_gist_of_a_lost_host(text: str, gist: str) -> None:
    for error in (AnsibleConnectionFailure(text), {"unreachable": True, "msg": text}):
        failure = failure_of(error)
        assert isinstance(failure, LostError), failure
        assert not failure.midway
        assert gist in str(failure)


def test_what_breaks_midway_is_worth_another_try() -> None:
    broken = requests.ConnectionError("('Connection aborted.', ConnectionResetError(104))")
    failure = failure_of(broken)
    assert isinstance(failure, LostError)
    assert failure.midway
    action = Action(broken, {"version": "16"})
    assert link(action).ask_twice("update_info", {}) == {"version": "16"}
    assert action.resets == 1
    action = Action(AnsibleConnectionFailure("refused"), {"version": "16"})
    with pytest.raises(LostError):
        link(action).ask_twice("update_info", {})
    assert isinstance(failure_of(AnsibleError("winrm send_input failed; stdout: ")), LostError)
    assert isinstance(failure_of(AnsibleError("the connection attempt timed out")), LostError)


@pytest.mark.parametrize(
    "error",
    [
        AnsibleError("winrm or requests is not installed: No module named 'winrm'"),
        AnsibleError("pypsrp or dependencies are not installed: No module named 'pypsrp'"),
        AnsibleConnectionFailure("kerberos: requested auth method is kerberos, but pykerberos is not installed"),
        AnsibleConnectionFailure("Kerberos auth failure when calling kinit cmd 'kinit': [Errno 2] No such file"),
    ],
)
def test_what_the_controller_lacks_is_no_matter_of_the_host(error: Exception) -> None:
    failure = failure_of(error)
    assert isinstance(failure, ModuleFailedError)
    assert f"the controller lacks what this connection needs ({error}" in str(failure)


def test_our_own_mistakes_are_not_taken_for_a_lost_host() -> None:
    with pytest.raises(KeyError):
        link(Action(KeyError("x"))).ask("update_info", {})
    with pytest.raises(AnsibleError, match="template"):
        link(Action(AnsibleError("a template failed"))).ask("update_info", {})


def test_the_whole_text_is_shown_on_request_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str | None]] = []
    monkeypatch.setattr(Display, "vvv", lambda _, text, host=None: told.append((text, host)))
    text = "basic: proxy http://fleet:hush@proxy.example:3128/ broke"
    for error in (AnsibleConnectionFailure(text), {"unreachable": True, "msg": text}):
        assert "hush" not in str(failure_of(error))
    assert told == [("basic: proxy http://proxy.example:3128/ broke", "ws-001")] * 2


def test_a_host_that_never_answers_is_given_up_and_its_connection_reset() -> None:
    action = Action(lambda: time.sleep(30))
    begun = time.monotonic()
    with pytest.raises(HungError, match=r"no answer in 0\.2 s") as caught:
        link(action, 0.2).ask_twice("update_info", {})
    assert time.monotonic() - begun < 2
    assert not caught.value.midway
    assert (action.resets, action.answers) == (1, [])


def test_a_reset_that_hangs_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_host_link, "RESET_TIMEOUT", 0.2)
    action = Action()
    action._connection.reset = lambda: time.sleep(30)
    begun = time.monotonic()
    link(action).reconnect()
    assert time.monotonic() - begun < 2
