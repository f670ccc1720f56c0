# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: one directory per channel and version, published by one rename, replaced by one exchange.

<root>/<Channel>/<version>/office/data/…, manifest.json
<root>/<Channel>/current                       symbolic link to a version, for clients that update themselves
<root>/.staging/<Channel>.lock                 locked (flock) for as long as somebody works on the channel
<root>/.staging/<Channel>-<version>            a workspace: an image being built; the next run goes on in it
<root>/.staging/<Channel>-<version>.exchange   holds the workspace's inode while it changes places with an image
<root>/.staging/<Channel>-<version>.old        an image that was replaced, to be removed
<root>/.staging/<Channel>-<version>.pruned     an image that is not kept, to be removed

Standard library only: distribution points use it without any other library.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    channel_lock,
    flush,
    integrity,
    manifest,
    removal,
    workspace,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STAGING = ".staging"
CURRENT = "current"

_CHANNEL = re.compile(r"[A-Za-z0-9]+")
_NUMBER = "(?:0|[1-9][0-9]{0,5})"
_VERSION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{3}}")
_EXCHANGE, _OLD, _PRUNED = ".exchange", ".old", ".pruned"
_ABANDONED_AFTER = 7 * 86400  # seconds


class Library:
    """Images below a root directory, which need not exist yet. Disk trouble is an OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._locked: set[str] = set()

    def image(self, channel: str, version: str) -> Path:
        """Give the directory where the image is or would be."""
        _check_channel(channel)
        if not _VERSION.fullmatch(version):
            raise InputError(
                f"version: {version[:100]!r} is not a whole Office version; give one such as '16.0.20326.20100'."
            )
        return self.root / channel / version

    # What is there

    def channels(self) -> tuple[str, ...]:
        """Give the channels of which there is an image, sorted."""
        return tuple(name for name in self.channel_folders() if self.versions(name))

    def versions(self, channel: str) -> tuple[str, ...]:
        """Give the versions of which there is an image that can be read, the highest first."""
        found = []
        for name in self.entries(channel):
            with suppress(InputError, OSError):
                if _VERSION.fullmatch(name) and self.read(channel, name) is not None:
                    found.append(name)
        return tuple(sorted(found, key=office_version.parse, reverse=True))

    def channel_folders(self) -> tuple[str, ...]:
        """Give the names of the directories that may hold a channel's images, sorted."""
        try:
            names = sorted(path.name for path in self.root.iterdir() if path.is_dir())
        except FileNotFoundError:
            return ()
        return tuple(name for name in names if _CHANNEL.fullmatch(name))

    def entries(self, channel: str) -> tuple[str, ...]:
        """Give all that lies where a channel's images do, besides `current`, sorted."""
        try:
            return tuple(sorted({path.name for path in (self.root / channel).iterdir()} - {CURRENT}))
        except FileNotFoundError:
            return ()

    def read(self, channel: str, version: str) -> manifest.Manifest | None:
        """Give the manifest of a published image, None if there is none; InputError if what is there is no image."""
        image = self.image(channel, version)
        if not os.path.lexists(image):
            return None
        try:
            if image.is_symlink():
                raise FeedError("it is a symbolic link")
            found = manifest.read(image)
            found.require(channel, version)
        except (FeedError, FileNotFoundError, NotADirectoryError) as error:
            reason = error if isinstance(error, FeedError) else f"it has no {manifest.NAME}"
            raise InputError(
                f"library: {image} exists but is not an image ({reason}). Move it away, then run again."
            ) from error
        return found

    def damaged(self, image: manifest.Manifest) -> tuple[integrity.Damage, ...]:
        """Name the published image's files that are missing or have another size. Reads no file."""
        return integrity.by_size(self.image(image.channel, image.version), image)

    # One run per channel

    @contextmanager
    def lock(self, channel: str, on_wait: Callable[[str], None] = lambda _holder: None) -> Iterator[None]:
        """Let only one run at a time work on a channel; others wait, and `on_wait` hears once for whom.

        What a run that was killed had begun to publish, replace or remove is finished first.
        """
        _check_channel(channel)
        _make_folder(self.root)
        self._staging.mkdir(mode=0o700, exist_ok=True)
        with channel_lock.hold(self._staging / f"{channel}.lock", on_wait):
            self._locked.add(channel)
            try:
                self._recover(channel)
                yield
            finally:
                self._locked.remove(channel)

    # An image being built

    def workspace(self, channel: str, version: str) -> Path:
        """Give the directory where the image is built, as a killed run left it or empty; the lock has to be held.

        A killed run checked the files there as it was told to, which may be less than this one demands. Workspaces
        that no run has used for a week are removed. InputError if the image could not get its place by a rename.
        """
        self._require_lock(channel)
        self._check_place(channel)
        folder = self._staged(channel, version)
        if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
            raise InputError(f"library: {folder} is not a directory. Move it away, then run again.")
        folder.mkdir(exist_ok=True)
        os.utime(folder)
        for other, _version in self._left(channel):
            if time.time() - other.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(other)
        return folder

    def seed(self, folder: Path, image: manifest.Manifest, paths: Iterable[str]) -> None:
        """Take over files of the published image into a workspace, by hard links where that is possible.

        What the workspace has already stays. Such a file may be replaced there, but must not be written to.
        """
        known = {file.path for file in image.files}
        workspace.seed(folder, self.image(image.channel, image.version), (path for path in paths if path in known))

    def publish(self, folder: Path, channel: str, version: str) -> None:
        """Give the finished workspace its place, the lock held; an image that is there is exchanged for it.

        Published is what the workspace's manifest names; what else is in the workspace is removed, and what somebody
        has put into the image that is replaced is taken over. InputError if a file is missing or is not there in full.
        """
        self._require_lock(channel)
        listed = workspace.require_whole(folder, channel, version)
        before = self.read(channel, version)
        image = self.image(channel, version)
        workspace.remove_rest(folder, listed)
        if before is not None:
            workspace.keep_unexpected(folder, image, before)
        workspace.settle(folder, listed)
        _make_folder(image.parent)
        try:
            if before is None:
                folder.rename(image)
            else:
                self._replace(folder, image)
        except OSError as error:
            if error.errno == errno.EXDEV:  # such as a bind mount, which `_check_place` cannot see
                raise self._elsewhere(image.parent) from error
            raise
        for changed in (image.parent, self._staging, self.root):
            flush.directory(changed)
        if before is not None:
            self._recover(channel)  # which removes the old one

    def retire(self, channel: str, version: str) -> tuple[str, ...]:
        """Remove an image, the lock held; give what its manifest does not know, because of which it stays.

        It disappears by one rename, then its files are removed. InputError if it is the current one.
        """
        self._require_lock(channel)
        if self.current(channel) == version:
            raise InputError(f"library: {version} is the current version of {channel} and is not removed.")
        image, pruned = self.image(channel, version), self._staged(channel, version, _PRUNED)
        listed = self.read(channel, version)
        if listed is None:
            return ()
        unexpected = integrity.contents(image, listed).unexpected
        if not unexpected:
            image.rename(pruned)
            flush.directory(image.parent)
            flush.directory(self._staging)
            removal.remove(pruned)
        return unexpected

    # The alias for clients that update themselves

    def current(self, channel: str) -> str | None:
        """Give the version that `current` leads to, None if there is none; InputError if it leads to no image here."""
        version = self._alias(channel)
        if version is not None and not self.image(channel, version).is_dir():
            raise InputError(
                f"library: {self.root / channel / CURRENT} leads to {version}, which is not there. Stage a version "
                "with current: true, or remove the link."
            )
        return version

    def set_current(self, channel: str, version: str) -> bool:
        """Let `current` lead to a published version, at once; False if it did. InputError if it is no link of ours."""
        if self.read(channel, version) is None:
            raise InputError(f"version: {version!r} cannot become current: it is not in {self.root / channel}.")
        if self._alias(channel) == version:
            return False
        self._staging.mkdir(mode=0o700, exist_ok=True)
        link = self._staging / f"{channel}.{CURRENT}-{secrets.token_hex(4)}"
        link.symlink_to(version)
        try:
            link.rename(self.root / channel / CURRENT)
        except BaseException:
            link.unlink()
            raise
        flush.directory(self.root / channel)
        return True

    def _alias(self, channel: str) -> str | None:
        link = self.root / channel / CURRENT
        try:
            target = os.path.normpath(link.readlink())
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            target = ""
        if not _VERSION.fullmatch(target):
            raise InputError(
                f"library: {link} is {f'a link to {target}' if target else 'no symbolic link'}; it has to be one to a "
                "version beside it. Move it away, then run again."
            )
        return target

    # Below .staging

    @property
    def _staging(self) -> Path:
        return self.root / STAGING

    def _staged(self, channel: str, version: str, suffix: str = "") -> Path:
        return self._staging / f"{channel}-{version}{suffix}"

    def _left(self, channel: str, suffix: str = "") -> Iterator[tuple[Path, str]]:
        """Give what lies there of a channel, of all versions, with its version."""
        for path in sorted(self._staging.glob(f"{channel}-*{suffix}")):
            version = path.name[len(f"{channel}-") : len(path.name) - len(suffix)]
            if _VERSION.fullmatch(version) and not path.is_symlink():
                yield path, version

    def _require_lock(self, channel: str) -> None:
        if channel not in self._locked:
            raise RuntimeError(f"The lock of {channel} is not held.")

    def _replace(self, folder: Path, image: Path) -> None:
        """Exchange workspace and image; where the file system cannot, the image is absent for a moment."""
        name = (image.parent.name, image.name)
        marker, old = self._staged(*name, _EXCHANGE), self._staged(*name, _OLD)
        marker.write_text(str(folder.stat().st_ino), encoding="ascii")
        flush.file(marker)
        flush.directory(self._staging)
        if not exchange(folder, image):
            image.rename(old)
            try:
                folder.rename(image)
            except BaseException:
                old.rename(image)
                raise

    def _recover(self, channel: str) -> None:
        """Finish what was begun: nothing is left of what was replaced or removed, and no image is missing."""
        for marker, version in self._left(channel, _EXCHANGE):
            folder = self._staged(channel, version)
            number = marker.read_text(encoding="ascii", errors="replace")
            # Another directory than the one that was to be published: they have changed places.
            if folder.exists() and number.isdigit() and folder.stat().st_ino != int(number):
                folder.rename(self._staged(channel, version, _OLD))
                flush.directory(self._staging)
            marker.unlink()
        for old, version in self._left(channel, _OLD):
            image = self.image(channel, version)
            if os.path.lexists(image):
                shutil.rmtree(old)
            else:
                old.rename(image)
                flush.directory(image.parent)
        for pruned, _version in self._left(channel, _PRUNED):
            removal.remove(pruned)

    def _check_place(self, channel: str) -> None:
        folder = self.root / channel
        if os.path.lexists(folder) and not folder.is_dir():
            raise InputError(f"library: {folder} is not a directory. Move it away, then run again.")
        place = folder if folder.exists() else self.root
        if place.stat().st_dev != self._staging.stat().st_dev:
            raise self._elsewhere(place)

    def _elsewhere(self, place: Path) -> InputError:
        return InputError(
            f"library: {place} is on another file system than {self._staging}, from where an image gets its place by "
            f"a rename. Mount or link the whole library {self.root}, not single directories in it."
        )


def _check_channel(channel: str) -> None:
    """Let no name lead out of the library."""
    if not _CHANNEL.fullmatch(channel):
        raise InputError(f"channel: {channel[:100]!r} cannot be the name of a channel's directory.")


def _make_folder(folder: Path) -> None:
    """Make the directory with its missing parents; what is there already keeps its mode."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        path.chmod(workspace.FOLDER_MODE)
