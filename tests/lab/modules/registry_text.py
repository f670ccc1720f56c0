# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry data as PowerShell puts it into a string, which is how the Windows modules read most values."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab.registry import RegistryValue


def text(value: RegistryValue | None) -> str:
    """A missing value is an empty text, several texts are joined by spaces."""
    if value is None:
        return ""
    return " ".join(value) if isinstance(value, list) else str(value)


def text_or_none(value: RegistryValue | None) -> str | None:
    """The same, but None where there is no text."""
    return text(value) or None
