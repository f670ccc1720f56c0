# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of one command: seconds until its data is on the disk, peak memory, what it read."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What one run took."""

    seconds: float  #: wall clock, with the `sync` after it
    peak_bytes: int  #: resident, of the largest single process
    output: str

    @property
    def label(self) -> str:
        """Show it in short."""
        return f"{self.seconds:.2f} s"


def run(commands: Iterable[Sequence[str]], environment: Mapping[str, str], target: Path) -> Run:
    """Run the commands one after another, then sync the target's file system; RuntimeError if one fails."""
    peak = 0
    shown = ""
    begun = time.monotonic()
    for command in commands:
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=target.parent
            )
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            shown = output.read().decode(errors="replace")
        peak = max(peak, usage.ru_maxrss * 1024)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)[:300]} ended with {process.returncode}:\n{shown[-3000:]}")
    sync(target.parent)
    return Run(time.monotonic() - begun, peak, shown)


def sync(folder: Path) -> None:
    """Bring everything of the folder's file system to its disk (syncfs)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")
    finally:
        os.close(descriptor)


def forget(paths: Iterable[Path]) -> None:
    """Let the page cache drop the files, which have to be on the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def cached_bytes(paths: Iterable[Path]) -> int:
    """Give how much of the files is in the page cache; whatever reads or maps a byte of them brings some there."""
    return sum(_cached(path) for path in paths)


def _cached(path: Path) -> int:
    size = path.stat().st_size
    if size == 0:
        return 0
    pages = (size + mmap.PAGESIZE - 1) // mmap.PAGESIZE
    states = (ctypes.c_ubyte * pages)()
    # Private and writable: ctypes takes an address only of what may be written; nothing is.
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as view,
    ):
        start = (ctypes.c_char * size).from_buffer(view)
        address = ctypes.addressof(start)
        try:
            if _libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), states) != 0:
                raise OSError(ctypes.get_errno(), "mincore", str(path))
        finally:
            del start
    return sum(state & 1 for state in bytes(states)) * mmap.PAGESIZE


_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> str:
    """Describe the machine, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    cores = os.cpu_count()
    model = f" ({models[0]})" if models else ""
    version = ".".join(str(number) for number in sys.version_info[:3])
    return f"{cores} cores{model}, {memory / 2**30:.0f} GiB, Linux {os.uname().release}, Python {version}"
