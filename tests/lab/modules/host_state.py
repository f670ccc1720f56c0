# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules say of a host: the twin of Get-ClickToRunState in plugins/module_utils/_ClickToRun.psm1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError, StatusReport, active_configuration
from ansible_collections.officefleet.c2r.tests.lab.com_codes import E_ACCESSDENIED, REGDB_E_CLASSNOTREG, hex_text
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.modules.registry_text import text, text_or_none

CLASS = keys.UPDATE_NOTIFY_2.rsplit("\\", 1)[-1]
FIRST_CLASS = keys.UPDATE_NOTIFY_1.rsplit("\\", 1)[-1]
FIRST_BUILD = (16, 0, 8208, 6352)
NET_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){1,3}")  # about what [version] takes
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Fault = tuple[str | None, str | None]  # cause and reason; None and None: the interface answers


def host_state(host: Host) -> dict[str, Any]:
    """Everything a decision or a report needs of this host, in the shape of update_info's result."""
    # COM first: catching up with the clock may change what the registry says.
    report, (cause, reason) = _status(host)
    configuration = {name.lower(): value for name, value in host.registry.values(keys.CONFIGURATION).items()}
    version = host.registry.text(keys.CONFIGURATION, "VersionToReport")
    platform = host.registry.text(keys.CONFIGURATION, "Platform")
    ready = host.registry.text(keys.UPDATES, "UpdatesReadyToApply")
    timeout = host.registry.get(keys.SERVICE_INTERNET, "documentsynctimeout")
    return {
        "installed": version is not None,
        "products": [name.strip() for name in text(configuration.get("productreleaseids")).split(",") if name.strip()],
        "version": version,
        "client_version": host.registry.text(keys.CONFIGURATION, "ClientVersionToReport"),
        "architecture": platform.lower() if platform else None,
        "languages": _languages(host),
        "channel": named_channel(configuration.get(name) for name in ("updatechannel", "audienceid", "cdnbaseurl")),
        "channel_url": text(configuration.get("updatechannel")) or text_or_none(configuration.get("cdnbaseurl")),
        "channel_change_pending": text(configuration.get("updatechannelchanged")).lower() == "true",
        "policies": policies(host),
        "management": {
            "com_enabled": management_enabled(host),
            "com_registered": management_registered(host),
            "cause": cause,
            "reason": reason,
        },
        "status": report.status.text if report else None,
        "error": {"domain": "com_status", "code": int(report.error) if report else 0},
        "content_id": (report.content_id or "") if report else "",
        "blocking_apps": _blocking_apps(host, com_answers=report is not None),
        "updates_ready_to_apply": None if ready == "0" else ready,
        "scenario": host.registry.text(keys.CLICK_TO_RUN, "ExecutingScenario"),
        "free_disk_bytes": free_disk_bytes(host, text(configuration.get("installationpath"))),
        "os_build": host.os_build,
        "multi_session": multi_session(host),
        "clock": host.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "utc_offset_minutes": host.utc_offset_minutes,
        "document_sync_timeout": timeout if isinstance(timeout, int) and 1 <= timeout <= 0xFFFFFFFF else None,
    }


def free_disk_bytes(host: Host, path: str) -> int | None:
    """Free bytes on the drive of the path, or on that of Windows. The lab's hosts have no other drive than C."""
    drive = re.match(r"([A-Za-z]):\\", path)
    return host.free_disk_bytes if drive is None or drive[1] in "cC" else None


def policies(host: Host) -> dict[str, Any]:
    """The values below the policy key of Office updates, by lower-case name."""
    return {name.lower(): value for name, value in host.registry.values(keys.UPDATE_POLICY).items() if name}


def management_registered(host: Host) -> bool:
    """Whether the class of the update interface is registered."""
    return host.registry.has_key(keys.UPDATE_NOTIFY_2)


def management_enabled(host: Host) -> bool | None:
    """Whether management is turned on: by policy, else by how Office was installed, else None."""
    policy = host.registry.get(keys.UPDATE_POLICY, "officemgmtcom")
    if policy is not None:
        return text(policy) == "1"
    installed_with = host.registry.get(keys.CONFIGURATION, "OfficeMgmtCOM")
    return None if installed_with is None else text(installed_with).lower() == "true"


def _status(host: Host) -> tuple[StatusReport | None, Fault]:
    try:
        if host.service is None:
            raise ComError(REGDB_E_CLASSNOTREG)
        return host.service.status(), (None, None)
    except ComError as error:
        return None, _fault(host, error.hresult)


