#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_events
short_description: Tell the hooks of a deployment what has become of it
version_added: 0.1.0
description:
  - Holds the records of a deployment's hosts against what its hooks were told before, and sends what is new as JSON.
  - Each event is told once, however many runs there are at a time. What was told stands beside the records.
  - A hook that takes no message is a warning. It is told again by the next run, in the same order, and never stops one.
  - In a run that is divided into slices, nothing is told before all of them have told their hosts, see
    O(officefleet.c2r.rollout_plan#module:slices).
  - The role P(officefleet.c2r.rollout#role) calls it at the start of a run, with each pass and at the end.
options:
  rules:
    description: The deployment, as RV(officefleet.c2r.rollout_plan#module:run.rules) has it.
    type: dict
    required: true
  events:
    description:
      - The hooks, the bulletin, who expedited, and the other deployments of the file, as
        RV(officefleet.c2r.rollout_plan#module:events) has them.
      - Hosts whose record belongs to one of those, which are of other channels, are none of this deployment's.
      - Addresses and tokens that are secrets are in it by name, C(env:NAME) or C(var:name). They are looked up when a
        message is sent; an Ansible variable is the one of the host that this runs for.
    type: dict
    required: true
  records:
    description: The directory of records or the address of a database, see O(officefleet.c2r.reconcile#module:records).
    type: path
    required: true
  run_started:
    description:
      - When the run began, in seconds since the epoch. A hook that took no message since then is left alone.
      - Without it every hook is told.
    type: float
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: It says which events there are, and neither sends nor writes anything.
  diff_mode:
    support: none
  platform:
    platforms: posix
    details: That is the controller; no host is contacted.
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.rollout_plan
"""

EXAMPLES = r"""
- name: Tell the hooks
  officefleet.c2r.rollout_events:
    rules: "{{ plan.run.rules }}"
    events: "{{ plan.events }}"
    records: "{{ plan.run.records }}"
    run_started: "{{ plan.run.run_started }}"
  when: plan.events is not none
  run_once: true
"""

RETURN = r"""
events:
  description: What is new, whether or not a hook wants to hear of it.
  returned: success
  type: list
  elements: dict
  sample:
    - event: gate
      ring: early
      reason: "ring early is open: the rings before it are far enough"
sent:
  description: How many messages were taken by a hook.
  returned: success
  type: int
  sample: 1
unsent:
  description: How many are left for the next run.
  returned: success
  type: int
  sample: 0
warnings:
  description: Which hooks took no message, and why; without addresses and tokens.
  returned: when there is any
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "rules": {"type": "dict", "required": True},
    "events": {"type": "dict", "required": True},
    "records": {"type": "path", "required": True},
    "run_started": {"type": "float"},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could tell anybody."""
    _action_only.refuse(
        ARGUMENT_SPEC, "officefleet.c2r.rollout_events", "Call it by its full name, officefleet.c2r.rollout_events."
    )


if __name__ == "__main__":
    main()
