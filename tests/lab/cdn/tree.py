# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directories behind URL prefixes, found without regard to case unless asked, and never left."""

from __future__ import annotations

from pathlib import Path


class Tree:
    """URL prefixes ("" or "/library") and the directories that answer below them, read-only."""

    def __init__(self) -> None:
        self._mounts: dict[str, tuple[Path, bool]] = {}

    def mount(self, prefix: str, directory: Path, *, any_case: bool = True) -> None:
        """Answer below prefix with directory, names in any case or as they are; the longest prefix that fits wins."""
        self._mounts[prefix.casefold().rstrip("/")] = (directory, any_case)

    def find(self, path: str) -> Path | None:
        """The file for a decoded URL path, or None: absent, a directory, or outside of the mounted directory."""
        folded = path.casefold()
        for prefix in sorted(self._mounts, key=len, reverse=True):
            if folded.startswith(f"{prefix}/"):
                directory, any_case = self._mounts[prefix]
                return _file(directory, path[len(prefix) + 1 :].split("/"), any_case)
        return None


def _file(root: Path, parts: list[str], any_case: bool) -> Path | None:
    if any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
        return None
    found: Path | None = root
    for part in parts:
        found = _child(found, part, any_case) if found is not None else None
    if found is None or not found.is_file():
        return None
    # A link may lead elsewhere inside (current -> a version), not out.
    return found if found.resolve().is_relative_to(root.resolve()) else None


def _child(directory: Path, name: str, any_case: bool) -> Path | None:
    exact = directory / name
    if exact.exists():
        return exact
    if not any_case or not directory.is_dir():
        return None
    wanted = name.casefold()
    return next((child for child in directory.iterdir() if child.name.casefold() == wanted), None)
