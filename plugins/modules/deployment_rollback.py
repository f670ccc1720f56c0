#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_rollback
short_description: Propose the way back from a deployment to an earlier version
version_added: 0.1.0
description:
  - Proposes a change of the deployment file, shown as a diff to be reviewed. A new deployment with the earlier version,
    C(allow_downgrade) and C(pin_until) comes behind the one that is gone back from, which is halted. The file itself is
    never written to.
  - The new deployment takes over what stands in the old one, but for its dates, its deadline and what is expedited. It
    closes nobody's applications. Change the proposal where that is not meant.
  - The old deployment stays halted for all of its rings, also where only some go back, since two deployments may not
    claim the same hosts.
  - It is refused where the file would have an error with it, such as an image that is staged at none of the sources.
  - Runs on the controller alone. The groups of the inventory are needed, since rings are held against them.
options:
  deployments:
    description: The deployment file on the controller.
    type: path
    required: true
  deployment:
    description: Name of the deployment to go back from.
    type: str
    required: true
  version:
    description:
      - The version to go back to. It has to be earlier than the deployment's.
      - Without it the highest earlier one that another deployment of the channel in the file has. A deployment with its
        way back behind it, as this module puts it there, does not count.
    type: str
  pin_until:
    description: Until when the hosts stay there, in the form of the file, such as V(2027-01-31).
    type: str
    required: true
  rings:
    description: The rings that go back. Without it all of them.
    type: list
    elements: str
    default: []
  name:
    description: Name of the new deployment. Without it one is made of the old one's and the version.
    type: str
  library:
    description: As O(officefleet.c2r.deployment_approval#module:library).
    type: str
  output:
    description: As O(officefleet.c2r.deployment_approval#module:output).
    type: path
  variables:
    description:
      - Names of the variables that the options are taken from, by option. Messages name them then.
    type: dict
    default: {}
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: All is checked and the diff is shown, nothing is written.
  diff_mode:
    support: full
    details: Without it the diff is shown, too, as text of its own.
  platform:
    platforms: posix
    details: That is the controller; no host is contacted.
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.deployment_approval
"""

EXAMPLES = r"""
- name: Propose to bring the pilots back
  officefleet.c2r.deployment_rollback:
    deployments: deployments.yml
    deployment: 2026-12 monthly
    rings: [pilot]
    pin_until: "2027-01-31"
    output: rollback.patch
"""

RETURN = r"""
deployment:
  description: Name of the new deployment.
  returned: success
  type: str
  sample: 2026-12 monthly back to 20131.20206
version:
  description: The version it goes back to.
  returned: success
  type: str
  sample: 16.0.20131.20206
approved_in:
  description: The deployment of the file that has this version, V(null) where none has it.
  returned: success
  type: str
  sample: 2026-11 monthly
patch:
  description: The change as C(git apply) takes it.
  returned: success
  type: str
  sample: |
    --- a/deployments.yml
    +++ b/deployments.yml
missing_images:
  description: The addresses among the sources at which the image is not there.
  returned: success
  type: list
  elements: str
  sample: []
written:
  description: The files that were written, in check mode those that would be.
  returned: success
  type: list
  elements: str
  sample: [rollback.patch]
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "deployments": {"type": "path", "required": True},
    "deployment": {"type": "str", "required": True},
    "version": {"type": "str"},
    "pin_until": {"type": "str", "required": True},
    "rings": {"type": "list", "elements": "str", "default": []},
    "name": {"type": "str"},
    "library": {"type": "str"},
    "output": {"type": "path"},
    "variables": {"type": "dict", "default": {}},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could propose anything."""
    _action_only.refuse(
        ARGUMENT_SPEC,
        "officefleet.c2r.deployment_rollback",
        "Call it by its full name, officefleet.c2r.deployment_rollback.",
    )


if __name__ == "__main__":
    main()
