# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold an image against its manifest: by presence and size, or by reading and hashing every file."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import ImageFile, Manifest

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Damage:
    """What is wrong with one path of an image."""

    path: str  #: below the image's root; an unexpected directory ends with a slash
    problem: str  #: for people, such as "is missing" or "has 3 bytes instead of 4"
    unexpected: bool = False  #: the manifest does not know it; nothing here ever removes such a file


@dataclass(frozen=True)
class Contents:
    """What is in an image's directory; symbolic links are not followed."""

    present: dict[str, os.stat_result]  #: what is where the manifest has a file, whatever it is
    folders: tuple[str, ...]  #: the directories on the way to them, each before what is in it
    unexpected: tuple[str, ...]  #: everything else, sorted; a directory is named once, with a slash behind it


def contents(image: Path, listed: Manifest) -> Contents:
    """Look into an image's directory without reading any file; OSError if that cannot be done."""
    files = {file.path for file in listed.files} | {manifest.NAME}
    on_the_way = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    present: dict[str, os.stat_result] = {}
    folders = []
    unexpected = []
    for path, entry in _walk(image, "", on_the_way):
        if entry.is_dir(follow_symlinks=False):
            folders.append(path) if path in on_the_way else unexpected.append(f"{path}/")
        elif path in files:
            with suppress(FileNotFoundError):  # removed since the directory was read
                present[path] = entry.stat(follow_symlinks=False)
        else:
            unexpected.append(path)
    return Contents(present, tuple(folders), tuple(sorted(unexpected)))


def by_size(image: Path, listed: Manifest) -> tuple[Damage, ...]:
    """Name what is missing, is not a file or has another size, in the manifest's order. Reads no file."""
    return tuple(damage for damage in look(image, listed) if not damage.unexpected)


def look(image: Path, listed: Manifest) -> tuple[Damage, ...]:
    """Name the same as `check` as far as it can be told without reading any file."""
    found = contents(image, listed)
    problems = ((file.path, _seen(file, found.present.get(file.path))) for file in listed.files)
    return (*(Damage(path, problem) for path, problem in problems if problem), *_unexpected(found))


def check(
    image: Path, listed: Manifest, on_bytes: Callable[[int], None] = lambda _count: None, workers: int = 2
) -> tuple[Damage, ...]:
    """Read every file and name what is damaged, in the manifest's order, then what the manifest does not know.

    `on_bytes` is called with the count of bytes just read, from several threads.
    """
    found = contents(image, listed)
    stopped = threading.Event()

    def one(file: ImageFile) -> Damage | None:
        problem = _seen(file, found.present.get(file.path)) or _read(image / file.path, file, on_bytes, stopped)
        return Damage(file.path, problem) if problem else None

    with ThreadPoolExecutor(workers) as pool:
        try:
            damages = list(pool.map(one, listed.files))
        finally:
            stopped.set()  # an interruption must not wait until gigabytes are read
    return (*(damage for damage in damages if damage), *_unexpected(found))


def _unexpected(found: Contents) -> Iterator[Damage]:
    return (Damage(path, "is not in the manifest", unexpected=True) for path in found.unexpected)


def _walk(folder: Path, prefix: str, inside: set[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Give everything below; of the directories, it goes only into those named `inside`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{prefix}{entry.name}"
            yield path, entry
            if path in inside and entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, f"{path}/", inside)


def _seen(file: ImageFile, found: os.stat_result | None) -> str:
    if found is None:
        return "is missing"
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    return "" if found.st_size == file.size else f"has {found.st_size} bytes instead of {file.size}"


def _read(path: Path, file: ImageFile, on_bytes: Callable[[int], None], stopped: threading.Event) -> str:
    digest = hashlib.sha256()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            block = memoryview(bytearray(_BLOCK))
            while not stopped.is_set():
                count = source.readinto(block)
                if not count:
                    break
                digest.update(block[:count])
                on_bytes(count)
    except OSError as error:  # such as a bad sector, which is damage like any other
        return f"cannot be read: {error.strerror}"
    actual = digest.hexdigest()
    return "" if actual == file.sha256 else f"has the SHA-256 {actual} instead of {file.sha256}"
