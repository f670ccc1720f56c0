# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a file, each with its line. All of a file's problems are told at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


@dataclass(frozen=True, order=True)
class Problem:
    """One problem. A warning does not keep the file from being used."""

    line: int  #: from 1
    option: str  #: the path of the value, such as deployments[broad].gates.soak_time
    text: str
    warning: bool = False

    def __str__(self) -> str:
        """Give it as one line without the file's name."""
        return f"{self.line}: {'warning: ' if self.warning else ''}{self.option}: {self.text}"


class FileProblemsError(InputError):
    """A file that cannot be used; `problems` has all that is wrong with it, sorted by line."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{file}:{problem}" for problem in self.problems))
