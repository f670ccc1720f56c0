# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a channel's other versions after one was staged: where `current` leads, and what is pruned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import prune
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import Library

if TYPE_CHECKING:
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest


@dataclass(frozen=True)
class Housekeeping:
    """What there is to do, or was."""

    current_before: str | None  #: the version that `current` led to
    moves_current: bool
    pruning: prune.PrunePlan

    @classmethod
    def planned(cls, library: Library, request: ImageRequest) -> Housekeeping:
        """Look at the library as it is; the version asked for need not be there yet."""
        channel, version = request.channel.name, request.version
        before = _current(library, request)
        moves = request.current and before != version
        protected = {**request.protected, version: "just staged"}
        seen = _Moved(library, version) if moves else library
        return cls(before, moves, prune.plan(seen, channel, request.keep, protected, coming=version))

    @property
    def due(self) -> bool:
        """Tell whether there is anything to do."""
        return self.moves_current or bool(self.pruning.remove)

    def done(self, library: Library, request: ImageRequest) -> Housekeeping:
        """Do it, the channel's lock held; give what was done."""
        channel = request.channel.name
        if self.moves_current:
            library.set_current(channel, request.version)
        return replace(self, pruning=prune.apply(library, channel, self.pruning))


class _Moved(Library):
    """The library as it will be once `current` has moved: the version it leads to now may be pruned then."""

    def __init__(self, library: Library, version: str) -> None:
        super().__init__(library.root)
        self._version = version

    def current(self, channel: str) -> str | None:
        """Give the version to come."""
        del channel
        return self._version


def _current(library: Library, request: ImageRequest) -> str | None:
    """Give where `current` leads; a link to what is not there any more is put right if it is to be moved."""
    try:
        return library.current(request.channel.name)
    except InputError:
        if request.current:
            return None
        raise
