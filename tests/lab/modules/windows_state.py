# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twin of plugins/module_utils/_WindowsState.psm1: what Windows is, and whether it waits for a restart."""

from __future__ import annotations

from typing import Any

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.modules.registry_text import text, text_or_none


def windows_edition(host: Host) -> dict[str, str | None]:
    """What Windows calls itself."""
    return {
        "product_name": text_or_none(host.registry.get(keys.WINDOWS, "ProductName")),
        "edition": text_or_none(host.registry.get(keys.WINDOWS, "EditionID")),
        "installation_type": text_or_none(host.registry.get(keys.WINDOWS, "InstallationType")),
    }


def pending_restart(host: Host) -> dict[str, Any]:
    """Whether Windows waits for a restart, and the signs of it."""
    active, following = (text(host.registry.get(key, "ComputerName")).lower() for key in keys.COMPUTER_NAMES)
    signs = {
        "component_based_servicing": host.registry.has_key(keys.SERVICING_RESTART),
        "windows_update": host.registry.has_key(keys.WINDOWS_UPDATE_RESTART),
        "file_renames": bool(text(host.registry.get(keys.SESSION_MANAGER, "PendingFileRenameOperations")).strip()),
        "computer_name": active != following,
    }
    evidence = [name for name, holds in signs.items() if holds]
    return {"pending": bool(evidence), "evidence": evidence}
