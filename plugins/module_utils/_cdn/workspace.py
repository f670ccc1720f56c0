# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an image before it is published: taken over, tidied up, made readable and durable."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import flush, integrity, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest

FOLDER_MODE, FILE_MODE = 0o755, 0o644  # a web server reads images, whatever the umask of who stages

_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS)
_COPYING = ".copying"


def seed(workspace: Path, image: Path, paths: Iterable[str]) -> None:
    """Take files over from an image by hard links, by copies where the file system cannot; what is there stays.

    A link is the image's own file: it may be replaced by a rename, but must never be written to.
    """
    for path in paths:
        target = workspace / path
        if os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(image / path, target)


def require_whole(workspace: Path, channel: str, version: str) -> Manifest:
    """Give the workspace's manifest; InputError if it is not the image's, or if a file of it is not there in full."""
    try:
        listed = manifest.read(workspace)
        listed.require(channel, version)
    except (FeedError, FileNotFoundError) as error:
        raise InputError(f"library: {workspace} cannot be published: {error}. Run again.") from error
    damaged = integrity.by_size(workspace, listed)
    if damaged:
        raise InputError(
            f"library: {workspace} cannot be published: {damaged[0].path} {damaged[0].problem}. Run again."
        )
    return listed


def remove_rest(workspace: Path, listed: Manifest) -> None:
    """Remove what the manifest does not name, such as parts of files that an earlier run wanted."""
    for path in integrity.contents(workspace, listed).unexpected:
        if path.endswith("/"):
            shutil.rmtree(workspace / path.rstrip("/"))
        else:
            (workspace / path).unlink()


def keep_unexpected(workspace: Path, image: Path, listed: Manifest) -> None:
    """Take over what somebody has put into the published image, which is not ours to remove.

    InputError if something is neither file, directory nor symbolic link.
    """
    for path in integrity.contents(image, listed).unexpected:
        source, target = image / path.rstrip("/"), workspace / path.rstrip("/")
        if os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if source.is_symlink():
                target.symlink_to(source.readlink())
            elif source.is_dir():
                shutil.copytree(source, target, symlinks=True, copy_function=_link)
                for folder, _folders, _files in os.walk(target):
                    flush.directory(Path(folder))
            elif source.is_file():
                _link(source, target)
            else:
                raise InputError(f"library: {source} is neither a file nor a directory. Move it away, then run again.")
        except shutil.Error as error:  # which lists what it met, in no form for people
            raise OSError(errno.EIO, f"{source} cannot be copied ({error.args[0][0][2]})") from error


def settle(workspace: Path, listed: Manifest) -> None:
    """Let everybody read the image's files, and make them and all directories durable."""
    for path in (*(file.path for file in listed.files), manifest.NAME):
        _set_mode(workspace / path, FILE_MODE)
        flush.file(workspace / path)
    for folder in (*reversed(integrity.contents(workspace, listed).folders), "."):
        _set_mode(workspace / folder, FOLDER_MODE)
        flush.directory(workspace / folder)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        _copy(Path(source), Path(target))


def _copy(source: Path, target: Path) -> None:
    """Copy so that the target is never there in part."""
    part = target.with_name(target.name + _COPYING)
    shutil.copyfile(source, part, follow_symlinks=False)
    flush.file(part)
    part.replace(target)


def _set_mode(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o7777 != mode:
        path.chmod(mode)
