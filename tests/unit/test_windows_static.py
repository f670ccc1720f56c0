# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows modules as far as a PowerShell is not needed to judge them: syntax, style, calls, options, documents."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from ansible_collections.officefleet.c2r.tests.unit import powershell_rules as rules
from ansible_collections.officefleet.c2r.tests.unit import powershell_syntax as syntax

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
UTILS = sorted((PLUGINS / "module_utils").glob("*.psm1"))
MODULES = sorted((PLUGINS / "modules").glob("*.ps1"))
FILES = [pytest.param(path, id=path.name) for path in (*UTILS, *MODULES)]
EACH_MODULE = [pytest.param(path, id=path.stem) for path in MODULES]


def exported(source: bytes) -> dict[str, set[str]]:
    """Give the functions that a psm1 lets others call."""
    root = syntax.parse(source)
    last = [node for node in syntax.walk(root) if node.type == "command"][-1]
    names = next(syntax.value(node) for node in syntax.walk(last) if node.type == "array_expression")
    return {name: syntax.functions(root)[name] for name in names}


def known_functions(source: bytes) -> dict[str, set[str]]:
    """Give the functions of the utils that a file requires itself."""
    known: dict[str, set[str]] = {}
    for name in rules.required_utils(source):
        util = PLUGINS / "module_utils" / f"{name}.psm1"
        if util.exists():
            known |= exported(util.read_bytes())
    return known


def findings(source: bytes, *, module: bool) -> list[str]:
    """Give everything that is wrong with a file."""
    return [
        *syntax.faults(syntax.parse(source)),
        *rules.header_findings(source, module=module),
        *rules.text_findings(source),
        *rules.call_findings(source, known_functions(source)),
        *rules.variable_findings(source),
    ]


def sidecar(module: Path) -> dict[str, Any]:
    return cast(dict[str, Any], yaml.safe_load(module.with_suffix(".yml").read_text()))


def spec(module: Path) -> dict[str, Any]:
    return cast(dict[str, Any], syntax.value(syntax.assigned(syntax.parse(module.read_bytes()), "$spec")))


def test_all_windows_modules_are_looked_at() -> None:
    assert {path.stem for path in MODULES} >= {"update", "update_info", "update_policy", "document_sync_timeout"}
    assert {path.stem for path in UTILS} >= {"_ClickToRun", "_Registry"}


@pytest.mark.parametrize("path", FILES)
def test_file_keeps_the_rules(path: Path) -> None:
    assert findings(path.read_bytes(), module=path.suffix == ".ps1") == []


@pytest.mark.parametrize("path", FILES)
def test_required_utils_exist(path: Path) -> None:
    for name in rules.required_utils(path.read_bytes()):
        assert any((PLUGINS / "module_utils" / f"{name}{suffix}").exists() for suffix in (".psm1", ".cs")), name


@pytest.mark.parametrize("path", FILES)
def test_util_of_a_type_is_required_where_the_type_is_used(path: Path) -> None:
    source = path.read_bytes()
    used = "._UpdateNotify." in syntax.code_only(source)
    assert used == ("_UpdateNotify" in rules.required_utils(source))


FINE = "\n".join(
    [
        "#!powershell",
        "",
        *rules.HEADER,
        "",
        "#AnsibleRequires -CSharpUtil Ansible.Basic",
        "#AnsibleRequires -PowerShell ansible_collections.officefleet.c2r.plugins.module_utils._Registry",
        "",
        "$spec = @{",
        "    options = @{}",
        "}",
        "",
        "",
    ]
)


def test_sound_source_has_no_findings() -> None:
    assert findings(FINE.encode(), module=True) == []


