# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the scenarios went, as a table for people and as data."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PASSED, FAILED, NOT_PLAYABLE = "passed", "FAILED", "not playable here"
WIDTHS = {"result": len(NOT_PLAYABLE), "seconds": 7, "module": 30, "name": 72}


@dataclass(frozen=True)
class Row:
    """One scenario. `why` has a line for each thing that is wrong, or the reason why it was not played."""

    name: str
    modules: tuple[str, ...]
    result: str
    seconds: float
    why: tuple[str, ...] = ()
    folder: str = ""

    def line(self) -> str:
        """As it stands in the table."""
        seconds = "" if self.result == NOT_PLAYABLE else f"{self.seconds:.1f}"
        more = f" (and {len(self.why) - 1} more)" if len(self.why) > 1 else ""
        why = _short(self.why[0], 160) + more if self.why else ""
        return _columns(self.result, seconds, "+".join(self.modules), self.name, why)


def heading() -> str:
    """The table's head."""
    names = _columns("result", "seconds", "module", "scenario", "why")
    return f"{names}\n{'-' * min(160, shutil.get_terminal_size((160, 24)).columns)}"


def summary(rows: Sequence[Row]) -> str:
    """Count, after every reason of every failure."""
    lines = [""]
    for row in rows:
        if row.result == FAILED:
            lines += [f"FAILED: {row.name}", *(f"    {reason}" for reason in row.why), f"    see {row.folder}", ""]
    counts = Counter(row.result for row in rows)
    parts = [f"{counts[result]} {result}" for result in (PASSED, FAILED, NOT_PLAYABLE)]
    lines.append(f"{len(rows)} scenarios: {', '.join(parts)}; {sum(row.seconds for row in rows):.0f} s")
    if not counts[PASSED] and not counts[FAILED]:
        lines.append("Nothing was played, so nothing is proven.")
    return "\n".join(lines)


def succeeded(rows: Sequence[Row]) -> bool:
    """Nothing failed, and something was played."""
    results = {row.result for row in rows}
    return PASSED in results and FAILED not in results


def write(rows: Sequence[Row], text: str, folder: Path) -> None:
    """Keep the table and the data it was made of."""
    (folder / "table.txt").write_text(text + "\n")
    (folder / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False))


def file_name(number: int, name: str) -> str:
    """A scenario's folder."""
    return f"{number:03}-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')[:60]}"


def _columns(result: str, seconds: str, module: str, name: str, why: str) -> str:
    cells = (result.ljust(WIDTHS["result"]), seconds.rjust(WIDTHS["seconds"]), module.ljust(WIDTHS["module"]))
    return "  ".join([*cells, name.ljust(WIDTHS["name"]), why]).rstrip()


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 3]}..."
