# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell texts of the runner itself: the grammar follows them, and they fit on a command line."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.officefleet.c2r.tests.unit import powershell_syntax
from ansible_collections.officefleet.c2r.tests.windows.powershell.pwsh import DESCRIBE
from ansible_collections.officefleet.c2r.tests.windows.powershell.registry_access import EXCHANGE

MOST = 30_000  # characters of a Windows command line are 32,767


@pytest.mark.parametrize("script", [DESCRIBE, EXCHANGE.read_text()], ids=["describe", "exchange"])
def test_text(script: str) -> None:
    assert powershell_syntax.faults(powershell_syntax.parse(script.encode())) == []
    assert script.isascii()
    assert len(base64.b64encode(script.encode("utf-16-le"))) < MOST
    for newer in ("?.", "??", "&&", "||", " ? "):
        assert newer not in script
