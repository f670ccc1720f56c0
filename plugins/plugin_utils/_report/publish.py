# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a page where it belongs: whole or not at all, and only when it says something new."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


class DestError(Exception):
    """The page cannot be written; the text is for the user."""


def read_present(dest: Path) -> str | None:
    """Return what `dest` holds now, None when it does not exist. DestError when nothing could be put there."""
    try:
        if dest.is_dir():
            raise DestError(
                f"dest: {str(dest)!r} is a directory. Name the file to write, such as {str(dest / 'office.html')!r}."
            )
        if not dest.resolve().parent.is_dir():
            raise DestError(
                f"dest: the directory of {str(dest)!r} does not exist. Create it, or name a file in one that does."
            )
        return dest.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DestError(f"dest: {str(dest)!r} cannot be read ({error.strerror}). {_remedy()}") from error


def publish(dest: Path, page: str) -> None:
    """Replace `dest` by one rename, so that a web server never serves half a page.

    A present file keeps its permissions, a new one gets those of the umask. A symbolic link stays one.
    """
    target = dest.resolve()
    temporary = target.with_name(f".{target.name[:64]}.{secrets.token_hex(8)}.tmp")
    try:
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with os.fdopen(handle, "wb") as stream:
                with suppress(FileNotFoundError):
                    os.fchmod(handle, target.stat().st_mode & 0o777)
                stream.write(page.encode("utf-8"))
                stream.flush()
                os.fsync(handle)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise DestError(f"dest: {str(dest)!r} cannot be written ({error.strerror}). {_remedy()}") from error


def _remedy() -> str:
    return "Name a file on the controller that the user who runs Ansible may write."