def _fault(host: Host, hresult: int) -> Fault:
    """Why the update interface does not answer: the first cause found, and a sentence with its remedy.

    Processes here are 64-bit ones, so that there is no cause not_64_bit.
    """
    enabled, registered = management_enabled(host), management_registered(host)
    first_registered = host.registry.has_key(keys.UPDATE_NOTIFY_1)
    cloud = text(host.registry.get(keys.CLOUD_POLICY, "ignoregpo")) == "1"
    installed = host.registry.text(keys.CONFIGURATION, "VersionToReport")
    build = NET_VERSION.fullmatch(installed or "")
    msi = msi_office(host)
    causes = (
        (
            installed is None,
            "not_installed",
            "Office (Click-to-Run) is not installed"
            + (
                f": {msi[0]['name']} is Office of the Windows Installer (MSI), which has no such interface"
                if msi
                else ""
            ),
        ),
        (
            host.service is None or not host.service.exists,
            "service_missing",
            "the service ClickToRunSvc does not exist: it is away for about a minute while it updates itself; "
            "should it stay away, repair Office",
        ),
        (
            host.service is not None and not host.service.running,
            "service_stopped",
            "the service ClickToRunSvc is not running (Stopped): start it",
        ),
        (
            registered and hresult == E_ACCESSDENIED,
            "access_denied",
            "access denied (0x80070005): connect as an administrator with an elevated token, which a local account has "
            "from afar only where LocalAccountTokenFilterPolicy is 1, or become SYSTEM with become_method runas",
        ),
        (
            not registered and build is not None and tuple(map(int, build[0].split("."))) < FIRST_BUILD,
            "old_build",
            f"Office {installed} is older than {'.'.join(map(str, FIRST_BUILD))}, the first build with class {CLASS}: "
            "bring it up to date by other means first",
        ),
        (
            cloud and not registered,
            "cloud_update",
            "Cloud Update manages this device (ignoregpo is 1), which disregards policies: take the device out of it",
        ),
        (
            enabled is None,
            "never_enabled",
            "management was never turned on: set officemgmtcom with officefleet.c2r.update_policy",
        ),
        (
            not enabled,
            "disabled",
            "management is turned off (officemgmtcom): turn it on with officefleet.c2r.update_policy",
        ),
        (
            not registered and first_registered,
            "component_removed",
            f"class {FIRST_CLASS} is registered and class {CLASS} is not: somebody took the second component out of "
            "the COM+ application OfficeC2RCom; use repair_registration of officefleet.c2r.update_policy",
        ),
        (
            not registered,
            "not_registered",
            f"management is on, but class {CLASS} is not registered: restart ClickToRunSvc, "
            "as officefleet.c2r.update_policy does when no application is open",
        ),
    )
    return next(
        ((cause, reason) for holds, cause, reason in causes if holds),
        ("no_answer", f"class {CLASS} answers {hex_text(hresult)}"),
    )


def multi_session(host: Host) -> bool:
    """Whether several people may work on the host at once."""
    if text(host.registry.get(keys.WINDOWS, "EditionID")).lower() in ("serverrdsh", "enterprisemultisession"):
        return True
    return text(host.registry.get(keys.SESSION_HOST_ROLE, "InstallState")) == "1"


def msi_office(host: Host) -> list[dict[str, str | None]]:
    """The suites of Office that Windows Installer has installed."""
    return [
        {
            "name": name,
            "title": host.registry.text(rf"{path}\{name}", "DisplayName"),
            "version": host.registry.text(rf"{path}\{name}", "DisplayVersion"),
        }
        for path in (keys.UNINSTALL, keys.UNINSTALL_32)
        for name in host.registry.subkeys(path)
        if re.match(r"(?i)Office1[456]\.(?!OSERVER|WacServer)", name)
    ]


def language_use(host: Host) -> dict[str, list[str]]:
    """Which cultures Office has for display and which for proofing alone, as far as the registry tells."""
    display: set[str] = set()
    proofing: set[str] = set()
    if active := active_configuration(host.registry):
        for product in host.registry.subkeys(rf"{keys.PRODUCT_RELEASE_IDS}\{active}"):
            if re.fullmatch(r".+\.\d+", product):
                cultures = host.registry.subkeys(rf"{keys.PRODUCT_RELEASE_IDS}\{active}\{product}")
                kind = proofing if product.lower().startswith("proofingtools.") else display
                kind.update(re.sub(r"\.\d+$", "", culture).lower() for culture in cultures)
    for entry in host.registry.subkeys(keys.UNINSTALL):
        if culture := re.search(r"(?i) - ([a-z]{2,3}(?:-[a-z0-9]+)+)\.proof$", entry):
            proofing.add(culture[1].lower())
    return {"display": sorted(display - {"x-none"}), "proofing": sorted(proofing - {"x-none"})}


def _blocking_apps(host: Host, *, com_answers: bool) -> list[str]:
    if com_answers and host.service is not None:
        return [name for name in (host.service.blocking_apps() or "").split(",") if name]
    return sorted({name.upper() for name in host.apps.names(host.clock.now())})


def _languages(host: Host) -> list[str]:
    if host.service is not None and (languages := host.service.languages()):
        return [language.lower() for language in languages]
    culture = host.registry.text(keys.CONFIGURATION, "ClientCulture")
    return [culture.lower()] if culture else []


def named_channel(sources: Iterable[Any]) -> str | None:
    """The channel that the first text with a GUID in it names; a later one may be a channel that the host has left."""
    for source in sources:
        if guid := GUID.search(text(source)):
            try:
                return channels.find(guid[0]).name
            except InputError:
                return None
    return None
