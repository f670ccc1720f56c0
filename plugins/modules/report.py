#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the report; the action plugin of the same name does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Report how far a fleet's Office updates are
version_added: 0.1.0
description:
  - Reads the records that M(officefleet.c2r.reconcile) writes, one for each host, and says how many hosts run the
    version they are to run, which of them need a person and why.
  - Shows a table on the terminal, returns the same as the task's result, and writes an HTML page when O(dest) is given.
  - The page needs nothing besides itself (no script, no other file), so it can be mailed, archived or put on any web
    server.
  - Runs on the controller alone and contacts no host. Run it once, on C(localhost).
  - A host counts as up to date in the states V(compliant) and V(ahead), so with the approved version or a newer one,
    and V(staged) where the deployment's goal is V(downloaded).
    It needs a person in the states V(failed), V(exhausted), V(incompatible), V(com_unavailable), V(no_source),
    V(blocked), V(unreachable) and V(restart_pending).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: The table is shown and the result is complete; no page is written.
  diff_mode:
    support: full
    details: One line per host with its state, ring and version, not the page's HTML.
  platform:
    platforms: posix
    details: That is the controller; the hosts in question are not contacted.
options:
  records:
    description:
      - The directory of records on the controller, or the address of the PostgreSQL database that has them, see
        O(officefleet.c2r.reconcile#module:records). A database is only read.
      - A record that is damaged, and a file in the directory that is none, is left out, and named in a warning, in
        RV(unreadable) and on the page.
    type: path
    required: true
  dest:
    description:
      - The HTML file to write on the controller. Its directory has to exist.
      - It is replaced by one rename, and only when something other than the time of generation has changed.
      - Without it no page is written.
    type: path
  rings:
    description:
      - The rings in the order in which they open; the report lists them so. Without it the order is that of
        O(deployments).
      - Rings that are not named follow in the order of their names.
    type: list
    elements: str
    default: []
  deployments:
    description:
      - The deployment file on the controller. Its pins (C(pin_until)) are reported with the date on which they end, and
        its rings come in their order.
      - A file that cannot be used is a warning; the rest is reported.
    type: path
  waivers:
    description: The file of waivers on the controller. They are reported with the date on which they end.
    type: path
  table:
    description:
      - What to show on the terminal besides the summary and one line per ring.
      - V(auto) lists every host of a fleet of up to 60, and those that need a person of a larger one.
      - V(all) lists every host, V(attention) those that need a person.
      - V(none) shows nothing at all, which suits callbacks that write JSON.
      - The table is as wide as the terminal, or as the environment variable E(COLUMNS) says.
    type: str
    choices: [auto, all, attention, none]
    default: auto
requirements:
  - the Python library C(psycopg) 3 on the controller, where O(records) is the address of a database
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.reconcile
"""

EXAMPLES = r"""
- name: Show how far the fleet is
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write the page that the patch team looks at
      officefleet.c2r.report:
        records: /var/lib/officefleet/records
        dest: /var/www/html/office.html
        rings: [pilot, broad]
      register: fleet

    - name: Stop the schedule when too few hosts are up to date
      ansible.builtin.assert:
        that: fleet.compliant_percent >= 95
        fail_msg: "{{ fleet.attention | length }} hosts need a person."
"""

RETURN = r"""
hosts:
  description: Number of hosts with a record.
  returned: success
  type: int
  sample: 25
states:
  description: Number of hosts per state. Every state is there, those without a host with 0.
  returned: success
  type: dict
  sample: {failed: 0, exhausted: 1, incompatible: 0, com_unavailable: 0, no_source: 0, blocked: 2, unreachable: 1,
           restart_pending: 0, applying: 0, staged: 0, downloading: 0, waiting: 0, halted: 0, waived: 0, ahead: 0,
           compliant: 21}
compliant_percent:
  description: Share of the hosts that are up to date, rounded down to one decimal. 0.0 when there is no host.
  returned: success
  type: float
  sample: 84.0
rings:
  description: The same per ring of each deployment, in the order in which rings open.
  returned: success
  type: list
  elements: dict
  contains:
    ring:
      description: Name of the ring.
      type: str
      sample: pilot
    deployment:
      description: Name of the deployment; null when no host has a record.
      type: str
      sample: "2607"
    version:
      description: The version the ring's hosts are to run; null when no host has a record.
      type: str
      sample: 16.0.20228.20190
    hosts:
      description: Number of hosts.
      type: int
      sample: 5
    compliant_percent:
      description: As RV(compliant_percent), of this ring.
      type: float
      sample: 100.0
    states:
      description: As RV(states), of this ring.
      type: dict
versions:
  description: The versions that hosts ran when they last answered, most used first.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: The version; null stands for hosts that never told theirs.
      type: str
      sample: 16.0.20228.20190
    hosts:
      description: Number of hosts.
      type: int
      sample: 21
errors:
  description: The errors that hosts report, most hosts first.
  returned: success
  type: list
  elements: dict
  contains:
    domain:
      description: Where the code comes from, V(com_status), V(hresult) or V(winrm).
      type: str
      sample: com_status
    code:
      description: The code as it was reported.
      type: str
      sample: "0x800704DA"
    name:
      description: Name of the error, empty where it has none.
      type: str
      sample: ERROR_CONNECTION_INVALID
    hresult:
      description: The Windows error code behind it, where there is one.
      type: str
      sample: "0x800704CD"
    message:
      description: What the code means.
      type: str
      sample: An operation was attempted on a nonexistent network connection.
    hint:
      description: What helps, where that is known.
      type: str
      sample: Check that the host reaches the source.
    hosts:
      description: Names of the hosts.
      type: list
      elements: str
      sample: [ws-017]
attention:
  description: The hosts that need a person, most urgent first.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: Name of the host in the inventory.
      type: str
      sample: ws-017
    ring:
      description: Its ring.
      type: str
      sample: broad
    deployment:
      description: Name of its deployment.
      type: str
      sample: "2607"
    state:
      description: Its state.
      type: str
      sample: blocked
    reason:
      description: Why it is in that state.
      type: str
      sample: "applications are open: Word, Outlook"
    action:
      description: What a person can do.
      type: str
      sample: Have the user close the applications named; the next run applies the update.
    version:
      description: The version it ran when it last answered; null when it never did.
      type: str
      sample: 16.0.20131.20206
    since:
      description: When it entered that state (UTC).
      type: str
      sample: "2026-11-21T07:38:00Z"
    seen_at:
      description: When it last answered (UTC); null when it never did.
      type: str
      sample: "2026-11-21T07:55:00Z"
terms:
  description: Pins and waivers of O(deployments) and O(waivers); what ends first comes first.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(pin) or V(waiver).
      type: str
      sample: waiver
    name:
      description: Name of the deployment; of the host or group.
      type: str
      sample: ws-042
    ends:
      description: When it ends.
      type: str
      sample: 2027-01-31 23:59 UTC
    status:
      description: V(lasts), V(soon) within 14 days of the end, or V(ended).
      type: str
      sample: lasts
    reason:
      description: What the pin holds, or why there is a waiver.
      type: str
      sample: the payroll add-in does not start
    owner:
      description: Who answers for the waiver; null for a pin.
      type: str
      sample: payroll@example.com
unreadable:
  description: Records that are damaged, and files of the directory that are no records.
  returned: success
  type: list
  elements: dict
  contains:
    file:
      description: Name of the file; in a database, of the host.
      type: str
      sample: ws-003.json
    problem:
      description: What is wrong with it.
      type: str
      sample: "is not JSON: Expecting value in line 1, column 1"
dest:
  description: The page.
  returned: when O(dest) is given
  type: str
  sample: /var/www/html/office.html
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "records": {"type": "path", "required": True},
    "dest": {"type": "path"},
    "rings": {"type": "list", "elements": "str", "default": []},
    "deployments": {"type": "path"},
    "waivers": {"type": "path"},
    "table": {"type": "str", "choices": ["auto", "all", "attention", "none"], "default": "auto"},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could do the work."""
    _action_only.refuse(
        ARGUMENT_SPEC,
        "officefleet.c2r.report",
        "Call it by its full name, from a task or with 'ansible localhost -m officefleet.c2r.report'.",
    )


if __name__ == "__main__":
    main()
