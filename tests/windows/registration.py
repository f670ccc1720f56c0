# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the classes in Wine's registry as the lab's Click-to-Run service has them registered in its own."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import WinePrefix, windows_path

CLASSES = (keys.UPDATE_NOTIFY_1, keys.UPDATE_NOTIFY_2)


class Registration:
    """What is registered in a prefix: at first nothing."""

    def __init__(self, prefix: WinePrefix, server: Path) -> None:
        self._prefix, self._server = prefix, server
        self._registered: dict[str, bool] = {}

    def follow(self, registry: Registry) -> None:
        """Register and unregister what the registry of a simulated host has and has not."""
        wanted = {clsid: registry.has_key(clsid) for clsid in CLASSES}
        if wanted == self._registered:
            return
        changes: dict[str, dict[str, str] | None] = {}
        for clsid, registered in wanted.items():
            key = clsid.replace("HKLM", "HKEY_LOCAL_MACHINE", 1)
            if registered:
                changes[key + r"\InProcServer32"] = {"": windows_path(self._server), "ThreadingModel": "Both"}
            else:
                changes[key] = None
        self._prefix.import_registry(changes)
        self._registered = wanted
