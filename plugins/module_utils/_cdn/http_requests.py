# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client on requests: connections are kept for the next request, proxies and certificates are as users know them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import required
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_wire import WireAnswer
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.live_sockets import LiveSockets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests


class Client:
    """One session of requests, with this collection's user agent."""

    def __init__(self) -> None:
        with required("requests"):
            import requests
        self._sockets = LiveSockets()
        self._session = requests.Session()
        # Lengths and hashes are those of the bytes on the wire.
        self._session.headers.update({"User-Agent": http.USER_AGENT, "Accept-Encoding": "identity"})
        self._session.hooks["response"].append(_refuse_downgrade)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _adapter(self._sockets))

    @property
    def ended(self) -> bool:
        """Tell whether `end` was called."""
        return self._sockets.ended

    @contextmanager
    def request(
        self, method: str, url: str, headers: Mapping[str, str], patience: http.Patience
    ) -> Iterator[WireAnswer]:
        """Give the answer, whatever its status. One attempt: PassingError or FinalError."""
        import requests

        try:
            found = self._session.request(
                method,
                url,
                headers=dict(headers),
                stream=True,
                timeout=(patience.connect, patience.read),
                allow_redirects=True,
            )
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise http.PassingError(http.reason(error)) from error
        except (requests.RequestException, ValueError) as error:  # ValueError: some malformed addresses
            raise http.FinalError(http.reason(error)) from error
        with found:
            raw: Any = found.raw
            # Below urllib3, whose own reading gathers and copies; the name is the same in its versions 1 and 2.
            wire = raw._fp
            answer = WireAnswer(method, wire, found.status_code, found.reason, found.headers)
            yield answer
            if answer.complete:
                wire.close()
                raw.release_conn()

    def end(self) -> None:
        """Let what other threads wait for here fail at once, now and later."""
        self._sockets.end()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _refuse_downgrade(found: requests.Response, **_given: object) -> None:
    """Follow no redirect from https to http: nothing would protect, on the way, what is not signed."""
    import requests

    target = urljoin(found.url, found.headers.get("Location", ""))
    if found.is_redirect and found.url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise requests.RequestException(f"it redirects from https to {http.redact(target)}, which nothing protects")


def _adapter(sockets: LiveSockets) -> Any:
    """Give an adapter that tells of the connections it opens, also through a proxy, where requests lets one hook in."""
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            _watched(self.poolmanager, sockets)

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **options)
            return manager if known else _watched(manager, sockets)

    return Adapter()


def _watched(manager: Any, sockets: LiveSockets) -> Any:
    """Let the pools of a urllib3 manager make connections that say so; give the manager."""

    def pool_class(original: Any) -> Any:
        class Connection(original.ConnectionCls):  # type: ignore[misc]  # known only at run time
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        return type(original.__name__, (original,), {"ConnectionCls": Connection})

    originals = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: pool_class(original) for scheme, original in originals.items()}
    return manager
