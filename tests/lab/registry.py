# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows registry as far as Click-to-Run needs one: the 64-bit view, case-insensitive, in memory."""

from __future__ import annotations

from collections.abc import Mapping

RegistryValue = int | str | list[str]  # REG_DWORD | REG_SZ | REG_MULTI_SZ
RegistryTree = dict[str, dict[str, RegistryValue]]  # key path -> value name -> value

_HIVES = {"hkey_local_machine": "hklm", "hkey_users": "hku"}


class Registry:
    r"""Keys by path (`HKLM\SOFTWARE\...`, `HKU\.DEFAULT\...`), each with named values."""

    def __init__(self, tree: Mapping[str, Mapping[str, RegistryValue]] | None = None) -> None:
        self._keys: dict[str, tuple[str, dict[str, tuple[str, RegistryValue]]]] = {}
        self.merge(tree or {})

    def merge(self, tree: Mapping[str, Mapping[str, RegistryValue]]) -> None:
        """Add keys and values; what is there already is kept or overwritten value by value."""
        for key, values in tree.items():
            self.create(key)
            for name, value in values.items():
                self.set(key, name, value)

    def create(self, key: str) -> None:
        """Make an empty key; an existing one stays as it is."""
        self._keys.setdefault(_folded(key), (key, {}))

    def get(self, key: str, name: str) -> RegistryValue | None:
        """The value, or None when the key or the value is missing."""
        entry = self._keys.get(_folded(key))
        value = entry[1].get(name.lower()) if entry else None
        return value[1] if value else None

    def text(self, key: str, name: str) -> str | None:
        """The value as text as PowerShell makes it in a string, None when it is missing or empty."""
        value = self.get(key, name)
        return (" ".join(value) if isinstance(value, list) else str(value)) or None if value is not None else None

    def set(self, key: str, name: str, value: RegistryValue) -> None:
        """Write a value, making the key where it is missing; a value keeps the spelling it was first given."""
        self.create(key)
        values = self._keys[_folded(key)][1]
        spelt = values.get(name.lower(), (name, value))[0]
        values[name.lower()] = (spelt, value)

    def delete(self, key: str, name: str) -> None:
        """Remove a value; a missing one is fine."""
        entry = self._keys.get(_folded(key))
        if entry:
            entry[1].pop(name.lower(), None)

    def has_key(self, key: str) -> bool:
        """Whether the key itself or one below it exists."""
        folded = _folded(key)
        return any(each == folded or each.startswith(folded + "\\") for each in self._keys)

    def delete_key(self, key: str) -> None:
        """Remove a key with everything below it."""
        folded = _folded(key)
        for each in [each for each in self._keys if each == folded or each.startswith(folded + "\\")]:
            del self._keys[each]

    def subkeys(self, key: str) -> list[str]:
        """The names of the keys right below a key."""
        depth, prefix = key.strip("\\").count("\\") + 1, _folded(key) + "\\"
        below = [spelt for each, (spelt, _) in self._keys.items() if each.startswith(prefix)]
        return list(dict.fromkeys(spelt.strip("\\").split("\\")[depth] for spelt in below))

    def values(self, key: str) -> dict[str, RegistryValue]:
        """All values of a key by name; none for a missing key."""
        entry = self._keys.get(_folded(key))
        return dict(entry[1].values()) if entry else {}

    def tree(self) -> RegistryTree:
        """Everything, as plain data."""
        return {spelt: dict(values.values()) for spelt, values in self._keys.values()}


def _folded(key: str) -> str:
    hive, _, rest = key.lower().strip("\\").partition("\\")
    hive = _HIVES.get(hive, hive)
    if hive not in ("hklm", "hku"):
        raise ValueError(rf"a registry path starts with HKLM\ or HKU\, not {key!r}")
    return f"{hive}\\{rest}" if rest else hive
