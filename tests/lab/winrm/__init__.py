# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WS-Management server on loopback in front of simulated Windows hosts, as Ansible's winrm connection drives it.

Import from the modules: all but `server` need nothing beyond the standard library.
"""