@pytest.mark.parametrize(
    ("added", "finding"),
    [
        ("if ($spec {\n}\n", "syntax error"),
        ("$a = 'open\n", "syntax error"),
        ("$a = $spec ? 1 : 2\n", "alias, or syntax"),
        ("$a = $spec ?? 1\n", "alias, or syntax"),
        ("$a = ${spec}?.options\n", "alias, or syntax"),
        ("Start-Sleep -Seconds 1 && Start-Sleep -Seconds 1\n", "chains"),
        ("Start-Sleep -Seconds 1 || Start-Sleep -Seconds 1\n", "chains"),
        ("$a = 1;\n", "semicolon"),
        ("$a = $spec -eq $null\n", "$null belongs to the left"),
        ("$a = [Environment]::TickCount64\n", "newer than"),
        ("$a = 0x8000000E\n", "literal"),
        ("$a = Read-RegistryKey -Path $spec['options']\n", "may be an array"),
        ("if ($spec)\n{\n}\n", "opening brace"),
        ("if ($spec) {\n    $a = 1\n} else {\n    $a = 2\n}\n", "closing brace"),
        ("$a = gsv -Name 'x'\n", "gsv is no function"),
        ("$a = $spec | % { $_ }\n", "% is no function"),
        ("$a = Read-RegistryKye -Path 'x'\n", "Read-RegistryKye is no function"),
        ("$a = Open-RegistryHive -Hive 'x'\n", "Open-RegistryHive is no function"),  # not exported
        ("$a = Get-ClickToRunState\n", "Get-ClickToRunState is no function"),  # of a util that is not required
        ("$a = Read-RegistryKey -Key 'x'\n", "no parameter -Key"),
        ("$a = Read-RegistryKey 'x'\n", "without a parameter's name"),
        ("$a = Get-Process -Path 'x'\n", "-LiteralPath"),
        ("$a = $sepc\n", "$sepc is never given a value"),
        ('$a = "$($sepc.x)"\n', "$sepc is never given a value"),
        ("$a = 'don\u2019t'\n", "outside ASCII"),
        ("$a = 1 \n", "trailing"),
        ("$a = @(\n  1\n)\n", "multiple of four"),
        (f"$a = '{'x' * 160}'\n", "160 columns"),
        ("#AnsibleRequires -PowerShell ..module_utils._ClickToRun\n", "full name"),
        ("#AnsibleRequires -CSharpUtil Ansible.Basic, Ansible.Process\n", "full name"),
    ],
)
def test_fault_is_found(added: str, finding: str) -> None:
    assert any(finding in found for found in findings((FINE + added).encode(), module=True))


@pytest.mark.parametrize("broken", [FINE.replace("#!powershell", "#!/usr/bin/pwsh"), FINE.replace("v3.0+", "v2")])
def test_wrong_header_is_found(broken: str) -> None:
    assert any(found.startswith("1: shebang") for found in findings(broken.encode(), module=True))


def test_patterns_in_comments_and_strings_are_left_alone() -> None:
    assert findings((FINE + "# why? a || b; c\n$a = 'what? {0} || ;'\n").encode(), module=True) == []


