# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Office versions such as 16.0.20326.20100: read, complete, compare (as tuples, never as text)."""

from __future__ import annotations

import re

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

Version = tuple[int, int, int, int]

_NUMBER = "(0|[1-9][0-9]{0,5})"
_FULL = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
_BUILD = re.compile(rf"([1-9][0-9]{{3,5}})\.{_NUMBER}")  # Office 2016 began with build 4266: "16.0" is none


def require_text(value: object, option: str = "version") -> str:
    """Give the value if it is text; InputError names `option`. YAML takes 20228.20190 for 20228.2019."""
    if isinstance(value, str):
        return value
    # Ansible has types of its own for what it has read from a file
    kind = next((kind for kind in (bool, int, float) if isinstance(value, kind)), type(value))
    raise InputError(
        f"{option}: {value!r} is a {kind.__name__}, not text, and may have lost digits; write it in quotes, "
        "such as '16.0.20326.20100'."
    )


def parse(text: str, option: str = "version") -> Version:
    """Give "16.0.20326.20100", or the same without its "16.0.", as four integers; InputError names `option`."""
    full_match = _FULL.fullmatch(require_text(text, option))
    if full_match:
        major, minor, build, revision = (int(number) for number in full_match.groups())
        return major, minor, build, revision
    build_match = _BUILD.fullmatch(text)
    if build_match:
        return 16, 0, int(build_match[1]), int(build_match[2])
    raise InputError(f"{option}: {text!r} is not an Office version; write it in full, such as '16.0.20326.20100'.")


def full(text: str, option: str = "version") -> str:
    """Give the version in full, "20326.20100" as "16.0.20326.20100"; InputError names `option`."""
    return ".".join(str(number) for number in parse(text, option))
