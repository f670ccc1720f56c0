# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages name options of a module. Who runs a playbook knows the variables that these are taken from."""

from __future__ import annotations

import re
from collections.abc import Mapping


def with_variables(message: str, variables: Mapping[str, str]) -> str:
    """Name variables, given by option, where a message names an option: at its start, or as what is to be set."""
    if not variables:
        return message
    options = "|".join(map(re.escape, variables))
    named = re.compile(rf"(^|cannot be looked at: |\b[Ss]et |argument ')({options})\b")
    return named.sub(lambda found: found[1] + variables[found[2]], message)
