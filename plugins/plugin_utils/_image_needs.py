# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What images have to hold, so that every host of a fleet finds its own in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._host_state import HostState, HostStateError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import Record

HOSTS_NAMED = 3  #: behind each language in the YAML; the result names all
Hosts = dict[str, list[str]]  # by language or architecture


class UnknownError(Exception):
    """What a host needs is not known; the text says why."""


@dataclass(frozen=True)
class Need:
    """What one host needs of the image of its channel. Cultures are lower case."""

    channel: str
    architecture: str
    languages: frozenset[str]
    proofing_tools: frozenset[str] = frozenset()  #: cultures without a display language


@dataclass
class ImageNeeds:
    """What one channel's image has to hold, each with the hosts that need it."""

    hosts: list[str] = field(default_factory=list)
    from_records: list[str] = field(default_factory=list)  #: those among them that were not asked
    architectures: Hosts = field(default_factory=dict)
    languages: Hosts = field(default_factory=dict)
    proofing_tools: Hosts = field(default_factory=dict)

    def add(self, host: str, need: Need, *, from_record: bool) -> None:
        """Take one more host in."""
        self.hosts.append(host)
        if from_record:
            self.from_records.append(host)
        self.architectures.setdefault(need.architecture, []).append(host)
        for culture in need.languages:
            self.languages.setdefault(culture, []).append(host)
        for culture in need.proofing_tools:
            self.proofing_tools.setdefault(culture, []).append(host)

    @property
    def of_proofing_alone(self) -> Hosts:
        """The proofing tools that do not come with a language of the image anyway."""
        return {culture: hosts for culture, hosts in self.proofing_tools.items() if culture not in self.languages}


def of_host(look: Mapping[str, Any]) -> Need:
    """Read an answer of update_info; UnknownError where the host did not answer or has no Office to update."""
    if look.get("unreachable") or look.get("failed") or "installed" not in look:
        raise UnknownError(str(look.get("msg") or "it was not asked").strip().splitlines()[0])
    try:
        host = HostState.from_result(look)
    except HostStateError as error:
        raise UnknownError(str(error)) from error
    if not host.installed:
        raise UnknownError("no Click-to-Run Office is installed")
    if host.channel is None or host.architecture is None:
        raise UnknownError(f"its channel ({host.channel_url or 'none'}) is none that images are staged for")
    # A culture that only has proofing tools stands among the host's languages, too
    alone = set(host.proofing_tools) - set(host.display_languages) if host.display_languages else set()
    return Need(host.channel, host.architecture, frozenset(set(host.languages) - alone), frozenset(alone))


def of_record(record: Record | None) -> Need:
    """Read the record of a host that cannot be asked. It takes cultures with proofing tools alone for languages."""
    if record is None or not record.languages or record.architecture is None:
        raise UnknownError("there is no record that would tell")
    if record.state == "incompatible":
        raise UnknownError("its record does not tell its channel")
    languages = frozenset(language.lower() for language in record.languages)
    return Need(record.deployment.channel, record.architecture, languages)


def variables(channel: str, needs: ImageNeeds) -> dict[str, Any]:
    """Give what the playbook stage takes."""
    return {
        "officefleet_channel": channel,
        "officefleet_architectures": sorted(needs.architectures),
        "officefleet_languages": sorted(needs.languages),
        "officefleet_proofing_tools": sorted(needs.of_proofing_alone),
    }


def yaml_text(channel: str, needs: ImageNeeds) -> str:
    """Give the same as YAML with comments that name who needs what: names and cultures need no quotes."""
    counted = f"{len(needs.hosts)} hosts"
    if needs.from_records:
        counted += f", {len(needs.from_records)} of them by their records"
    lines = [f"# {counted}", f"officefleet_channel: {channel}"]
    for variable, found in (
        ("officefleet_architectures", needs.architectures),
        ("officefleet_languages", needs.languages),
        ("officefleet_proofing_tools", needs.of_proofing_alone),
    ):
        lines.append(f"{variable}:" if found else f"{variable}: []")
        lines += [f"  - {value}  # {_some(found[value])}" for value in sorted(found)]
    return "".join(f"{line}\n" for line in lines)


def _some(hosts: Iterable[str]) -> str:
    names = sorted(hosts)
    more = len(names) - HOSTS_NAMED
    return ", ".join(names[:HOSTS_NAMED]) + (f" and {more} more" if more > 0 else "")
