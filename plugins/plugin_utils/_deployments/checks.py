# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment file has to fulfil beyond its schema: by itself, by the calendar, the inventory and the images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import bulletin, http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _spelling, _windows
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import (
    EVERY_HOST,
    FleetDeployment,
    Source,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import ASAP, Moment, span
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import Problem
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.yaml_tree import Node

PIN_NOTICE = timedelta(days=14)  #: how long before its end a pin is reported
#: Gives the manifest that a library has for a channel and version: (url, channel, version). None: it has no such image.
ManifestOf = Callable[[str, str, str], "Manifest | None"]


@dataclass(frozen=True)
class Surroundings:
    """What a file is held against. `fresh`: names of the deployments that are being written, None for all of them.

    A date that has passed and an image that is not there are errors in a fresh deployment. In the others they are
    warnings, and a deadline that has passed is nothing at all.
    """

    now: datetime
    fresh: Collection[str] | None = None
    groups: Mapping[str, Collection[str]] | None = None
    manifest: ManifestOf | None = None
    sliced: bool = False  #: the groups are a part of the inventory

    def settled(self, name: str) -> bool:
        """Tell whether the deployment was written earlier."""
        return self.fresh is not None and name not in self.fresh


@dataclass(frozen=True)
class Entry:
    """One deployment of the file: as it is written, with its templates, and as data."""

    own: Node
    node: Node
    deployment: FleetDeployment

    def at(self, *path: str | int) -> Node:
        """Give the node of a value, or the nearest around it that is written."""
        return found(self.node, path)


def found(node: Node, path: Sequence[str | int]) -> Node:
    """Follow a path of keys and places as far as it is written."""
    for step in path:
        if isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        elif isinstance(step, str) and step in node.mapping:
            node = node.mapping[step]
        else:
            break
    return node


def problems(entries: Sequence[Entry], around: Surroundings) -> Iterator[Problem]:
    """Give all that is wrong."""
    for entry in entries:
        for check in CHECKS:
            yield from check(entry, around)
    yield from _overlaps(entries, around)
    yield from _source_limits(entries)


def _dates(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    # A deployment goes on after its deadline, so there is nothing to say of one that runs
    if not around.settled(deployment.name):
        yield from passed_deadlines(entry, around.now)
    for path, available in _starts(deployment):
        if not around.settled(deployment.name) and available != ASAP and available.passed_everywhere(around.now):
            text = f"{available} has passed, it would begin at once. Give a later one, or asap if that is meant."
            yield entry.at(*path).problem(text)
        for place, deadline in _deadlines(deployment):
            if deadline.surely_before(available):
                line = entry.at(*place).line
                yield entry.at(*path).problem(f"{available} is after the deadline, {deadline} (line {line}).")


def passed_deadlines(entry: Entry, now: datetime) -> Iterator[Problem]:
    """Find deadlines that have passed on every host, which is a mistake as long as a deployment has not begun."""
    for path, deadline in _deadlines(entry.deployment):
        if deadline.passed_everywhere(now):
            text = f"{deadline} has passed, it would be enforced at once. Give a later one, or asap if that is meant."
            yield entry.at(*path).problem(text)


def _deadlines(deployment: FleetDeployment) -> Iterator[tuple[tuple[str, ...], Moment]]:
    """Give the deadlines that are dates, each with its place."""
    expedited = deployment.expedite.deadline if deployment.expedite else None
    for path, deadline in ((("deadline",), deployment.deadline), (("expedite", "deadline"), expedited)):
        if deadline is not None and deadline != ASAP:
            yield path, deadline


def _starts(deployment: FleetDeployment) -> Iterator[tuple[tuple[str | int, ...], Moment]]:
    """Give when the deployment and its rings become available, each with its place."""
    yield ("available_from",), deployment.available_from
    for place, ring in enumerate(deployment.rings):
        yield ("rings", place, "available_from"), ring.available_from


def _pin(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    deployment, pin = entry.deployment, entry.deployment.pin_until
    settled = around.settled(deployment.name)
    if pin is None or (settled and not deployment.active):
        return
    if pin.passed_everywhere(around.now):
        text = f"{pin} has passed, no host is brought back any more. Give a later one, or remove the deployment."
        yield entry.at("pin_until").problem(text, warning=settled)
    elif pin.passed_everywhere(around.now + PIN_NOTICE):
        text = f"{pin} is less than {PIN_NOTICE.days} days away, and no host is brought back any more then."
        yield entry.at("pin_until").problem(f"{text} Give a later one, or plan what follows.", warning=True)
    if pin.surely_before(deployment.available_from):
        text = f"{pin} is before the deployment is available, {deployment.available_from}. Give a later one."
        yield entry.at("pin_until").problem(text)


def _enforcement(entry: Entry, _around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    unread = entry.node.left_out & {"deadline", "expedite"}
    if deployment.after_deadline != "wait" and deployment.effective_deadline is None and not unread:
        text = f"{deployment.after_deadline} needs a deadline, and there is none. Set deadline, or write wait."
        yield entry.at("after_deadline").problem(text)
    closes = deployment.apps.close == "after_deadline"
    if deployment.force_app_shutdown and not closes:
        text = (
            "force closes applications, and apps.close does not say so. Write apps: {close: after_deadline}, or apply."
        )
        yield entry.at("after_deadline").problem(text)
    if closes and not deployment.force_app_shutdown:
        text = f"after_deadline closes nothing while after_deadline is {deployment.after_deadline}. Write force there."
        yield entry.at("apps", "close").problem(text)
    sources = entry.node.mapping.get("sources")
    written = "sources" in entry.node.left_out or (sources is not None and (sources.items or sources.left_out))
    if not written and not deployment.cdn_allowed:
        text = "there is no source to download from. Give sources, or cdn_allowed: true."
        yield entry.at("sources").problem(text)


def _rollback(entry: Entry, _around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    if deployment.allow_downgrade and deployment.pin_until is None and "pin_until" not in entry.node.left_out:
        yield entry.at("allow_downgrade").problem("going back needs pin_until, until when hosts stay there.")


def _expedite(entry: Entry, _around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    expedite = deployment.expedite
    if expedite is None:
        return
    if expedite.approved_by.strip().lower() == expedite.second_approver.strip().lower():
        yield entry.at("expedite", "second_approver").problem(
            f"{expedite.second_approver!r} is the first approver, too. Another person has to approve it."
        )
    written = entry.at("expedite")
    if not {"soak_time", "deadline"} & (written.mapping.keys() | written.left_out):
        yield written.problem("it shortens nothing. Give soak_time or deadline, or remove it.")
    longest = max((ring.gates.soak_time for ring in deployment.rings), default=0)
    if expedite.soak_time is not None and expedite.soak_time >= longest:
        text = f"{span(expedite.soak_time)} shortens nothing, the longest soak time is {span(longest)}."
        yield entry.at("expedite", "soak_time").problem(text)
    later = deployment.deadline is not None and expedite.deadline is not None
    if later and not expedite.deadline.surely_before(deployment.deadline):  # type: ignore[union-attr, arg-type]
        text = f"{expedite.deadline} is not before the regular deadline, {deployment.deadline}."
        yield entry.at("expedite", "deadline").problem(text)


def _windows_open(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    begin = max(around.now.replace(tzinfo=None), deployment.available_from.at)
    state = _windows.window_state(deployment.windows, deployment.exclusions, begin, 0)
    opens = begin if state.open else state.opens_at
    if opens is None:
        yield entry.at("windows").problem("no window ever opens, exclusions hold all of them closed.")
        return
    deadline = deployment.effective_deadline
    fresh = not around.settled(deployment.name)
    if fresh and deadline is not None and deployment.after_deadline == "wait" and begin < deadline.at < opens:
        text = f"no window opens before the deadline, {deadline}, and after_deadline is wait."
        yield entry.at("windows").problem(text, warning=True)


def _bulletin(entry: Entry, _around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    if deployment.bulletin is None:
        return
    try:
        named = bulletin.parse(deployment.bulletin).channel
    except InputError as error:
        text = f"{str(error).removeprefix('bulletin: ')} So it is not compared with the channel."
        yield entry.at("bulletin").problem(text, warning=True)
        return
    if named is not None and named.name != deployment.channel:
        yield entry.at("bulletin").problem(
            f"{deployment.bulletin!r} is of channel {named.name}, the deployment{_and_version(deployment)} of "
            f"{deployment.channel} (line {entry.at('channel').line}). Correct one of them."
        )


def _and_version(deployment: FleetDeployment) -> str:
    return f" with version {deployment.version} is" if deployment.version else " is"


def _rings(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    """Find rings that no host is left for: the next one would open without anything to wait for."""
    seen: dict[str, int] = {}
    taken: set[str] = set()
    for place, ring in enumerate(entry.deployment.rings):
        node, group = entry.at("rings", place, "group"), ring.group
        if group in seen:
            yield node.problem(f"{group!r} is a ring already, in line {seen[group]}. Remove one of the two.")
        elif EVERY_HOST in seen:
            line = seen[EVERY_HOST]
            yield node.problem(f"no host is left for it behind {EVERY_HOST!r}, in line {line}. Put it before.")
        elif around.groups is not None and group in around.groups and entry.deployment.active:
            if taken.issuperset(around.groups[group]) and not around.sliced:
                why = "all of its hosts are in rings before it" if around.groups[group] else "the group has no hosts"
                yield node.problem(f"{why}, so nothing is waited for before the next ring opens.", warning=True)
            taken.update(around.groups[group])
        seen.setdefault(group, node.line)


def _groups(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    places = [(entry.at("rings", i, "group"), ring.group) for i, ring in enumerate(entry.deployment.rings)]
    for source in entry.at("sources").items:
        lists = (found(source, ("groups",)), found(source, ("slow_link", "groups")))
        places += [(node, str(node.value)) for each in lists for node in each.items]
        limits = source.mapping.get("group_limits")
        places += [(node, group) for group, node in limits.mapping.items()] if limits is not None else []
    for node, group in places if around.groups is not None else ():
        if group and group != EVERY_HOST and group not in (around.groups or ()):
            remedy = _spelling.remedy(group, around.groups or ())
            yield node.problem(f"{group!r} is not a group of the inventory. {remedy}")


def _images(entry: Entry, around: Surroundings) -> Iterator[Problem]:
    deployment = entry.deployment
    if around.manifest is None or deployment.version is None:
        return
    wrong: list[tuple[Node, str]] = []
    nodes = entry.at("sources").items
    for place, source in enumerate(deployment.sources if len(nodes) == len(deployment.sources) else ()):
        text = _image_problem(around.manifest, source.url, deployment.channel, deployment.version)
        if text:
            wrong.append((found(nodes[place], ("url",)), text))
    nowhere = len(wrong) == len(deployment.sources) and not deployment.cdn_allowed
    for node, text in wrong:
        yield node.problem(text, warning=not nowhere or around.settled(deployment.name))


def _image_problem(manifest: ManifestOf, url: str, channel: str, version: str) -> str | None:
    try:
        image = manifest(url, channel, version)
    except CdnError as error:
        return f"the image {channel} {version} cannot be looked at: {error}"
    if image is None:
        return f"there is no image {channel} {version} at {http.redact(url)}. Stage it first."
    if (image.channel, image.version) != (channel, version):
        return f"the image at {channel}/{version} is one of {image.channel} {image.version}. Stage it again."
    return None


CHECKS = (_dates, _pin, _enforcement, _rollback, _expedite, _windows_open, _bulletin, _rings, _groups, _images)


def _overlaps(entries: Sequence[Entry], around: Surroundings) -> Iterator[Problem]:
    """Find active deployments of one channel that claim the same hosts."""
    active = [entry for entry in entries if entry.deployment.active]
    for place, later in enumerate(active):
        for earlier in active[:place]:
            if earlier.deployment.channel != later.deployment.channel:
                continue
            for i, ring in enumerate(later.deployment.rings):
                for j, other in enumerate(earlier.deployment.rings):
                    shared = _shared(ring.group, other.group, around.groups)
                    if shared:
                        line = earlier.at("rings", j, "group").line
                        yield later.at("rings", i, "group").problem(
                            f"{shared} in {earlier.deployment.name!r} (line {line}) already, which is for "
                            f"{later.deployment.channel}, too. Halt or remove one of the two deployments."
                        )


def _shared(one: str, other: str, groups: Mapping[str, Collection[str]] | None) -> str | None:
    if one == other:
        return f"the group {one!r} is"
    if EVERY_HOST in (one, other):
        return f"hosts of {one!r} are" if other == EVERY_HOST else f"{one!r} holds hosts that are"
    hosts = sorted(set((groups or {}).get(one, ())) & set((groups or {}).get(other, ())))
    if not hosts:
        return None
    more = f" and {len(hosts) - 1} more hosts" if len(hosts) > 1 else ""
    return f"{hosts[0]}{more} of {one!r} {'are' if more else 'is'}, by the group {other!r},"


def _source_limits(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Find a source that is given with two limits: slots are counted for each URL over all deployments."""
    first: dict[tuple[str, tuple[str, ...]], tuple[int, int]] = {}
    for entry in entries:
        nodes = entry.at("sources").items
        if len(nodes) != len(entry.deployment.sources):
            continue
        for node, source in zip(nodes, entry.deployment.sources, strict=True):
            for path, given in _limits(source):
                limit, line = first.setdefault((source.url, path), (given, node.line))
                if limit != given:
                    yield found(node, path).problem(
                        f"{given} hosts at once, and {limit} for the same source in line {line}. Give one."
                    )


def _limits(source: Source) -> Iterator[tuple[tuple[str, ...], int]]:
    """Give the limits of a source, each with its place."""
    yield ("max_active",), source.max_active
    for group, limit in source.group_limits.items():
        yield ("group_limits", group), limit
    if source.slow_link is not None and source.slow_link.rule == "trickle":
        yield ("slow_link", "max_active"), source.slow_link.max_active
