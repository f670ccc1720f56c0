#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a library holds and whether it is whole."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Say which images a library holds and whether they are whole
version_added: 0.1.0
description:
  - Lists the images that M(officefleet.c2r.image) has staged in a library, with their languages, architectures, sizes
    and how they were verified.
  - Holds the files of each image against its manifest, by presence and size; with O(verify=true) by reading and hashing
    all of them.
  - Needs nothing but Python and its standard library, and no network. Changes nothing.
  - A library that does not exist holds no images; that is not an error.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: The module changes nothing in any mode.
  diff_mode:
    support: none
  platform:
    platforms: linux
options:
  library:
    description: The directory of all images, an absolute path.
    type: path
    required: true
  channel:
    description:
      - Only the images of this update channel, by any of its names, its GUID or its CDN address.
    type: str
  version:
    description:
      - Only the images of this build, such as V(16.0.20228.20190). The short form V(20228.20190) has to be in quotes,
        or YAML reads a number and drops its last digit.
    type: str
  verify:
    description:
      - Read every file and compare its SHA-256 with the manifest's, which takes as long as reading all images.
      - Damage that left a file's size as it was is found in no other way.
    type: bool
    default: false
notes:
  - The manifest itself is not signed. Who can write in the library can change a file and its manifest alike.
  - No lock is taken. An image that is replaced while it is looked at is looked at once more.
seealso:
  - module: officefleet.c2r.image
    description: Stages images, and repairs those that this module finds damaged.
author:
  - officefleet.c2r contributors (@officefleet)
"""

EXAMPLES = r"""
- name: See what is there
  officefleet.c2r.image_info:
    library: /srv/office
  register: office

- name: Show the versions of one channel, the highest first
  ansible.builtin.debug:
    msg: "{{ office.images | selectattr('channel', 'eq', 'MonthlyEnterprise') | map(attribute='version') }}"

- name: Read every file of the images that clients update from
  officefleet.c2r.image_info:
    library: /srv/office
    channel: MonthlyEnterprise
    verify: true
  register: checked
  failed_when: checked.images | rejectattr('complete') | length > 0 or checked.unreadable | length > 0
"""

RETURN = r"""
images:
  description: The images, by channel, the highest version first.
  type: list
  elements: dict
  returned: success
  contains:
    channel:
      description: The update channel.
      type: str
      returned: always
      sample: MonthlyEnterprise
    version:
      description: The build in full.
      type: str
      returned: always
      sample: 16.0.20228.20190
    path:
      description: The image's directory.
      type: str
      returned: always
      sample: /srv/office/MonthlyEnterprise/16.0.20228.20190
    architectures:
      description: V(x64), V(x86) or both.
      type: list
      elements: str
      returned: always
      sample: [x64]
    languages:
      description: The languages that can be installed and updated from it.
      type: list
      elements: str
      returned: always
      sample: [en-us, de-de]
    proofing_tools:
      description: The languages of which it has proofing tools alone.
      type: list
      elements: str
      returned: always
      sample: [fr-fr]
    requirements:
      description:
        - What the build demands of a host, by architecture, as the version descriptor in the image says. A host below
          is V(incompatible) in a rollout.
        - Nothing for an architecture whose image was staged before this was written down.
      type: dict
      returned: always
      sample: {x64: {min_os: "10.0", min_client: 15.0.4446.1000}}
    size:
      description: Bytes of all files that the manifest names.
      type: int
      returned: always
      sample: 2157948416
    files:
      description: How many files the manifest names.
      type: int
      returned: always
      sample: 11
    created:
      description: When the image was first published, in UTC.
      type: str
      returned: always
      sample: "2026-11-21T08:00:00Z"
    updated:
      description: When a language or an architecture was added, or a file was repaired, in UTC. Null if never.
      type: str
      returned: always
      sample: "2026-11-24T08:00:00Z"
    verification:
      description:
        - V(full) if every file was verified by Microsoft's signatures and the hashes they cover.
        - V(manifest) if it was mirrored, and held against the manifest of the library it came from.
        - V(none) if nothing was verified, because that was asked for.
      type: str
      returned: always
      sample: full
    current:
      description: Whether the channel's link C(current) leads to it.
      type: bool
      returned: always
    complete:
      description: Whether RV(images[].damage) is empty. What is RV(images[].unexpected) does not count.
      type: bool
      returned: always
    damage:
      description: Files that are missing or not what the manifest says.
      type: list
      elements: dict
      returned: always
      contains:
        path:
          description: Path below RV(images[].path).
          type: str
          returned: always
          sample: office/data/v64.cab
        problem:
          description: What is wrong with it.
          type: str
          returned: always
          sample: is missing
    unexpected:
      description:
        - What lies in the image's directory and is not in its manifest; a directory ends with a slash.
        - M(officefleet.c2r.image) never removes such a file, and does not prune an image that has one.
      type: list
      elements: str
      returned: always
      sample: [setup.exe]
