# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove an image, and of its directory only what its manifest knows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import integrity, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest


def remove(image: Path) -> None:
    """Remove what the manifest in the directory names, the manifest last, and the directories that are empty then.

    Symbolic links are not followed. Killed in between, it can be called again.
    """
    try:
        listed = manifest.read(image)
    except FileNotFoundError:
        listed = None
    except (FeedError, OSError):
        return  # whoever changed it since knows what is in there
    if listed is not None:
        _remove_files(image, listed)
    with suppress(OSError):  # what else is in there stays
        image.rmdir()


def _remove_files(image: Path, listed: Manifest) -> None:
    found = integrity.contents(image, listed)
    for path in found.present:
        if path != manifest.NAME:
            (image / path).unlink()
    for folder in reversed(found.folders):
        with suppress(OSError):
            (image / folder).rmdir()
    (image / manifest.NAME).unlink()
