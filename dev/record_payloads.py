# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what each supported ansible-core sends to a Windows host, as fixtures for tests/lab/winrm/payload.py.

For each series it installs the newest release into a virtual environment below .build/cores, runs real playbooks
over WinRM against the lab's server, and writes tests/lab/winrm/fixtures/core-SERIES.json.gz. From the project's root:

    make copy && PYTHONPATH=.build .venv/bin/python dev/record_payloads.py [SERIES ...]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.dev.elide_payload import elide_command_line, elide_stdin
from ansible_collections.officefleet.c2r.tests.lab.winrm.server import WinrmServer

ROOT = Path(__file__).resolve().parent.parent
CORES = ROOT / ".build" / "cores"
FIXTURES = ROOT / "tests" / "lab" / "winrm" / "fixtures"
SERIES = {  # ansible-core: the Python minors (3.x) it runs on as a controller, newest first
    "2.16": (12, 11, 10),
    "2.17": (12, 11, 10),
    "2.18": (13, 12, 11),
    "2.19": (13, 12, 11),
    "2.20": (14, 13, 12),
    "2.21": (14, 13, 12),
}
PASSWORD = secrets.token_hex(8)
NOTE = (
    "Recorded by dev/record_payloads.py from a real run. Elided: the text of ansible-core's own scripts and utilities, "
    "and directories of the machine. Everything else is as it was sent."
)
ARGUMENTS: dict[str, Any] = {
    "text": 'He said "Grüß Gott" & it\'s C:\\Temp\\x; $HOME `n 100%',
    "number": 42,
    "fraction": 2.5,
    "yes": True,
    "no": False,
    "items": ["en-us", "de-de", ""],
    "nested": {"inner": {"list": [1, 2], "text": "ä"}, "empty": {}},
    "nothing": None,
}
CASES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "arguments": ("lab.probe.echo", ARGUMENTS, ()),
    "no_arguments": ("lab.probe.echo", {}, ()),
    "check": ("lab.probe.echo", {"text": "checked"}, ("--check",)),
    "diff": ("lab.probe.echo", {"text": "compared"}, ("--diff",)),
    "check_and_diff": ("lab.probe.echo", {"text": "both"}, ("--check", "--diff")),
    "around_a_module": ("lab.probe.around", {}, ()),
}
MODULE = """#!powershell
#AnsibleRequires -CSharpUtil Ansible.Basic
$spec = @{}
$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$module.ExitJson()
"""
ACTION = '''from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """What ansible-core runs on a host around a module: a home directory, a temporary directory, its removal."""

    def run(self, tmp=None, task_vars=None):
        home = self._remote_expand_user("~")
        directory = self._make_tmp_path()
        self._remove_tmp_path(directory, force=True)
        return {"home": home, "directory": directory}
'''


def find_python(minors: tuple[int, ...]) -> str | None:
    """Return the first interpreter that exists, on the PATH or among pyenv's."""
    versions = []
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], check=True, capture_output=True, text=True).stdout.strip()
        versions = sorted(Path(root, "versions").glob("3.*/bin/python"))
    for minor in minors:
        candidates = [f"python3.{minor}", *(str(path) for path in versions if f"/3.{minor}." in str(path))]
        for name in candidates:
            program = shutil.which(name)
            if program and not subprocess.run([program, "-c", "import ensurepip"], capture_output=True).returncode:
                return program
    return None


