# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a module on a Windows host, with the three ways that can go wrong told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.officefleet.c2r.plugins.plugin_utils._time_limit import TimeLimitError, within

COLLECTION = "officefleet.c2r."
ANSWER_TIMEOUT = 120.0  #: seconds for one answer of a host; modules answer in a few, on a slow machine in some ten
RESET_TIMEOUT = 20.0  #: seconds for a new connection after a broken one

#: Connection plugins let errors of these libraries through when a connection breaks in the middle of a command.
_LIBRARIES = frozenset({"requests", "urllib3", "winrm", "pypsrp", "psrpcore", "httpx", "httpcore"})
_REJECTED = re.compile(
    r"credentials were rejected|failed to authenticate|InvalidCredentials"
    r"|Invalid/incorrect|Permission denied \(|Preauthentication failed|Password incorrect|Code 401"
    r"|Client '[^']*' not found in Kerberos|Client not found in Kerberos|credentials have (been revoked|expired)"
    r"|(password|key|ticket|credentials|account)( has| have|'s validity)? expired",
    re.IGNORECASE,
)
#: What the controller itself lacks; no host can be reached until it is there.
_LACKING = re.compile(r"(?:is|are) not installed|No module named|when calling kinit", re.IGNORECASE)
#: What is left of a broken connection in the message of a task that Ansible itself ran.
_BROKE_OFF = re.compile(r"Connection (?:broken|aborted)|IncompleteRead\(|HTTPS?ConnectionPool\(|send_input failed")
_LOST = re.compile(r"timed out|winrm send_input failed", re.IGNORECASE)
_SHORT = (
    (re.compile(r"Connection refused", re.IGNORECASE), "connection refused"),
    (re.compile(r"timed? ?out", re.IGNORECASE), "timed out"),
    (re.compile(r"name resolution|Name or service|nodename nor|getaddrinfo", re.IGNORECASE), "its name is not known"),
    (re.compile(r"No route to host|Network is unreachable", re.IGNORECASE), "no route to it"),
    (re.compile(r"CERTIFICATE_VERIFY_FAILED", re.IGNORECASE), "its TLS certificate is not accepted"),
    (re.compile(r"SSLError|WRONG_VERSION_NUMBER", re.IGNORECASE), "no TLS connection"),
    (re.compile(r"ProxyError|to proxy|Tunnel connection|Code 407", re.IGNORECASE), "the proxy lets nothing through"),
    (
        re.compile(r"Server (\S+ )?not found in Kerberos", re.IGNORECASE),
        "Kerberos does not know it (service principal)",
    ),
    (re.compile(r"Clock skew", re.IGNORECASE), "its clock and the controller's are too far apart for Kerberos"),
    (re.compile(r"Cannot (find|contact|resolve).*KDC", re.IGNORECASE), "no Kerberos server answers"),
    (re.compile(r"Kerberos|GSSError|gssapi|SpnegoError", re.IGNORECASE), "Kerberos failed; -vvv tells more"),
    (re.compile(r"Code 404", re.IGNORECASE), "its web server knows no WinRM (HTTP 404)"),
    (re.compile(r"Code 5\d\d", re.IGNORECASE), "its WinRM service fails (HTTP 5xx)"),
    (re.compile(r"reset by peer|aborted|Remote end closed|IncompleteRead", re.IGNORECASE), "connection broken"),
)


class LostError(Exception):
    """The host did not answer; `midway` when a connection that stood broke, so that trying again is worth it."""

    def __init__(self, reason: str, midway: bool) -> None:
        super().__init__(reason)
        self.midway = midway


