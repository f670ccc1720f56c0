# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout is told, checked in one place. InputError names the variable, its value and what would be valid.

`prefix` is what the variables begin with, such as "officefleet_"; the rest of a variable's name is the option's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, http, manifest, version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.modules.rollout_plan import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _deployment, _download_size, _fleet_plan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import (
    ArgumentsError,
    UnquotedVersionError,
    validated,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import checks, files, reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import EVERY_HOST, FleetDeployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._download_size import DownloadSize
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import DeploymentKey, NoRecordsError, RecordError

TAKES = {
    "channel": "an update channel such as MonthlyEnterprise",
    "version": "a build such as 16.0.20228.20190, or the lookup officefleet.c2r.release",
    "source": "the URL of the image, such as http://updates.example.com/office/MonthlyEnterprise/16.0.20228.20190",
    "records": "a directory on this machine that lasts, such as /var/lib/officefleet/records, or the address of a "
    "PostgreSQL database",
}
#: What a deployment file says itself.
FROM_FILE = (
    "channel",
    "version",
    "source",
    "manifest_url",
    "rings",
    "ring_success",
    "max_attempts",
    "retry_delay",
    "force_app_shutdown",
    "multi_session_shutdown",
    "allow_downgrade",
    "min_free_disk",
    "goal",
    "ignore_withdrawn",
)
KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list of groups"}
DAY = 86400
#: Seconds.
RANGES = {
    "fresh_for": (0, 31 * DAY),
    "pass_seconds": (0, DAY),
    "timeout": (0, 7 * DAY),
    "answer_timeout": (1, 3600),
}
HOSTS_NAMED = 3  #: for each value in a message


@dataclass(frozen=True)
class Image:
    """The image to roll out: names in full, the rest as its manifest has it."""

    channel: str
    version: str
    source: str
    languages: tuple[str, ...]
    architectures: tuple[str, ...]
    proofing_tools: tuple[str, ...]
    requirements: Mapping[str, manifest.Requirements]  #: by architecture
    download_sizes: Mapping[str, DownloadSize]  #: the same


def typed(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Give every option with its type. Empty ones count as not given, as in surveys that were not filled in."""
    unknown = sorted(set(given) - set(ARGUMENT_SPEC))
    if unknown:
        raise InputError(f"{unknown[0]}: there is no such option. Valid are {', '.join(ARGUMENT_SPEC)}.")
    options = {option: _typed(option, given.get(option), prefix) for option in ARGUMENT_SPEC}
    options["min_free_disk"] = _room(options["min_free_disk"], prefix)
    if options["deployments"]:
        own = next((option for option in FROM_FILE if options[option] != ARGUMENT_SPEC[option].get("default")), None)
        if own is not None:
            raise InputError(f"{prefix}{own}: with {prefix}deployments the file says this. Take one of the two out.")
        return options
    missing = next((option for option in TAKES if not options[option]), None)
    if missing is not None:
        raise InputError(f"{prefix}{missing} is not set; it takes {TAKES[missing]}.")
    for option in ("waivers", "library"):
        if options[option]:
            raise InputError(f"{prefix}{option}: it goes with a deployment file. Set {prefix}deployments.")
    return options


def _typed(option: str, value: Any, prefix: str) -> Any:
    specification = ARGUMENT_SPEC[option]
    value = value.strip() if isinstance(value, str) else value
    if value is None or value == "":
        if "required" in specification:
            raise InputError(f"{prefix}{option} is not set; it takes {TAKES[option]}.")
        return specification.get("default")
    try:
        value = validated({option: specification}, {option: value})[option]
    except UnquotedVersionError as error:
        raise InputError(f"{prefix}{error}") from error
    except ArgumentsError as error:
        choices = ", ".join(specification.get("choices", ()))
        wanted = f"one of {choices}" if choices else KINDS.get(specification["type"], "text")
        raise InputError(f"{prefix}{option}: {value!r} is not {wanted}.") from error
    lowest, highest = RANGES.get(option, (None, None))
    if lowest is not None and highest is not None and not lowest <= value <= highest:
        raise InputError(f"{prefix}{option}: {value:g} is not between {lowest} and {highest} (seconds).")
    return [item.strip() for item in value if item.strip()] if isinstance(value, list) else value


def _room(text: str | None, prefix: str) -> int | None:
    """Read how much has to be free; None: as much as a download takes."""
    try:
        return None if text is None else 0 if text == "0" else _download_size.room(text)
    except ValueError as error:
        raise InputError(f'{prefix}min_free_disk: {error}, such as "5G", "800M", or 0 for none.') from error


def image(options: Mapping[str, Any], prefix: str) -> Image:
    """Check channel, version and source, and hold them against the image's manifest. TransferError, FeedError."""
    channel = channels.find(options["channel"], f"{prefix}channel").name
    build = version.full(options["version"], f"{prefix}version")
    source = _deployment.source(options["source"], f"{prefix}source")
    found, place = _manifest(source, options["manifest_url"], prefix)
    if (found.channel, found.version) != (channel, build):
        raise InputError(
            f"{prefix}source: {place} describes {found.channel} {found.version}, but the run is for {channel} {build}. "
            f"Let {prefix}source, {prefix}channel and {prefix}version name one image."
        )
    return Image(
        channel,
        build,
        source,
        found.languages,
        found.architectures,
        found.proofing_tools,
        found.requirements,
        _download_size.of_image(found),
    )


def from_file(options: Mapping[str, Any], prefix: str, groups: Mapping[str, Sequence[str]]) -> FleetPlan:
    """Read the deployment file and the waivers, and put the deployment together. InputError tells all problems."""
    now = datetime.now(timezone.utc)
    path, sliced = options["deployments"], (options["slices"] or 1) > 1
    file = reading.read(
        files.read_text(path, f"{prefix}deployments"), now, file=path, fresh=(), groups=groups, sliced=sliced
    )
    waivers = None
    if options["waivers"]:
        path = options["waivers"]
        text = files.read_text(path, f"{prefix}waivers")
        waivers = reading.read_waivers(text, now, file=path, groups=groups, sliced=sliced)
    fleet = _fleet_plan.chosen(file, options["deployment"] or None)
    passed = tuple(checks.passed_deadlines(file.entry(fleet.name), now))
    if passed and not _begun(fleet, groups, options["records"], f"{prefix}records"):
        raise FileProblemsError(options["deployments"], passed)
    if options["halted"]:
        fleet = replace(fleet, halted=True)
    library = options["library"]

    def manifest_at(url: str) -> manifest.Manifest:
        here = f"{library.rstrip('/')}/{fleet.channel}/{fleet.version}" if library else url
        return _manifest(url, f"{here}/{manifest.NAME}" if library else None, prefix)[0]

    planned = _fleet_plan.plan(fleet, groups, waivers, manifest_at, now)
    others = tuple(each.name for each in file.deployments if each.active and each.name != fleet.name)
    warnings = [f"{options['deployments']}:{warning}" for warning in file.warnings]
    warnings += [f"{options['waivers']}:{warning}" for warning in (waivers.warnings if waivers else ())]
    events = planned.events
    if events is not None:
        elsewhere = [each for each in file.deployments if each.active and each.channel != fleet.channel]
        events = {**events, "other_channels": [[each.name, each.channel, each.version] for each in elsewhere]}
    deployment = replace(planned.deployment, others=others)
    return replace(planned, deployment=deployment, events=events, warnings=(*warnings, *planned.warnings))


def _begun(fleet: FleetDeployment, groups: Mapping[str, Sequence[str]], records: str, option: str) -> bool:
    """Tell whether any host has a record of the deployment, also one that this inventory does not know."""
    key = DeploymentKey(fleet.name, fleet.channel, str(fleet.version), "")
    try:
        with closing(open_store(records)) as store:
            if store.standings(key, groups.get(EVERY_HOST, ())):
                return True
            return any(record.deployment.same(key) for record in store.everything()[0])
    except NoRecordsError:
        return False
    except RecordError as error:
        raise InputError(option + str(error).removeprefix("records")) from error


def _manifest(source: str, url: str | None, prefix: str) -> tuple[manifest.Manifest, str]:
    """Read the manifest, from `url` or from the source; give it and where it is."""
    if url is None and source.startswith("\\\\"):
        raise InputError(
            f"{prefix}manifest_url is not set; where {prefix}source is a UNC path ({source}) it takes the URL or the "
            f"path at which this machine reads the image's {manifest.NAME}."
        )
    option = f"{prefix}source" if url is None else f"{prefix}manifest_url"
    place = url or f"{source}/{manifest.NAME}"
    if re.match("https?://[^/]*@", place):
        raise InputError(f"{option}: the URL holds a user name or a password, which would be shown in messages.")
    try:
        return manifest.Manifest.from_json(http.read_source(place, option).decode()), place
    except (TransferError, InputError, FeedError, UnicodeDecodeError) as error:
        said = str(error) if str(error).startswith(option) else f"{option}: {place} is no manifest of an image. {error}"
        raise InputError(
            f"{said} Stage the image with the playbook officefleet.c2r.stage, or name the directory of a staged image, "
            "<library>/<channel>/<version> as the web server gives it."
        ) from error


def check_writable(records: str, option: str) -> None:
    """Refuse a directory or a database that no record can be written to; nothing is made yet."""
    try:
        with closing(open_store(records)) as store:
            store.check()
    except RecordError as error:
        raise InputError(option + str(error).removeprefix("records")) from error


def check_same(variable: str, values: Mapping[str, Any]) -> None:
    """Refuse a variable with several values, given for each host: the run would follow the first host's in silence."""
    hosts: dict[str, list[str]] = {}
    for host, value in values.items():
        text = http.redact(value) if isinstance(value, str) and "://" in value else repr(value)
        hosts.setdefault("nothing" if value is None else text, []).append(host)
    if len(hosts) > 1:
        said = "; ".join(f"{value} for {_some(names)}" for value, names in hosts.items())
        raise InputError(
            f"{variable} differs between the hosts of this run: {said}. A run has one deployment: give all hosts "
            "the same, or run it for one group at a time (--limit)."
        )


def _some(hosts: list[str]) -> str:
    more = len(hosts) - HOSTS_NAMED
    return ", ".join(hosts[:HOSTS_NAMED]) + (f" and {more} more" if more > 0 else "")