unreadable:
  description:
    - What lies where images do and cannot be read as one, such as a directory without a manifest.
    - Also a channel's link C(current) that leads to no image.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: The path.
      type: str
      returned: always
      sample: /srv/office/Current/old
    reason:
      description: What is wrong with it.
      type: str
      returned: always
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, integrity
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.library import CURRENT, Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest


class Inventory:
    """What a library holds, as the module's result has it."""

    def __init__(self, library: Library, verify: bool) -> None:
        self._library = library
        self._verify = verify
        self.images: list[dict[str, Any]] = []
        self.unreadable: list[dict[str, str]] = []

    def add(self, channel: str, version: str | None) -> None:
        """Look at a channel's images, at all or at those of one version."""
        folder = self._library.root / channel
        try:
            names = self._library.entries(channel)
        except OSError as error:
            self._cannot_read(folder, error)
            return
        try:
            current = self._library.current(channel)
        except (InputError, OSError) as error:
            current = None
            self._cannot_read(folder / CURRENT, error)
        for name in sorted(names, key=_highest_first):
            if version in (None, name):
                self._add_image(channel, name, current)

    def _add_image(self, channel: str, name: str, current: str | None) -> None:
        try:
            if not _is_version(name):
                raise InputError("its name is not that of a version")
            image = self._seen(channel, name)
        except (InputError, OSError) as error:
            self._cannot_read(self._library.root / channel / name, error)
            return
        if image is not None:
            self.images.append({**image, "current": name == current})

    def _seen(self, channel: str, version: str) -> dict[str, Any] | None:
        """Look at an image, and once more if it was replaced meanwhile: what was seen may be a mixture."""
        path = self._library.image(channel, version)
        image = self._library.read(channel, version)
        while image is not None:
            problem: OSError | None = None
            found: tuple[integrity.Damage, ...] = ()
            try:
                found = integrity.check(path, image) if self._verify else integrity.look(path, image)
            except OSError as error:
                problem = error
            before, image = image, self._library.read(channel, version)
            if image == before:
                if problem:
                    raise problem
                return _described(path, image, found)
        return None

    def _cannot_read(self, path: Path, error: InputError | OSError) -> None:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        self.unreadable.append({"path": _text(str(path)), "reason": _text(reason.removeprefix("library: "))})


def _described(path: Path, image: Manifest, found: tuple[integrity.Damage, ...]) -> dict[str, Any]:
    damage = [one for one in found if not one.unexpected]
    return {
        "channel": image.channel,
        "version": image.version,
        "path": str(path),
        "architectures": list(image.architectures),
        "languages": list(image.languages),
        "proofing_tools": list(image.proofing_tools),
        "requirements": {name: asdict(required) for name, required in image.requirements.items()},
        "size": image.size,
        "files": len(image.files),
        "created": image.created,
        "updated": image.updated,
        "verification": image.verification,
        "complete": not damage,
        "damage": [{"path": one.path, "problem": one.problem} for one in damage],
        "unexpected": [_text(one.path) for one in found if one.unexpected],
    }


def _is_version(name: str) -> bool:
    try:
        return office_version.full(name) == name
    except InputError:
        return False


def _highest_first(name: str) -> tuple[list[int], str]:
    """Order versions downwards, and everything else behind them."""
    try:
        return [-number for number in office_version.parse(name)], name
    except InputError:
        return [1], name


def _text(path: str) -> str:
    """Give a path as text that can be printed, whatever bytes its names are made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def inventory(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the module's result; InputError names the option that is wrong."""
    root = Path(options["library"])
    if not root.is_absolute():
        raise InputError(f"library: {options['library']!r} is not an absolute path; give one such as /srv/office.")
    if os.path.lexists(root) and not root.is_dir():
        raise InputError(f"library: {str(root)!r} is not a directory; name the directory of all images.")
    library = Library(root)
    version = options["version"] and office_version.full(options["version"].strip())
    found = Inventory(library, options["verify"])
    for channel in _channels(library, options["channel"]):
        found.add(channel, version)
    return {"images": found.images, "unreadable": found.unreadable}


def _channels(library: Library, asked: str | None) -> Iterable[str]:
    """Give the channel asked for, or all directories that are called like a channel or have an image."""
    if asked:
        return [channels.find(asked).name]
    known = {channel.name for channel in channels.CHANNELS}
    return [name for name in library.channel_folders() if name in known or _has_image(library, name)]


def _has_image(library: Library, channel: str) -> bool:
    try:
        return bool(library.versions(channel))
    except OSError:  # not a channel's, so in nobody's way
        return False


def main() -> None:
    """Run the module."""
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core is partly annotated
        argument_spec={
            "library": {"type": "path", "required": True},
            "channel": {"type": "str"},
            "version": {"type": "str"},
            "verify": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = inventory(module.params)
    except CdnError as error:
        module.fail_json(msg=" ".join(str(error).split()))
    except OSError as error:
        module.fail_json(
            msg=f"library: {module.params['library']!r} cannot be read: {error}. Check its owner and mode."
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
