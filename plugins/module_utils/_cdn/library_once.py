# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library as it was before images could be extended; `library` takes its place.

<root>/<Channel>/<version>/office/data/…, manifest.json
<root>/.staging/<Channel>-<version>-<random>/       an image being built
<root>/.staging/<Channel>-<version>-<random>.lock   locked (flock) for as long as somebody builds there
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGING = ".staging"

_LOCK = ".lock"
_OURS = re.compile(r"\w+-[0-9.]+-[0-9a-f]{8}(\.lock)?")  # what `workspace` makes, and nothing else in .staging
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644  # a web server reads images, whatever the umask of who stages


class Library:
    """Images below a root directory, which need not exist yet. Disk trouble is an OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def image(self, channel: str, version: str) -> Path:
        """Give the directory where the image is or would be."""
        return self._root / channel / version

    def published(self, channel: str, version: str) -> manifest.Manifest | None:
        """Give the manifest of a published image, None if there is none; InputError if what is there is no whole image.

        The manifest has to be that of the image; files are held against it by presence and size, not read.
        """
        image = self.image(channel, version)
        if not os.path.lexists(image):
            return None
        try:
            found = manifest.Manifest.from_json((image / manifest.NAME).read_text(encoding="utf-8"))
            found.require(channel, version)
            for file in found.files:
                size = (image / file.path).stat().st_size
                if size != file.size:
                    raise FeedError(f"{file.path} has {size} bytes instead of {file.size}")
        except (FeedError, FileNotFoundError, NotADirectoryError, UnicodeDecodeError) as error:
            raise InputError(
                f"library: {image} exists but is not a whole image ({error}). Move it away, then run again."
            ) from error
        return found

    @contextmanager
    def workspace(self, channel: str, version: str) -> Iterator[Path]:
        """Give a new directory beside the images; it is removed at the end unless it was published.

        Whatever killed runs left is removed first, whichever images they were for. InputError if the image could not
        get its place by a rename.
        """
        staging = self._root / STAGING
        _make_folder(self._root)
        staging.mkdir(exist_ok=True)
        self._check_place(channel)
        for found in list(staging.iterdir()):
            if _OURS.fullmatch(found.name):
                with suppress(OSError):  # another user's; it is in nobody's way
                    _remove_abandoned(found if found.suffix == _LOCK else _lock_of(found))
        lock, descriptor = _new_lock(staging, f"{channel}-{version}-")
        folder = _folder_of(lock)
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink()
            os.close(descriptor)

    def publish(self, workspace: Path, channel: str, version: str) -> bool:
        """Give the finished workspace its place; False if another run was faster, whose image then stays."""
        image = self.image(channel, version)
        _make_folder(image.parent)
        for name, _folders, files in os.walk(workspace, topdown=False):
            for file in files:
                Path(name, file).chmod(_FILE_MODE)
            Path(name).chmod(_FOLDER_MODE)
            _flush_directory(Path(name))
        try:
            workspace.rename(image)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
                return False
            if error.errno == errno.EXDEV:  # such as a bind mount, which `_check_place` cannot see
                raise self._elsewhere(image.parent) from error
            raise
        for folder in (image.parent, self._root):
            _flush_directory(folder)
        return True

    def _check_place(self, channel: str) -> None:
        folder = self._root / channel
        if os.path.lexists(folder) and not folder.is_dir():
            raise InputError(f"library: {folder} is not a directory. Move it away, then run again.")
        place = folder if folder.exists() else self._root
        if place.stat().st_dev != (self._root / STAGING).stat().st_dev:
            raise self._elsewhere(place)

    def _elsewhere(self, place: Path) -> InputError:
        return InputError(
            f"library: {place} is on another file system than {self._root / STAGING}, from where an image gets its "
            f"place by a rename. Mount or link the whole library {self._root}, not single directories in it."
        )


def _make_folder(folder: Path) -> None:
    """Make the directory with its missing parents; what is there already keeps its mode."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        path.chmod(_FOLDER_MODE)


def _new_lock(staging: Path, prefix: str) -> tuple[Path, int]:
    """Make and lock a new lock file; give it and its descriptor, whose closing frees it."""
    while True:
        lock = staging / f"{prefix}{secrets.token_hex(4)}{_LOCK}"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        # Between making and locking, another run may have taken it for an abandoned one and removed it.
        if _locked(descriptor) and os.fstat(descriptor).st_nlink:
            return lock, descriptor
        os.close(descriptor)


def _remove_abandoned(lock: Path) -> None:
    """Remove the lock file and its folder unless somebody holds the lock; a folder may have lost its lock file."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if _locked(descriptor):
            folder = _folder_of(lock)
            if folder.exists():
                shutil.rmtree(folder)
            with suppress(FileNotFoundError):
                lock.unlink()
    finally:
        os.close(descriptor)


def _folder_of(lock: Path) -> Path:
    return lock.with_name(lock.name[: -len(_LOCK)])


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
