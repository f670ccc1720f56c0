#!/usr/bin/python
# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile
short_description: Bring a Windows host one step closer to a deployment of Office
version_added: 0.1.0
description:
  - Looks at a host, decides what is possible now, takes at most one short step, writes down what it saw, and ends.
    Repeating it, with the role P(officefleet.c2r.rollout#role) or with a schedule, is what brings a fleet to a version.
  - It decides on the controller and asks the host through M(officefleet.c2r.update_info) and M(officefleet.c2r.update).
  - A host that does not answer is in the state V(unreachable), and its task succeeds. The task fails when the host
    refuses the credentials, when a module fails on it, or when an option or a record cannot be used.
  - Before any step the host is held against the image. One that it does not suit is V(incompatible) and left alone.
  - Open applications put an installation off, never a download. They are closed only when the deployment says so.
options:
  deployment:
    description: What the hosts are to become. Required without O(rules) or O(run).
    type: dict
    suboptions:
      name:
        description:
          - Its name. Failed attempts are counted for a name, version, source and rules; another name starts anew.
          - By default it is O(deployment.version).
        type: str
      channel:
        description:
          - The update channel that the version comes from, by name, alias, GUID or CDN URL in any case.
          - A host on another one is V(incompatible).
        type: str
        required: true
      version:
        description: The build, such as V(16.0.20228.20190). The V(16.0.) may be left out.
        type: str
        required: true
      source:
        description:
          - URL or UNC path of the image, the directory that holds C(office/data). Hosts download from there.
          - A URL with a user name or password in it is refused.
        type: str
        required: true
      languages:
        description: The languages in the image, as its C(manifest.json) lists them.
        type: list
        elements: str
        required: true
      architectures:
        description: The architectures in the image, as its C(manifest.json) lists them.
        type: list
        elements: str
        required: true
      rings:
        description:
          - Groups of the inventory, in the order of their turn. A host belongs to the first ring whose group it is in.
          - Hosts in none of them come last. Without rings everyone starts at once.
        type: list
        elements: str
        default: []
      ring_success:
        description:
          - How many percent of a ring must be compliant before the rings after it open. It is judged from the records,
            so hosts count whether or not they are part of this run. Hosts with a newer version are not counted.
        type: int
        default: 95
      max_attempts:
        description:
          - After how many failed attempts a host is V(exhausted) and left alone.
          - Steps that broke off with the connection and left no trace on the host do not count, five times at most.
        type: int
        default: 3
      retry_delay:
        description: Seconds between a failed attempt and the next.
        type: int
        default: 900
      force_app_shutdown:
        description:
          - Whether open Office applications are closed for the installation. Whoever works in them may lose data.
        type: bool
        default: false
      multi_session_shutdown:
        description:
          - Whether O(deployment.force_app_shutdown) holds on hosts that several people work on at once, too. Without it
            such hosts are V(blocked), whether applications are open or not.
        type: bool
        default: false
      display_level:
        description: Whether the Click-to-Run service shows the progress to signed-in users.
        type: bool
        default: false
      allow_downgrade:
        description: Whether hosts with a newer build are brought back to this one.
        type: bool
        default: false
      goal:
        description: V(installed), or V(downloaded) to stop before the installation.
        type: str
        choices: [installed, downloaded]
        default: installed
  rules:
    description:
      - A deployment with all its rules, as RV(officefleet.c2r.rollout_plan#module:run.rules) has it.
      - Its form may change with any release; nothing else writes or reads it.
    type: dict
  run:
    description:
      - Options of this task in one, as RV(officefleet.c2r.rollout_plan#module:run) has them. One that is given beside
        it goes first.
      - Ansible reads each option anew for each host, which costs more than what most of them are for.
    type: dict
  records:
    description:
      - Directory on the controller with one JSON document per host. It is made when missing.
      - Or the address of a PostgreSQL database, such as V(postgresql://fleet@db.example.com/office), where several
        controllers share records or an execution environment forgets its disk. Parameters such as C(sslmode) follow
        a V(?).
      - An address holds no password. That comes from the environment variable E(PGPASSWORD), from C(~/.pgpass) (or the
        file that E(PGPASSFILE) names) or from a service file (V(postgresql://?service=office)).
      - In the database, the schema C(officefleet_c2r) is made on first use, so the user needs the right to create it or
        has to own it.
      - What is known of a host between two runs is there and nowhere else, so keep it on storage that lasts.
    type: path
    required: true
  look_only:
    description: Whether to decide and write down alone, without taking the step. RV(step) says which one comes next.
    type: bool
    default: false
  first_look:
    description:
      - Whether this is a run's first look at the host, which shows it unless it is V(compliant). Later ones show news.
        The host is contacted whatever O(run_started) is.
      - A look with O(look_only) and without O(run_started) is one, and so is check mode.
    type: bool
    default: false
  run_started:
    description:
      - When a run of several passes began, in seconds since the epoch on the controller's clock.
      - A host that was looked at since then, and of which nothing new can be expected yet, is answered for from its
        record without contacting it. A record that comes of other rules, such as those of another run, does not count.
      - Without this option the host is always contacted.
    type: float
  run_ends:
    description:
      - When a run of several passes ends, in seconds since the epoch on the controller's clock.
      - A host that waits for a moment after that, and for nothing that may come before, is RV(at_rest) for this run.
        So is one, from the second look on, whose ring can be opened by such hosts alone. Its record does not say so,
        for the next run has its own end.
      - Without this option, or once that moment has passed, hosts that wait for a moment are not RV(at_rest).
    type: float
  reset_retries:
    description:
      - Whether a host whose attempts are used up (V(exhausted)) gets all of them anew. Others keep theirs.
      - With O(run_started), that is done by the first look of the run alone, which comes late while another run is at
        the host. Attempts that this one has used up by then are given anew as well.
    type: bool
    default: false
  fresh_for:
    description:
      - For how many seconds a host that was seen compliant with this deployment is answered for from its record,
        without contacting it. With V(0) it is always contacted.
    type: int
    default: 0
  answer_timeout:
    description:
      - Seconds that a host has for each answer, between 1 and 3600. One that takes longer is V(unreachable), and a
        run of several passes leaves it alone for ten minutes.
      - It is no limit to a download or an installation, which go on by themselves.
    type: int
    default: 120
  failure:
    description:
      - Why an earlier task failed on the host, which is V(failed) by that. It is written down, the host is not asked,
        and this task fails as well. The next run looks at the host anew.
    type: str
requirements:
  - the Python library C(psycopg) 3 on the controller, where O(records) is the address of a database
notes:
  - Each host that is visited just then has a connection to the database. It has to admit as many as all runs together
    have forks, and a connection pooler between has to pool by session.
  - While one run visits a host it holds a lock beside its record, which ends with the process. Another run answers
    from the record then, with RV(at_rest) false, and visits the host when it is free.
  - In check mode the host is asked and the decision made. No step is taken and no record written.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    platforms: windows
    support: full
author:
  - officefleet.c2r contributors (@officefleet)
seealso:
  - module: officefleet.c2r.update
  - module: officefleet.c2r.update_info
  - module: officefleet.c2r.report
"""

EXAMPLES = r"""
- name: One pass, as a schedule repeats it
  officefleet.c2r.reconcile:
    records: /var/lib/officefleet/records
    deployment:
      channel: MonthlyEnterprise
      version: 16.0.20228.20190
      source: http://updates.example.com/office/MonthlyEnterprise/16.0.20228.20190
      languages: [en-us, de-de]
      architectures: [x64]
      rings: [pilot, broad]
"""

RETURN = r"""
state:
  description:
    - V(compliant), at the version. V(ahead), newer and left alone. V(waiting), for its ring, for the next attempt or
      for Click-to-Run to become free. V(downloading), V(staged) and V(applying), under way.
      V(blocked), applications are open. V(exhausted), all attempts failed. V(failed), a module failed on the host, or
      an option or the host's record cannot be used. V(incompatible), the image does not suit the host.
      V(com_unavailable), the update interface does not answer. V(unreachable), the host does not.
  returned: always
  type: str
  sample: downloading
reason:
  description: Why, for a person to read.
  returned: always
  type: str
  sample: downloads 16.0.20228.20190
step:
  description:
    - The step taken, in check mode or with O(look_only) the one that would be. V(download), V(apply) or V(none).
  returned: unless an option or the record cannot be used
  type: str
  sample: download
submitted:
  description: Whether the host accepted the step. In check mode, whether it would be asked for.
  returned: unless an option or the record cannot be used
  type: bool
  sample: true
version:
  description: The installed build when the host was last seen.
  returned: unless an option or the record cannot be used
  type: str
  sample: 16.0.20131.20206
target:
  description: The build of the deployment.
  returned: unless an option or the record cannot be used
  type: str
  sample: 16.0.20228.20190
status:
  description: What the update interface said last, see M(officefleet.c2r.update_info).
  returned: unless an option or the record cannot be used
  type: str
  sample: download_pending
error:
  description: The last error, explained as far as any source explains it. V(null) without one.
  returned: unless an option or the record cannot be used
  type: dict
  contains:
    domain:
      description: The kind of code, V(com_status), V(hresult) or V(winrm).
      type: str
      sample: com_status
    code:
      description: The code as it was reported.
      type: str
      sample: "0x800704DA"
    name:
      description: Its name, empty where it has none.
      type: str
      sample: ERROR_CONNECTION_INVALID
    hresult:
      description: The HRESULT in it, V(null) where there is none.
      type: str
      sample: "0x800704CD"
    message:
      description: What it means.
      type: str
      sample: An operation was attempted on a nonexistent network connection.
    hint:
      description: What may help, empty where nothing is known.
      type: str
      sample: Raise documentsynctimeout.
blocking_apps:
  description: The open applications that put the installation off.
  returned: unless an option or the record cannot be used
  type: list
  elements: str
  sample: [WINWORD]
attempts:
  description: Failed attempts of this deployment.
  returned: unless an option or the record cannot be used
  type: int
  sample: 0
ring:
  description: The ring of the host, V(rest) when it is in none of the deployment's, V(all) when that has none.
  returned: unless an option or the record cannot be used
  type: str
  sample: pilot
ring_closed:
  description: Whether the turn of that ring has not come, so that nothing is to be changed on the host yet.
  returned: always
  type: bool
  sample: false
ring_waits:
  description:
    - Whether the host waits for its ring, and that for nothing but hosts of earlier rings that wait for moments after
      O(run_ends). It is V(false) at a run's first look, and where a ring stays closed whatever these hosts come to.
  returned: always
  type: bool
  sample: false
at_rest:
  description: Whether nothing is left that this run could change by itself, before O(run_ends) if that is given.
  returned: always
  type: bool
  sample: false
revisit:
  description:
    - Whether a run that goes on looks at this host again. Blocked hosts are at rest, yet looked at again. Those that
      wait for a moment after O(run_ends) are not.
  returned: always
  type: bool
  sample: true
until:
  description: The moment in UTC that the host waits for, if there is one that is known.
  returned: always
  type: str
  sample: "2026-12-01T20:00:00Z"
"""

from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils import _action_only

#: Read by the action plugin, so that options are declared once.
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "deployment": {
        "type": "dict",
        "options": {
            "name": {"type": "str"},
            "channel": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "languages": {"type": "list", "elements": "str", "required": True},
            "architectures": {"type": "list", "elements": "str", "required": True},
            "rings": {"type": "list", "elements": "str", "default": []},
            "ring_success": {"type": "int", "default": 95},
            "max_attempts": {"type": "int", "default": 3},
            "retry_delay": {"type": "int", "default": 900},
            "force_app_shutdown": {"type": "bool", "default": False},
            "multi_session_shutdown": {"type": "bool", "default": False},
            "display_level": {"type": "bool", "default": False},
            "allow_downgrade": {"type": "bool", "default": False},
            "goal": {"type": "str", "choices": ["installed", "downloaded"], "default": "installed"},
        },
    },
    "rules": {"type": "dict"},
    "run": {"type": "dict"},
    "records": {"type": "path", "required": True},
    "look_only": {"type": "bool", "default": False},
    "first_look": {"type": "bool", "default": False},
    "reset_retries": {"type": "bool", "default": False},
    "fresh_for": {"type": "int", "default": 0},
    "run_started": {"type": "float"},
    "run_ends": {"type": "float"},
    "answer_timeout": {"type": "int", "default": 120},
    "failure": {"type": "str"},
}


def main() -> None:
    """Fail: without its action plugin there is nothing here that could decide."""
    _action_only.refuse(
        ARGUMENT_SPEC, "officefleet.c2r.reconcile", "Call it by its full name, officefleet.c2r.reconcile."
    )


if __name__ == "__main__":
    main()
