# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients could see of a library, judged without the code that made it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def problems(library: Path) -> list[str]:
    """Say of every published image what is not as its manifest has it, and of `current` if it leads nowhere."""
    found: list[str] = []
    for channel in library.iterdir() if library.is_dir() else ():
        if channel.name == ".staging":
            continue
        for entry in channel.iterdir():
            if entry.is_symlink():
                if entry.name != "current" or not (entry / "manifest.json").is_file():
                    found.append(f"{entry} leads to {entry.readlink()}, which is no image")
            else:
                found += [f"{entry}: {problem}" for problem in _of_image(entry)]
    return found


def images(library: Path) -> dict[str, dict[str, Any]]:
    """Give the manifests of the published images by their directory's name."""
    return {path.parent.name: json.loads(path.read_text()) for path in library.glob("[!.]*/16.*/manifest.json")}


def _of_image(image: Path) -> list[str]:
    try:
        manifest = json.loads((image / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        return [f"no manifest: {error}"]
    listed = {file["path"]: file for file in manifest["files"]}
    there = {str(path.relative_to(image)) for path in image.rglob("*") if not path.is_dir()} - {"manifest.json"}
    found = [f"{path} is not in the manifest" for path in there - set(listed)]
    found += [f"{path} is missing" for path in set(listed) - there]
    found += [
        f"{path} has other bytes"
        for path in set(listed) & there
        if hashlib.sha256((image / path).read_bytes()).hexdigest() != listed[path]["sha256"]
    ]
    if (image.parent.name, image.name) != (manifest["channel"], manifest["version"]):
        found.append("another image's manifest")
    return found
