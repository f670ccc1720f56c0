# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the project's files to BUILD/ansible_collections/officefleet/c2r, where Ansible and Python find the collection.

A copy and never a symbolic link: ansible-test resolves links. Only what changed is written, so caches stay warm.
Usage: build_copy.py [BUILD], by default .build in the project.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".build"
COPY = BUILD / "ansible_collections" / "officefleet" / "c2r"
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ansible"}


def project_files() -> set[Path]:
    """Return what git tracks, or would track, as paths relative to the root; all there is where git does not say."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):  # not installed, an unpacked archive, somebody else's checkout
        left_out = CACHES | {".git", ".build", ".venv"}
        found = (Path(folder, name).relative_to(ROOT) for folder, _, names in os.walk(ROOT) for name in names)
        return {path for path in found if not left_out.intersection(path.parts)}
    return {Path(name) for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}


def main() -> None:
    """Bring the copy in line with the project."""
    wanted = project_files()
    for path in sorted(COPY.rglob("*"), reverse=True):
        relative = path.relative_to(COPY)
        if CACHES.intersection(relative.parts):
            continue
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif relative not in wanted:
            path.unlink()
    for relative in wanted:
        source, target = ROOT / relative, COPY / relative
        if not target.exists() or not filecmp.cmp(source, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


if __name__ == "__main__":
    main()
