# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment and waivers files on the controller, as text."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


def read_text(path: str, option: str, *, newline: str | None = None) -> str:
    """Give the text of a file; `newline` as of open(), "" for its own line ends. InputError names `option`."""
    try:
        with Path(path).expanduser().open(encoding="utf-8", newline=newline) as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{option}: {path!r} cannot be read: {reason}. Name a file on the controller.") from error
