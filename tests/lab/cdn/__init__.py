# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Office CDN on loopback: real formats, lab-signed cabinets, payloads of any size, faults on demand."""

from ansible_collections.officefleet.c2r.tests.lab.cdn.build import DEFAULT_BUILDS, Build
from ansible_collections.officefleet.c2r.tests.lab.cdn.lab_cdn import LabCdn

__all__ = ["DEFAULT_BUILDS", "Build", "LabCdn"]
