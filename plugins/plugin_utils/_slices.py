# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices: runs that are each given a part of the inventory alone, as AWX divides a job template's job.

AWX (October 2024, `Inventory.get_sliced_hosts`, `UnifiedJob.awx_meta_vars`) tells a slice neither its number nor how
many there are. Those of one launch share a workflow job that is named as their job template; each has a job id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

MOST = 1000
PREFIXES = ("awx_", "tower_")


@dataclass(frozen=True)
class Slice:
    """One of `count` runs that share an inventory out. `run` is the same for all of them, `part` for none."""

    count: int
    run: str
    part: str
    inventory: str = ""


def this_slice(count: int | None, variables: Mapping[str, Any], option: str) -> Slice | None:
    """Give the slice that a run is, None for a whole run. `count` is what `option` says, None for nothing.

    InputError where it cannot be told which one, or where the run looks like a slice and nobody said of how many.
    """
    job, workflow = _variable(variables, "job_id"), _variable(variables, "workflow_job_id")
    if count is None:
        name = _variable(variables, "workflow_job_name")
        if workflow and name and name == _variable(variables, "job_template_name"):
            raise InputError(
                f"{option} is not set, and this job of {name!r} looks like a slice: its workflow job has the job "
                f"template's name. A slice sees a part of each ring alone. Set {option} to the number of slices of "
                "the job template, or to 1 if it is not sliced."
            )
        return None
    if not 1 <= count <= MOST:
        raise InputError(f"{option}: {count} is not between 1 and {MOST}; give the number of slices of a run.")
    if count == 1:
        return None
    if not job:
        raise InputError(
            f"{option}: {count} slices need awx_job_id and awx_workflow_job_id, which AWX sets: what each slice has of "
            "its own, and what the slices of one run share. Elsewhere give both with -e."
        )
    # A slice that is launched again alone has no workflow job; such a run is never complete
    run = workflow or f"job {job}"
    return Slice(count, run, job, _variable(variables, "inventory_id"))


def _variable(variables: Mapping[str, Any], name: str) -> str:
    return next((str(variables[key]) for key in (prefix + name for prefix in PREFIXES) if variables.get(key)), "")
