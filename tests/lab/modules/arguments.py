# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument checks as Ansible.Basic makes them on a host, from the options that a module's sidecar documents.

Values are converted and checked by ansible-core's own validator. Order and wording of the messages are those of
Ansible.Basic.cs: unknown options, missing ones, then type and choices option by option, then required_together
and required_if.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ArgumentValueError, ElementError

MODULES = Path(__file__).parents[3] / "plugins" / "modules"
NET_TYPES = {str: "String", int: "Int32", bool: "Boolean", list: "Object[]", dict: "Hashtable", float: "Double"}
KEPT = ("type", "elements", "required", "default", "choices")

Option = dict[str, Any]
RequiredTogether = Sequence[Sequence[str]]
RequiredIf = Sequence[tuple[str, str, Sequence[str]]]  # option, value, options that are required then


class BadArgumentError(Exception):
    """The arguments are refused; the text is the module's `msg`."""


@functools.cache
def sidecar(module: str) -> dict[str, Any]:
    """Read the documentation of a module by its short name."""
    content: dict[str, Any] = yaml.safe_load((MODULES / f"{module}.yml").read_text(encoding="utf-8"))
    return content


@functools.cache
def documented_options(module: str) -> dict[str, Option]:
    """Give the argument spec of a module by its short name."""
    return _spec(sidecar(module)["DOCUMENTATION"].get("options") or {})


def _spec(options: dict[str, Option]) -> dict[str, Option]:
    spec = {name: {key: option[key] for key in KEPT if key in option} for name, option in options.items()}
    for name, option in options.items():
        if "suboptions" in option:
            spec[name]["options"] = _spec(option["suboptions"])
    return spec


def validate(
    name: str, params: dict[str, Any], required_if: RequiredIf = (), required_together: RequiredTogether = ()
) -> dict[str, Any]:
    """Give all options of the module called `name` (fully qualified) with their converted values, None where unset.

    Documentation cannot carry required_if and required_together, so the caller says what the module's spec has.
    """
    options = documented_options(name.rsplit(".", 1)[-1])
    spelling = {option.lower(): option for option in options}
    given = {spelling.get(param.lower(), param): value for param, value in params.items()}

    if unknown := sorted(given.keys() - options.keys()):
        raise BadArgumentError(
            f"Unsupported parameters for ({name}) module: {', '.join(unknown)}. "
            f"Supported parameters include: {', '.join(sorted(options))}"
        )
    defaults = {option: spec["default"] for option, spec in options.items() if "default" in spec}
    given = {**defaults, **given}
    if missing := [option for option, spec in options.items() if spec.get("required") and option not in given]:
        raise BadArgumentError(f"missing required arguments: {', '.join(missing)}")
    values = {
        option: None if given.get(option) is None else _converted(option, spec, given[option])
        for option, spec in options.items()
    }
    for together in required_together:
        if 0 < sum(each in given for each in together) < len(together):
            raise BadArgumentError(f"parameters are required together: {', '.join(together)}")
    for option, value, requirements in required_if:
        missing = [each for each in requirements if each not in given]
        if str(values[option]).lower() == value and missing:
            raise BadArgumentError(f"{option} is {value} but all of the following are missing: {', '.join(missing)}")
    return values


def _converted(option: str, spec: Option, value: Any) -> Any:
    """Convert one value, or say what is wrong with it."""
    choices = {str(choice).lower(): choice for choice in spec.get("choices", ())}
    if isinstance(value, str):  # Ansible.Basic accepts choices in any case
        value = choices.get(value.lower(), value)
    elif isinstance(value, list):
        value = [choices.get(str(each).lower(), each) for each in value]
    validator: Any = ArgumentSpecValidator  # ansible-core has no annotations here
    result = validator({option: {**spec, "required": False}}).validate({option: value})
    for error in result.errors.errors:
        if isinstance(error, ArgumentTypeError | ElementError):
            raise BadArgumentError(_type_message(option, spec["type"], value))
        if isinstance(error, ArgumentValueError):
            of = "one or more of" if spec["type"] == "list" else "one of"
            wrong = [
                str(each) for each in (value if isinstance(value, list) else [value]) if each not in choices.values()
            ]
            raise BadArgumentError(
                f"value of {option} must be {of}: {', '.join(map(str, spec['choices']))}. "
                f"Got no match for: {', '.join(wrong)}"
            )
        raise BadArgumentError(str(error))
    converted = result.validated_parameters[option]
    if spec.get("type") == "int" and not -(2**31) <= converted < 2**31:
        raise BadArgumentError(_type_message(option, "int", value))
    return converted


def _type_message(option: str, wanted: str, value: Any) -> str:
    """Ansible.Basic's text; what follows the colon there is .NET's own and differs between its versions."""
    if wanted == "bool":
        why = f"The value '{str(value).lower()}' is not a valid boolean."
    elif isinstance(value, int):
        why = "Value was either too large or too small for an Int32."
    else:
        why = "Input string was not in a correct format."
    net_type = NET_TYPES.get(type(value), "Object")
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        net_type = "Int64"
    return f"argument for {option} is of type System.{net_type} and we were unable to convert to {wanted}: {why}"
