# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notice.cs, the product's code for messages to users, against the scripted functions of wtsapi32.c.

Mono runs it on Linux, .NET in Wine: the same program, the same sessions, the same expectations.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "plugins" / "module_utils" / "_SessionMessage.cs"
FUNCTIONS = HERE / "wtsapi32.c"

#: Runs the program with arguments and additional environment, and gives what it prints.
Start = Callable[[Sequence[str], Mapping[str, str]], str]


@dataclass(frozen=True)
class Sent:
    """One call of WTSSendMessage, as it arrived."""

    session: int
    style: int
    seconds: int
    wait: bool
    title: str  #: up to the length that was given, which has to end before the null
    text: str


@dataclass(frozen=True)
class Outcome:
    """What the program printed and which calls arrived."""

    sessions: tuple[str, ...]  #: "id;user;state;answer;response;error"
    refused: str
    seconds: float
    layout: tuple[int, ...]  #: sizes of a pointer and of the structure, places of its name and its state
    sent: tuple[Sent, ...]  #: by session
    enumerated: tuple[str, ...]
    kept: int  #: blocks of memory that were given and not taken back
    given: int


def build_program(directory: Path, name: str = "Notice") -> Path:
    """Compile Notice.cs with the product's code, as Windows PowerShell 5.1 would."""
    program = directory / f"{name}.exe"
    rules = ["-langversion:5", "-warnaserror", "-warn:4"]
    subprocess.run(["mcs", *rules, f"-out:{program}", str(HERE / "Notice.cs"), str(SOURCE)], check=True)
    return program


@dataclass(frozen=True)
class NoticeProgram:
    """The program, ready to start. `path_of` turns a path into one that the program understands."""

    start: Start
    folder: Path
    path_of: Callable[[Path], str] = str

    def show(
        self,
        sessions: str,
        *,
        title: str = "Office",
        text: str = "Save your work.",
        postpone: bool = False,
        seconds: int = 1,
        wait: bool = True,
    ) -> Outcome:
        """Show a message on a host with these sessions (see wtsapi32.c) and give what became of it."""
        files = {name: self.folder / name for name in ("sessions", "calls", "message")}
        files["sessions"].write_text(sessions, encoding="ascii")
        files["calls"].write_bytes(b"")
        files["message"].write_text(f"{title}\n{text}", encoding="utf-8")
        environment = {
            "OFFICEFLEET_SESSIONS": self.path_of(files["sessions"]),
            "OFFICEFLEET_CALLS": self.path_of(files["calls"]),
        }
        arguments = [self.path_of(files["message"]), _flag(postpone), str(seconds), _flag(wait)]
        printed = self.start(arguments, environment).splitlines()
        calls = files["calls"].read_text(encoding="ascii").splitlines()
        return _outcome(printed, calls)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _outcome(printed: Sequence[str], calls: Sequence[str]) -> Outcome:
    values = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in printed if ";" not in line}
    blocks: Counter[str] = Counter()
    for call in calls:
        kind, rest = call.split(" ", 1)
        if kind == "alloc":
            blocks[rest] += 1
        elif kind == "free" and rest != "0":
            blocks[rest] -= 1
            assert blocks[rest] >= 0, f"{rest} is given back twice"
    return Outcome(
        sessions=tuple(line for line in printed if ";" in line),
        refused=values.get("refused", ""),
        seconds=int(values.get("took", "0")) / 1000,
        layout=tuple(int(number) for number in values["layout"].split(" ")),
        sent=tuple(sorted((_sent(call) for call in calls if call.startswith("send ")), key=lambda sent: sent.session)),
        enumerated=tuple(call for call in calls if call.startswith("enumerate ")),
        kept=sum(blocks.values()),
        given=sum(call.startswith("alloc ") for call in calls),
    )


def _sent(call: str) -> Sent:
    _, server, session, style, seconds, wait, title, text = call.split(" ")
    assert server == "0", "not this machine"
    return Sent(int(session), int(style, 16), int(seconds), wait == "1", _text(title), _text(text))


def _text(code: str) -> str:
    text = bytes.fromhex(code).decode("utf-16-le")
    assert text.endswith("\0"), "the length is not that of the text in bytes"
    assert "\0" not in text[:-1], "the length goes beyond the text"
    return text[:-1]
