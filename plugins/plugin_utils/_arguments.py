# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin's own arguments, checked and typed as those of a module are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

#: Options that take a version or several, in every module that has them.
VERSIONS: Mapping[str, Mapping[str, Any]] = {"version": {}, "pinned": {}}


class ArgumentsError(Exception):
    """The arguments of a task do not fit; the text is Ansible's own."""


class UnquotedVersionError(ArgumentsError):
    """YAML took a version for a number; the text says what to write."""


def require_quoted(arguments: Mapping[str, Any], specification: Mapping[str, Any] = VERSIONS, path: str = "") -> None:
    """Refuse versions that YAML took for numbers, before Ansible makes text of them. UnquotedVersionError."""
    for option, rule in specification.items():
        value = arguments.get(option)
        if option in VERSIONS:
            try:
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    version.require_text("" if one is None else one, path + option)
            except InputError as error:
                raise UnquotedVersionError(str(error)) from error
        elif "options" in rule and isinstance(value, Mapping):
            require_quoted(value, rule["options"], f"{path}{option}.")


def validated(
    specification: Mapping[str, Any],
    arguments: Mapping[str, Any],
    required_if: Sequence[Sequence[Any]] = (),
    required_together: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """Give the arguments with defaults and types; strings from surveys become numbers and truth values."""
    require_quoted(arguments, specification)
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
