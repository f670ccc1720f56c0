# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed access to JSON that others may have changed: wrong types are named."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# Characters that turn the direction of text around could make one host look like another.
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class DamagedError(Exception):
    """What is wrong with one document; the text goes on from "the file ..."."""


def clean(text: str) -> str:
    """Return text that is safe to print: one line, no control characters, nothing that UTF-8 cannot carry."""
    one_line = " ".join(text.split())
    if one_line.isascii() and one_line.isprintable():  # nearly all text: reports clean hundreds of thousands
        return one_line
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") or c in _DIRECTION else c for c in one_line)


class Fields:
    """One JSON object, its text as it stands; every complaint names the field by its path from the top."""

    def __init__(self, where: str, document: object) -> None:
        if not isinstance(document, Mapping):
            raise DamagedError(f"has no JSON object in {where!r}" if where else "is not a JSON object")
        self._where = where
        self._document: Mapping[str, Any] = document

    def get(self, name: str) -> object:
        return self._document.get(name)

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _wrong(self, name: str, wanted: str) -> DamagedError:
        if name not in self._document:
            return DamagedError(f"has no field {self._path(name)!r}")
        return DamagedError(f"has {clean(repr(self.get(name)))[:80]} in {self._path(name)!r}; that must be {wanted}")

    def optional_text(self, name: str) -> str | None:
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return value

    def text(self, name: str) -> str:
        value = self.optional_text(name)
        if not value:
            raise self._wrong(name, "text that is not empty")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of text")
        return tuple(value)

    def number(self, name: str) -> int:
        value = self._document.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(name, "a whole number, 0 or more")
        return value

    def truth(self, name: str) -> bool:
        value = self._document.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def optional_time(self, name: str) -> datetime | None:
        value = self.get(name)
        if value is None:
            return None
        try:
            return datetime.strptime(str(value), TIME_FORMAT).replace(tzinfo=timezone.utc)
        except ValueError:
            raise self._wrong(name, "a time such as 2026-11-21T08:00:00Z") from None

    def time(self, name: str) -> datetime:
        value = self.optional_time(name)
        if value is None:
            raise self._wrong(name, "a time such as 2026-11-21T08:00:00Z")
        return value

    def fields(self, name: str) -> Fields:
        if self.get(name) is None:
            raise self._wrong(name, "a JSON object")
        return Fields(self._path(name), self.get(name))

    def optional_fields(self, name: str) -> Fields | None:
        return None if self.get(name) is None else self.fields(name)

    def many_fields(self, name: str) -> list[Fields]:
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return [Fields(f"{self._path(name)}[{index}]", item) for index, item in enumerate(value)]
