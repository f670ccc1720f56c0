# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module rollout_plan: all of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.modules.reconcile import ARGUMENT_SPEC as RECONCILE_SPEC
from ansible_collections.officefleet.c2r.plugins.modules.rollout_plan import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _rings, _roll_call, _rollout_plan, _withdrawal
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import validated
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment_rules import dumped
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_summary import hosts_by_ring
from ansible_collections.officefleet.c2r.plugins.plugin_utils._record_store import open_store
from ansible_collections.officefleet.c2r.plugins.plugin_utils._records import RecordError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._slices import Slice, this_slice

PASSES = 500  #: of one run at most: five to ten are one level of includes, of which Ansible stands about 250
#: What the deployment takes over as it is.
TAKEN = (
    "rings",
    "ring_success",
    "max_attempts",
    "retry_delay",
    "force_app_shutdown",
    "multi_session_shutdown",
    "allow_downgrade",
    "goal",
)


class ActionModule(ActionBase):
    """Works on the controller; needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        prefix = str(arguments.pop("variables", None) or "")
        try:
            return self._plan(arguments, prefix, task_vars or {})
        except CdnError as error:
            return {"failed": True, "msg": str(error)}

    def _plan(self, arguments: Mapping[str, Any], prefix: str, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        options = _rollout_plan.typed(arguments, prefix)
        _rollout_plan.check_writable(options["records"], f"{prefix}records")
        if options["deployments"]:
            planned = _rollout_plan.from_file(options, prefix, task_vars["groups"])
        else:
            planned = FleetPlan(self._from_options(options, prefix), ignore_withdrawn=options["ignore_withdrawn"])
        deployment = planned.deployment
        if prefix:
            self._check_hosts_agree(prefix, None if options["deployments"] else deployment.version, task_vars)
        try:
            _rings.ring_of(deployment, task_vars["groups"], task_vars["inventory_hostname"])
        except InputError as error:
            raise InputError(f"{prefix}{error}") from error
        sliced = this_slice(options["slices"], task_vars, f"{prefix}slices")
        planned = _withdrawal.judged(planned, options, datetime.now(timezone.utc), prefix)
        deployment = replace(planned.deployment, sliced=sliced)
        if sliced is not None and not self._task.check_mode:
            members = hosts_by_ring(deployment, task_vars["groups"])
            self._tell_hosts(deployment, sliced, members, options["records"], prefix)
        started = time.time()
        run = {
            "rules": dumped(deployment),
            **{option: options[option] for option in ("records", "reset_retries", "fresh_for", "answer_timeout")},
            "run_started": started,
            "run_ends": started + options["timeout"],
        }
        return {
            "changed": False,
            "deployment": _shown(deployment),
            "run": run,
            "events": planned.events,
            "pass_seconds": max(options["pass_seconds"], options["timeout"] / PASSES),
            "timeout": options["timeout"],
            **({"warnings": list(planned.warnings)} if planned.warnings else {}),
        }

    @staticmethod
    def _tell_hosts(deployment: Deployment, one: Slice, members: _roll_call.Members, records: str, prefix: str) -> None:
        """Tell the other slices which hosts this one has."""
        now = datetime.now(timezone.utc)
        try:
            with closing(open_store(records)) as store:
                _roll_call.tell(store.roll_calls, deployment, one, members, now, f"{prefix}slices")
        except RecordError as error:
            raise InputError(f"{prefix}{error}") from error

    @staticmethod
    def _from_options(options: Mapping[str, Any], prefix: str) -> Deployment:
        image = _rollout_plan.image(options, prefix)
        given = {
            "name": options["deployment"] or image.version,
            "channel": image.channel,
            "version": image.version,
            "source": image.source,
            "languages": list(image.languages),
            "architectures": list(image.architectures),
            **{option: options[option] for option in TAKEN},
        }
        try:
            deployment = Deployment.from_options(validated(RECONCILE_SPEC["deployment"]["options"], given))
        except InputError as error:
            raise InputError(f"{prefix}{error}") from error
        deployment = replace(
            deployment,
            proofing_tools=frozenset(image.proofing_tools),
            requirements=image.requirements,
            download_sizes=image.download_sizes,
            min_free_disk=options["min_free_disk"],
        )
        if not options["halted"]:
            return deployment
        return replace(deployment, schedule=replace(deployment.schedule, halted=True))

    def _check_hosts_agree(self, prefix: str, version: str | None, task_vars: Mapping[str, Any]) -> None:
        """Compare the variables of all hosts. The version may be a lookup, so it is compared as it is written."""
        pinned = f"{prefix}version"
        raw = {host: task_vars["hostvars"].raw_get(host) for host in task_vars["ansible_play_batch"]}
        _rollout_plan.check_same(pinned, {host: variables.get(pinned) for host, variables in raw.items()})
        values = {host: self._values(prefix, {**variables, pinned: version}) for host, variables in raw.items()}
        for option in ARGUMENT_SPEC:
            if option != "version":
                _rollout_plan.check_same(prefix + option, {host: given.get(option) for host, given in values.items()})

    def _values(self, prefix: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Give one host's values of the options."""
        # ansible-core leaves this class without annotations
        templar = Templar(self._loader, variables)  # type: ignore[no-untyped-call, unused-ignore]
        try:
            return {
                option: templar.template(variables[prefix + option])
                for option in ARGUMENT_SPEC
                if prefix + option in variables
            }
        except AnsibleError as error:
            raise InputError(f"{variables.get('inventory_hostname')}: {error}") from error


def _shown(deployment: Deployment) -> dict[str, Any]:
    """Give what a person wants to see of it, in the words of reconcile's options."""
    return {
        "name": deployment.name,
        "channel": deployment.channel,
        "version": deployment.version,
        "source": deployment.source,
        "languages": sorted(deployment.languages or ()),
        "architectures": sorted(deployment.architectures or ()),
        "rings": list(deployment.rings),
        **{option: getattr(deployment, option) for option in TAKEN if option not in ("rings", "ring_success")},
        "ring_success": deployment.gate.success,
    }
