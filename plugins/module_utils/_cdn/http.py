# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch metadata: small documents, whole, over HTTP(S) or from a local file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError, required

if TYPE_CHECKING:
    import requests

USER_AGENT = "officefleet.c2r/0.1.0"
MAX_DOCUMENT = 64 * 1024 * 1024  #: bytes; the largest metadata cabinet has 2 MB

_RETRIES = 3
_RETRY_STATUS = (429, 500, 502, 503, 504)


def session() -> requests.Session:
    """Give a session with this collection's user agent that tries again where that can help."""
    with required("requests"):
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util.retry import Retry
    retry = Retry(total=_RETRIES, backoff_factor=0.5, status_forcelist=_RETRY_STATUS, raise_on_status=False)
    adapter = HTTPAdapter(max_retries=retry)
    made = requests.Session()
    made.headers["User-Agent"] = USER_AGENT
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def get(url: str, *, option: str, timeout: float = 30) -> bytes:
    """Give the body found at `url`; `timeout` in seconds, for connecting and between bytes. TransferError otherwise."""
    with session() as client:  # imports requests or names the remedy
        import requests

        try:
            with client.get(url, timeout=timeout, stream=True) as answer:
                _check_status(answer, url, option)
                return _body(answer, url, option)
        except (requests.RequestException, ValueError) as error:  # ValueError: some malformed addresses
            raise TransferError(
                f"{option}: {redact(url)} cannot be fetched: {_reason(error)}. Check the address, the proxy "
                "(https_proxy, no_proxy) and the firewall, then run again."
            ) from error


def read_source(source: str, option: str) -> bytes:
    """Give the contents of a URL (http, https) or of a local file; the error names `option`."""
    if "://" in source:
        if not source.lower().startswith(("http://", "https://")):
            raise InputError(f"{option}: {redact(source)!r} is neither an http(s) URL nor the path of a local file.")
        return get(source, option=option)
    try:
        return Path(source).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{option}: {source!r} cannot be read: {reason}. Give an http(s) URL or a file's path."
        ) from error


def redact(url: str) -> str:
    """Give the URL without user, password, query and fragment: fit for logs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2].partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _check_status(answer: requests.Response, url: str, option: str) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status in (400, 404):  # the CDN answers either for what it does not have
        remedy = "It is not there: check the address, or name another version or language."
    elif status in (401, 403, 407):
        remedy = "Access is refused: check the proxy (https_proxy, no_proxy) and the firewall."
    else:
        remedy = "Run again later."
    raise TransferError(f"{option}: {redact(url)} answered with HTTP status {status} {answer.reason}. {remedy}")


def _body(answer: requests.Response, url: str, option: str) -> bytes:
    body = bytearray()
    for block in answer.iter_content(64 * 1024):
        body += block
        if len(body) > MAX_DOCUMENT:
            raise TransferError(f"{option}: {redact(url)} is larger than {MAX_DOCUMENT} bytes; that is no metadata.")
    refuse_html(bytes(body[:1024]), answer.headers.get("Content-Type", ""), url, option)
    return bytes(body)


def refuse_html(start: bytes, content_type: str, url: str, option: str) -> None:
    """Refuse the web page a proxy, a firewall or a portal answers with; `start`: the body's first bytes."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower()
    if content_type.lower().startswith("text/html") or text.startswith((b"<!doctype html", b"<html")):
        raise TransferError(
            f"{option}: {redact(url)} answered with a web page, not with the file. A proxy, firewall or login portal "
            "is likely in between: allow the address there."
        )


def _reason(error: BaseException) -> str:
    """Give the innermost reason: requests wraps urllib3's, which wraps the system's."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(inner, BaseException):
        return _reason(inner)
    return str(inner or error).rpartition(": ")[2].rstrip(".")
