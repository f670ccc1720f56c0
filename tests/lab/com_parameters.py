# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameter text of Download and Apply: `key=value` pairs separated by a space, keys in any case."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


class InvalidParametersError(ValueError):
    """The text is refused with E_INVALIDARG."""


def _flag(text: str) -> bool:
    return text.lower() in ("true", "false")


def _version(text: str) -> bool:
    return re.fullmatch(r"16\.0\.\d{3,5}\.\d{3,5}", text) is not None


def _given(text: str) -> bool:
    return text != ""


Checks = Mapping[str, Callable[[str], bool]]
DOWNLOAD: Checks = {
    "displaylevel": _flag,
    "updatebaseurl": _given,
    "updatetoversion": _version,
    "downloadsource": _given,
    "contentid": _given,
}
APPLY: Checks = {"displaylevel": _flag, "forceappshutdown": _flag}


def parse(text: str, checks: Checks) -> dict[str, str]:
    """Give the parameters by lower-case name.

    Stricter than Microsoft's text, which only says that invalid parameters are refused: here every parameter that is
    unknown, given twice or malformed is one, so that no module comes to lean on what Office happens to overlook.
    """
    parameters: dict[str, str] = {}
    for pair in text.split():
        name, equals, value = pair.partition("=")
        name = name.lower()
        if not equals or name in parameters or name not in checks or not checks[name](value):
            raise InvalidParametersError(pair)
        parameters[name] = value
    if ("downloadsource" in parameters) != ("contentid" in parameters):
        raise InvalidParametersError("downloadsource and contentid go together")
    return parameters
