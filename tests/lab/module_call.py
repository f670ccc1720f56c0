# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes between the WinRM server and whatever answers for a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ModuleCall:
    """One Ansible module call as it arrived at a host."""

    name: str  #: fully qualified, such as "officefleet.c2r.update_info"
    params: dict[str, Any] = field(default_factory=dict)  #: the task's arguments, without Ansible's own _ansible_*
    check_mode: bool = False
    diff: bool = False


ModuleAnswer = dict[str, Any]  # what the module prints as JSON; "failed" and "msg" say that it failed


class Drop(Exception):  # noqa: N818  not an error: how an answer asks for a broken connection
    """Raised by an answering function: the connection breaks in the middle of the answer."""
