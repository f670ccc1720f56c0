# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests here work with: the Windows in Wine, and the product's C# client at work in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.lab.host import Host
from ansible_collections.officefleet.c2r.tests.windows.driver import ClientAnswer, Driver
from ansible_collections.officefleet.c2r.tests.windows.lab_bridge import LabBridge
from ansible_collections.officefleet.c2r.tests.windows.registration import Registration
from ansible_collections.officefleet.c2r.tests.windows.wine_prefix import WinePrefix


@dataclass(frozen=True)
class Windows:
    """The prefix with what was built for it."""

    prefix: WinePrefix
    dotnet: Path
    folder: Path
    registration: Registration
    bridge: LabBridge

    def driver(self, program: Path, apartment: str = "MTA") -> Driver:
        """A new process with a client."""
        return Driver(self.prefix, self.dotnet, program, self.bridge.port, apartment)


@dataclass(frozen=True)
class Client:
    """The product's client in its process, and the host that it reaches."""

    windows: Windows
    driver: Driver

    @property
    def bridge(self) -> LabBridge:
        """Where its calls arrive."""
        return self.windows.bridge

    def attend(self, host: Host) -> None:
        """Reach this host from now on."""
        self.windows.bridge.attend(host)

    def call(self, host: Host, method: str, *text: str | None) -> ClientAnswer:
        """Call a method, with the classes registered as that host has them."""
        self.windows.registration.follow(host.registry)
        return self.driver.call(method, *text)
