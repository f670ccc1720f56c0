# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WS-Management server on loopback in front of simulated Windows hosts, as Ansible's winrm connection drives it."""

from __future__ import annotations

from ansible_collections.officefleet.c2r.tests.lab.winrm.payload import PayloadError
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

__all__ = ["PayloadError", "WinrmServer"]
