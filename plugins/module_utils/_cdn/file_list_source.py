# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the file list of a build comes from: the file list API, ofl.cab, or a copy of either; and why from there.

Neither the API's answer nor a local copy is signed. Nothing rests on them: what they name is fetched from the channel's
own folder alone, and verified by signatures and by hashes in signed cabinets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    file_list,
    file_list_api,
    file_list_ofl,
    http,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import (
    FeedError,
    InputError,
    NotInBuildError,
    SignatureError,
    TransferError,
)

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels

API_URL = "https://clients.config.office.net/releases/v1.0/filelist"
OFL_URL = "https://officecdn.microsoft.com/pr/wsus/ofl.cab"

_OPTION = "file_list_url"
_API, _CABINET, _LIST = "an answer of the API", "a cabinet", "a list out of ofl.cab"  # what a document can be
_MARKS = {b"MSCF": _CABINET, b"{": _API, b"<": _LIST}


@dataclass(frozen=True)
class Listed:
    """A file list and its origin."""

    files: file_list.FileList
    form: str  #: "api" or "ofl"
    source: str  #: URL without secrets, or path
    reason: str  #: why this form and this source, for people


@dataclass(frozen=True)
class _Wanted:
    """What a list is asked for."""

    channel: channels.Channel
    version: str
    architecture: str
    anchors: authenticode.TrustAnchors | None


def read(
    channel: channels.Channel,
    version: str,
    architecture: str,
    *,
    form: str = "auto",
    url: str | None = None,
    anchors: authenticode.TrustAnchors | None,
) -> Listed:
    """Give the file list of a build.

    :param form: "api", "ofl", or "auto": with `url` whatever is found there. Without it the API, and ofl.cab only if
        the API cannot be reached (a proxy's web page in its place counts as that) and ofl.cab knows the channel. An
        answer of the API that is not sound stays an error.
    :param url: http(s) URL or path of a local file, in which {architecture}, {channel} and {version} are filled in. An
        address without these that does not end in .cab gets the API's query.
    :param anchors: roots that a cabinet's signature has to lead to; None: signatures are not looked at.

    CdnError otherwise; InputError where the channel, the version or an option is to blame.
    """
    wanted = _Wanted(channel, version, architecture, anchors)
    if url is None:
        if form != "auto":
            return _read({"api": API_URL, "ofl": OFL_URL}[form], wanted, form, "asked for")
        return _api_or_ofl(wanted)
    return _read(url, wanted, form, "" if form == "auto" else "asked for")


def _api_or_ofl(wanted: _Wanted) -> Listed:
    try:
        return _read(API_URL, wanted, "api", "the API answered")
    except NotInBuildError:
        raise  # that is an answer
    except TransferError as error:
        unreached = error
    try:
        listed = _read(OFL_URL, wanted, "ofl", "")
    except (file_list_ofl.UnlistedChannelError, TransferError) as error:
        raise TransferError(f"{unreached} ofl.cab could not stand in for the file list API: {error}") from error
    return Listed(
        listed.files,
        listed.form,
        listed.source,
        f"the API could not be reached ({_first_sentence(unreached)}), and ofl.cab knows the channel",
    )


def _first_sentence(error: TransferError) -> str:
    return str(error).removeprefix(f"{_OPTION}: ").partition(". ")[0].rstrip(".")


def _read(source: str, wanted: _Wanted, form: str, reason: str) -> Listed:
    """Read what is at `source`; form "auto" is whatever that is."""
    address = _address(source, wanted, form)
    remote = "://" in address
    name = http.redact(address) if remote else address
    data = http.read_source(address, _OPTION)
    kind = _kind(data, form, name)
    if kind == _LIST and remote:
        raise InputError(
            f"{_OPTION}: {name} is an XML document. A list out of ofl.cab is only taken as a local file; name the "
            "cabinet itself, which is signed."
        )
    try:
        files = _parse(data, kind, wanted, name)
    except file_list_api.UnknownBuildError as error:
        raise InputError(
            f"version: {wanted.version!r} is not a build of channel {wanted.channel.name} that the file list API knows "
            f"for {wanted.architecture}. Microsoft's release history lists the builds; "
            f"lookup('officefleet.c2r.release', '{wanted.channel.name}') gives the latest."
        ) from error
    except SignatureError as error:
        raise SignatureError(f"{_OPTION}: {error}") from error
    except FeedError as error:
        raise FeedError(f"{_OPTION}: {name}: {error}") from error
    found = f"{'file_list_url leads to' if remote else 'local copy,'} {kind}"
    return Listed(files, "api" if kind == _API else "ofl", name, reason or found)


def _address(source: str, wanted: _Wanted, form: str) -> str:
    places = {"architecture": wanted.architecture, "channel": wanted.channel.name, "version": wanted.version}
    address = source
    for key, value in places.items():
        address = address.replace(f"{{{key}}}", value)
    if "://" not in address or address != source or form == "ofl" or _path(address).endswith(".cab"):
        return address
    query = {
        "Channel": wanted.channel.name,
        "Version": wanted.version,  # without it the answer may be about any version
        "Arch": wanted.architecture,
        "AllLanguages": "True",  # so that an error can name the valid ones
    }
    return address + ("&" if "?" in address else "?") + urlencode(query)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        return ""


def _kind(data: bytes, form: str, name: str) -> str:
    """Tell what a document is by how it begins; InputError if that is not what was asked for."""
    start = data[:100].lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), None)
    if kind is None and form == "auto":
        raise FeedError(f"{_OPTION}: {name} is neither a cabinet nor an answer of the file list API.")
    if form == "api" and kind in (_CABINET, _LIST):
        raise InputError(
            f"file_list: 'api' reads an answer of the file list API, but file_list_url {name} is {kind}. If it is "
            "an ofl.cab, set file_list: ofl."
        )
    if form == "ofl" and kind == _API:
        raise InputError(
            f"file_list: 'ofl' reads a cabinet such as ofl.cab, but file_list_url {name} is a JSON document. If it is "
            "an answer of the file list API, set file_list: api."
        )
    return kind or (_CABINET if form == "ofl" else _API)  # whoever reads it says what is wrong with it


def _parse(data: bytes, kind: str, wanted: _Wanted, name: str) -> file_list.FileList:
    if kind == _CABINET:
        if wanted.anchors is not None:
            authenticode.verify(data, wanted.anchors, name)
        data = cabinet.read_member(data, file_list.OFL_MEMBERS[wanted.architecture])
    if kind in (_CABINET, _LIST):
        return file_list_ofl.read(data, wanted.channel, wanted.version, wanted.architecture)
    return file_list_api.read(data, wanted.version, wanted.architecture, wanted.channel)
