# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of modules that only carry documentation: their work is done by the action plugin of the same name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def refuse(argument_spec: dict[str, dict[str, Any]], name: str, remedy: str) -> None:
    """Fail the module `name` (in full): it was run as a module, without its action. `remedy` says how to call it."""
    module = AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core annotates only parts of itself
        argument_spec=argument_spec, supports_check_mode=True
    )
    module.fail_json(
        msg=f"{name} works in the action plugin of the same name, on the controller; that was not used. {remedy}"
    )
