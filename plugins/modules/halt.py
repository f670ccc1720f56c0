#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: halt
short_description: Cancel the download that a deployment has under way on a Windows host
version_added: 0.1.0
description:
  - Cancels the download of Office that M(officefleet.c2r.reconcile) has asked for, as the host's record tells, and
    waits until it has stopped. The record says so then, and the host holds no download slot any longer. It is no
    failed attempt.
  - Installations are left alone, also one that follows the download meanwhile, and so are downloads that something else
    began. Hosts without a download of ours are not contacted.
  - It keeps nothing from beginning again. Set C(halted) in the deployment file, or run the rollout with
    O(officefleet.c2r.rollout_plan#module:halted), before the next pass.
  - A host that does not answer is said and written down, its task succeeds. The task fails when the host refuses the
    credentials, when a module fails on it, or when an option or a record cannot be used.
options:
  records:
    description: The directory or the database of records, see O(officefleet.c2r.reconcile#module:records).
    type: path
    required: true
  deployment:
    description: Name of the deployment whose downloads are meant. Without it those of every deployment.
    type: str
  wait_timeout:
    description: Seconds for which the host is waited for until its download has stopped, V(1) to V(3600).
    type: int
    default: 60
  answer_timeout:
    description: Seconds that the host has for each answer, V(1) to V(3600).
    type: int
    default: 120
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Hosts are asked, nothing is cancelled and nothing is written down.
  diff_mode:
    support: none
  platform:
    platforms: windows
    support: full
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.reconcile
  - module: officefleet.c2r.update
"""

EXAMPLES = r"""
- name: Cancel the downloads of a deployment
  officefleet.c2r.halt:
    records: /var/lib/officefleet/records
    deployment: 2026-12 monthly
"""

RETURN = r"""
outcome:
  description:
    - V(nothing), no download of the deployment is under way. V(cancelled), it was cancelled, in check mode it would be.
      V(gone), it was over already without having been complete.
    - V(downloaded), it was complete already. V(applying), the host installs, which is left alone.
    - V(unreachable), the host does not answer. V(cancelling), the download has not stopped in O(wait_timeout).
      V(com_unavailable), the update interface of the host cannot be used. V(elsewhere), another run is at the host just
      now. In these four cases run it again.
  returned: success
  type: str
  sample: cancelled
reason:
  description: A few words on that.
  returned: success
  type: str
  sample: the download of 16.0.20228.20190 was cancelled
state:
  description: The state of the host's record after, V(null) where it has none.
  returned: success
  type: str
  sample: halted
deployment:
  description: The deployment that the host's record is of, V(null) where it has none.
  returned: success
  type: str
  sample: 2026-12 monthly
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "records": {"type": "path", "required": True},
    "deployment": {"type": "str"},
    "wait_timeout": {"type": "int", "default": 60},
    "answer_timeout": {"type": "int", "default": 120},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could read records."""
    _action_only.refuse(ARGUMENT_SPEC, "officefleet.c2r.halt", "Call it by its full name, officefleet.c2r.halt.")


if __name__ == "__main__":
    main()
