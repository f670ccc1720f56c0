# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Office apps that a host's user has open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class OpenApp:
    """One open app, by process name ("WINWORD").

    :param closes_after: simulated seconds after somebody first looked at the open apps; None: it stays open. Counted
        from there because that is when a user is asked to close it.
    """

    name: str
    closes_after: float | None = None
    noticed: float | None = None  #: the simulated second of that first look

    def is_open(self, at: float) -> bool:
        """Whether it is still open at a simulated second."""
        if self.noticed is None:
            self.noticed = at
        return self.closes_after is None or at < self.noticed + self.closes_after


class OpenApps:
    """Which apps are open at which moment; worked out when asked for, so that waiting costs nothing."""

    def __init__(self, apps: Sequence[OpenApp] = ()) -> None:
        self._apps = list(apps)

    def open(self, name: str) -> None:
        """A user starts an app."""
        self._apps.append(OpenApp(name))

    def names(self, at: float) -> list[str]:
        """The apps open at a simulated second, in the order in which they were opened."""
        return [app.name for app in self._apps if app.is_open(at)]

    def close_all(self) -> None:
        """Shut everything at once; unsaved work is lost."""
        self._apps.clear()
