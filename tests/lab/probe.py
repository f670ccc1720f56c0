# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks whether the library on loopback has the files that a host's Office would fetch."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

import requests

from ansible_collections.officefleet.c2r.tests.lab.com_codes import (
    CANNOT_CONNECT,
    NAME_NOT_RESOLVED,
    NETWORK_TIMEOUT,
    UpdateError,
    error_field,
)

TIMEOUT_SECONDS = 5.0


def needed_files(version: str, architecture: str, languages: Sequence[str]) -> list[str]:
    """Give the paths below a source that stand for a whole build: descriptor, manifest, one stream per language."""
    bits = {"x64": "64", "x86": "32"}[architecture]
    build = f"office/data/{version}"
    streams = [f"{build}/stream.{architecture}.{language.lower()}.dat" for language in ("x-none", *languages)]
    return [f"office/data/v{bits}.cab", f"{build}/s{bits}0.cab", *streams]


def http_probe(base_url: str, version: str, architecture: str, languages: Sequence[str]) -> int:
    """Ask the source for each file; 0 when all are there, else the code that the status report carries.

    Sources that are not on loopback count as unknown names: the lab sends nothing beyond its own machine.
    """
    if not _on_loopback(base_url):
        return error_field(NAME_NOT_RESOLVED)
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy between the lab and itself
            for path in needed_files(version, architecture, languages):
                answer = session.head(f"{base_url.rstrip('/')}/{path}", timeout=TIMEOUT_SECONDS)
                if answer.status_code != requests.codes.ok or not int(answer.headers.get("Content-Length", "0")):
                    return UpdateError.FAILED_DOWNLOAD_UPGRADE_PACKAGE
    except requests.Timeout:
        return error_field(NETWORK_TIMEOUT)
    except requests.ConnectionError:
        return error_field(CANNOT_CONNECT)
    return UpdateError.OK


def _on_loopback(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
