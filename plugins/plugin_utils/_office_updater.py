# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command lines of OfficeUpdater.exe, in the words of this collection.

Source: Broadcom (Symantec), article 184965, "Optional Command Line Parameters for OfficeUpdater.exe".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version as office_version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

#: Where Click-to-Run reads how much it logs; 3 is what Microsoft has people set for support.
LOG_LEVEL_KEY = r"HKLM:\SOFTWARE\Microsoft\ClickToRun\OverRide"
LOG_LEVEL_NAME = "LogLevel"

_OPTION = "officeupdater"
_FLAGS = ("forceappshutdown", "promptuser", "showui", "omitsmf", "help")
_VALUES = ("updatetoversion", "updateurl", "path", "guid")
_KNOWN = (*_FLAGS, "loglevel", *_VALUES)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

_PROGRAM = re.compile(
    r"\s*(?:\"[^\"]*officeupdater\.exe\"|(?:(?!\s--)[^\"])*?officeupdater\.exe)(?=\s|$)", re.IGNORECASE
)
# --name, --name=value, --name =value, --name = "value", "--name=value"; a value never begins with two dashes
_PARAMETER = re.compile(
    r"""\s*(?:
        "--(?P<quoted_name>[a-z]+)\s*(?P<quoted_equals>=)\s*(?P<quoted_value>[^"]*)"
        | --(?P<name>[a-z]+)(?:\s*(?P<equals>=)\s*(?P<value>"[^"]*"|'[^']*'|(?!--)[^\s"']*))?
    )(?=\s|$)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Unmatched:
    """One option that module `update` has no counterpart for."""

    option: str  #: without its dashes
    value: str | bool
    reason: str  #: why, and what does it instead


@dataclass(frozen=True)
class Translated:
    """A command line in the words of this collection."""

    options: Mapping[str, Any]  #: of module `update`, only those that were given
    log_level: int | None = None  #: for LOG_LEVEL_NAME in LOG_LEVEL_KEY
    without_counterpart: tuple[Unmatched, ...] = field(default=())


def translate(command_line: str) -> Translated:
    """Read a command line, with or without the program; InputError names what is unknown, doubled or has no value."""
    given = _values(_parameters(command_line))
    options: dict[str, Any] = {}
    if "updatetoversion" in given:
        options["version"] = office_version.full(str(given["updatetoversion"]), f"{_OPTION}: --updatetoversion")
    if "updateurl" in given:
        options["source"] = _source(str(given["updateurl"]))
    for name, option in (("forceappshutdown", "force_app_shutdown"), ("showui", "display_level")):
        if name in given:
            options[option] = given[name]
    level = given.get("loglevel")
    return Translated(options, None if level is None else int(level), tuple(_unmatched(given)))


def _parameters(command_line: str) -> dict[str, str | None]:
    """Give the options by name in lower case, None for those without a value; InputError for what is none of them."""
    program = _PROGRAM.match(command_line)
    position = program.end() if program else 0
    found: dict[str, str | None] = {}
    unknown = []
    while command_line[position:].strip():
        part = _PARAMETER.match(command_line, position)
        if part is None:
            stray = command_line[position:].split()[0]
            raise InputError(
                f"{_OPTION}: {_shown(stray)!r} is no option of OfficeUpdater.exe; options are --name or --name=value, "
                "with quotes around a value that has spaces in it."
            )
        position = part.end()
        name = (part["name"] or part["quoted_name"]).lower()
        value = part["quoted_value"] if part["quoted_name"] else part["value"]
        if value is not None:
            value = value.strip("\"'").strip()
        if (part["equals"] or part["quoted_equals"]) and not value:
            raise InputError(f"{_OPTION}: --{name} has an equals sign and no value behind it.")
        if name not in _KNOWN:
            unknown.append(f"--{name}")
        elif found.setdefault(name, value) != value:
            raise InputError(f"{_OPTION}: --{name} is there twice, with two values; which one holds cannot be told.")
    if unknown:
        valid = ", ".join(f"--{name}" for name in _KNOWN)
        raise InputError(f"{_OPTION}: OfficeUpdater.exe has no {', '.join(unknown)}. Its options are {valid}.")
    return found


def _values(found: Mapping[str, str | None]) -> dict[str, str | bool]:
    """Give truth values for what is on or off, and texts; an option without a value is on, or at its default."""
    given: dict[str, str | bool] = {}
    for name, value in found.items():
        if name in _FLAGS:
            truth = True if value is None else _TRUTH.get(value.lower())
            if truth is None:
                raise InputError(f"{_OPTION}: --{name} is {_shown(str(value))!r}; valid are true and false.")
            given[name] = truth
        elif name == "loglevel":
            if value not in (None, "0", "1", "2", "3"):
                raise InputError(f"{_OPTION}: --loglevel is {_shown(value)!r}; valid are 0 to 3.")
            given[name] = value or "3"
        elif value is None:
            raise InputError(f"{_OPTION}: --{name} needs a value.")
        else:
            given[name] = value
    return given


def _source(url: str) -> str:
    """Refuse, without repeating it, an address that module `update` refuses because it may hold a secret."""
    try:
        parts = urlsplit(url)
        secret = "@" in parts.netloc or parts.query or parts.fragment
    except ValueError as error:
        raise InputError(f"{_OPTION}: --updateurl is no address.") from error  # the reason may repeat it
    if secret:
        raise InputError(
            f"{_OPTION}: --updateurl has a user, a query (?) or a fragment (#) in it, none of which the Click-to-Run "
            "service uses; leave them out."
        )
    return url


def _unmatched(given: Mapping[str, str | bool]) -> list[Unmatched]:
    reasons = {
        "promptuser": "module update asks nobody; officefleet.c2r.user_notice asks signed-in users before it",
        "omitsmf": "there is no Symantec Management Framework here whose download could be left out",
        "help": "see ansible-doc officefleet.c2r.update",
    }
    if "updateurl" in given:
        reasons |= dict.fromkeys(("guid", "path"), "OfficeUpdater.exe ignores it beside --updateurl, too")
    else:
        reasons |= {
            "guid": "only Symantec's agent knows where that package is; give module update the address as source",
            "path": "it is relative to an address that is not given; give module update the whole address as source",
        }
    # What is switched off asks for nothing.
    return [
        Unmatched(name, given[name], reasons[name]) for name in given if name in reasons and given[name] is not False
    ]


def _shown(text: str) -> str:
    """Give a part of the command line for a message; what may hold a secret is left out."""
    return re.sub(r"//\S*", "//…", text)[:100]
