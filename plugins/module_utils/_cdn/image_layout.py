# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an image's files are called, and without which of them there is no image.

Standard library only: distribution points read images without any other library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: What `architecture` may be, and how the CDN's file names write it.
BITS: Mapping[str, str] = {"x64": "64", "x86": "32"}

_NAME = r"[a-z0-9_][a-z0-9._-]{0,99}"
_PATH = re.compile(rf"office/data/(?:{_NAME}/){{0,4}}{_NAME}")


def required(version: str, architecture: str, languages: Iterable[str] = ()) -> frozenset[str]:
    """Give the paths without which there is no image of these cultures."""
    bits = BITS[architecture]
    folder = f"office/data/{version}"
    neutral = {f"office/data/v{bits}.cab", f"office/data/v{bits}_{version}.cab"}
    neutral |= {f"{folder}/{name}" for name in (f"i{bits}0.cab", f"s{bits}0.cab", "i640.cab")}  # x86 takes both i*0
    return frozenset(neutral | {f"{folder}/stream.{architecture}.{c}.dat" for c in ("x-none", *languages)})


def is_image_path(path: str) -> bool:
    """Tell whether this could be the path of a file in an image."""
    return bool(_PATH.fullmatch(path))
