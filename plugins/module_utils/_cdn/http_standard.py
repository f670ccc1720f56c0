# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client with nothing but Python's standard library, for hosts that have no more; a new connection each time."""

from __future__ import annotations

import base64
import ssl
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
        self._wire = _Wire(self._sockets)
        self._opener = urllib.request.OpenerDirector()
        for handler in (  # not those for ftp, files and data that build_opener adds: a redirect may lead there
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            _PlainHandler(self._wire),
            _SecureHandler(self._wire),
            _Redirects(),
            _AnyStatus(),
        ):
            self._opener.add_handler(handler)

    @property
    def ended(self) -> bool:
        """Tell whether `end` was called."""
        return self._sockets.ended

    @contextmanager
    def request(
        self, method: str, url: str, headers: Mapping[str, str], patience: http.Patience
    ) -> Iterator[WireAnswer]:
        """Give the answer, whatever its status. One attempt: PassingError or FinalError."""
        self._wire.read_timeout = patience.read
        try:
            found = self._opener.open(_request(method, url, headers), timeout=patience.connect)
        except urllib.error.HTTPError as error:  # redirects without end
            raise http.FinalError(" ".join(str(error.reason).split()).rstrip(".")) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, OSError):
                raise http.PassingError(http.reason(error)) from error
            raise http.FinalError(http.reason(error)) from error
        except (OSError, HTTPException) as error:  # while the answer's head is read
            raise http.PassingError(http.reason(error) or type(error).__name__) from error
        except ValueError as error:  # malformed addresses
            raise http.FinalError(http.reason(error)) from error
        with found:
            yield WireAnswer(method, found, found.status, found.reason, found.headers)

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


class _Wire:
    """Makes connections that are told of, and whose reads have a time-out of their own."""

    def __init__(self, sockets: LiveSockets) -> None:
        self.read_timeout = 0.0  #: seconds
        self._sockets = sockets
        self._context: ssl.SSLContext | None = None

    def told(self, connection: HTTPConnection) -> None:
        connection.sock.settimeout(self.read_timeout)
        self._sockets.add(connection.sock)

    @property
    def context(self) -> ssl.SSLContext:
        """Give the certificates to trust, read once: that takes longer than many a transfer."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def plain(self, host: str, **options: Any) -> HTTPConnection:
        return _Plain(self, host, **options)

    def secure(self, host: str, **options: Any) -> HTTPSConnection:
        return _Secure(self, host, context=self.context, **options)


class _Plain(HTTPConnection):
    def __init__(self, wire: _Wire, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._wire = wire

    def connect(self) -> None:
        super().connect()
        self._wire.told(self)


class _Secure(HTTPSConnection):
    def __init__(self, wire: _Wire, host: str, **options: Any) -> None:
        super().__init__(host, **options)
        self._wire = wire

    def connect(self) -> None:
        super().connect()
        self._wire.told(self)


class _PlainHandler(urllib.request.HTTPHandler):
    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def http_open(self, req: Any) -> Any:
        return self.do_open(self._wire.plain, req)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, wire: _Wire) -> None:
        super().__init__(context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))  # not the one that is used: see _Wire
        self._wire = wire

    def https_open(self, req: Any) -> Any:
        return self.do_open(self._wire.secure, req)
