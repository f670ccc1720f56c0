# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage one version of one channel into a library: look, plan, fetch, verify, publish; then `current`, then prune."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    disk_space,
    http,
    image_plan,
    image_source,
    integrity,
    manifest,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.housekeeping import Housekeeping
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_files import ImageFiles, Taken
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import STAGING, Library

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan, Present
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress


@dataclass(frozen=True)
class Outcome:
    """What a run came to, or in check mode would come to."""

    present: Present  #: what was there before
    housekeeping: Housekeeping
    plan: Plan | None = None  #: None: the image was there as it was asked for
    file_list: Mapping[str, str] | None = None  #: where the list of files came from; None: none was read
    image: manifest.Manifest | None = None  #: as it is now; None: it would be made or changed
    taken: Taken = field(default_factory=Taken)

    @property
    def changed(self) -> bool:
        """Tell whether anything is or would be different from before."""
        return self.plan is not None or self.housekeeping.due


class Staging:
    """One run. Every error is a CdnError with a text for the user, or an OSError of the library's disk."""

    def __init__(
        self,
        request: ImageRequest,
        progress: Progress,
        patience: http.Patience = http.Patience(),  # noqa: B008  # immutable
        brief: http.Patience = http.BRIEF,
    ) -> None:
        """`patience` is for the files, `brief` for asking whether and how large they are."""
        self._request = request
        self._progress = progress
        self._patience = patience
        self._library = Library(request.library)
        self._source = image_source.of(request, brief)
        self._name = (request.channel.name, request.version)
        self.kept: Path | None = None  #: where the next run finds what this one fetched, should it end with an error

    @property
    def path(self) -> Path:
        """Give the directory where the image is or will be."""
        return self._library.image(*self._name)

    def run(self, *, check_mode: bool = False) -> Outcome:
        """Do what is asked for, or in check mode foretell it and write nothing."""
        recheck = self._request.recheck
        if check_mode:
            return self._planned(self._look(recheck=recheck))
        present = self._look(recheck=False)
        if self._lacks(present):
            self._source.require()  # before the lock, which makes the library
        elif not recheck:
            outcome = self._planned(present)
            if not outcome.changed:
                return outcome  # without the lock: nobody has to be waited for
        with self._library.lock(self._request.channel.name, self._say_waiting):
            return self._done(self._planned(self._look(recheck=recheck)))

    def _look(self, *, recheck: bool) -> Present:
        """See what is there: by presence and size, or by hashing every file."""
        image = self._library.read(*self._name)
        leftover = self._leftover()
        if image is None:
            return image_plan.Present(workspace=leftover)
        if recheck:
            self._progress.phase("hashing what is there", len(image.files), image.size)
            damage = integrity.check(self.path, image, self._progress.add_bytes)
        else:
            damage = self._library.damaged(image)
        damaged = {one.path: one.problem for one in damage if not one.unexpected}
        return image_plan.Present(image, damaged, leftover, self._source.distrusted(image))

    def _leftover(self) -> Path | None:
        """Give the workspace that an earlier run for this image left, as far as this user may see it."""
        folder = self._library.root / STAGING / "-".join(self._name)
        try:
            return folder if folder.is_dir() else None
        except PermissionError:  # another user's; a run that has nothing to do does not need it
            return None

    def _lacks(self, present: Present) -> bool:
        """Tell whether anything is missing, damaged or not verified enough, as far as can be told from here."""
        image = present.image
        if image is None or present.damaged or len(present.stays()) < len(image.files):
            return True
        return not self._request.is_met_by(present.contents)

    def _planned(self, present: Present) -> Outcome:
        """Give what there is to do. Writes nothing, and uses the network only if something lacks."""
        plan, file_list = None, None
        if self._lacks(present):
            self._progress.phase("asking what the image takes")
            offer = self._source.offer(present.contents)
            plan = image_plan.make(offer, present)
            plan = image_plan.with_sizes(plan, self._source.sized(plan.fetch))
            file_list = offer.file_list or None
        if plan is not None and plan.adds_nothing_to(present):
            plan = None
        housekeeping = Housekeeping.planned(self._library, self._request)
        return Outcome(present, housekeeping, plan, file_list, present.image if plan is None else None)

    def _done(self, outcome: Outcome) -> Outcome:
        """Do what was planned."""
        image, taken = outcome.image, Taken()
        if outcome.plan is not None:
            image, taken = self._staged(outcome.present, outcome.plan)
        housekeeping = Housekeeping.planned(self._library, self._request)
        if housekeeping.due:
            self._progress.step("moving current and pruning")
            housekeeping = housekeeping.done(self._library, self._request)
        return Outcome(outcome.present, housekeeping, outcome.plan, outcome.file_list, image, taken)

    def _staged(self, present: Present, plan: Plan) -> tuple[manifest.Manifest, Taken]:
        """Make the image in its workspace and publish it."""
        disk_space.require(self._request.library, plan.bytes_on_disk, present.workspace)
        self.kept = folder = self._library.workspace(*self._name)
        if present.image is not None:
            for path in plan.seeds:  # what an earlier run left there may have been checked less
                (folder / path).unlink(missing_ok=True)
            self._library.seed(folder, present.image, plan.seeds)
        downloader = self._source.downloader(self._patience, self._progress.add_bytes)
        files = ImageFiles(folder, self._source.checks(folder), downloader, self._progress)
        taken = files.take(plan)
        self._progress.step("publishing")
        image = self._manifest(present, plan, taken, self._source.requirements(plan, folder))
        files.write_manifest(image)
        self._library.publish(folder, *self._name)
        self.kept = None
        return image, taken

    def _manifest(
        self, present: Present, plan: Plan, taken: Taken, requirements: Mapping[str, manifest.Requirements]
    ) -> manifest.Manifest:
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        files = sorted((*plan.stays, *taken.files), key=lambda file: file.path)
        return manifest.Manifest(
            channel=self._request.channel.name,
            version=self._request.version,
            architectures=plan.contents.architectures,
            languages=plan.contents.languages,
            created=present.image.created if present.image else now,
            files=tuple(files),
            skipped=plan.skipped,
            proofing_tools=plan.contents.proofing_tools,
            updated=now if present.image else None,
            verification=image_plan.weakest(file.verified for file in files),
            origin=plan.origin,
            requirements=requirements,
        )

    def _say_waiting(self, holder: str) -> None:
        self._progress.phase(f"waiting for another run on channel {self._request.channel.name}: {holder}")
