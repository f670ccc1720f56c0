# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures: what a rollout costs, beside a waiting task for each host and bare calls. `make bench-rollout`."""
