# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a twin ends: with a result, or failed with a message."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer


class FailJson(Exception):  # noqa: N818 - it is named after the call it stands for
    """The module fails; `result` is what it had to say so far."""

    def __init__(self, msg: str, result: ModuleAnswer | None = None) -> None:
        super().__init__(msg)
        self.result = result or {}

    def answer(self) -> ModuleAnswer:
        """Give what the module prints."""
        return {"changed": False, **self.result, "failed": True, "msg": str(self)}
