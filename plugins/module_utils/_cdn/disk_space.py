# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the disk of a library has room for what a run will write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def require(library: Path, size: int | None, workspace: Path | None = None) -> None:
    """Raise InputError unless `size` bytes are free for this user where the library is or will be.

    What parts of files in the workspace take already is not needed again. A `size` that is not known always fits.
    """
    if size is None:
        return
    needed = max(size - _taken(workspace), 0)
    place = next(path for path in (library, *library.parents) if path.exists())
    found = os.statvfs(place)
    free = found.f_bavail * found.f_frsize
    if needed > free:
        raise InputError(
            f"library: {library} needs {_gigabytes(needed)} for this image, and its file system has "
            f"{_gigabytes(free)} free. Nothing was fetched: make room, or name another library; "
            "keep removes older versions only once the image is there."
        )


def _taken(workspace: Path | None) -> int:
    parts = workspace.rglob("*.part") if workspace else ()
    return sum(part.stat().st_blocks * 512 for part in parts)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB ({count} bytes)"
