# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small images for the library's tests: every file's content is made from its path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library

CHANNEL = "MonthlyEnterprise"
VERSION = "16.0.20228.20190"
OLDER = "16.0.20131.20206"
OLDEST = "16.0.9999.20000"  # before the others by number, behind them by text
NAME = (CHANNEL, VERSION)


def paths(version: str = VERSION, languages: tuple[str, ...] = ("en-us",)) -> list[str]:
    """Give the paths of a 64-bit image."""
    names = ("i640.cab", "s640.cab", *(f"stream.x64.{name}.dat" for name in ("x-none", *languages)))
    return [
        "office/data/v64.cab",
        f"office/data/v64_{version}.cab",
        *(f"office/data/{version}/{name}" for name in names),
    ]


def content(path: str) -> bytes:
    """Give what a file holds."""
    return f"content of {path}".encode()


def image(version: str = VERSION, languages: tuple[str, ...] = ("en-us",), **changes: Any) -> manifest.Manifest:
    """Give the manifest of an image."""
    fields: dict[str, Any] = {
        "channel": CHANNEL,
        "version": version,
        "architectures": ("x64",),
        "languages": languages,
        "created": "2026-11-21T08:00:00Z",
        "files": tuple(
            manifest.ImageFile(
                path, len(content(path)), hashlib.sha256(content(path)).hexdigest(), "http://cdn/file", "authenticode"
            )
            for path in paths(version, languages)
        ),
    }
    return manifest.Manifest(**{**fields, **changes})


def build(folder: Path, version: str = VERSION, languages: tuple[str, ...] = ("en-us",), **changes: Any) -> None:
    """Write what is missing of an image, and its manifest."""
    for path in paths(version, languages):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(content(path))
    (folder / manifest.NAME).write_text(image(version, languages, **changes).to_json(), encoding="utf-8")


def publish(library: Library, version: str = VERSION, languages: tuple[str, ...] = ("en-us",)) -> Path:
    """Stage an image as the module does; one that is there gets what is missing."""
    with library.lock(CHANNEL):
        there = library.read(CHANNEL, version)
        folder = library.workspace(CHANNEL, version)
        if there is not None:
            library.seed(folder, there, [file.path for file in there.files])
        build(folder, version, languages)
        library.publish(folder, CHANNEL, version)
    return library.image(CHANNEL, version)


def staging(root: Path) -> list[str]:
    """Give what lies in .staging besides locks."""
    return sorted(path.name for path in (root / ".staging").iterdir() if path.suffix != ".lock")


def in_another_process(work: Callable[[], object]) -> int:
    """Do something in a forked process; give its exit status, 9 if it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # nothing may leave the child
            os._exit(1)
        os._exit(0)
    return abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
