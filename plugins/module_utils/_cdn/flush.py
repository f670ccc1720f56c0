# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write through to the disk what is to survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def directory(folder: Path) -> None:
    """Make the names in a directory durable."""
    _flush(folder, os.O_RDONLY | os.O_DIRECTORY)


def file(path: Path) -> None:
    """Make a file's content durable."""
    _flush(path, os.O_RDONLY | os.O_NOFOLLOW)


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
