# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client with nothing but Python's standard library, for hosts that have no more; a new connection each time."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_wire import WireAnswer
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.live_sockets import LiveSockets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Client:
    """An opener of urllib; proxies come from the environment."""

    def __init__(self) -> None:
        self._sockets = LiveSockets()

    @property
    def ended(self) -> bool:
        """Tell whether `end` was called."""
        return self._sockets.ended

    @contextmanager
    def request(
        self, method: str, url: str, headers: Mapping[str, str], patience: http.Patience
    ) -> Iterator[WireAnswer]:
        """Give the answer, whatever its status. One attempt: PassingError or FinalError."""
        try:
            opener = urllib.request.build_opener(*_handlers(self._sockets, patience.read), _Redirects(), _AnyStatus())
            with opener.open(_request(method, url, headers), timeout=patience.connect) as found:
                yield WireAnswer(found, found.status, found.reason, found.headers)
        except urllib.error.HTTPError as error:  # a redirect that is not followed
            raise http.FinalError(str(error.reason).strip().rstrip(".")) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, OSError):
                raise http.PassingError(http.reason(error)) from error
            raise http.FinalError(http.reason(error)) from error
        except HTTPException as error:
            raise http.PassingError(http.reason(error) or type(error).__name__) from error
        except ValueError as error:  # malformed addresses
            raise http.FinalError(http.reason(error)) from error

    def end(self) -> None:
        """Let what other threads wait for here fail at once, now and later."""
        self._sockets.end()

    def close(self) -> None:
        """Nothing is kept open."""


def _request(method: str, url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    """Give the request; a user and password in the URL become a header, for this host alone."""
    parts = urlsplit(url)
    user, _at, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(  # noqa: S310  # http(s) and nothing else has a handler
        urlunsplit((parts.scheme, host, parts.path, parts.query, "")), headers=dict(headers), method=method
    )
    request.add_header("User-Agent", http.USER_AGENT)
    request.add_header("Accept-Encoding", "identity")
    if user:
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(unquote(user).encode()).decode())
    return request


class _Redirects(urllib.request.HTTPRedirectHandler):
    """No way leads from https to http: nothing would protect, on the way, what is not signed."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if req.full_url.lower().startswith("https:") and not newurl.lower().startswith("https:"):
            raise ValueError(f"it redirects from https to {http.redact(newurl)}, which nothing protects")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Every status but a redirect is an answer."""

    def http_response(self, request: Any, response: Any) -> Any:
        return super().http_response(request, response) if response.status in (301, 302, 303, 307, 308) else response

    https_response = http_response


def _handlers(sockets: LiveSockets, read_timeout: float) -> tuple[urllib.request.BaseHandler, ...]:
    """Give the handlers of http and https, whose connections are told of; the time-out of connecting ends there."""

    def told(connection: HTTPConnection) -> None:
        connection.sock.settimeout(read_timeout)
        sockets.add(connection.sock)

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            told(self)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            told(self)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: Any) -> Any:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: Any) -> Any:
            return self.do_open(Secure, req)

    return PlainHandler(), SecureHandler()
