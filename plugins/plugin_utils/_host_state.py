# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: the answer of the module update_info, typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

#: The COM interface's UPDATE_STATUS, in its own order.
STATUSES = (
    "unknown",
    "download_pending",
    "downloading",
    "download_cancelling",
    "download_cancelled",
    "download_failed",
    "download_succeeded",
    "apply_pending",
    "applying",
    "apply_succeeded",
    "apply_failed",
)
APPLYING = frozenset({"apply_pending", "applying"})
BUSY = APPLYING | {"download_pending", "downloading", "download_cancelling"}
_NEWER_STATUS = re.compile(r"status_-?\d+")  # one that the module has no name for; nobody knows it for a state of rest


class HostStateError(Exception):
    """A host's answer does not have the documented form; the text says where."""


@dataclass(frozen=True)
class HostState:
    """What a host said about itself. Languages are lower case; `status` None means that COM is not available."""

    installed: bool
    version: str | None = None
    architecture: str | None = None
    languages: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    channel: str | None = None
    channel_url: str | None = None
    channel_change_pending: bool = False
    management_reason: str | None = None
    status: str | None = None
    error_domain: str = "com_status"
    error_code: int = 0
    blocking_apps: tuple[str, ...] = ()
    ready: str | None = None  #: UpdatesReadyToApply: the version downloaded and not yet applied
    multi_session: bool = False  #: several people may work on it at once
    scenario: str | None = None  #: what Click-to-Run executes right now
    # What follows is known after update_info alone; None or empty: the host did not say.
    display_languages: tuple[str, ...] = ()
    proofing_tools: tuple[str, ...] = ()  #: cultures with proofing tools installed by themselves
    managed_by: str | None = None
    free_disk_bytes: int | None = None  #: on the volume of Office
    os_build: str | None = None
    client_version: str | None = None  #: of Click-to-Run, which may be another than that of Office
    server: bool | None = None  #: Windows Server, by its installation type
    restart_pending: bool | None = None
    utc_offset_minutes: int = 0  #: how far its wall clock is ahead of UTC at this moment

    @property
    def busy(self) -> bool:
        """Whether the service downloads or applies."""
        return self.status is not None and (self.status in BUSY or self.status not in STATUSES)

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> HostState:
        """Read the answer of update_info, or of a step of update; HostStateError says what does not fit."""
        status = _text(result, "status")
        if status is not None and status not in STATUSES and not _NEWER_STATUS.fullmatch(status):
            raise HostStateError(f"status {status!r} is not one of {', '.join(STATUSES)}")
        error = _mapping(result, "error")
        return cls(
            installed=_true(result, "installed"),
            version=_version(result, "version"),
            architecture=_text(result, "architecture"),
            languages=tuple(language.lower() for language in _texts(result, "languages")),
            products=_texts(result, "products"),
            channel=_text(result, "channel"),
            channel_url=_text(result, "channel_url"),
            channel_change_pending=_true(result, "channel_change_pending"),
            management_reason=_text(_mapping(result, "management"), "reason"),
            status=status,
            error_domain=_text(error, "domain") or "com_status",
            error_code=_number(error, "code"),
            blocking_apps=_texts(result, "blocking_apps"),
            ready=_version(result, "updates_ready_to_apply"),
            multi_session="multi_session" in result and _true(result, "multi_session"),
            scenario=_text(result, "scenario"),
            display_languages=_cultures(_mapping(result, "language_use"), "display"),
            proofing_tools=_cultures(_mapping(result, "language_use"), "proofing"),
            managed_by=_text(_mapping(result, "managed_by"), "name"),
            free_disk_bytes=_optional_number(result, "free_disk_bytes"),
            os_build=_text(result, "os_build"),
            client_version=_text(result, "client_version"),
            server=_server(_mapping(result, "windows")),
            restart_pending=_mapping(result, "pending_restart").get("pending"),
            utc_offset_minutes=_number(result, "utc_offset_minutes"),
        )


def _true(result: Mapping[str, Any], key: str) -> bool:
    value = result.get(key)
    if not isinstance(value, bool):
        raise HostStateError(f"{key} {value!r} is not true or false")
    return value


def _text(result: Mapping[str, Any], key: str) -> str | None:
    value = result.get(key)
    if value is not None and not isinstance(value, str):
        raise HostStateError(f"{key} {value!r} is not text")
    return str(value) if value else None


def _texts(result: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = result.get(key) or []
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise HostStateError(f"{key} {value!r} is not a list of texts")
    return tuple(str(item) for item in value)


def _mapping(result: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = result.get(key) or {}
    if not isinstance(value, Mapping):
        raise HostStateError(f"{key} {value!r} is not a dictionary")
    return value


def _number(result: Mapping[str, Any], key: str) -> int:
    value = result.get(key) or 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise HostStateError(f"{key} {value!r} is not a number")
    return int(value)


def _optional_number(result: Mapping[str, Any], key: str) -> int | None:
    return None if result.get(key) is None else _number(result, key)


def _cultures(result: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(culture.lower() for culture in _texts(result, key))


def _server(windows: Mapping[str, Any]) -> bool | None:
    kind = _text(windows, "installation_type")
    return None if kind is None else kind.lower().startswith("server")


def _version(result: Mapping[str, Any], key: str) -> str | None:
    text = _text(result, key)
    if text is None or text == "0":  # Click-to-Run writes 0 for "none"
        return None
    try:
        return version.full(text, key)
    except InputError as error:
        raise HostStateError(f"{key} {text!r} is not an Office version") from error
