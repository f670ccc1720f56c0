# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter C(officefleet.c2r.decode_error); its documentation is decode_error.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.plugin_utils import _errors


def decode_error(value: Any, domain: Any = None) -> dict[str, str | None]:
    """Explain an error code of Click-to-Run or Windows; AnsibleFilterError where value or domain is none."""
    try:
        explained = _errors.explain(domain, value)
    except _errors.UndecodableError as error:
        raise AnsibleFilterError(f"officefleet.c2r.decode_error: {error}") from None  # it says all there is to say
    return {key: None if text is None else str(text) for key, text in explained.items()}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Give the filters by name."""
        return {"decode_error": decode_error}
