# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection's PowerShell has to keep to, as far as its text can show it.

Two sources: what Windows PowerShell 5.1 does not know, and the settings of ansible-test's `pslint`, which needs a
PowerShell and is therefore not always at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import tree_sitter

from ansible_collections.officefleet.c2r.tests.unit import powershell_syntax as syntax

HEADER = (
    "# Copyright (c) 2026, officefleet.c2r contributors",
    "# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
REQUIRES = re.compile(
    r"#AnsibleRequires (-CSharpUtil|-PowerShell) "
    r"(Ansible\.Basic|ansible_collections\.officefleet\.c2r\.plugins\.module_utils\.(\w+))"
)

#: The cmdlets of Windows PowerShell 5.1 that we call, with the parameters that we give them.
CMDLETS: Mapping[str, set[str]] = {
    "Add-Type": {"TypeDefinition", "IgnoreWarnings"},
    "Export-ModuleMember": {"Function"},
    "ForEach-Object": {"Process"},
    "Get-Process": {"Name", "ErrorAction"},
    "Get-Service": {"Name", "ErrorAction"},
    "New-Object": {"TypeName", "ArgumentList"},
    "Sort-Object": {"Unique"},
    "Start-Sleep": {"Seconds"},
}

#: Patterns that must not stand in code, comments and strings left aside.
FORBIDDEN: Mapping[str, str] = {
    r"\?": "`?` is an alias, or syntax that Windows PowerShell 5.1 does not know",
    r"&&|\|\|": "chains of pipelines need PowerShell 7",
    r";[ \t]*$": "a semicolon ends a line",
    r"-c?(eq|ne)\s+\$null\b": "$null belongs to the left, or a list is filtered instead of compared",
    r"(?i)TickCount64|-AsHashtable\b|-Parallel\b|\bNullString\b": "newer than .NET Framework 4.x or PowerShell 5.1",
    r"(?i)\b(Write-Host|Invoke-Expression|Get-WmiObject|Get-CimInstance)\b": "not in a module",
    r"(?m)^\s*\{\s*$": "an opening brace belongs to the end of the line before",
    r"\}[ \t]*(else|elseif|catch|finally)\b": "a closing brace stands on a line of its own",
    # Get-TextOrNull and its like take anything as their -Value.
    r"-(?!Value\b)[A-Z]\w+ \$\w+\[[^]\n]*\]": "data may be an array, which no [string] takes: put it into a string",
    r"(?i)\b0x8[0-9a-f]{7}\b": "PowerShell reads such a literal as other numbers in other places",
}
_AUTOMATIC = {"_", "args", "true", "false", "null", "matches"}


def text_findings(source: bytes) -> Iterator[str]:
    """Give what is wrong with the text of a file: line length, white space, characters, patterns in its code."""
    for number, content in enumerate(source.decode().split("\n"), start=1):
        if len(content) > 160:
            yield f"{number}: longer than 160 columns"
        if content != content.rstrip() or "\t" in content:
            yield f"{number}: tab or trailing white space"
        if not content.isascii():
            yield f"{number}: a character outside ASCII, such as a smart quote"
        if (len(content) - len(content.lstrip(" "))) % 4:
            yield f"{number}: not indented by a multiple of four"
    code = syntax.code_only(source)
    for pattern, reason in FORBIDDEN.items():
        for match in re.finditer(pattern, code, re.MULTILINE):
            yield f"{code.count(chr(10), 0, match.start()) + 1}: {reason}"


def call_findings(source: bytes, known: Mapping[str, set[str]]) -> Iterator[str]:
    """Give what is wrong with the calls in a file; `known` are the functions of others with their parameters."""
    root = syntax.parse(source)
    available = {**CMDLETS, **known, **syntax.functions(root)}
    for command in syntax.commands(root):
        if command.name not in available:
            yield f"{command.line}: {command.name} is no function of ours and no cmdlet that we use"
            continue
        for parameter in set(command.parameters) - available[command.name] - {"ErrorAction"}:
            yield f"{command.line}: {command.name} has no parameter -{parameter}"
        if command.positional:
            yield f"{command.line}: {command.name} is given {command.positional[0]} without a parameter's name"
        if command.name in CMDLETS and "Path" in command.parameters:
            yield f"{command.line}: -LiteralPath, because -Path takes wildcards"


def variable_findings(source: bytes) -> Iterator[str]:
    """Give the variables that are read and never given a value: without strict mode they are silently $null."""
    root = syntax.parse(source)
    given = set(_AUTOMATIC)
    used: list[tuple[str, int]] = []
    for node in syntax.walk(root):
        if node.type != "variable":
            continue
        name = syntax.text(node).lstrip("$@").strip("{}").removeprefix("script:").lower()
        parent = node.parent
        declares = parent is not None and (
            parent.type == "script_parameter"
            or (parent.type == "foreach_statement" and parent.children.index(node) < 3)
            or _is_assignment_target(node)
        )
        if declares:
            given.add(name)
        else:
            used.append((name, syntax.line(node)))
    for name, number in used:
        if name not in given:
            yield f"{number}: ${name} is never given a value"


def _is_assignment_target(node: tree_sitter.Node) -> bool:
    """Whether the variable as a whole, not an element or member of it, stands left of an assignment."""
    parent = node.parent
    while parent is not None and len(parent.children) == 1:
        if parent.type == "left_assignment_expression":
            return True
        parent = parent.parent
    return False


def header_findings(source: bytes, *, module: bool) -> Iterator[str]:
    """Give what is wrong with the first lines and the requirements of a module or of a util."""
    lines = source.decode().split("\n")
    start = ["#!powershell", "", *HEADER] if module else list(HEADER)
    if lines[: len(start)] != start:
        yield "1: shebang, copyright or licence lines are not as in the other files"
    if module and "#AnsibleRequires -CSharpUtil Ansible.Basic" not in lines:
        yield "1: Ansible.Basic is not required"
    if not module and not any(content.startswith("Export-ModuleMember") for content in lines):
        yield "1: nothing is exported"
    for number, content in enumerate(lines, start=1):
        if re.match(r"#\s*(Ansible)?Requires", content, re.IGNORECASE) and not REQUIRES.fullmatch(content):
            yield f"{number}: not one util by its full name: {content}"


def required_utils(source: bytes) -> set[str]:
    """Give the collection's utils that a file requires, by their names."""
    return {match[3] for match in map(REQUIRES.fullmatch, source.decode().split("\n")) if match and match[3]}
