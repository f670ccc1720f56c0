# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill what works on a library at each of its steps on the disk."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import library
from ansible_collections.officefleet.c2r.tests.unit.sample_image import in_another_process

STEPS: tuple[tuple[Any, str], ...] = (
    (Path, "rename"),
    (Path, "unlink"),
    (Path, "write_text"),
    (Path, "chmod"),
    (Path, "rmdir"),
    (os, "unlink"),  # these two within rmtree
    (os, "rmdir"),
    (os, "fsync"),
    (os, "link"),
    (shutil, "rmtree"),
    (library, "exchange"),
)


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a process that is killed before its step of this number; False if it has no so many steps."""

    def run() -> None:
        count = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **more: Any) -> Any:
                nonlocal count
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
                return real(*arguments, **more)

            return call

        with pytest.MonkeyPatch.context() as patch:
            for owner, name in STEPS:
                patch.setattr(owner, name, counted(getattr(owner, name)))
            work()

    status = in_another_process(run)
    assert status in (0, 9)
    return status == 9
