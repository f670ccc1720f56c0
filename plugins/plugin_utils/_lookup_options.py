# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible leaves to a lookup to look at in the options it is given."""

from __future__ import annotations

from collections.abc import Iterable

from ansible.plugins.lookup import LookupBase

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


def refuse_unknown(lookup: LookupBase, given: Iterable[str]) -> None:
    """Raise InputError for an option that is not documented. Ansible ignores it, and with it what was meant."""
    known: set[str] = set(lookup.get_options())  # type: ignore[no-untyped-call]  # Ansible's
    for name in given:
        if name not in known:
            options = ", ".join(sorted(known - {"_terms"}))
            raise InputError(f"{name}: the lookup has no such option. Its options are {options}.")
