# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module `image` and let its process kill itself (SIGKILL) before a certain step on the library's file system.

Usage: kill_at_step.py LIBRARY STEP COUNT_FILE ARGUMENTS. With step 0 it is not killed. How many steps there were goes
to the file.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.modules import image

STEPS = frozenset({"os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.mkdir", "os.chmod"})


class Steps:
    """Counts what changes names and modes; the bytes of files are counted by the server."""

    def __init__(self, library: str, last: int) -> None:
        self.count = 0
        self._library = library
        self._last = last
        self._lock = threading.Lock()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event, which comes before the step."""
        if event not in STEPS:
            return
        path = os.fspath(arguments[0]) if not isinstance(arguments[0], int) else ""
        # Relative names are of shutil.rmtree, which holds directories open.
        if str(path).startswith("/") and not str(path).startswith(self._library):
            return
        with self._lock:
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the module."""
    library, last, count_file, arguments = sys.argv[1:]
    steps = Steps(library, int(last))
    sys.addaudithook(steps.hear)
    sys.argv = ["image", arguments]
    try:
        image.main()
    finally:
        Path(count_file).write_text(str(steps.count))


if __name__ == "__main__":
    main()
