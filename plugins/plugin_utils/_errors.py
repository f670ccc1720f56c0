# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of an error, as far as anyone has written it down.

A number means something else in each domain, so the domain is always given and never guessed. What no source explains
is answered with just that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn, TypedDict

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.c2rclient import C2RCLIENT
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.com_status import COM_STATUS, UNKNOWN
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.hresult import HRESULT, NTSTATUS
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.log import LOG, TIMED_OUT, WITH_CODE
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import Meaning
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.ui import PASSED_ON, UI
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.win32 import WIN32

DOMAINS = ("com_status", "hresult", "win32", "c2rclient", "ui", "log")

_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})")
_UI_CODE = re.compile(
    r"(?:error code:?\s*)?([0-9]{1,6})(?:-([0-9]{1,6}))?(?:\s*\((-?[0-9]{1,10}|0x[0-9a-f]{1,8})\))?", re.IGNORECASE
)
_CONNECTION_INVALID = 1229
_SEVERITY = 0x80000000  # set in each HRESULT that is a failure
_UNEXPLAINED = "No source known to us explains this code."

_CREDENTIALS = Meaning(
    "credentials rejected",
    "The host refused the credentials.",
    "Check ansible_user and ansible_password of the host.",
)
_WINRM = {"401": _CREDENTIALS}


class UndecodableError(ValueError):
    """The domain or the value is none; the text names it and what would be valid."""


class DecodedError(TypedDict):
    """An error as records and results carry it; `code` as it was reported, numbers above the enumeration in hex."""

    domain: str
    code: str
    name: str
    hresult: str | None
    message: str
    hint: str


class ExplainedError(DecodedError):
    """The same with `source`, who says so; empty where no source explains it."""

    source: str


def decode(domain: str, code: int | str) -> DecodedError:
    """Explain a code that a host reported, of a domain in DOMAINS or of winrm.

    Nothing is refused: hosts are not asked to make sense, and a code of an unknown kind is one that no source explains.
    """
    if domain == "winrm":
        explained = _answer(domain, str(code), None, _WINRM.get(str(code)))
    else:
        try:
            explained = explain(domain, code)
        except UndecodableError:
            explained = _answer(domain, str(code), None, None)
    return DecodedError(
        domain=explained["domain"],
        code=explained["code"],
        name=explained["name"],
        hresult=explained["hresult"],
        message=explained["message"],
        hint=explained["hint"],
    )


def explain(domain: str, value: Any) -> ExplainedError:
    """Explain a value of one of DOMAINS; UndecodableError where it is none.

    :param value: a number, or text of it (decimal or 0x...; an HRESULT also as a negative Int32), for ui the code as
        the window shows it, for log a text or a list of lines.
    """
    if domain not in DOMAINS:
        raise UndecodableError(f"domain: {domain!r} is no kind of code; choose one of {', '.join(DOMAINS)}.")
    if domain == "log":
        return _log(value)
    if domain == "ui":
        return _ui(value)
    number = _number(domain, value)
    if domain == "com_status":
        return _com_status(number)
    if domain == "hresult":
        return _answer(domain, _hex(number), number, _hresult(number))
    if domain == "win32":
        if number > 0xFFFF:
            _refuse(domain, value, f"it is a number from 0 to 65535, and {_hex(number)} belongs into domain hresult")
        return _answer(domain, str(number), _of_win32(number), _win32(number))
    code = _hex(number) if number & _SEVERITY else str(number)
    return _answer(domain, code, number if number & _SEVERITY else None, C2RCLIENT.get(number))


def summary(error: DecodedError) -> str:
    """Give the error in a few words, for a reason: "0x800704CD ERROR_CONNECTION_INVALID"."""
    return f"{error['hresult'] or error['code']} {error['name'] or error['message']}"


def _com_status(number: int) -> ExplainedError:
    if number <= UNKNOWN:
        return _answer("com_status", str(number), None, COM_STATUS[number])
    hresult = number - UNKNOWN
    meaning = _hresult(hresult)
    if not hresult & _SEVERITY:
        # Only the documented rule is applied; what a later enumeration may hold is not guessed.
        message = (
            f"{_UNEXPLAINED} By the documented rule it is {_hex(hresult)}, which is no failure; Office may be newer "
            "than the list of its codes."
        )
        meaning = Meaning("", message, source="")
    return _answer("com_status", _hex(number), hresult, meaning)


