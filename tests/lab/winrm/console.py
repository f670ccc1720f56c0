# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command leaves behind: output, error output and exit code, in the form that Ansible reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleAnswer, ModuleCall
from ansible_collections.officefleet.c2r.tests.lab.winrm.payload import ShellScript

HOME = "C:\\Users\\fleet"
TEMP = HOME + "\\AppData\\Local\\Temp"


@dataclass(frozen=True)
class Result:
    """The outcome of one command."""

    stdout: bytes
    stderr: bytes
    exit_code: int


def module_result(call: ModuleCall, answer: ModuleAnswer) -> Result:
    """Return a module's outcome as Ansible.Basic writes it: one line of JSON, exit code 1 for a failure."""
    document = {"changed": False, **answer}
    if not call.diff:
        document.pop("diff", None)
    return Result(json.dumps(document).encode() + b"\r\n", b"", 1 if document.get("failed") else 0)


def crash(error: Exception) -> Result:
    """Return the outcome of a module that ended without writing a result."""
    return Result(b"", f"{type(error).__name__}: {error}\r\n".encode(), 1)


def script_result(script: ShellScript) -> Result:
    """Answer the few scripts that ansible-core runs around a module; refuse all others by name."""
    text, parameters = script.text, script.parameters
    if text == "powershell_mkdtemp.ps1":
        return _line(f"{TEMP}\\{parameters.get('Name')}")
    if match := re.search(r"New-Item -Type Directory -Path \$tmp_path -Name '([^']+)'", text):
        return _line(f"{TEMP}\\{match[1]}")
    if text == "powershell_expand_user.ps1":
        return _line(_expand(str(parameters.get("Path"))))
    if match := re.search(r"Write-Output \(?\(Get-Location\)\.Path(?: \+ '([^']*)')?", text):
        return _line(HOME + (match[1] or ""))
    if match := re.search(r"Write-Output '([^']*)'$", text, re.MULTILINE):
        return _line(match[1])
    if re.search(r"^Remove-Item ", text, re.MULTILINE):
        return _line("")
    return Result(b"", f"the lab runs Ansible modules only, not: {text[:500]}\r\n".encode(), 1)


def _expand(path: str) -> str:
    return HOME + path[1:] if path == "~" or path.startswith("~\\") else path


def _line(text: str) -> Result:
    return Result(f"{text}\r\n".encode() if text else b"", b"", 0)
