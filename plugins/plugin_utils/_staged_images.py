# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that a deployment file speaks of, as the controller can see them: at their sources, or in a library."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError, NotInBuildError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.checks import ManifestOf
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import FleetDeployment, Source


def manifest_of(library: str | None) -> ManifestOf:
    """Give what looks into a source's images, each of them once; with `library`, a directory or a URL, into that one.

    What is given returns None where there is no such image, and raises CdnError where that cannot be told.
    """
    seen: dict[str, Manifest | None] = {}

    def look(url: str, channel: str, version: str) -> Manifest | None:
        image = f"{library.rstrip('/')}/{channel}/{version}" if library else Source(url).image(channel, version)
        if image not in seen:
            seen[image] = _read(image, "library" if library else "source")
        return seen[image]

    return look


def missing(deployment: FleetDeployment, look: ManifestOf) -> list[str]:
    """Give the addresses at which there is no image of the deployment, or none that can be looked at."""
    version = deployment.version
    if version is None:
        return []
    return [
        http.redact(source.image(deployment.channel, version))
        for source in deployment.sources
        if not _is_there(look, source.url, deployment.channel, version)
    ]


def _is_there(look: ManifestOf, url: str, channel: str, version: str) -> bool:
    try:
        return look(url, channel, version) is not None
    except CdnError:
        return False


def _read(image: str, option: str) -> Manifest | None:
    if image.startswith("\\\\"):
        raise InputError(
            f"this machine cannot read {image}, a UNC path. Set library to the directory or the URL at which it reads "
            "the same library."
        )
    place = f"{image}/{manifest.NAME}"
    if "://" not in place and not Path(image).expanduser().exists():
        return None
    try:
        return Manifest.from_json(http.read_source(place, option).decode())
    except NotInBuildError:
        return None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{option}: {http.redact(place)} is no manifest of an image. Stage the image again."
        ) from error
