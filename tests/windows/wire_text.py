# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts as one word of a line, for both small protocols here: "-" is a null, else "=" and UTF-16LE in hexadecimal.

Nothing has to be escaped that way, and null and empty stay apart as they do with BSTRs.
"""

from __future__ import annotations


def put(text: str | None) -> str:
    """The word for a text."""
    return "-" if text is None else "=" + text.encode("utf-16-le", "surrogatepass").hex()


def get(word: str) -> str | None:
    """The text of a word; ValueError for a word that is none."""
    if word == "-":
        return None
    if not word.startswith("="):
        raise ValueError(f"neither null nor text: {word!r}")
    return bytes.fromhex(word[1:]).decode("utf-16-le", "surrogatepass")
