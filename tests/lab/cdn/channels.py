# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels as the CDN knows them: kept apart from the product's own table so that each checks the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Channel:
    """One update channel under its names in the release history (name, history_name) and in ofl.cab (branches)."""

    name: str
    guid: str
    history_name: str
    display_name: str
    branches: tuple[str, ...] = ()


CHANNELS: tuple[Channel, ...] = (
    Channel(
        "CurrentPreview",
        "64256afe-f5d9-4f86-8936-8840a6a4f5be",
        "InsiderSlow",
        "Current Channel (Preview)",
        ("FirstReleaseCurrent", "Insiders"),
    ),
    Channel("Current", "492350f6-3a01-4f97-b9c0-c7c6ddf67d60", "Current", "Current Channel", ("Current", "Monthly")),
    Channel(
        "SemiAnnualPreview",
        "b8f9b850-328d-4355-9145-c59439a0c4cf",
        "FirstReleaseDeferred",
        "Semi-Annual Enterprise Channel (Preview)",
        ("FirstReleaseDeferred", "Targeted"),
    ),
    Channel(
        "SemiAnnual",
        "7ffbc6bf-bc32-4f92-8982-f9dd17fd3114",
        "Deferred",
        "Semi-Annual Enterprise Channel",
        ("Deferred", "Broad"),
    ),
    Channel(
        "PerpetualVL2019",
        "f2e724c1-748f-4b47-8fb8-8e0d210e9208",
        "Perpetual2019",
        "Office 2019 Perpetual Enterprise",
        ("Perpetual2019", "PerpetualVL2019"),
    ),
    Channel(
        "PerpetualVL2021",
        "5030841d-c919-4594-8d2d-84ae4f96e58e",
        "Perpetual2021",
        "Office 2021 Perpetual Enterprise",
    ),
    Channel(
        "PerpetualVL2024",
        "7983bac0-e531-40cf-be00-fd24fe66619c",
        "Perpetual2024",
        "Office 2024 Perpetual Enterprise",
    ),
    Channel(
        "MonthlyEnterprise",
        "55336b82-a18d-4dd6-b5f6-9e5095c314a6",
        "MonthlyEnterprise",
        "Monthly Enterprise Channel",
        ("MonthlyEnterprise",),
    ),
    Channel("BetaChannel", "5440fd1f-7ecb-4221-8110-145efaa6372f", "", "Beta Channel"),  # not in the release history
)


def channel_named(name: str) -> Channel | None:
    """The channel of that name in any case."""
    return next((channel for channel in CHANNELS if channel.name.casefold() == name.casefold()), None)
