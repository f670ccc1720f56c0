# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/module_utils/_ComDiagnosis.psm1.

The lab has no OfficeC2RCom.dll, and nobody has published what its type library says: the twin finds none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ComError
from ansible_collections.officefleet.c2r.tests.lab.com_codes import REGDB_E_CLASSNOTREG, S_OK, hex_text
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.modules.registry_text import text

IDISPATCH = "{00020400-0000-0000-C000-000000000046}"
IUPDATE_NOTIFY_2 = "{90E166F0-D621-4793-BE78-F58008DDDD2A}"
E_NOINTERFACE = 0x80004002
TYPE_E_CANTLOADLIBRARY = 0x80029C4A
CLASSES = (keys.UPDATE_NOTIFY_2, keys.UPDATE_NOTIFY_1)
OTHER_KEYS = (
    *(rf"HKLM\SOFTWARE\Classes\UpdateNotify.Object{number}" for number in ("", ".1", ".2")),
    *(rf"HKLM\SOFTWARE\Classes\Interface\{interface}" for interface in (IDISPATCH, IUPDATE_NOTIFY_2)),
    keys.COM_APPLICATION,
)


def com_diagnosis(host: Host) -> dict[str, Any]:
    """What can be found out about the update interface without calling it."""
    server = next((text(host.registry.get(rf"{key}\InprocServer32", "")) for key in CLASSES), "") or keys.COM_SERVER
    return {
        "type_library": {
            "path": server,
            "library_id": None,
            "name": None,
            "version": None,
            "types": [],
            "hresult": hex_text(TYPE_E_CANTLOADLIBRARY),
        },
        "objects": [_object(host, key) for key in CLASSES],
        "registry": [each for key in (*CLASSES, *OTHER_KEYS) for each in _tree(host, key)],
        "fault": None,
    }


def _object(host: Host, key: str) -> dict[str, Any]:
    hresult = S_OK if host.registry.has_key(key) else REGDB_E_CLASSNOTREG
    if hresult == S_OK:
        try:
            if host.service is None:
                raise ComError(REGDB_E_CLASSNOTREG)
            host.service.status()  # the model has no bare CoCreateInstance; this changes nothing
        except ComError as error:
            hresult = error.hresult
    answers = {IDISPATCH: hex_text(E_NOINTERFACE), IUPDATE_NOTIFY_2: hex_text(S_OK)}
    return {
        "class_id": key.rsplit("\\", 1)[-1],
        "hresult": hex_text(hresult),
        "interfaces": answers if hresult == S_OK else {},
    }


def _tree(host: Host, key: str) -> Iterator[dict[str, Any]]:
    if host.registry.has_key(key):
        yield {"key": key, "values": {name.lower(): value for name, value in host.registry.values(key).items()}}
        for name in host.registry.subkeys(key):
            yield from _tree(host, rf"{key}\{name}")
