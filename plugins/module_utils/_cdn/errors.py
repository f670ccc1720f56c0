# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the CDN's metadata. The text of each error is written for the person who runs the task."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class CdnError(Exception):
    """Anything below; its text names what was given, what is wrong with it and what to do."""


class InputError(CdnError):
    """An option has a value that cannot be used; the text starts with the option's name."""


class FeedError(CdnError):
    """Metadata (a cabinet, a release history, a file list, a hash file) does not have the documented form."""


class SignatureError(CdnError):
    """A cabinet is not signed as it has to be. Nothing from it may be used."""


class TransferError(CdnError):
    """Something could not be fetched; the text names the option and the URL."""


class NotInBuildError(TransferError):
    """The server does not have the file (HTTP 400 or 404); trying again does not help."""


class RequirementError(CdnError):
    """A library or program this collection needs is missing on the machine."""


@contextmanager
def required(library: str) -> Iterator[None]:
    """Turn the failed import of `library` (a name on PyPI) into a RequirementError with the remedy."""
    try:
        yield
    # libarchive-c without the C library fails with OSError or AttributeError, not with ImportError
    except (ImportError, OSError, AttributeError) as error:
        hint = (
            ", and the C library itself (package libarchive13, libarchive or similar)" if "archive" in library else ""
        )
        raise RequirementError(
            f"The Python library {library} cannot be loaded ({error}). Install it on this machine, for the Python "
            f"that runs this task: pip install {library}{hint}."
        ) from error
