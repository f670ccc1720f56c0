# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a deployment file on their way from the module rollout_plan to the module reconcile, as plain JSON.

Both ends are of one version, so the form is nobody else's: what `dumped` writes, `loaded` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Requirements
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment, GateRules
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Apps, Notice, Restart
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import Moment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.plugins.plugin_utils._schedule import Schedule
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice
from ansible_collections.officefleet.c2r.plugins.plugin_utils._sources import ImageSource, Slot
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion, Window

_SETS = ("languages", "architectures", "proofing_tools")


def dumped(deployment: Deployment) -> dict[str, Any]:
    """Give the whole deployment as JSON knows it."""
    plain: dict[str, Any] = _plain(asdict(deployment))
    return plain


def loaded(document: Mapping[str, Any]) -> Deployment:
    """Give the deployment that `dumped` was given."""
    schedule, notice, sliced = document["schedule"], document["notice"], document["sliced"]
    given: dict[str, Any] = {
        **document,
        **_image(document),
        "rings": tuple(document["rings"]),
        "others": tuple(document["others"]),
        "gate": _gate(document["gate"]),
        "ring_gates": {ring: _gate(rules) for ring, rules in document["ring_gates"].items()},
        "ring_available_from": {ring: _moment(when) for ring, when in document["ring_available_from"].items()},
        "apps": Apps(**document["apps"]),
        "notice": None if notice is None else Notice(**notice),
        "restart": Restart(**document["restart"]),
        "sliced": None if sliced is None else Slice(**sliced),
        "sources": tuple(_source(each) for each in document["sources"]),
        "slots": tuple(Slot(**each) for each in document["slots"]),
        "schedule": Schedule(
            **{
                **schedule,
                "available_from": _moment(schedule["available_from"]),
                "ring_available_from": _moment(schedule["ring_available_from"]),
                "deadline": None if schedule["deadline"] is None else _moment(schedule["deadline"]),
                "windows": tuple(Window(**{**each, "days": tuple(each["days"])}) for each in schedule["windows"]),
                "exclusions": tuple(
                    Exclusion(date.fromisoformat(each["first"]), date.fromisoformat(each["last"]))
                    for each in schedule["exclusions"]
                ),
            }
        ),
    }
    return Deployment(**given)


def _gate(document: Mapping[str, Any]) -> GateRules:
    return GateRules(**{**document, "stop_on": frozenset((domain, code) for domain, code in document["stop_on"])})


def _moment(document: Mapping[str, Any]) -> Moment:
    return Moment(datetime.fromisoformat(document["at"]), document["clock"])


def _source(document: Mapping[str, Any]) -> ImageSource:
    groups = {key: tuple(document[key]) for key in ("groups", "skipped_groups", "trickle_groups")}
    return ImageSource(**{**document, **groups, **_image(document)})


def _image(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is known of the image, of a deployment or of a source."""
    requirements = {name: Requirements(**each) for name, each in document["requirements"].items()}
    sets = {key: None if document[key] is None else frozenset(document[key]) for key in _SETS}
    sizes = {name: DownloadSize(**each) for name, each in document["download_sizes"].items()}
    return {**sets, "requirements": requirements, "download_sizes": sizes}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(_plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
