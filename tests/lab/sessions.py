# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is signed in to a host, and what they do when a message is shown to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

OK, CANCEL, TIMED_OUT, NOT_WAITED = 1, 2, 32000, 32001  # what WTSSendMessage answers
ACCESS_DENIED = 5


@dataclass(frozen=True)
class Session:
    """One session of Windows and its user's mind.

    :param user: empty in the session of the services and at the sign-in screen.
    :param presses: "ok", "cancel", or None for a user who is not there.
    :param after_seconds: how long the user takes for it.
    :param error: the Windows error with which showing a message fails; 0 for none.
    :param response: what Windows answers instead of the button, such as 31998.
    """

    id: int
    user: str = ""
    state: str = "active"
    presses: str | None = "ok"
    after_seconds: float = 5.0
    error: int = 0
    response: int | None = None

    def answers(self, seconds: int) -> tuple[int, float]:
        """What Windows answers to a message shown for so many seconds, and after which time."""
        if self.response is not None:
            return self.response, 0.0
        if self.presses is None or self.after_seconds > seconds:
            return TIMED_OUT, float(seconds)
        return {"ok": OK, "cancel": CANCEL}[self.presses], self.after_seconds


@dataclass(frozen=True)
class Notice:
    """A message as a user saw it."""

    session: int
    title: str
    text: str
    buttons: str
    seconds: int


class Sessions:
    """The sessions of a host and the messages that were shown in them."""

    def __init__(self, sessions: Sequence[Session] = ()) -> None:
        self._sessions = sorted(sessions, key=lambda session: session.id)
        self.notices: list[Notice] = []

    def signed_in(self) -> list[Session]:
        """The sessions with a user, by their number."""
        return [session for session in self._sessions if session.user]

    def seen(self) -> list[dict[str, object]]:
        """The messages shown so far, as plain values."""
        return [asdict(notice) for notice in self.notices]
