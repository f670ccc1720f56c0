# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of Windows' registry that scenarios are played in: prepared, followed, and given back as it was.

Keys that did not exist before belong to the runner, with all below them. In a Wine prefix those of Office's and ours do
in any case, and single values of others may be set; they get their earlier data back after each scenario. Elsewhere
what exists is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.officefleet.c2r.tests.contract.scenario import PLACES
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryTree, RegistryValue
from ansible_collections.officefleet.c2r.tests.windows.powershell import reg_file
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import UnusableError
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import RegistryAccess, RegistryError

MARK = r"HKLM\SOFTWARE\officefleet.c2r.tests"  # names our keys while we play, so that a next run can clean up
CLASSES = (c2r_keys.UPDATE_NOTIFY_1, c2r_keys.UPDATE_NOTIFY_2)
EVERYWHERE = (c2r_keys.WINDOWS, c2r_keys.UNINSTALL, c2r_keys.UNINSTALL_32)
OURS = frozenset({*PLACES.values(), *CLASSES}.difference(EVERYWHERE))
SERVERS = frozenset((key + r"\InProcServer32").lower() for key in CLASSES)


class WindowsRegistry:
    """A context manager around all scenarios.

    :param keys: every key that some scenario has values in.
    :param com_server: path, as Windows has it, of the DLL that answers for Office's own.
    :param shared: whether this is a Wine prefix, where existing keys may be used.
    """

    def __init__(
        self, access: RegistryAccess, keys: Iterable[str], *, com_server: str | None = None, shared: bool = False
    ) -> None:
        self._access, self._com_server, self._may_share = access, com_server, shared
        self._wanted = [*keys, *PLACES.values(), *CLASSES]
        self._earlier = Registry()
        self._known = Registry()  # what Windows has below our keys, as of the last exchange
        self._shared: list[str] = []
        self.owned: list[str] = []

    def __enter__(self) -> WindowsRegistry:
        """Find out which keys are free, after an interrupted run has been cleaned up."""
        found = Registry(self._access.exchange("", [MARK]))
        if left := [str(key) for key in found.values(MARK).values()]:
            self._access.exchange(reg_file.compose({}, removed=[*left, MARK]), [])
        # Those that every Windows has can be large; where they may not be set, nobody asks what is in them.
        asked = [key for key in self._wanted if self._may_share or key not in EVERYWHERE]
        self._earlier = Registry(self._access.exchange("", topmost(asked)))
        if self._earlier.text(c2r_keys.CONFIGURATION, "VersionToReport"):
            raise UnusableError(
                "there is an Office (Click-to-Run) in this Windows: nothing was touched. Use one without"
            )
        claimed = OURS if self._may_share else ()
        self.owned = topmost(key for key in asked if key in claimed or not self._earlier.has_key(key))
        marks = {str(number): key for number, key in enumerate(self.owned)}
        written = self._access.exchange(reg_file.compose({MARK: marks}), [MARK])
        if Registry(written).values(MARK) != marks:
            raise RegistryError(f"{MARK} could not be written; is the PowerShell an administrator's?")
        return self

    def __exit__(self, *_: object) -> None:
        self._access.exchange(reg_file.compose({}, removed=[*self.owned, MARK]), [])

    def refusal(self, registry: Registry) -> str:
        """Why a registry cannot be had in this Windows; empty when it can."""
        foreign = [key for key, values in registry.tree().items() if values and not self._is_owned(key)]
        return "" if self._may_share or not foreign else f"{foreign[0]} exists already and is not the runner's"

    def begin(self, registry: Registry) -> None:
        """Make this Windows' registry the given one, and see that it is. Both have keys between others then."""
        tree = self._outgoing(registry)
        changes: dict[str, dict[str, RegistryValue | None]] = {key: dict(values) for key, values in tree.items()}
        self._shared = [key for key, values in tree.items() if not self._is_owned(key) and values]
        self._known = self._exchange(reg_file.compose(changes, removed=self.owned))
        if problem := self._difference(tree):
            raise RegistryError(problem)
        registry.merge(self._incoming(self._known.tree()))

    def push(self, registry: Registry) -> None:
        """Bring Windows in line with what has changed in the given one."""
        wanted, known = Registry(self._own(self._outgoing(registry))), self._known
        changes: dict[str, dict[str, RegistryValue | None]] = {}
        for key, values in wanted.tree().items():
            there = {name.lower(): value for name, value in known.values(key).items()}
            fresh = {name: value for name, value in values.items() if not _same(there.get(name.lower()), value)}
            gone = {name: None for name in known.values(key) if wanted.get(key, name) is None}
            if fresh or gone or not known.has_key(key):
                changes[key] = {**fresh, **gone}
        removed = [key for key in known.tree() if not wanted.has_key(key)]
        if changes or removed:
            self._known = self._exchange(reg_file.compose(changes, removed=topmost(removed)))

    def pull(self, registry: Registry) -> None:
        """Take over into the given one what has changed in Windows."""
        self._known = self._exchange("")
        for key in self.owned:
            registry.delete_key(key)
        registry.merge(self._incoming(self._known.tree()))

    def end(self, registry: Registry) -> None:
        """Give back the values of keys that are not ours."""
        changes: dict[str, dict[str, RegistryValue | None]] = {
            key: {name: self._earlier.get(key, name) for name in registry.values(key)} for key in self._shared
        }
        raw = {key: values for key, values in changes.items() if values}
        if raw:
            self._access.exchange(reg_file.compose(raw), [])
        self._shared = []

    def _exchange(self, change: str) -> Registry:
        return Registry(self._access.exchange(change, self.owned))

    def _difference(self, tree: RegistryTree) -> str:
        for key, values in self._own(tree).items():
            if not self._known.has_key(key):
                return f"{key} could not be written"
            for name, value in values.items():
                if not _same(found := self._known.get(key, name), value):
                    return f"{key}: {name} reads {found!r} after {value!r} was written"
        return ""

    def _is_owned(self, key: str) -> bool:
        return any(_below(key, root) for root in self.owned)

    def _own(self, tree: RegistryTree) -> RegistryTree:
        return {key: values for key, values in tree.items() if self._is_owned(key)}

    def _outgoing(self, registry: Registry) -> RegistryTree:
        """The tree with our DLL in the place of Office's."""
        tree = registry.tree()
        if self._com_server:
            for key in [key for key in tree if key.lower() in SERVERS]:
                tree[key] = {"": self._com_server, "ThreadingModel": "Both"}
        return tree

    def _incoming(self, tree: RegistryTree) -> RegistryTree:
        """The tree with Office's DLL in the place of ours."""
        ours = (self._com_server or "").lower()
        for key in [key for key in tree if key.lower() in SERVERS]:
            if ours and str(tree[key].get("")).lower() == ours:
                tree[key] = {"": c2r_keys.COM_SERVER}
        return tree


def _same(found: RegistryValue | None, wanted: RegistryValue) -> bool:
    return type(found) is type(wanted) and found == wanted


def _below(key: str, root: str) -> bool:
    return (key.lower() + "\\").startswith(root.lower() + "\\")


def topmost(keys: Iterable[str]) -> list[str]:
    """Leave out what lies below another of the keys."""
    each = list({key.lower(): key for key in keys}.values())
    return [key for key in each if not any(_below(key, other) and key.lower() != other.lower() for other in each)]