def whole(options: dict[str, Any], below: str) -> dict[str, Any]:
    """Give what options say of themselves, those `below` one included, with Ansible's defaults filled in."""
    return {
        name: {
            "type": option.get("type", "str"),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "required": option.get("required", False),
            "elements": option.get("elements"),
            "options": whole(option.get(below, {}), below),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", EACH_MODULE)
def test_spec_and_documentation_name_the_same_options(module: Path) -> None:
    in_code = whole(spec(module)["options"], "options")
    in_documentation = whole(sidecar(module)["DOCUMENTATION"]["options"], "suboptions")
    assert in_code == in_documentation


@pytest.mark.parametrize("module", EACH_MODULE)
def test_spec_is_built_before_anything_else(module: Path) -> None:
    """ansible-test runs a module on Linux up to Create() to learn its options: nothing of Windows may stand above."""
    body = next(node for node in syntax.parse(module.read_bytes()).children if node.type == "statement_list")
    first, second = (syntax.text(node) for node in body.named_children[:2])
    assert first.startswith("$spec = @{")
    assert second == "$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)"


@pytest.mark.parametrize("module", EACH_MODULE)
def test_check_mode_is_documented_as_it_is(module: Path) -> None:
    attributes = sidecar(module)["DOCUMENTATION"]["attributes"]
    assert (attributes["check_mode"]["support"] == "full") == spec(module)["supports_check_mode"]
    assert (attributes["diff_mode"]["support"] == "full") == ("$module.Diff.after" in module.read_text())
    assert attributes["platform"]["platforms"] == "windows"


@pytest.mark.parametrize("module", EACH_MODULE)
def test_documentation_is_whole(module: Path) -> None:
    documentation = sidecar(module)
    assert list(documentation) == ["DOCUMENTATION", "EXAMPLES", "RETURN"]
    assert documentation["DOCUMENTATION"]["module"] == module.stem
    assert documentation["DOCUMENTATION"]["version_added"] == "0.1.0"
    assert documentation["DOCUMENTATION"]["seealso"]
    for name, entry in entries(documentation["RETURN"]):
        assert {"description", "type", "sample"} <= entry.keys() or "contains" in entry, name


def entries(returned: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in returned.items():
        yield name, entry
        yield from entries(entry.get("contains", {}))


@pytest.mark.parametrize("module", EACH_MODULE)
def test_examples_use_documented_options(module: Path) -> None:
    documentation = sidecar(module)
    tasks = yaml.safe_load(documentation["EXAMPLES"])
    own = [task[f"officefleet.c2r.{module.stem}"] for task in tasks if f"officefleet.c2r.{module.stem}" in task]
    assert own
    for options in own:
        assert set(options or {}) <= set(documentation["DOCUMENTATION"]["options"])


def state_keys() -> dict[str, set[str]]:
    """Give the keys of the state that _ClickToRun.psm1 returns, and of the dictionaries in it."""
    root = syntax.parse((PLUGINS / "module_utils" / "_ClickToRun.psm1").read_bytes())
    function = next(
        node
        for node in syntax.walk(root)
        if node.type == "function_statement" and "Get-ClickToRunState" in syntax.text(node).split("\n")[0]
    )
    tables = [syntax.hash_entries(node) for node in syntax.walk(function) if node.type == "hash_literal_expression"]
    state = max(tables, key=len)
    keys = {"": set(state)}
    for name, node in state.items():
        if syntax.unwrap(node).type == "hash_literal_expression":
            keys[name] = set(syntax.hash_entries(syntax.unwrap(node)))
    return keys


def functions_returning() -> dict[str, set[str]]:
    """Give the keys of what each function of the utils returns, for those that return a hashtable written in place."""
    found = {}
    for util in UTILS:
        for node in syntax.walk(syntax.parse(util.read_bytes())):
            if node.type == "function_statement":
                tables = [each for each in syntax.walk(node) if each.type == "hash_literal_expression"]
                if tables:
                    name = syntax.text(node).split()[1]
                    found[name] = set(syntax.hash_entries(tables[-1]))
    return found


def own_results() -> dict[str, str]:
    """Give the results that update_info.ps1 sets itself, with the last function that fills each."""
    code = (PLUGINS / "modules" / "update_info.ps1").read_text()
    found = re.findall(r"\$module\.Result\.(\w+) = (?:@\((?=\w))?([\w-]+)?", code)
    return dict(found)


def test_state_is_documented_as_it_is_returned() -> None:
    documentation = sidecar(PLUGINS / "modules" / "update_info.ps1")["RETURN"]
    keys = state_keys()
    assert set(documentation) == keys.pop("") | set(own_results())
    functions = functions_returning()
    for name, function in own_results().items():
        if name in ("deployment_data", "times", "cloud_policies", "system_free_disk_bytes"):
            continue  # set in the module itself, by registry names, a number
        keys[name] = functions[function]
    contains = {name: set(entry["contains"]) for name, entry in documentation.items() if "contains" in entry}
    assert contains.pop("deployment_data") == {"type", "name", "hresult", "data"}
    assert contains == keys


def test_update_returns_the_state_and_what_the_step_did() -> None:
    info = sidecar(PLUGINS / "modules" / "update_info.ps1")["RETURN"]
    state = {name: info[name] for name in state_keys()[""]}
    own = sidecar(PLUGINS / "modules" / "update.ps1")["RETURN"]
    assert {name: own[name] for name in state} == state
    assert set(own) - set(state) == {"step", "submitted", "refused", "blocked", "hint", "call"}


@pytest.mark.parametrize("name", ["update", "update_policy", "document_sync_timeout"])
def test_results_set_one_by_one_are_documented(name: str) -> None:
    source = PLUGINS / "modules" / f"{name}.ps1"
    code = syntax.code_only(source.read_bytes())
    prefix = "$module.Result."
    set_keys = {part.split(" ")[0] for part in code.split(prefix)[1:] if " = " in part.split("\n")[0]} - {"changed"}
    assert set_keys
    assert set_keys <= set(sidecar(source)["RETURN"])


def test_absent_takes_exactly_the_policies_that_can_be_set() -> None:
    options = spec(PLUGINS / "modules" / "update_policy.ps1")["options"]
    root = syntax.parse((PLUGINS / "modules" / "update_policy.ps1").read_bytes())
    kinds = syntax.value(syntax.assigned(root, "$policyKinds"))
    others = {"absent", "repair_registration", "restart_service", "restart_with_open_apps", "state"}
    assert set(options["absent"]["choices"]) == set(kinds) == set(options) - others
    for name, kind in kinds.items():
        assert kind == {"bool": "DWord", "int": "DWord", "str": "String"}[options[name]["type"]], name


def test_refusals_are_documented() -> None:
    root = syntax.parse((PLUGINS / "modules" / "update.ps1").read_bytes())
    returned = {
        syntax.text(node).removeprefix("return '").removesuffix("'")
        for node in syntax.walk(root)
        if node.type == "flow_control_statement" and syntax.text(node).startswith("return '")
    }
    description = " ".join(sidecar(PLUGINS / "modules" / "update.ps1")["RETURN"]["refused"]["description"])
    assert returned == {
        "at_target",
        "newer",
        "already_staged",
        "nothing_staged",
        "busy",
        "blocked",
        "applying",
        "multi_session",
        "com_unavailable",
        "idle",
    }
    assert [name for name in returned if f"V({name})" not in description] == []


def test_ansible_doc_renders_the_modules(tmp_path: Path) -> None:
    names = [f"officefleet.c2r.{module.stem}" for module in MODULES]
    answer = subprocess.run(
        ["ansible-doc", "--type", "module", "--json", *names],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path)},
    )
    rendered = json.loads(answer.stdout)
    assert set(rendered) == set(names)
    for name in names:
        assert rendered[name]["doc"]["short_description"]
        assert rendered[name]["doc"]["attributes"]["platform"]["support"] == "full"
        assert rendered[name]["return"]
