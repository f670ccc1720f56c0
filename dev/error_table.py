# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/errors.md from the tables that the filter decode_error explains errors with.

From the project's root: make copy && PYTHONPATH=.build .venv/bin/python dev/error_table.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.c2rclient import C2RCLIENT
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.com_status import COM_STATUS
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.hresult import HRESULT, NTSTATUS
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.log import LOG
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.meaning import Meaning
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.ui import PASSED_ON, UI
from ansible_collections.officefleet.c2r.plugins.plugin_utils._error_tables.win32 import WIN32

TARGET = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
INTRODUCTION = """<!--
Copyright (c) 2026, officefleet.c2r contributors
SPDX-License-Identifier: GPL-3.0-or-later
Written by dev/error_table.py from plugins/plugin_utils/_error_tables; change it there.
-->

# Errors and their meaning

What the filter `officefleet.c2r.decode_error`, the records and the report know of errors. The same number means
something else in each domain, so a domain is always named and never guessed:

```yaml
msg: "{{ office.error.code | officefleet.c2r.decode_error(domain=office.error.domain) }}"
```

Meanings are those of the source; what may help is our advice. What no source explains is answered with just that.
"""


def _section(heading: str, about: str, rows: Iterable[tuple[str, Meaning]]) -> str:
    lines = [
        f"\n## {heading}\n\n{about}\n",
        "| code | name | meaning | what may help | source |",
        "|---|---|---|---|---|",
    ]
    for code, meaning in rows:
        cells = (code, f"`{meaning.name}`" if meaning.name else "", meaning.message, meaning.hint, meaning.source)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Keep a text in its cell; <source> is no HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def _code(number: int) -> str:
    return f"0x{number:08X}" if number & 0x80000000 else str(number)


def _ui(key: tuple[int, int | None, int | None]) -> str:
    primary, secondary, system = key
    return f"{primary}-{secondary}" + ("" if system is None else f" ({system})")


def render() -> str:
    """Give the text of docs/errors.md."""
    return INTRODUCTION + "".join(
        [
            _section(
                "com_status",
                "The field `error` of the update interface's status report. Above 13 it is an HRESULT plus 13: "
                "0x800704DA means 0x800704CD.",
                ((_code(code), meaning) for code, meaning in COM_STATUS.items()),
            ),
            _section(
                "hresult",
                "What calls of the interface return. 0x8007 followed by four digits is a Windows error: 0x800704CD is "
                "1229.",
                ((f"0x{code:08X}", meaning) for code, meaning in HRESULT.items()),
            ),
            _section("win32", "Windows errors.", ((_code(code), meaning) for code, meaning in WIN32.items())),
            _section(
                "c2rclient",
                "Exit codes of `OfficeC2RClient.exe` and of the Office Deployment Tool. Microsoft lists them for the "
                "Office CSP; that the client alone ends with the same numbers is our reading.",
                ((_code(code), meaning) for code, meaning in C2RCLIENT.items()),
            ),
            _section(
                "ui",
                "Codes in Office's error windows, `PRIMARY-SECONDARY (SYSTEM)`. No public table of them exists. Two "
                "primary codes pass the system's code on, which is then explained; 3221225477 is 0xC0000005.",
                [
                    *((f"{primary}-… (…)", carrier) for primary, (_, carrier) in PASSED_ON.items()),
                    *((f"… ({code})", meaning) for code, meaning in NTSTATUS.items()),
                    *((_ui(key), meaning) for key, meaning in UI.items()),
                ],
            ),
            _section(
                "log",
                "Text from a log. `0x000004CD` or `nonexistent network connection` is a download that timed out (win32 "
                "1229). Other codes in the form `error: TEXT (0x0000NNNN)` are Windows errors, or HRESULTs where the "
                "first bit is set. Then these texts are known, causes before consequences:",
                ((f"`{text}`", meaning) for text, meaning in LOG),
            ),
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
