# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging from the simulated CDN, as the module's options ask for it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Patience
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome, Staging
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn

PATIENCE = Patience(attempts=2, pause=0.01, connect=2.0, read=0.5)


def options(cdn: LabCdn, build: Build, library: Path | str, **changes: Any) -> dict[str, Any]:
    """Give the options that stage the build in en-us; None takes one away."""
    given = {
        "channel": build.channel,
        "version": build.version,
        "languages": ["en-us"],
        "library": str(library),
        "file_list_url": cdn.file_list_url,
        "cdn_url": cdn.url,
        "trust_anchors": [str(cdn.anchors)],
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def mirroring(source: Path | str, build: Build, library: Path, **changes: Any) -> dict[str, Any]:
    """Give the options that take the build over from another library."""
    given = {
        "channel": build.channel,
        "version": build.version,
        "library": str(library),
        "source": str(source),
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def staging(given: dict[str, Any], progress: Progress | None = None) -> Staging:
    """Give a run that does not wait long."""
    return Staging(ImageRequest.from_options(given), progress or Progress(), PATIENCE, PATIENCE)


def stage(given: dict[str, Any], *, check_mode: bool = False) -> Outcome:
    """Run it."""
    return staging(given).run(check_mode=check_mode)


def fetched(cdn: LabCdn) -> list[str]:
    """Give the names of the CDN's files that were asked for by GET, each once."""
    asked = (request.path for request in cdn.requests if request.method == "GET" and request.path.startswith("/pr/"))
    return sorted({path.rpartition("/")[2].lower() for path in asked})


def tree(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file by its path below the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