def _hresult(number: int) -> Meaning | None:
    if number in HRESULT:
        return HRESULT[number]
    if number >> 16 == 0x8007:
        return _win32(number & 0xFFFF)
    if not number & _SEVERITY:
        message = f"{_UNEXPLAINED} As an HRESULT it is no failure; if it is a Windows error, its domain is win32."
        return Meaning("", message, source="")
    return None


def _win32(number: int) -> Meaning:
    helpmsg = f"Windows error {number} (net helpmsg {number} on a Windows host explains it)."
    return WIN32.get(number) or Meaning("", helpmsg, source="")


def _of_win32(number: int) -> int:
    return 0x80070000 | number if number else 0


def _ui(value: Any) -> ExplainedError:
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    match = _UI_CODE.fullmatch(text)
    if match is None:
        _refuse("ui", value, "it is a code as Office's window shows it, such as 30015-11 (3221225477) or 30088-27")
    primary = int(match[1])
    secondary = None if match[2] is None else int(match[2])
    system = None if match[3] is None else int(match[3], 0) & 0xFFFFFFFF
    code = str(primary) + ("" if secondary is None else f"-{secondary}") + ("" if system is None else f" ({system})")
    if primary in PASSED_ON:
        return _passed_on(code, primary, system)
    for key in ((primary, secondary, system), (primary, secondary, None)):
        if key in UI:
            return _answer("ui", code, None, UI[key])
    return _answer("ui", code, None, None)


def _passed_on(code: str, primary: int, system: int | None) -> ExplainedError:
    """Explain what a primary code passes on. A program's end code is no Windows error, whatever stands before it."""
    kind, carrier = PASSED_ON[primary]
    if not system:
        message = f"{carrier.message} Here there is none."
        return _answer("ui", code, None, carrier._replace(message=message))
    hresult: int | None = None
    if system in NTSTATUS:
        passed: Meaning | None = NTSTATUS[system]
    elif kind == "win32":
        passed = _win32(system) if system <= 0xFFFF else None
        hresult = _of_win32(system) if system <= 0xFFFF else None
    else:
        passed, hresult = _hresult(system), system
    if passed is None:
        return _answer("ui", code, hresult, carrier._replace(message=f"{carrier.message} {_UNEXPLAINED}"))
    name = passed.name or carrier.name
    message = f"{carrier.message} {_hex(system)}: {passed.message}"
    sources = "; ".join(source for source in (carrier.source, passed.source) if source)
    return _answer("ui", code, hresult, Meaning(name, message, passed.hint, sources))


def _log(value: Any) -> ExplainedError:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, Sequence) or not all(isinstance(line, str) for line in lines):
        lines = []
    text = "\n".join(lines)
    if not text.strip():
        _refuse("log", value, "it is a text from a log, or a list of its lines")
    if found := TIMED_OUT.search(text):
        return _answer("log", found[0], _of_win32(_CONNECTION_INVALID), WIN32[_CONNECTION_INVALID])
    if codes := WITH_CODE.findall(text):
        number = int(codes[-1], 16)  # the last one is what the log ends with
        if number <= 0xFFFF:
            return _answer("log", codes[-1], _of_win32(number), _win32(number))
        return _answer("log", codes[-1], number, _hresult(number))
    for known, meaning in LOG:
        if known.lower() in text.lower():
            return _answer("log", known, None, meaning)
    return _answer("log", "", None, Meaning("", "No source known to us explains this text.", source=""))


def _number(domain: str, value: Any) -> int:
    """Give the value as an unsigned number of 32 bits."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        text = value.strip().lower()
        number = int(text, 16 if "x" in text else 10)
    if number is None:
        _refuse(domain, value, "it is a number such as 5, '1229' or '0x80070005'")
    if not -(2**31) <= number < 2**32:
        _refuse(domain, value, "it is a number of 32 bits, from -2147483648 to 4294967295")
    return number & 0xFFFFFFFF


def _refuse(domain: str, value: Any, valid: str) -> NoReturn:
    shown = repr(value)
    raise UndecodableError(
        f"value: {shown if len(shown) <= 120 else shown[:117] + '...'} is no code of domain {domain}: {valid}."
    )


def _answer(domain: str, code: str, hresult: int | None, meaning: Meaning | None) -> ExplainedError:
    meaning = meaning or Meaning("", _UNEXPLAINED, source="")
    return ExplainedError(
        domain=domain,
        code=code,
        name=meaning.name,
        hresult=None if hresult is None else _hex(hresult),
        message=meaning.message,
        hint=meaning.hint,
        source=meaning.source,
    )


def _hex(number: int) -> str:
    return f"0x{number:08X}"
