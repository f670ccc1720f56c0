# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role distribution_point knows the channels that the module image knows."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.channels import CHANNELS

VARIABLES = Path(__file__).resolve().parents[2] / "roles" / "distribution_point" / "vars" / "main.yml"


def test_every_channel_is_served() -> None:
    served = yaml.safe_load(VARIABLES.read_text())["distribution_point_channels"]
    assert served == [channel.name for channel in CHANNELS]
