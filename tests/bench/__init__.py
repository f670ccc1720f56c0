# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures: what staging costs, beside what else could be used. `make bench`; docs/benchmarks.md."""
