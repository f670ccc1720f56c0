# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated Windows machine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.tests.lab import c2r_keys as keys
from ansible_collections.officefleet.c2r.tests.lab.click_to_run import ClickToRunService, Probe, Timings
from ansible_collections.officefleet.c2r.tests.lab.clock import Clock
from ansible_collections.officefleet.c2r.tests.lab.open_apps import OpenApp, OpenApps
from ansible_collections.officefleet.c2r.tests.lab.probe import http_probe
from ansible_collections.officefleet.c2r.tests.lab.registry import Registry, RegistryTree, RegistryValue
from ansible_collections.officefleet.c2r.tests.lab.sessions import Session, Sessions

GIB = 1024**3


@dataclass(frozen=True)
class Office:
    """The Click-to-Run Office that a host has."""

    version: str
    channel: str = "MonthlyEnterprise"
    products: tuple[str, ...] = ("O365ProPlusRetail",)
    languages: tuple[str, ...] = ("en-us",)
    proofing: tuple[str, ...] = ()  #: cultures of the product ProofingTools
    architecture: str = "x64"


class Host:
    """A machine with its registry, its open applications and its Click-to-Run service.

    Whoever works on it holds `lock`. Nothing runs by itself, and there is no thread.

    :param office: None for a machine without Click-to-Run.
    :param apps: applications open now, by process name ("WINWORD").
    :param sessions: who is signed in.
    :param registry: values on top of those that the rest implies, by key path.
    :param download_errors: see ClickToRunService; `download_size` too.
    :param managed: Office was installed with OfficeMgmtCOM; None: nobody ever said.
    :param elevated: whether the account that connects has an elevated token.
    :param log: the lines of the newest log of Click-to-Run; None: there is no log.
    :param reachable: False gives it a closed port in the inventory.
    """

    def __init__(
        self,
        name: str,
        office: Office | None,
        *,
        clock: Clock | None = None,
        apps: Sequence[OpenApp] = (),
        sessions: Sequence[Session] = (),
        registry: Mapping[str, Mapping[str, RegistryValue]] | None = None,
        download_errors: Iterable[int] = (),
        download_size: int = 0,
        timings: Timings | None = None,
        probe: Probe = http_probe,
        managed: bool | None = None,
        elevated: bool = True,
        reachable: bool = True,
        free_disk_bytes: int = 60 * GIB,
        os_build: str = "10.0.22631.4460",
        utc_offset_minutes: int = 0,
        log: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.clock = clock or Clock()
        self.apps = OpenApps(apps)
        self.sessions = Sessions(sessions)
        self.registry = Registry(_office_keys(office, managed) if office else None)
        self.registry.merge(registry or {})
        self.service: ClickToRunService | None = None
        self.elevated = elevated
        self.reachable = reachable
        self._free_disk_bytes = free_disk_bytes
        self.os_build = os_build
        self.utc_offset_minutes = utc_offset_minutes
        self.log = log
        self.lock = threading.RLock()
        if office:
            self.service = ClickToRunService(
                self.clock,
                self.registry,
                self.apps,
                probe,
                timings=timings,
                download_errors=download_errors,
                download_size=download_size,
            )
            self.service.start()

    @property
    def free_disk_bytes(self) -> int:
        """What is free beside that which was downloaded."""
        return self._free_disk_bytes - (self.service.downloaded_bytes() if self.service else 0)

    def reboot(self) -> None:
        """Restart Windows."""
        with self.lock:
            self.apps.close_all()
            self.registry.delete_key(keys.RESTART_PENDING)
            if self.service:
                self.service.reboot()


def _office_keys(office: Office, managed: bool | None) -> RegistryTree:
    channel = channels.find(office.channel)
    url = f"http://officecdn.microsoft.com/pr/{channel.guid}"
    configuration: dict[str, RegistryValue] = {
        "VersionToReport": office.version,
        "ClientVersionToReport": office.version,
        "CDNBaseUrl": url,
        "UpdateChannel": url,
        "UpdateChannelChanged": "False",
        "AudienceId": channel.guid,
        "UpdatesEnabled": "True",
        "Platform": office.architecture,
        "ProductReleaseIds": ",".join(office.products),
        "ClientCulture": office.languages[0],
        "InstallationPath": r"C:\Program Files\Microsoft Office",
    }
    if managed is not None:
        configuration["OfficeMgmtCOM"] = str(managed)
    # Below which name Office keeps its languages is known from the field only; the .ps1 modules say the same.
    active = "9A7DB0E4-6C1B-4B7F-9E0E-0D6A3C1B2F4D"
    tree: RegistryTree = {
        keys.CONFIGURATION: configuration,
        keys.UPDATES: {},
        keys.PRODUCT_RELEASE_IDS: {"ActiveConfiguration": active},
    }
    for culture in ("x-none", *office.languages):
        tree[rf"{keys.PRODUCT_RELEASE_IDS}\{active}\culture\{culture}.16"] = {}
        for product in office.products:
            tree[rf"{keys.PRODUCT_RELEASE_IDS}\{active}\{product}.16\{culture}"] = {}
    for culture in office.proofing:
        tree[rf"{keys.PRODUCT_RELEASE_IDS}\{active}\ProofingTools.16\{culture}"] = {}
    return tree