def install(series: str, python: str) -> Path:
    """Return the bin directory of a virtual environment with the newest release of a series."""
    environment = CORES / series
    if not (environment / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--upgrade", f"ansible-core=={series}.*", "pywinrm"], check=True)
    return environment / "bin"


def write_collection(root: Path) -> None:
    """Write the throw-away collection whose module is called, and an empty configuration."""
    (root / "ansible.cfg").touch()
    plugins = root / "ansible_collections" / "lab" / "probe" / "plugins"
    for path, text in (
        ("modules/echo.ps1", MODULE),
        ("modules/around.ps1", MODULE),
        ("action/around.py", ACTION),
    ):
        (plugins / path).parent.mkdir(parents=True, exist_ok=True)
        (plugins / path).write_text(text, encoding="utf-8")


def record(series: str, binaries: Path) -> dict[str, Any]:
    """Run every case with one ansible-core and return the fixture."""
    seen: list[tuple[str, bytes]] = []
    cases = []
    with (
        tempfile.TemporaryDirectory() as name,
        WinrmServer(
            lambda _host, _call: {"changed": False}, password=PASSWORD, observe=lambda *sent: seen.append(sent)
        ) as server,
    ):
        write_collection(Path(name))
        for case, (module, arguments, options) in CASES.items():
            seen.clear()
            output = call(binaries, Path(name), server.port, module, arguments, options)
            commands = [
                {"command_line": elide_command_line(line, bool(stdin)), "stdin": elide_stdin(stdin)}
                for line, stdin in seen
            ]
            if not commands:
                sys.exit(f"{series}, {case}: nothing reached the server\n{output}")
            task = {
                "module": module,
                "arguments": arguments,
                "check_mode": "--check" in options,
                "diff": "--diff" in options,
            }
            cases.append({"case": case, "task": task, "commands": commands})
        core = versions(binaries)
        fixture = {"ansible_core": core["ansible-core"], "pywinrm": core["pywinrm"], "note": NOTE, "cases": cases}
        refuse_paths(fixture, (name, str(ROOT), str(Path.home())))
    return fixture


def call(
    binaries: Path, directory: Path, port: int, module: str, arguments: dict[str, Any], options: tuple[str, ...]
) -> str:
    """Run a playbook of one task; its success is required and its output returned."""
    connection = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
        "ansible_winrm_path": "/wsman/recorded",
        "ansible_user": "fleet",
        "ansible_password": PASSWORD,
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    environment |= {
        "ANSIBLE_COLLECTIONS_PATH": str(directory),
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
        "NO_PROXY": "127.0.0.1",
        "LC_ALL": "C.UTF-8",
    }
    play = {"hosts": "all", "gather_facts": False, "tasks": [{module: arguments}]}
    playbook = directory / "play.yml"
    playbook.write_text(json.dumps([play]), encoding="utf-8")  # JSON is YAML
    command = [str(binaries / "ansible-playbook"), "-i", "recorded,", *options, "-e", json.dumps(connection)]
    done = subprocess.run([*command, str(playbook)], env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        sys.exit(f"{module} {arguments} {options} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def versions(binaries: Path) -> dict[str, str]:
    """Return the exact versions that were run."""
    script = (
        "import importlib.metadata, json;"
        "print(json.dumps({name: importlib.metadata.version(name) for name in ('ansible-core', 'pywinrm')}))"
    )
    done = subprocess.run([str(binaries / "python"), "-c", script], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def refuse_paths(fixture: dict[str, Any], paths: tuple[str, ...]) -> None:
    """Stop rather than write a directory of this machine into a fixture."""
    text = json.dumps(fixture)
    for path in paths:
        if path in text:
            position = text.index(path)
            sys.exit(f"a path of this machine is left in the fixture: {text[max(0, position - 200) : position + 100]}")


def main() -> None:
    """Record the series asked for, or all; say which interpreters are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series", nargs="*", choices=[[], *SERIES], metavar="SERIES", help=f"of {', '.join(SERIES)}")
    missing = []
    for series in parser.parse_args().series or SERIES:
        python = find_python(SERIES[series])
        if python is None:
            missing.append(f"{series} (needs one of Python {', '.join(f'3.{minor}' for minor in SERIES[series])})")
            continue
        fixture = record(series, install(series, python))
        path = FIXTURES / f"core-{series}.json.gz"
        path.write_bytes(gzip.compress(json.dumps(fixture, indent=1, ensure_ascii=False).encode(), 9, mtime=0))
        print(f"{path.relative_to(ROOT)}: ansible-core {fixture['ansible_core']}, {path.stat().st_size} bytes")
    if missing:
        sys.exit(f"not recorded for want of an interpreter: {'; '.join(missing)}")


if __name__ == "__main__":
    main()
