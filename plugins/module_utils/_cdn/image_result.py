# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module `image` answers: the same keys for a run, for one with nothing to do, and for check mode."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import manifest
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.offer import Contents
    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome


def of(outcome: Outcome, path: Path, version: str, manifest_sha256: str | None) -> dict[str, Any]:
    """Give the result; the hash is that of the manifest on the disk, None if there is none yet."""
    housekeeping = outcome.housekeeping
    leads_here = housekeeping.moves_current or housekeeping.current_before == version
    if outcome.image is not None:
        told = _made(outcome.image)
    elif outcome.plan is not None:
        told = _planned(outcome.plan)
    else:
        raise ValueError("neither an image nor a plan")
    result = {
        **told,
        "changed": outcome.changed,
        "version": version,
        "bytes_fetched": outcome.taken.bytes_fetched,
        "bytes_to_fetch": outcome.plan.bytes_to_fetch if outcome.image is None and outcome.plan else 0,
        "bytes_reused": _reused(outcome),
        "repaired": sorted(outcome.present.damaged),
        "file_list": dict(outcome.file_list) if outcome.file_list else None,
        "manifest_sha256": manifest_sha256,
        "current": leads_here,
        "pruned": [candidate.version for candidate in housekeeping.pruning.remove],
        "pruning_kept": [asdict(kept) for kept in housekeeping.pruning.kept],
    }
    if outcome.changed:
        result["diff"] = _difference(outcome, told["files"], path, version)
    return result


def _reused(outcome: Outcome) -> int:
    """Give the bytes of what was on the disk, of a run that did or would do something."""
    if outcome.plan is None:
        return 0
    if outcome.image is None:
        return outcome.plan.bytes_reused
    return sum(file.size for file in outcome.plan.stays) + outcome.taken.bytes_reused


def _made(image: manifest.Manifest) -> dict[str, Any]:
    return {
        "architectures": list(image.architectures),
        "languages": list(image.languages),
        "proofing_tools": list(image.proofing_tools),
        "requirements": {name: asdict(required) for name, required in image.requirements.items()},
        "files": [asdict(file) for file in image.files],
        "left_out": [asdict(skipped) for skipped in image.skipped],
        "bytes_total": image.size,
        "verification": image.verification,
    }


def _planned(plan: Plan) -> dict[str, Any]:
    foretold = [
        {
            "path": path,
            "size": download.size,
            "sha256": download.sha256,
            "url": http.redact(download.url),
            "verified": download.verified,
            "language": download.language,
            "architectures": download.architectures,
            "proofing": download.proofing,
        }
        for download in plan.downloads
        for path in download.paths
    ]
    contents: Contents = plan.contents
    return {
        "architectures": list(contents.architectures),
        "languages": list(contents.languages),
        "proofing_tools": list(contents.proofing_tools),
        "requirements": {name: asdict(required) for name, required in plan.requirements.items()},
        "files": sorted([asdict(file) for file in plan.stays] + foretold, key=lambda file: str(file["path"])),
        "left_out": [asdict(skipped) for skipped in plan.skipped],
        "bytes_total": plan.size,
        "verification": plan.verification,
    }


def _difference(outcome: Outcome, files: Iterable[Mapping[str, Any]], path: Path, version: str) -> dict[str, str]:
    """Give Ansible's before and after: the image's files, where `current` leads, and the versions to be pruned."""
    present, housekeeping = outcome.present, outcome.housekeeping
    there = present.image.files if present.image else ()
    before = [_line(file.path, file.size, present.damaged.get(file.path, "")) for file in there]
    after = [_line(file["path"], file["size"], "") for file in files]
    led, leads = housekeeping.current_before, housekeeping.current_before
    if housekeeping.moves_current:
        leads = version
    before += [f"current is {led or 'absent'}"] if led != leads else []
    after += [f"current is {leads}"] if led != leads else []
    before += [f"version {candidate.version} {candidate.size} bytes" for candidate in housekeeping.pruning.remove]
    return {
        "before_header": str(path) if present.image else f"{path} (absent)",
        "after_header": str(path),
        "before": "".join(f"{line}\n" for line in sorted(before)),
        "after": "".join(f"{line}\n" for line in sorted(after)),
    }


def _line(path: str, size: int | None, problem: str) -> str:
    return f"{path} {'?' if size is None else size} bytes" + (f" ({problem})" if problem else "")
