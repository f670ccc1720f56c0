# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin's own arguments, checked and typed as those of a module are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError


class ArgumentsError(Exception):
    """The arguments of a task do not fit; the text is Ansible's own."""


def validated(
    specification: Mapping[str, Any],
    arguments: Mapping[str, Any],
    required_if: Sequence[Sequence[Any]] = (),
    required_together: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """Give the arguments with defaults and types; strings from surveys become numbers and truth values."""
    # ansible-core leaves this class without annotations
    rules = {
        "required_if": [list(rule) for rule in required_if],
        "required_together": [list(rule) for rule in required_together],
    }
    validator = ArgumentSpecValidator(dict(specification), **rules)  # type: ignore[no-untyped-call]
    result = validator.validate(dict(arguments))  # type: ignore[no-untyped-call]
    if result.error_messages:
        unsupported = isinstance(result.errors[0], UnsupportedError)
        raise ArgumentsError(("Unsupported parameters: " if unsupported else "") + "; ".join(result.error_messages))
    return dict(result.validated_parameters)


def given(specification: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Do the same; what is empty counts as not given, as in surveys that were not filled in."""
    return validated(specification, {name: value for name, value in arguments.items() if value not in (None, "")})
