#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_needs
short_description: Tell which languages and architectures images have to hold for a fleet
version_added: 0.1.0
description:
  - Puts together what M(officefleet.c2r.update_info) found on all hosts, for each channel, as variables of the playbook
    C(officefleet.c2r.stage), and shows that as YAML with the hosts that need each language.
  - A host that was not asked with success counts by its record, where it has one that tells enough. Records do not tell
    proofing tools from languages, so an image may get more than the host needs.
  - Runs on the controller alone and contacts no host. Run it once.
options:
  looks:
    description: What M(officefleet.c2r.update_info) gave, by host, also of hosts that did not answer.
    type: dict
    required: true
  records:
    description: The directory or the database of records, see O(officefleet.c2r.reconcile#module:records).
    type: path
  dest:
    description:
      - Directory on the controller for one file for each channel, such as C(MonthlyEnterprise.yml), for C(-e @FILE).
      - It has to exist. Without it nothing is written.
    type: path
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: All is shown, no file is written.
  diff_mode:
    support: none
  platform:
    platforms: posix
    details: That is the controller; no host is contacted.
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.update_info
  - module: officefleet.c2r.image
"""

EXAMPLES = r"""
- name: Look at every host
  officefleet.c2r.update_info:
  ignore_unreachable: true
  register: office

- name: Tell what images they need
  officefleet.c2r.image_needs:
    looks: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'office'))) }}"
    records: /var/lib/officefleet/records
  run_once: true
"""

RETURN = r"""
images:
  description: What each channel's image has to hold, by channel, and which hosts need it.
  returned: success
  type: dict
  sample:
    MonthlyEnterprise:
      hosts: [ws-001, ws-002]
      from_records: [ws-002]
      architectures: {x64: [ws-001, ws-002]}
      languages: {en-us: [ws-001, ws-002], de-de: [ws-002]}
      proofing_tools: {nl-nl: [ws-001]}
variables:
  description: The variables of the playbook C(officefleet.c2r.stage), by channel.
  returned: success
  type: dict
  sample:
    MonthlyEnterprise:
      officefleet_channel: MonthlyEnterprise
      officefleet_architectures: [x64]
      officefleet_languages: [de-de, en-us]
      officefleet_proofing_tools: [nl-nl]
unknown:
  description: The hosts whose needs are not known, with the reason.
  returned: success
  type: dict
  sample: {ws-003: no Click-to-Run Office is installed}
written:
  description: The files that were written, in check mode those that would be.
  returned: success
  type: list
  elements: str
  sample: [needs/MonthlyEnterprise.yml]
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "looks": {"type": "dict", "required": True},
    "records": {"type": "path"},
    "dest": {"type": "path"},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could read records."""
    _action_only.refuse(
        ARGUMENT_SPEC, "officefleet.c2r.image_needs", "Call it by its full name, officefleet.c2r.image_needs."
    )


if __name__ == "__main__":
    main()
