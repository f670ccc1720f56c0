# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decoding of what ansible-core sends to a Windows host: a command line, and for a module a payload on its input.

Two forms exist; both are PowerShell text, four NUL bytes, then a JSON manifest:

- ansible-core 2.16 to 2.18: the manifest holds `module_args` and the names of wrapper scripts in `actions`;
- ansible-core 2.19 to 2.21: the manifest holds `scripts` and `actions`, each action a script's name and parameters.

The fixtures beside this file were recorded from those versions by dev/record_payloads.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import ntpath
import re
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.officefleet.c2r.tests.lab.module_call import ModuleCall

SEPARATOR = b"\0\0\0\0"
_ENCODED_COMMAND = re.compile(r"-EncodedCommand\s+([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_MODULE_WRAPPERS = {"module_powershell_wrapper", "module_wrapper.ps1"}
_BECOME_WRAPPERS = {"become_wrapper", "become_wrapper.ps1"}  # runs the same module as another user
_SHOWN = 200  # characters of unknown input that an error quotes


class PayloadError(ValueError):
    """Input that no known ansible-core sends; the text names what was seen."""


@dataclass(frozen=True)
class ShellScript:
    """A small script of ansible-core's own, such as the one that makes a temporary directory."""

    text: str  #: the script in clear text, or its file name where ansible-core names it
    parameters: dict[str, Any] = field(default_factory=dict)


def decode(command_line: str, stdin: bytes) -> ModuleCall | ShellScript:
    """Return what a command does.

    :param command_line: as the Command operation carried it.
    :param stdin: everything that Send carried; empty when there was none.
    :raises PayloadError: when it is neither a module call nor a PowerShell script.
    """
    script = _clear_text(command_line)
    if not stdin:
        return ShellScript(script)
    _, separator, rest = stdin.partition(SEPARATOR)
    if not separator:
        raise PayloadError(f"no payload on the input: four NUL bytes expected, seen {_quote(stdin)}")
    # Input for the script itself may follow after another separator (file transfer).
    raw = rest.partition(SEPARATOR)[0]
    try:
        manifest = json.loads(raw)
    except ValueError as error:
        raise PayloadError(f"the payload's manifest is no JSON ({error}), seen {_quote(raw)}") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("actions"), list) or not manifest["actions"]:
        seen = ", ".join(sorted(manifest)) if isinstance(manifest, dict) else type(manifest).__name__
        raise PayloadError(f"the payload's manifest lists no actions, seen {_quote(seen)}")
    if "module_args" in manifest:
        return _from_module_args(manifest)
    return _from_scripts(manifest)


def _from_module_args(manifest: dict[str, Any]) -> ModuleCall:
    """Decode the form of ansible-core 2.16 to 2.18."""
    _require_module(manifest["actions"])
    return _module_call(manifest["module_args"], None)


def _from_scripts(manifest: dict[str, Any]) -> ModuleCall | ShellScript:
    """Decode the form of ansible-core 2.19 to 2.21."""
    actions = manifest["actions"]
    if not all(isinstance(action, dict) and isinstance(action.get("params"), dict) for action in actions):
        raise PayloadError(f"an action without name and params, seen {_quote(json.dumps(actions))}")
    name, params = actions[-1].get("name"), actions[-1]["params"]
    if len(actions) == 1 and name not in _MODULE_WRAPPERS:
        return ShellScript(str(name), params)
    _require_module([action.get("name") for action in actions])
    for variable in params.get("Variables") or ():
        if isinstance(variable, dict) and variable.get("Name") == "complex_args":
            return _module_call(variable.get("Value"), str(params.get("Script", "")))
    raise PayloadError(f"{name} without the variable complex_args, seen parameters {_quote(', '.join(params))}")


def _require_module(actions: list[Any]) -> None:
    """Refuse what does more than run one module, such as async."""
    names = [str(action) for action in actions]
    if names[-1] not in _MODULE_WRAPPERS or not _BECOME_WRAPPERS.issuperset(names[:-1]):
        raise PayloadError(f"not a plain PowerShell module call, seen actions {_quote(json.dumps(actions))}")


def _module_call(args: Any, script: str | None) -> ModuleCall:
    """Split Ansible's own keys from the task's arguments; a script's file name is the fully qualified name."""
    if not isinstance(args, dict):
        raise PayloadError(f"module arguments are no dictionary, seen {_quote(json.dumps(args))}")
    name = _full_name(ntpath.splitext(script)[0]) if script else args.get("_ansible_module_name")
    if not name:
        raise PayloadError(f"no module name, seen arguments {_quote(', '.join(args))}")
    return ModuleCall(
        name=str(name),
        params={key: value for key, value in args.items() if not key.startswith("_ansible_")},
        check_mode=bool(args.get("_ansible_check_mode")),
        diff=bool(args.get("_ansible_diff")),
    )


def _full_name(script: str) -> str:
    """Return ns.col.name for ansible_collections.ns.col.plugins.modules.name; a built-in module's name as it is."""
    return re.sub(r"^ansible_collections\.(\w+\.\w+)\.plugins\.modules\.", r"\1.", script)


def _clear_text(command_line: str) -> str:
    """Return a command line with its -EncodedCommand opened, as often as one is wrapped in another."""
    text = command_line
    while match := _ENCODED_COMMAND.search(text):
        try:
            text = base64.b64decode(match[1], validate=True).decode("utf-16-le")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise PayloadError(f"-EncodedCommand does not decode ({error}), seen {_quote(match[1])}") from None
    if text == command_line and not re.match(r"(?i)\s*\"?(.*\\)?(powershell|pwsh)", text):
        raise PayloadError(f"not a PowerShell command line, seen {_quote(text)}")
    return text


def _quote(seen: str | bytes) -> str:
    """Return the beginning of what was seen, for an error."""
    text = seen.decode(errors="backslashreplace") if isinstance(seen, bytes) else seen
    return repr(text[:_SHOWN]) + (f" and {len(text) - _SHOWN} more characters" if len(text) > _SHOWN else "")
