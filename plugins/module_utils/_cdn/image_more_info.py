# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the module `image` that a MoreInfoURL stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, http, more_info_url
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def filled_in(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the options with what more_info_url names; InputError if it contradicts another option.

    Of the two addresses of a file list it may have, it is the service's, unless `file_list` asks for ofl.cab.
    """
    address = given.get("more_info_url")
    if not address:
        return given
    info = more_info_url.parse(str(address))
    asked = {
        "channel": channels.find(str(given["channel"])).name if given.get("channel") else None,
        "version": office_version.full(str(given["version"]).strip()) if given.get("version") else None,
        "architectures": given.get("architectures") or None,
        "file_list_url": given.get("file_list_url") or None,
    }
    named = {
        "channel": info.channel.name,
        "version": info.version,
        "architectures": [info.architecture],
        "file_list_url": _file_list_url(info, str(given.get("file_list", "auto"))),
    }
    for option, value in named.items():
        if value and asked[option] not in (None, value):
            raise InputError(
                f"{option}: {http.redact(str(given[option]))} contradicts more_info_url, which names "
                f"{http.redact(str(value))}. Leave out one of the two."
            )
    return {**given, **{option: value for option, value in named.items() if value}}


def _file_list_url(info: more_info_url.MoreInfo, form: str) -> str | None:
    if form != "ofl" and info.service_path:
        return info.service_path.partition("?")[0]  # what is asked there is made anew, with the version in full
    return None if form == "api" else info.xml_path
