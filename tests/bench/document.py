# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of docs/benchmarks.md that are written by the benchmarks themselves."""

from __future__ import annotations

from pathlib import Path


def write(document: Path, target: str, section: str) -> None:
    """Put the figures that `make <target>` writes in the place of the last ones; ValueError if there is no place."""
    begin, end = f"<!-- figures begin: written by make {target} -->\n", "<!-- figures end -->\n"
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _old, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{document} has no lines {begin.strip()!r} and {end.strip()!r}")
    document.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")
