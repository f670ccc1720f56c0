#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_approval
short_description: Pin the version of a deployment in the deployment file
version_added: 0.1.0
description:
  - Approves a deployment. One line of the deployment file gets the version, and that is shown as a diff to be
    reviewed. Unless O(write=true) the file itself stays as it is.
  - The file is checked as a whole, as it is and as it would be, and refused with the lines of all that is wrong. Dates
    of the deployment that have passed, hosts that another deployment has, and images that are not staged at any of its
    sources are among that.
  - Runs on the controller alone. The groups of the inventory are needed, since rings are held against them.
options:
  deployments:
    description: The deployment file on the controller.
    type: path
    required: true
  deployment:
    description: Name of the deployment. It may be left out where only one is not approved yet.
    type: str
  version:
    description:
      - The build, such as V(16.0.20228.20190) or V(20228.20190). One that Microsoft is known to have withdrawn is
        refused, unless the deployment says with C(ignore_withdrawn) why it is deployed.
      - Without it, what P(officefleet.c2r.release#lookup) gives for the deployment's channel.
    type: str
  release:
    description:
      - Options of P(officefleet.c2r.release#lookup), such as C(min_age) or C(fully_rolled_out). With O(version), those
        that say where the release history comes from and is kept.
    type: dict
    default: {}
  ring_dates:
    description:
      - When rings become available, by their groups, in the form of the file, such as V(2026-12-01T08:00).
      - Only where the deployment has its rings itself and not from a template.
    type: dict
    default: {}
  replace:
    description: Whether another version that is pinned already may be replaced.
    type: bool
    default: false
  library:
    description:
      - The library as this machine reads it, a directory or a URL. Images are looked for there in place of the sources.
      - Needed for sources that this machine cannot read, such as UNC paths.
    type: str
  output:
    description:
      - File on the controller that gets the proposal, not O(deployments) itself. One whose name ends in C(.patch) or
        C(.diff) gets the change as C(git apply) takes it, any other the whole new text.
    type: path
  write:
    description: Whether to write into O(deployments).
    type: bool
    default: false
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
  - module: officefleet.c2r.deployment_rollback
  - module: officefleet.c2r.rollout_plan
  - plugin: officefleet.c2r.release
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Propose this month's version
  officefleet.c2r.deployment_approval:
    deployments: /srv/deployments/deployments.yml
    deployment: 2026-12 monthly
    release: {min_age: 3d}
    output: /srv/deployments/approval.patch

- name: Pin a version that was agreed upon
  officefleet.c2r.deployment_approval:
    deployments: deployments.yml
    deployment: 2026-12 monthly
    version: 16.0.20228.20190
    write: true
"""

RETURN = r"""
deployment:
  description: Name of the deployment.
  returned: success
  type: str
  sample: 2026-12 monthly
channel:
  description: Its channel.
  returned: success
  type: str
  sample: MonthlyEnterprise
version:
  description: The version that it is pinned to with the change.
  returned: success
  type: str
  sample: 16.0.20228.20190
before:
  description: The version that it is pinned to without, V(null) for none.
  returned: success
  type: str
  sample: null
patch:
  description: The change as C(git apply) takes it. Empty where there is nothing to change.
  returned: success
  type: str
  sample: |
    --- a/deployments.yml
    +++ b/deployments.yml
    @@ -53,2 +53,3 @@
       - name: 2026-12 monthly
    +    version: "16.0.20228.20190"
         template: standard
missing_images:
  description: The addresses among the deployment's sources at which the image is not there yet.
  returned: success
  type: list
  elements: str
  sample: ["http://office-lyon.example.com/MonthlyEnterprise/16.0.20228.20190"]
written:
  description: The files that were written, in check mode those that would be.
  returned: success
  type: list
  elements: str
  sample: [/srv/deployments/approval.patch]
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "deployments": {"type": "path", "required": True},
    "deployment": {"type": "str"},
    "version": {"type": "str"},
    "release": {"type": "dict", "default": {}},
    "ring_dates": {"type": "dict", "default": {}},
    "replace": {"type": "bool", "default": False},
    "library": {"type": "str"},
    "output": {"type": "path"},
    "variables": {"type": "dict", "default": {}},
    "write": {"type": "bool", "default": False},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could approve."""
    _action_only.refuse(
        ARGUMENT_SPEC,
        "officefleet.c2r.deployment_approval",
        "Call it by its full name, officefleet.c2r.deployment_approval.",
    )


if __name__ == "__main__":
    main()
