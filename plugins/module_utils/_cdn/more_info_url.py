# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MoreInfoURL of an update of Office in WSUS or the Microsoft Update Catalog: which build it stands for.

Source: Microsoft, "Integrating manageability applications with Microsoft 365 Apps Click-to-Run installer", in its
editions of 2017 and 2020. Since 2020 an address of the file list API is nested in it, unescaped and after a stray
space, so that a usual reader of queries takes the inner parameters for outer ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, file_list
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

#: Where Microsoft keeps file lists. What is named in the URL comes from a catalogue entry and is not trusted.
ALLOWED_HOSTS = ("officecdn.microsoft.com", "config.office.com", "clients.config.office.net")

_OPTION = "more_info_url"
_SERVICE_PATH = re.compile(r"[?&](?:\s|%20|\+)*servicepath(?:\s|%20|\+)*=(?:\s|%20|\+)*", re.IGNORECASE)
_ESCAPED_URL = re.compile(r"https?%3a%2f%2f", re.IGNORECASE)
_ARCHITECTURES = {"64": "x64", "x64": "x64", "32": "x86", "86": "x86", "x86": "x86", "x32": "x86"}


@dataclass(frozen=True)
class MoreInfo:
    """What a MoreInfoURL says."""

    channel: channels.Channel
    version: str  #: in full
    architecture: str  #: "x64" or "x86"
    branch: str  #: the channel as the URL calls it
    xml_version: str | None = None  #: of the file lists in ofl.cab: "1.4"
    xml_path: str | None = None  #: URL of ofl.cab
    xml_file: str | None = None  #: its member for the architecture, as it is really called
    service_path: str | None = None  #: URL of the file list API's answer, with its query


def parse(url: str, allowed_hosts: Iterable[str] = ALLOWED_HOSTS) -> MoreInfo:
    """Read a MoreInfoURL; InputError if it is none, contradicts itself, or leads to a host that is not allowed.

    :param allowed_hosts: host names, in any case, with a port ("mirror.example:8443") where it is not the usual one.
    """
    hosts = {host.strip().lower() for host in allowed_hosts}
    text = url.strip().replace("&amp;", "&")  # as it stands in the catalogue's XML
    outer, service_path = _cut(text)
    _address(outer.partition("?")[0], "it")  # its query may have stray spaces
    found = _parameters(outer)
    if service_path is not None:
        _check_host(_address(service_path, "its ServicePath"), "ServicePath", hosts)
    if "xmlpath" in found:
        _check_host(_address(found["xmlpath"], "its xmlPath"), "xmlPath", hosts)
    inner = _parameters(service_path or "")
    branch = _agreed("Branch", found.get("branch"), "Channel", inner.get("channel"))
    architecture = _architecture(_agreed("Arch", found.get("arch"), "Arch", inner.get("arch")))
    version = _agreed("Ver", found.get("ver"), "Version", inner.get("version"))
    return MoreInfo(
        channel=channels.find(branch, _OPTION),
        version=office_version.full(version, _OPTION),
        architecture=architecture,
        branch=branch,
        xml_version=found.get("xmlver"),
        xml_path=found.get("xmlpath"),
        xml_file=_member(found, architecture),
        service_path=service_path,
    )


def _cut(text: str) -> tuple[str, str | None]:
    """Take the address of the service, which may be all that follows, out of the URL."""
    start = _SERVICE_PATH.search(text)
    if start is None:
        return text, None
    before, after = text[: start.start()], text[start.end() :]
    if not _ESCAPED_URL.match(after):
        return before, after
    value, _ampersand, rest = after.partition("&")
    joint = "&" if "?" in before else "?"
    return f"{before}{joint}{rest}", unquote(value)


def _parameters(url: str) -> dict[str, str]:
    """Give the query with names in lower case; "xmlFile" is called "mlFile" in a table of Microsoft's."""
    found: dict[str, str] = {}
    for part in url.partition("?")[2].split("&"):
        name, _equals, value = part.partition("=")
        name, value = unquote(name).strip().lower(), unquote(value).strip()
        name = {"mlfile": "xmlfile"}.get(name, name)
        if value and found.setdefault(name, value) != value and name != "lid":  # a language each
            raise InputError(f"{_OPTION}: it says {name}={found[name][:100]!r} and {name}={value[:100]!r}.")
    return found


def _address(text: str, what: str) -> SplitResult:
    """Give the parts of an http(s) address without a user; InputError, without the address, otherwise."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise InputError(f"{_OPTION}: {what} is no http(s) address as updates of Office in WSUS have them.")
    if "@" in parts.netloc:
        raise InputError(f"{_OPTION}: {what} has a user in its address, which no address of Microsoft's has.")
    return parts


def _check_host(parts: SplitResult, name: str, allowed: set[str]) -> None:
    host = (parts.hostname or "").lower()
    usual = {"http": 80, "https": 443}[parts.scheme.lower()]
    if parts.port not in (None, usual):
        host = f"{host}:{parts.port}"
    if host not in allowed:
        raise InputError(
            f"{_OPTION}: its {name} leads to {host[:100]!r}, which is not among the allowed hosts "
            f"{', '.join(sorted(allowed)) or '(none)'}. Allow it only if that server is your own."
        )


def _agreed(outer_name: str, outer: str | None, inner_name: str, inner: str | None) -> str:
    """Give what the URL, its ServicePath or both say; InputError if they differ or neither says it."""
    given = [value for value in (outer, inner) if value is not None]
    if not given:
        raise InputError(f"{_OPTION}: it has no {outer_name}; copy the whole address of the update.")
    if len({_meaning(value) for value in given}) > 1:
        raise InputError(
            f"{_OPTION}: it says {outer_name}={given[0][:100]!r}, but {inner_name}={given[1][:100]!r} in its "
            "ServicePath; which one holds cannot be told."
        )
    return given[0]


def _meaning(value: str) -> str:
    """Give one text for all spellings of the same."""
    try:
        return channels.find(value).name
    except InputError:
        return _ARCHITECTURES.get(value.lower(), value.lower())


def _architecture(value: str) -> str:
    found = _ARCHITECTURES.get(value.lower())
    if found is None:
        raise InputError(f"{_OPTION}: its Arch is {value[:100]!r}; valid are 64, 32, x64 and x86.")
    return found


def _member(found: dict[str, str], architecture: str) -> str | None:
    """Give the real name of the file list; the URL writes it in other cases, and sometimes without its end."""
    given = found.get("xmlfile")
    member = file_list.OFL_MEMBERS[architecture]
    if given is not None and given.lower() not in (member, member[: -len(".xml")]):
        raise InputError(
            f"{_OPTION}: its xmlFile is {given[:100]!r}, which is not the list {member} of {architecture}."
        )
    return member if given is not None else None
