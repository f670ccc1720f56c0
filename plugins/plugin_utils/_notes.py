# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes: what a deployment's runs remember beside the records of its hosts, a JSON document per deployment and kind.

A store of records keeps them (`RecordStore.notes`, `roll_calls`). Who changes one reads and writes it while holding it,
so that of several runs at once each goes on from what the one before it left.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, decoded

PAUSE = 0.05  #: seconds between two attempts to hold what another process holds
HOOKS, SLICES = "notes", "slices"  #: kinds: what hooks were told, what slices of a run have told of their hosts
REMEDY = {
    HOOKS: "what hooks were told already, they are then told again.",
    SLICES: "gates then stay closed until every slice has told its hosts again.",
}


class Notes(Protocol):
    """The notes of one kind in one store. A deployment is known by name, channel and version.

    RecordError when the store fails.
    """

    def held(self, deployment: DeploymentKey, patience: float) -> AbstractContextManager[bool]:
        """Hold the notes; False when another process held them for `patience` seconds. A killed one holds nothing."""

    def read(self, deployment: DeploymentKey) -> dict[str, Any]:
        """Give what was written last, empty when nothing was; RecordError when it is damaged."""

    def write(self, deployment: DeploymentKey, document: dict[str, Any]) -> None:
        """Replace the notes as a whole; what this returned from survives a power cut."""


def name(deployment: DeploymentKey, kind: str) -> str:
    """Give what the notes of a deployment go by, whatever is in its name."""
    return json.dumps([deployment.name, deployment.channel, deployment.version, *([] if kind == HOOKS else [kind])])


def parsed(content: str | bytes) -> dict[str, Any]:
    """Read the document of a store; DamagedError says what does not fit."""
    document = decoded(content)
    if not isinstance(document, dict):
        raise DamagedError("is not a JSON object")
    return document
