#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: forecast
short_description: Show what a rollout would do with each host, when and why
version_added: 0.1.0
description:
  - Makes a table of what M(officefleet.c2r.reconcile) gave in check mode for the hosts of a deployment.
  - It speaks of this moment. What follows on a download, an installation or a ring is not foreseen, and how long a
    download takes is not known.
  - Runs on the controller alone and contacts no host. Run it once.
options:
  rules:
    description: The deployment, as RV(officefleet.c2r.rollout_plan#module:run.rules) has it.
    type: dict
    required: true
  visits:
    description:
      - What M(officefleet.c2r.reconcile) gave in check mode, by host, in the order in which a rollout asks hosts. They
        are taken to get download slots in that order.
    type: dict
    required: true
  records:
    description:
      - The place of the records, as O(officefleet.c2r.reconcile#module:records), for the download slots in use.
      - Without it none is taken to be.
    type: path
  dest:
    description:
      - JSON file to write on the controller. Its directory has to exist.
      - Without it none is written.
    type: path
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: The table is shown, no file is written.
  diff_mode:
    support: none
  platform:
    platforms: posix
    details: That is the controller; no host is contacted.
requirements:
  - tabulate (Python library)
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.reconcile
  - module: officefleet.c2r.rollout_plan
"""

EXAMPLES = r"""
- name: Ask every host
  officefleet.c2r.reconcile:
    rules: "{{ plan.run.rules }}"
    records: "{{ plan.run.records }}"
  check_mode: true
  register: visit

- name: Show what would happen
  officefleet.c2r.forecast:
    rules: "{{ plan.run.rules }}"
    visits: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'visit'))) }}"
    records: "{{ plan.run.records }}"
    dest: forecast.json
  run_once: true
"""

RETURN = r"""
hosts:
  description: All hosts, in the order of their rings' turns and their names.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: Its name.
      type: str
      sample: ws-004
    ring:
      description: Its ring, empty for none.
      type: str
      sample: pilot
    version:
      description: The build it runs, V(null) where that is not known.
      type: str
      sample: 16.0.20131.20206
    state:
      description: The state it is in, as a record has it.
      type: str
      sample: waiting
    next:
      description: What comes next. V(download), V(install), V(prepare), V(look again) or V(be done); empty for nothing.
      type: str
      sample: download
    at:
      description: V(now), or the moment in UTC. Empty where that depends on other hosts or on people.
      type: str
      sample: "2026-12-01T20:00:00Z"
    after:
      description:
        - How many downloads have to end first, at least, where no download slot is free. V(null) elsewhere.
      type: int
      sample: 5
    reason:
      description: Why not now.
      type: str
      sample: "ring pilot: 1 of 2 hosts are compliant"
dest:
  description: The file.
  returned: when O(dest) is given
  type: str
  sample: forecast.json
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "rules": {"type": "dict", "required": True},
    "visits": {"type": "dict", "required": True},
    "records": {"type": "path"},
    "dest": {"type": "path"},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could show anything."""
    _action_only.refuse(
        ARGUMENT_SPEC, "officefleet.c2r.forecast", "Call it by its full name, officefleet.c2r.forecast."
    )


if __name__ == "__main__":
    main()