class HungError(LostError):
    """The host took the question and did not answer in time. Asking at once again would cost as much again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer in {seconds:g} s", midway=False)


class RejectedError(Exception):
    """The host refused the credentials."""


class ModuleFailedError(Exception):
    """The module itself failed, or the controller cannot even ask it; the text says why."""


class HostLink:
    """The way from an action plugin to the collection's modules on its host."""

    def __init__(
        self, action: ActionBase, task_vars: Mapping[str, Any], answer_timeout: float = ANSWER_TIMEOUT
    ) -> None:
        """Use the connection of `action`; `answer_timeout` are the seconds a host has for each answer."""
        self._action = action
        self._answer_timeout = answer_timeout
        self._task_vars = dict(task_vars)

    @property
    def user(self) -> str | None:
        """The name the connection logs on with, where the connection plugin has such a thing."""
        try:
            # ansible-core leaves it without annotations
            user = self._action._connection.get_option("remote_user")  # type: ignore[no-untyped-call]
        except (KeyError, AnsibleError):
            return None
        return None if user is None else str(user)

    def ask(self, module: str, options: Mapping[str, Any], patience: float = 0.0) -> dict[str, Any]:
        """Run a module of the collection on the host, in check mode when the task is.

        `patience` are the seconds that it is to wait for somebody, on top of those that every answer may take.
        Raises LostError, RejectedError or ModuleFailedError; anything else is a mistake of ours.
        """

        def execute() -> dict[str, Any]:
            answer: dict[str, Any] = self._action._execute_module(
                module_name=COLLECTION + module, module_args=dict(options), task_vars=self._task_vars
            )
            return answer

        seconds = self._answer_timeout + patience
        try:
            answer = within(seconds, execute)
        except TimeLimitError as error:
            self.reconnect()  # or the late answer would be taken for that to the next question
            raise HungError(seconds) from error
        except Exception as error:
            failure = _connection_failure(error)
            if failure is None:
                raise
            self._tell(str(error))
            raise failure from error
        if answer.get("unreachable"):
            self._tell(str(answer.get("msg", "")))
            raise _judged(str(answer.get("msg", "")), midway=False)
        if answer.get("failed"):
            raise ModuleFailedError(f"{module}: {_why(answer)}")
        return answer

    def _tell(self, text: str) -> None:
        """Show a connection's error in full to those who ask for it with -vvv."""
        Display().vvv(_without_password(text), host=self._task_vars.get("inventory_hostname"))

    def ask_twice(self, module: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Ask something that changes nothing, and once more should the connection break midway."""
        try:
            return self.ask(module, options)
        except LostError as lost:
            if not lost.midway:
                raise
        self.reconnect()
        return self.ask(module, options)

    def reconnect(self) -> None:
        """Drop what is left of a broken connection; whether a new one stands shows with the next question."""
        with suppress(Exception):
            within(RESET_TIMEOUT, self._action._connection.reset)


def broke_off(failure: str) -> LostError | None:
    """Tell a task that failed since its connection broke in the middle from one whose module failed.

    Ansible calls hosts unreachable only where no connection comes about; all else it passes on as text.
    """
    return LostError(_short(failure), midway=True) if _BROKE_OFF.search(failure) else None


def rejected(host: str, user: str | None) -> str:
    """Say that the host refused the credentials, and which variables to look at."""
    who = f" of {user!r}" if user else ""
    return f"{host} refused the credentials{who}. Check ansible_user and ansible_password of this host."


def _why(answer: Mapping[str, Any]) -> str:
    """Give the module's message; one that crashed has only its error output to tell the cause."""
    message = str(answer.get("msg") or "the module gave no reason")
    output = next((line.strip() for line in str(answer.get("module_stderr") or "").splitlines() if line.strip()), "")
    return f"{message} ({output[:200]})" if output else message


def _connection_failure(error: Exception) -> RejectedError | LostError | ModuleFailedError | None:
    """Say which failure of the connection this is; None for an error that is none."""
    text = str(error)
    if isinstance(error, AnsibleError) and _LACKING.search(text):
        return _judged(text, midway=False)
    connection = isinstance(error, (AnsibleConnectionFailure, OSError)) or _library(error) in _LIBRARIES
    if not connection and not (isinstance(error, AnsibleError) and _LOST.search(text)):
        return None
    if isinstance(error, AnsibleAuthenticationFailure):
        return RejectedError()
    return _judged(text, midway=not isinstance(error, AnsibleConnectionFailure))


def _judged(text: str, midway: bool) -> RejectedError | LostError | ModuleFailedError:
    """Sort a connection's error by its text."""
    if _LACKING.search(text):
        return ModuleFailedError(
            f"the controller lacks what this connection needs ({_without_password(text)[:300]}). "
            "Install it where Ansible runs."
        )
    if _REJECTED.search(text):
        return RejectedError()
    return LostError(_short(text), midway)


def _without_password(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//", text)


def _library(error: Exception) -> str:
    return type(error).__module__.partition(".")[0]


def _short(text: str) -> str:
    """Give the gist of a connection error; its whole text is for -vvv alone."""
    return next((words for pattern, words in _SHORT if pattern.search(text)), "no connection; -vvv tells more")
