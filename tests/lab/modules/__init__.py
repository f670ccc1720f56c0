# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python twins of the Windows modules: the same arguments, answers and effects, on simulated hosts.

Where a module makes a decision its twin makes the same one in the same order, so that tests/contract can hold both to
one set of scenarios.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.modules import (
    document_sync_timeout,
    update,
    update_info,
    update_policy,
    user_notice,
)
from ansible_collections.officefleet.c2r.tests.lab.modules.answer import FailJson
from ansible_collections.officefleet.c2r.tests.lab.modules.arguments import BadArgumentError

_PREFIX = "officefleet.c2r."
_TWINS: dict[str, Callable[[Host, ModuleCall], ModuleAnswer]] = {
    "document_sync_timeout": document_sync_timeout.run,
    "update": update.run,
    "update_info": update_info.run,
    "update_policy": update_policy.run,
    "user_notice": user_notice.run,
}


def run(host: Host, call: ModuleCall) -> ModuleAnswer:
    """Run a module of this collection on a simulated host; LookupError for any other."""
    twin = _TWINS.get(call.name.removeprefix(_PREFIX))
    if twin is None:
        raise LookupError(f"the simulated hosts have no module {call.name}; they know {', '.join(sorted(_TWINS))}")
    try:
        return twin(host, call)
    except BadArgumentError as error:
        return FailJson(str(error)).answer()
    except FailJson as failure:
        return failure.answer()
