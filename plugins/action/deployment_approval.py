# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller half of the module deployment_approval: all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, InputError
from ansible_collections.officefleet.c2r.plugins.modules.deployment_approval import ARGUMENT_SPEC
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _file_change, _staged_images, _withdrawal
from ansible_collections.officefleet.c2r.plugins.plugin_utils._arguments import ArgumentsError, given
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import approving, reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import FleetDeployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._named import with_variables

RELEASE = "officefleet.c2r.release"


class ActionModule(ActionBase):
    """Works on the controller; needs no connection."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what RETURN of the module describes."""
        super().run(tmp, task_vars)
        try:
            return self._approve(given(ARGUMENT_SPEC, self._task.args), task_vars or {})
        except (ArgumentsError, CdnError, AnsibleError) as error:
            return {"failed": True, "msg": with_variables(str(error), self._task.args.get("variables") or {})}

    def _approve(self, options: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        path, now = options["deployments"], datetime.now(timezone.utc)
        text, file, groups = _file_change.read(path), _file_change.shown_name(path), task_vars["groups"]
        pending = _chosen(reading.read(text, now, file=file, fresh=(), groups=groups), options["deployment"])
        look = _staged_images.manifest_of(options["library"])
        named, release = options["version"], options["release"]
        unknown = () if named is None else _refuse_withdrawn(pending, named, release, now)
        approval = approving.approve(
            text,
            pending.name,
            named or self._released(pending.channel, release, task_vars),
            now,
            ring_dates=options["ring_dates"],
            replace=options["replace"],
            file=file,
            groups=groups,
            manifest=look,
        )
        after = reading.read(approval.text, now, file=file, fresh=(pending.name,), groups=groups, manifest=look)
        approved = after.deployment(pending.name)
        warnings = [*unknown, *(f"{file}:{warning}" for warning in after.warnings)]
        if pending.ignore_withdrawn is not None and pending.version not in (None, approved.version):
            warnings.append(f"ignore_withdrawn was said of {pending.version}. Take it out unless it holds here, too.")
        self._display.display(
            _said(approved, approval.diff if not self._task.diff else "", warnings, approval.diff == "")
        )
        return {
            **_file_change.proposed(
                path,
                approval.text,
                approval.diff,
                output=options["output"],
                write=options["write"],
                check_mode=self._task.check_mode,
            ),
            "deployment": approved.name,
            "channel": approved.channel,
            "version": approved.version,
            "before": pending.version,
            "patch": approval.diff,
            "missing_images": _staged_images.missing(approved, look),
        }

    def _released(self, channel: str, options: Mapping[str, Any], task_vars: dict[str, Any]) -> str:
        """Ask the lookup release for the one build to pin."""
        lookup = lookup_loader.get(  # type: ignore[no-untyped-call]  # ansible-core annotates only parts of itself
            RELEASE, loader=self._loader, templar=self._templar
        )
        answers = lookup.run([channel], variables=task_vars, **options)
        if len(answers) != 1 or not isinstance(answers[0], str):
            raise InputError(
                f"release: these options of {RELEASE} give {len(answers)} answers that are no single build. Leave out "
                "all and details."
            )
        return str(answers[0])


def _chosen(file: reading.DeploymentFile, name: str | None) -> FleetDeployment:
    """Give the deployment of this name; without one the only one that is not approved yet."""
    if name is not None:
        return file.deployment(name)
    pending = [each for each in file.deployments if each.version is None]
    if len(pending) != 1:
        names = ", ".join(each.name for each in (pending or file.deployments))
        raise InputError(f"deployment: name the one to approve: {names}.")
    return pending[0]


def _refuse_withdrawn(
    pending: FleetDeployment, version: str, release: Mapping[str, Any], now: datetime
) -> tuple[str, ...]:
    """Refuse a build that is named and was withdrawn, as the lookup never gives one; give what could not be known."""
    source, directory, cache_dir = (release.get(option) for option in ("source", "feeds", "cache_dir"))
    feeds = _withdrawal.Feeds.of(source, directory, cache_dir, release.get("trust_anchors"))
    found = _withdrawal.find(pending.channel, office_version.full(version, "version"), feeds, now)
    if found.reason is not None and pending.ignore_withdrawn is None:
        raise InputError(
            f"version: {found.reason}. Choose another, or let the file say with ignore_withdrawn why it is deployed."
        )
    return found.warnings


def _said(approved: FleetDeployment, patch: str, warnings: Sequence[str], pinned: bool) -> str:
    """Give what the screen shows, also where what went well is not shown (display_ok_hosts)."""
    advice = "It is pinned already." if pinned else "Have this reviewed and merged."
    parts = [f"{approved.name}: {approved.channel} {approved.version}. {advice}", "\n".join(warnings), patch.rstrip()]
    return "".join(f"\n{part}\n" for part in parts if part)
