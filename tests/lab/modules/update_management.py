# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/module_utils/_UpdateManagement.psm1: who manages the updates, and what decides about the channel."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.modules.host_state import GUID, named_channel, policies
from ansible_collections.officefleet.c2r.tests.lab.modules.registry_text import text, text_or_none

RULES = (
    (1, "cloud", "updatepath"),
    (2, "cloud", "updatebranch"),
    (3, "policy", "updatepath"),
    (4, "policy", "updatebranch"),
    (5, "configuration", "updateurl"),
    (5, "configuration", "updatepath"),
    (6, "configuration", "unmanagedupdateurl"),
    (7, "configuration", "cdnbaseurl"),
)
CLASSES = (keys.UPDATE_NOTIFY_1, keys.UPDATE_NOTIFY_2)
PROG_IDS = ("UpdateNotify.Object", "UpdateNotify.Object.1", "UpdateNotify.Object.2")
INTUNE = re.compile(r"(?i)office16(v\d+)?~Policy~L_MicrosoftOfficemachine~L_Updates")
OWN = keys.OFFICEFLEET + r"\update_policy"


def cloud_policies(host: Host) -> dict[str, Any]:
    """The values of Cloud Update's own policy key, by lower-case name."""
    return {name.lower(): value for name, value in host.registry.values(keys.CLOUD_POLICY).items() if name}


def channel_source(host: Host) -> dict[str, Any]:
    """The rule that decides about the channel, and all values that have a place in the order."""
    places = {"cloud": cloud_policies(host), "policy": policies(host), "configuration": _configuration(host)}
    ignored = text(places["cloud"].get("ignoregpo")) == "1"
    candidates = [
        {
            "rule": rule,
            "name": f"{place}_{name}",
            "value": text(places[place][name]),
            "ignored": ignored and place == "policy",
        }
        for rule, place, name in RULES
        if text(places[place].get(name))
    ]
    deciding: dict[str, Any] = next((each for each in candidates if not each["ignored"]), {})
    value = deciding.get("value")
    return {
        "rule": deciding.get("rule"),
        "name": deciding.get("name"),
        "value": value,
        "channel": _channel(value) if value else None,
        "candidates": candidates,
    }


def update_manager(host: Host, *, installed: bool) -> dict[str, Any]:
    """The tool that manages the updates, and the evidence."""
    if not installed:
        return {"name": None, "evidence": []}
    cloud, policy, configuration = cloud_policies(host), policies(host), _configuration(host)
    turned_on = text(policy.get("officemgmtcom")) == "1"
    kept = {name.lower() for below in ("earlier", "absent") for name in host.registry.values(rf"{OWN}\{below}")}
    intune = _intune_key(host)
    setter = "intune" if intune else "gpo"
    how = f"and Intune keeps {intune}" if intune else "which nothing of Intune explains"
    registered = any(host.registry.has_key(key) for key in CLASSES)

    claims: list[tuple[str, str]] = []
    if text(cloud.get("ignoregpo")) == "1":
        claims.append(("cloud_update", f"ignoregpo is 1 in {keys.CLOUD_POLICY}"))
    if turned_on and "officemgmtcom" in kept:
        claims.append(("officefleet", f"policy officemgmtcom is 1, and {OWN} keeps what it was before"))
    claims += [
        (setter, f"policy {name} is {text(policy[name])}, {how}")
        for name in ("updatebranch", "updatepath")
        if text(policy.get(name))
    ]
    if registered and host.registry.has_key(keys.CONFIGMGR_CLIENT):
        claims.append(("configmgr", "the update interface is registered, and the service CcmExec of ConfigMgr exists"))
    elif turned_on:
        claims.append((setter, f"policy officemgmtcom is 1, {how}"))
    elif registered:
        claims.append(("unknown", "the update interface is registered, and nothing says for which tool"))
    if unmanaged := text(configuration.get("unmanagedupdateurl")):
        claims.append(("admin_center", f"UnmanagedUpdateUrl is {unmanaged}"))
    claims = claims or [("office_default", "nothing says that a tool manages the updates")]
    return {"name": claims[0][0], "evidence": [evidence for _, evidence in claims]}


def com_registration(host: Host) -> dict[str, Any]:
    """Where COM management was turned on or off, and what is registered of it."""
    policy, configuration = policies(host).get("officemgmtcom"), _configuration(host).get("officemgmtcom")
    return {
        "policy": None if policy is None else text(policy) == "1",
        "configuration": None if configuration is None else text(configuration).lower() == "true",
        "classes": [_registered_class(host, key) for key in CLASSES],
        "prog_ids": {
            name: text_or_none(host.registry.get(rf"HKLM\SOFTWARE\Classes\{name}\CLSID", "")) for name in PROG_IDS
        },
        "application": host.registry.has_key(keys.COM_APPLICATION),
    }


def _registered_class(host: Host, key: str) -> dict[str, Any]:
    server = text(host.registry.get(rf"{key}\InprocServer32", "")).strip('"')
    return {
        "class_id": key.rsplit("\\", 1)[-1],
        "registered": host.registry.has_key(key),
        "prog_id": text_or_none(host.registry.get(rf"{key}\ProgID", "")),
        "server": server or None,
        "server_exists": host.service is not None and server.lower() == keys.COM_SERVER.lower(),
    }


def _configuration(host: Host) -> dict[str, Any]:
    return {name.lower(): value for name, value in host.registry.values(keys.CONFIGURATION).items()}


def _channel(value: str) -> str | None:
    if GUID.search(value):
        return named_channel([value])
    try:
        return channels.find(value).name
    except InputError:
        return None


def _intune_key(host: Host) -> str | None:
    for provider in host.registry.subkeys(keys.INTUNE_PROVIDERS):
        device = rf"{keys.INTUNE_PROVIDERS}\{provider}\default\Device"
        for name in host.registry.subkeys(device):
            if INTUNE.match(name):
                return rf"{device}\{name}"
    return None
