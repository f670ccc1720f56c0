# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has to do for an image: what stays as it is, what is checked anew, and what is fetched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Download, Offer


@dataclass(frozen=True)
class Plan:
    """All that an image takes."""

    contents: Contents
    stays: tuple[manifest.ImageFile, ...] = ()  #: published and as they should be: linked, not read
    recheck: tuple[Download, ...] = ()  #: on this disk already: hashed, and fetched only if they are not right
    fetch: tuple[Download, ...] = ()
    seeds: tuple[str, ...] = ()  #: published files of `stays` and `recheck`: they are linked into the workspace
    skipped: tuple[manifest.SkippedFile, ...] = ()
    origin: Mapping[str, str] | None = None
    requirements: Mapping[str, manifest.Requirements] = field(default_factory=dict)  #: as far as known beforehand

    @property
    def downloads(self) -> tuple[Download, ...]:
        """Give all that has to be looked at or fetched."""
        return self.recheck + self.fetch

    @property
    def bytes_to_fetch(self) -> int | None:
        """Give None if the server does not say."""
        return _sum(download.size for download in self.fetch)

    @property
    def bytes_on_disk(self) -> int | None:
        """Give what the run will write: what is fetched, and further copies of the same."""
        copies = _sum(_times(download, len(download.paths) - 1) for download in self.recheck)
        fetched = _sum(_times(download, len(download.paths)) for download in self.fetch)
        return None if copies is None or fetched is None else copies + fetched

    @property
    def bytes_reused(self) -> int:
        """Give what is there already, as far as it turns out to be right."""
        return sum(file.size for file in self.stays) + sum(download.size or 0 for download in self.recheck)

    @property
    def size(self) -> int | None:
        """Give the bytes of the whole image, None if the server does not say."""
        downloads = _sum(_times(download, len(download.paths)) for download in self.downloads)
        return None if downloads is None else downloads + sum(file.size for file in self.stays)

    def adds_nothing_to(self, present: Present) -> bool:
        """Tell whether the image is there already as planned."""
        return present.image is not None and not self.downloads and self.contents == present.contents

    @property
    def verification(self) -> str:
        """Give what the least verified file makes of the image."""
        return weakest([file.verified for file in self.stays] + [download.verified for download in self.downloads])


@dataclass(frozen=True)
class Present:
    """What is on the disk of an image."""

    image: manifest.Manifest | None = None
    damaged: Mapping[str, str] = field(default_factory=dict)  #: path to what is wrong with it
    workspace: Path | None = None  #: what an earlier run has checked lies there under its final name
    distrusted: frozenset[str] = frozenset()  #: values of `verified` that are not enough for this run

    @property
    def contents(self) -> Contents:
        """Give what the image there is made for; nothing if there is none."""
        image = self.image
        return Contents(image.architectures, image.languages, image.proofing_tools) if image else Contents()

    def stays(self) -> dict[str, manifest.ImageFile]:
        """Give the files that need no look, by path."""
        return {path: file for path, file in self.sound().items() if file.verified not in self.distrusted}

    def sound(self) -> dict[str, manifest.ImageFile]:
        """Give the published files that are there in full size, by path."""
        files = self.image.files if self.image else ()
        return {file.path: file for file in files if file.path not in self.damaged}


def make(offer: Offer, present: Present) -> Plan:
    """Sort the files of an offer by what is there already. The sizes of what is to be fetched may not be known yet."""
    stays, sound = present.stays(), present.sound()
    offered = {path for download in offer.downloads for path in download.paths}
    _refuse_unoffered(present, stays, offered)
    recheck, fetch, kept = [], [], {path: file for path, file in stays.items() if path not in offered}
    for download in offer.downloads:
        files = [stays.get(path) for path in download.paths]
        if all(file is not None and download.sha256 in (None, file.sha256) for file in files):
            kept.update({file.path: _attributed(file, download) for file in files if file is not None})
            continue
        here = [path for path in download.paths if path in sound and download.sha256 in (None, sound[path].sha256)]
        lying = [path for path in download.paths if present.workspace and (present.workspace / path).is_file()]
        if here or lying:
            first = (here or lying)[0]
            size = sound[first].size if here else _size_of(present.workspace, first)
            paths = (first, *(path for path in download.paths if path != first))
            recheck.append(replace(download, paths=paths, size=size))
        else:
            fetch.append(download)
    seeds = [*kept, *(download.paths[0] for download in recheck if download.paths[0] in sound)]
    skipped = {file.path: file for file in (*(present.image.skipped if present.image else ()), *offer.skipped)}
    there = offered.union(kept)
    return Plan(
        contents=offer.contents,
        stays=tuple(kept.values()),
        recheck=tuple(recheck),
        fetch=tuple(fetch),
        seeds=tuple(seeds),
        skipped=tuple(file for path, file in skipped.items() if path not in there),
        origin=offer.origin,
        requirements={**(present.image.requirements if present.image else {}), **offer.requirements},
    )


def with_sizes(plan: Plan, sized: Collection[Download]) -> Plan:
    """Give the plan with what the server said about what is to be fetched; what it lacks is left out and named."""
    found = {download.url for download in sized}
    absent = [
        manifest.SkippedFile(path, "optional, and the CDN does not have it")
        for download in plan.fetch
        if download.url not in found
        for path in download.paths
    ]
    return replace(plan, fetch=tuple(sized), skipped=(*plan.skipped, *absent))


def weakest(verified: Iterable[str]) -> str:
    """Give "full", "manifest" or "none": what files verified in these ways make of their image."""
    ways = set(verified)
    if manifest.NONE in ways:
        return "none"
    return "manifest" if manifest.MANIFEST in ways else "full"


def _refuse_unoffered(present: Present, stays: Collection[str], offered: Collection[str]) -> None:
    files = present.image.files if present.image else ()
    lost = sorted(file.path for file in files if file.path not in stays and file.path not in offered)
    if lost:
        raise InputError(
            f"library: {lost[0]} of the image is damaged or was never verified, and what this run stages from does "
            "not have it. Stage from where the image came from: its manifest's origin says so."
        )


def _attributed(file: manifest.ImageFile, download: Download) -> manifest.ImageFile:
    """Give the published file with what it is for: an architecture may have been added."""
    architectures = tuple(dict.fromkeys(file.architectures + download.architectures))
    return replace(file, language=download.language, architectures=architectures, proofing=download.proofing)


def _size_of(workspace: Path | None, path: str) -> int | None:
    return (workspace / path).stat().st_size if workspace else None


def _times(download: Download, count: int) -> int | None:
    return None if download.size is None else download.size * count


def _sum(sizes: Iterable[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
