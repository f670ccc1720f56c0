# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes in a directory of records: one hidden file per deployment, and a lock file beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _locked_files, _notes
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fields import DamagedError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, RecordError, storable

READABLE = 80  #: characters of a deployment's name in the file's


class DirectoryNotes:
    """The `Notes` of a directory."""

    def __init__(self, directory: Path, kind: str = _notes.HOOKS) -> None:
        """Use `directory`; it is made when notes are held for the first time."""
        self._directory = directory
        self._kind = kind

    def path(self, deployment: DeploymentKey) -> Path:
        """Give the file: no host's can have its name, since a "+" in a host's name is written as %2B."""
        digest = hashlib.sha256(_notes.name(deployment, self._kind).encode("utf-8", "replace")).hexdigest()[:12]
        readable = quote(deployment.name.encode("utf-8", "replace"), safe="")[:READABLE]
        return self._directory / f".+{self._kind}-{readable}-{digest}.json"

    @contextmanager
    def held(self, deployment: DeploymentKey, patience: float) -> Iterator[bool]:
        """Hold the notes, see `Notes`."""
        with _locked_files.locked(self.path(deployment).with_suffix(".lock"), patience=patience) as ours:
            yield ours

    def read(self, deployment: DeploymentKey) -> dict[str, Any]:
        """Read the notes, see `Notes`."""
        path = self.path(deployment)
        try:
            return _notes.parsed(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, DamagedError) as error:
            problem = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
            raise RecordError(f"records: {path} {problem}. Move it away: {_notes.REMEDY[self._kind]}") from error

    def write(self, deployment: DeploymentKey, document: dict[str, Any]) -> None:
        """Write the notes, see `Notes`."""
        path = self.path(deployment)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            _locked_files.replace(path, json.dumps(storable(document), indent=1) + "\n")
        except OSError as error:
            raise RecordError(
                f"records: {path} cannot be written ({error.strerror}). Give the user who runs Ansible the right to, "
                "and the disk room."
            ) from error
