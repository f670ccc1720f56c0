#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_plan
short_description: Check what a rollout is told, and make one deployment of it
version_added: 0.1.0
description:
  - Checks all that a run of P(officefleet.c2r.rollout#role) is told, reads the manifest of the image, and gives the
    deployment that M(officefleet.c2r.reconcile) takes. The role runs it once, before it looks at any host.
  - An option that is empty counts as not given, as in surveys that were not filled in.
  - All hosts of a run get the same deployment, so it fails when the options come from variables that differ between
    hosts, see O(variables).
options:
  deployments:
    description:
      - The deployment file on the controller. O(deployment) names the deployment in it, which says all that the options
        O(channel) to O(goal) say without a file; none of those may be given besides.
      - The file is checked as a whole, and refused with the lines of all that is wrong.
    type: path
  waivers:
    description: The file with the hosts and groups that no deployment touches. Only with O(deployments).
    type: path
  library:
    description:
      - The library as this machine reads it, a directory or a URL, for the manifests of images whose sources it cannot
        read, such as UNC paths. Only with O(deployments).
    type: str
  halted:
    description:
      - Whether to treat the deployment as halted whatever its file says. Nothing new begins; what runs goes on.
    type: bool
    default: false
  reset_retries:
    description:
      - Whether hosts whose attempts are used up get all of them anew, once in this run.
      - Do that when the cause is removed.
    type: bool
    default: false
  fresh_for:
    description:
      - For how many seconds a host that was seen compliant is taken for it without being asked. With V(0) the run asks
        every host.
    type: int
    default: 0
  channel:
    description:
      - The update channel, by any name that Microsoft uses for it, such as V(MonthlyEnterprise).
      - Required without O(deployments), as are O(version) and O(source).
    type: str
  version:
    description: The build, such as V(16.0.20228.20190) or V(20228.20190).
    type: str
  source:
    description: URL or UNC path of the image as hosts see it, the directory that holds C(office/data).
    type: str
  manifest_url:
    description:
      - Where the controller reads the image's C(manifest.json), a URL or a file's path. By default in O(source).
      - Required where O(source) is a UNC path.
    type: str
  records:
    description:
      - The directory of records on the controller, or the address of a PostgreSQL database, see
        O(officefleet.c2r.reconcile#module:records). It is refused when records cannot be written there.
    type: path
    required: true
  deployment:
    description:
      - Name of the deployment, by default its version. Another name lets failed hosts try again.
      - With O(deployments), its name in the file. It may be left out where only one is approved.
    type: str
  rings:
    description: Groups of the inventory in the order of their turn; hosts in none of them come last.
    type: list
    elements: str
    default: []
  ring_success:
    description: How many percent of a ring must be compliant before the next opens.
    type: int
    default: 95
  max_attempts:
    description: After how many failed attempts a host is left alone.
    type: int
    default: 3
  retry_delay:
    description: Seconds between a failed attempt and the next.
    type: int
    default: 900
  force_app_shutdown:
    description: Whether open Office applications are closed for the installation. Whoever works in them may lose data.
    type: bool
    default: false
  multi_session_shutdown:
    description: Whether O(force_app_shutdown) holds on hosts that several people work on at once, too.
    type: bool
    default: false
  allow_downgrade:
    description: Whether hosts with a newer build are brought back.
    type: bool
    default: false
  min_free_disk:
    description:
      - How much has to be free on the disk of Office before a download, such as V(8G) or V(800M), in powers of ten.
        Hosts with less room are C(incompatible).
      - By default as much as a whole download takes on the host, by the image's manifest. V(0) asks for nothing.
    type: str
  goal:
    description: V(downloaded) stops before the installation.
    type: str
    choices: [installed, downloaded]
    default: installed
  ignore_withdrawn:
    description:
      - Why the build is rolled out although Microsoft withdrew it. Without a reason nothing new begins then. What runs
        goes on, and hosts that have it stay compliant.
    type: str
  refresh_feeds:
    description:
      - When to look at O(release_history) to see whether the build was withdrawn. A run that cannot look there goes on
        with what O(feeds) has, with one warning.
      - V(auto) looks if a release history in O(feeds) lists the build, since no other can be missed, V(always) in any
        case, so that builds that were pinned by hand are known, too. V(never) goes by O(feeds) alone.
      - A release history that other gates than V(latest_lowered) hold, as they hold garbage, withdraws nothing. See
        P(officefleet.c2r.release#lookup).
    type: str
    choices: [auto, always, never]
    default: auto
  release_history:
    description: URL or path of the release history, by default Microsoft's.
    type: str
  feeds:
    description:
      - Directory in which P(officefleet.c2r.release#lookup) keeps every release history, by default C(feeds) in
        O(cache). Keep it where later runs find it.
    type: path
  cache:
    description: Directory for release histories that are not fetched again for an hour.
    type: path
    default: ~/.cache/officefleet.c2r
  trust_anchors:
    description: PEM files with further root certificates that the release history's signature may lead to.
    type: list
    elements: path
    default: []
  pass_seconds:
    description: Seconds between two passes.
    type: float
    default: 30.0
  timeout:
    description: After so many seconds no further pass begins.
    type: float
    default: 7200.0
  answer_timeout:
    description: Seconds that a host has for each answer, see M(officefleet.c2r.reconcile).
    type: int
    default: 120
  slices:
    description:
      - Into how many slices the run is divided, the C(job_slice_count) of the job template in AWX. Each has a part of
        the inventory alone. V(1) or nothing is a whole run.
      - A slice then writes beside the records which hosts it has. Rings are judged, and hooks told, by the hosts of all
        slices. A ring that waits for others stays closed until every slice of a run has told its hosts.
      - Which slice of which run it is, the variables C(awx_job_id) and C(awx_workflow_job_id) say, which AWX sets.
      - Without it, a job that looks like a slice of AWX is refused.
    type: int
  variables:
    description:
      - What the variables begin with that the options come from, such as V(officefleet_); the rest of a variable's
        name is the option's. Messages name the variables then, and one that differs between hosts is refused.
    type: str
    default: ""
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: A slice does not tell its hosts. A release history that is looked at is kept, as by the lookup.
  diff_mode:
    support: none
  platform:
    platforms: posix
    details: That is the controller; no host is contacted.
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.reconcile
"""

EXAMPLES = r"""
- name: Plan a rollout
  officefleet.c2r.rollout_plan:
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    source: http://updates.example.com/office/MonthlyEnterprise/16.0.20228.20190
    records: /var/lib/officefleet/records
    rings: [pilot, broad]
  register: plan
  run_once: true

- name: One pass
  officefleet.c2r.reconcile:
    run: "{{ plan.run }}"
"""

RETURN = r"""
deployment:
  description: The deployment in short, with channel and version in their full form.
  returned: success
  type: dict
  sample:
    name: 16.0.20228.20190
    channel: MonthlyEnterprise
    version: 16.0.20228.20190
    source: http://updates.example.com/office/MonthlyEnterprise/16.0.20228.20190
    languages: [en-us, de-de]
    architectures: [x64]
    rings: [pilot, broad]
run:
  description: What O(officefleet.c2r.reconcile#module:run) takes, that module's options for this run.
  returned: success
  type: dict
  contains:
    rules:
      description: The deployment with all its rules, for O(officefleet.c2r.reconcile#module:rules).
      type: dict
    records:
      description: As O(records).
      type: str
      sample: /var/lib/officefleet/records
    reset_retries:
      description: As O(reset_retries).
      type: bool
    fresh_for:
      description: As O(fresh_for).
      type: int
    answer_timeout:
      description: As O(answer_timeout).
      type: int
      sample: 120
    run_started:
      description: When the plan was made, in seconds since the epoch on the controller's clock.
      type: float
      sample: 1795246681.5
    run_ends:
      description: When O(timeout) is over, in the same form.
      type: float
      sample: 1795253881.5
events:
  description:
    - What M(officefleet.c2r.rollout_events) needs to tell the hooks of the deployment file.
    - V(null) where there is nothing to tell.
    - Secrets are in it by the names of their variables.
  returned: success
  type: dict
warnings:
  description: What is to be looked at, such as a source without the image, a withdrawn build or a pin that has ended.
  returned: when there is any
  type: list
  elements: str
pass_seconds:
  description: Seconds between two passes, at least the 500th part of O(timeout).
  returned: success
  type: float
  sample: 30.0
timeout:
  description: As O(timeout).
  returned: success
  type: float
  sample: 7200.0
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "deployments": {"type": "path"},
    "waivers": {"type": "path"},
    "library": {"type": "str"},
    "halted": {"type": "bool", "default": False},
    "reset_retries": {"type": "bool", "default": False},
    "fresh_for": {"type": "int", "default": 0},
    "channel": {"type": "str"},
    "version": {"type": "str"},
    "source": {"type": "str"},
    "manifest_url": {"type": "str"},
    "records": {"type": "path", "required": True},
    "deployment": {"type": "str"},
    "rings": {"type": "list", "elements": "str", "default": []},
    "ring_success": {"type": "int", "default": 95},
    "max_attempts": {"type": "int", "default": 3},
    "retry_delay": {"type": "int", "default": 900},
    "force_app_shutdown": {"type": "bool", "default": False},
    "multi_session_shutdown": {"type": "bool", "default": False},
    "allow_downgrade": {"type": "bool", "default": False},
    "min_free_disk": {"type": "str"},
    "goal": {"type": "str", "choices": ["installed", "downloaded"], "default": "installed"},
    "ignore_withdrawn": {"type": "str"},
    "refresh_feeds": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "release_history": {"type": "str"},
    "feeds": {"type": "path"},
    "cache": {"type": "path", "default": "~/.cache/officefleet.c2r"},
    "trust_anchors": {"type": "list", "elements": "path", "default": []},
    "pass_seconds": {"type": "float", "default": 30.0},
    "timeout": {"type": "float", "default": 7200.0},
    "answer_timeout": {"type": "int", "default": 120},
    "slices": {"type": "int"},
    "variables": {"type": "str", "default": ""},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could plan."""
    _action_only.refuse(
        ARGUMENT_SPEC, "officefleet.c2r.rollout_plan", "Call it by its full name, officefleet.c2r.rollout_plan."
    )


if __name__ == "__main__":
    main()
