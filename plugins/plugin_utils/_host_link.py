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

COLLECTION = "officefleet.c2r."

#: Connection plugins let errors of these libraries through when a connection breaks in the middle of a command.
_LIBRARIES = frozenset({"requests", "urllib3", "winrm", "pypsrp", "psrpcore", "httpx", "httpcore"})
_REJECTED = re.compile(
    r"credentials were rejected|failed to authenticate|InvalidCredentials"
    r"|Invalid/incorrect|Permission denied \(|Preauthentication failed|Password incorrect|Code 401",
    re.IGNORECASE,
)
_LOST = re.compile(r"timed out|winrm send_input failed", re.IGNORECASE)
_SHORT = (
    (re.compile(r"Connection refused", re.IGNORECASE), "connection refused"),
    (re.compile(r"timed? ?out", re.IGNORECASE), "timed out"),
    (re.compile(r"name resolution|Name or service|nodename nor|getaddrinfo", re.IGNORECASE), "its name is not known"),
    (re.compile(r"No route to host|Network is unreachable", re.IGNORECASE), "no route to it"),
    (re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError", re.IGNORECASE), "its TLS certificate is not accepted"),
    (re.compile(r"reset by peer|aborted|Remote end closed|IncompleteRead", re.IGNORECASE), "connection broken"),
)


class LostError(Exception):
    """The host did not answer; `midway` when a connection that stood broke, so that trying again is worth it."""

    def __init__(self, reason: str, midway: bool) -> None:
        super().__init__(reason)
        self.midway = midway


class RejectedError(Exception):
    """The host refused the credentials."""


class ModuleFailedError(Exception):
    """The module itself failed; the text is its message."""


class HostLink:
    """The way from an action plugin to the collection's modules on its host."""

    def __init__(self, action: ActionBase, task_vars: Mapping[str, Any]) -> None:
        """Use the connection of `action`."""
        self._action = action
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

    def ask(self, module: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run a module of the collection on the host, in check mode when the task is.

        Raises LostError, RejectedError or ModuleFailedError; anything else is a mistake of ours.
        """
        try:
            answer: dict[str, Any] = self._action._execute_module(
                module_name=COLLECTION + module, module_args=dict(options), task_vars=self._task_vars
            )
        except Exception as error:
            failure = _connection_failure(error)
            if failure is None:
                raise
            raise failure from error
        if answer.get("unreachable"):
            raise LostError(_short(str(answer.get("msg", ""))), midway=False)
        if answer.get("failed"):
            raise ModuleFailedError(f"{module}: {_why(answer)}")
        return answer

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
            self._action._connection.reset()


def rejected(host: str, user: str | None) -> str:
    """Say that the host refused the credentials, and which variables to look at."""
    who = f" of {user!r}" if user else ""
    return f"{host} refused the credentials{who}. Check ansible_user and ansible_password of this host."


def _why(answer: Mapping[str, Any]) -> str:
    """Give the module's message; one that crashed has only its error output to tell the cause."""
    message = str(answer.get("msg") or "the module gave no reason")
    output = next((line.strip() for line in str(answer.get("module_stderr") or "").splitlines() if line.strip()), "")
    return f"{message} ({output[:200]})" if output else message


def _connection_failure(error: Exception) -> RejectedError | LostError | None:
    """Say which failure of the connection this is; None for an error that is none."""
    text = str(error)
    connection = isinstance(error, (AnsibleConnectionFailure, OSError)) or _library(error) in _LIBRARIES
    if not connection and not (isinstance(error, AnsibleError) and _LOST.search(text)):
        return None
    if isinstance(error, AnsibleAuthenticationFailure) or _REJECTED.search(text):
        return RejectedError()
    return LostError(_short(text), midway=not isinstance(error, AnsibleConnectionFailure))


def _library(error: Exception) -> str:
    return type(error).__module__.partition(".")[0]


def _short(text: str) -> str:
    """Give the gist of a connection error. Nothing else of its text: it may hold a URL with a password."""
    return next((words for pattern, words in _SHORT if pattern.search(text)), "no connection")
