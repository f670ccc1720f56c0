# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One message to one webhook: a POST of JSON, with a bearer token where the deployment file names one.

Addresses and tokens may be secrets. They are found at the last moment, and no text from here holds them.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import ConnectionError as RefusedError
from ansible.module_utils.urls import SSLValidationError, open_url

from ansible_collections.officefleet.c2r.plugins.plugin_utils._time_limit import TimeLimitError, within

PATIENCE = 10.0  #: seconds for one message, from the name's look-up to the status line
AGENT = "officefleet.c2r"
_REFERENCE = re.compile(r"(env|var):([A-Za-z_][A-Za-z0-9_]*)")

#: Gives the text of an Ansible variable; None when it is not defined.
Variables = Callable[[str], "str | None"]


class HookError(Exception):
    """A message did not arrive; the text says why, goes on from the hook's name and holds no secret."""


def shown(reference: str) -> str:
    """Give what a hook is called in messages: the variable that holds its address, or its server."""
    if _REFERENCE.fullmatch(reference):
        return reference
    parts = urlsplit(reference)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def resolved(reference: str, variables: Variables) -> str:
    """Give the value that a reference of the deployment file stands for; HookError when there is none."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return reference
    kind, name = match.groups()
    value = os.environ.get(name) if kind == "env" else variables(name)
    if value is None or not value.strip():
        where = "the environment variable" if kind == "env" else "the Ansible variable"
        raise HookError(f"{where} {name} is not set for this run")
    return value.strip()


def post(hook_url: str, token: str | None, document: Mapping[str, Any], variables: Variables) -> None:
    """Send one message; HookError when the hook did not take it, with any status of 200 to 299."""
    url = resolved(hook_url, variables)
    if not re.fullmatch(r"https?://([^\s/@:?#]+|\[[0-9A-Fa-f:.]+])(:[0-9]+)?([/?]\S*)?", url):
        raise HookError("its value is not an http(s) URL without user and password")
    headers = {"Content-Type": "application/json"}
    if token is not None:
        value = resolved(token, variables)
        if not re.fullmatch(r"[\x21-\x7e]+", value):
            raise HookError(f"the token in {token} holds characters that no token has, such as spaces or line breaks")
        headers["Authorization"] = f"Bearer {value}"
    body = json.dumps(document).encode()
    try:
        within(PATIENCE, lambda: _send(url, headers, body))
    except (TimeLimitError, TimeoutError) as error:
        raise HookError(f"it did not answer within {PATIENCE:g} s") from error
    except HTTPError as error:
        raise HookError(_refusal(error.code)) from error
    except (SSLValidationError, ssl.SSLError) as error:
        raise HookError("its certificate could not be verified") from error
    except URLError as error:
        raise HookError(_trouble(error.reason)) from error
    except (RefusedError, OSError, ValueError) as error:
        raise HookError(_trouble(error)) from error
    except Exception as error:  # http.client has errors of its own, whose texts may hold the address
        raise HookError(f"its answer is no HTTP ({type(error).__name__})") from error


def _send(url: str, headers: Mapping[str, str], body: bytes) -> None:
    # A redirect would take the token to another server; what netrc knows is meant for other requests
    answer = open_url(  # type: ignore[no-untyped-call]  # ansible-core annotates only parts of itself
        url,
        data=body,
        headers=dict(headers),
        method="POST",
        timeout=PATIENCE,
        http_agent=AGENT,
        follow_redirects="none",
        use_netrc=False,
    )
    answer.close()  # any other status than 200 to 299 was an HTTPError


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"it answered {status}, a redirect, which is not followed: name the address it leads to"
    hint = ": look at its token" if status in (401, 403) else ""
    return f"it answered {status}{hint}"


def _trouble(reason: object) -> str:
    """Say what an error of the network is, without its text, which may hold the address."""
    if isinstance(reason, TimeoutError):
        return f"it did not answer within {PATIENCE:g} s"
    if isinstance(reason, ssl.SSLError):
        return "its certificate could not be verified"
    if isinstance(reason, socket.gaierror):
        return "the name of its server cannot be found"
    if isinstance(reason, OSError) and reason.errno:
        return f"it cannot be reached ({os.strerror(reason.errno)})"
    return f"it cannot be reached ({type(reason).__name__})"
