# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin of _EarlierValues.psm1: what values were before they were first changed, kept in the host's registry."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryValue

UPPER = keys.OFFICEFLEET.rpartition("\\")[0]


class EarlierValues:
    """The kept values of one owner, that is, of one key that it changes."""

    def __init__(self, registry: Registry, owner: str, key: str) -> None:
        self._registry, self._key = registry, key
        self.kept = rf"{keys.OFFICEFLEET}\{owner}"
        self._earlier, self._absent = rf"{self.kept}\earlier", rf"{self.kept}\absent"

    def values(self) -> dict[str, RegistryValue | None]:
        """Give them by lower-case name, None for a value that was not there."""
        earlier = {name.lower(): value for name, value in self._registry.values(self._earlier).items()}
        return {**earlier, **dict.fromkeys(name.lower() for name in self._registry.values(self._absent))}

    def save(self, name: str) -> None:
        """Keep a value as it is before a change; the first change wins."""
        if name.lower() in self.values():
            return
        for ours in (UPPER, keys.OFFICEFLEET):  # as Windows makes the keys above a new one
            self._registry.create(ours)
        missing = self._missing()
        if missing and self._registry.get(self.kept, "created") is None:
            self._registry.set(self.kept, "created", missing)
        spelt = {each.lower(): each for each in self._registry.values(self._key)}.get(name.lower())
        value = self._registry.get(self._key, name)
        if spelt is None or value is None:
            self._registry.set(self._absent, name, "")
        else:
            self._registry.set(self._earlier, spelt, value)

    def restore(self) -> None:
        """Bring all of them back, remove the keys that were missing before, and forget."""
        for name in self._registry.values(self._absent):
            self._registry.delete(self._key, name)
        for name, value in self._registry.values(self._earlier).items():
            self._registry.delete(self._key, name)  # so that the spelling comes back as well
            self._registry.set(self._key, name, value)
        created = self._registry.text(self.kept, "created")
        if created:
            hive = self._key.partition("\\")[0]
            self._remove_empty(self._key, rf"{hive}\{created}")
        self._registry.delete_key(self.kept)
        self.tidy()

    def tidy(self) -> None:
        """Leave no empty key of ours behind."""
        self._remove_empty(keys.OFFICEFLEET, UPPER)

    def _missing(self) -> str | None:
        """Give the uppermost missing key of the path, without its hive."""
        hive, *parts = self._key.split("\\")
        for count in range(1, len(parts) + 1):
            upper = "\\".join(parts[:count])
            if not self._registry.has_key(rf"{hive}\{upper}"):
                return upper
        return None

    def _remove_empty(self, key: str, up_to: str) -> None:
        while len(key) >= len(up_to) and not self._registry.values(key) and not self._registry.subkeys(key):
            self._registry.delete_key(key)
            key = key.rpartition("\\")[0]
