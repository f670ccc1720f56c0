# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release histories that follow the first one, those that Microsoft published by mistake among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ansible_collections.officefleet.c2r.tests.lab.cdn import documents
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import Build, newest_first
from ansible_collections.officefleet.c2r.tests.lab.cdn.channels import CHANNELS


def release_history(builds: Sequence[Build], published: datetime, empty: Collection[str] = ()) -> bytes:
    """ReleaseHistory.xml of these builds as of that moment; channels named in `empty` are there without builds."""
    xml = documents.release_history(tuple(build for build in builds if build.channel not in empty))
    date = f'PublishedDate="{published.astimezone(UTC):%m/%d/%Y %H:%M}"'
    nodes = "".join(
        f'  <UpdateChannel Name="{channel.history_name}" ID="{channel.name}" DisplayName="{channel.display_name}" />'
        "\r\n"
        for channel in CHANNELS
        if channel.name in empty
    )
    xml = re.sub(rb'PublishedDate="[^"]*"', date.encode(), xml, count=1)
    return xml.replace(b"</ReleaseHistory>", nodes.encode() + b"</ReleaseHistory>")


def garbage(builds: Sequence[Build]) -> tuple[list[Build], set[str]]:
    """What the feed of 2022-11-28 made of its builds: one channel empty, of the others one old build each."""
    names = [channel.name for channel in CHANNELS if any(build.channel == channel.name for build in builds)]
    left = []
    for name in names[1:]:
        oldest = newest_first(tuple(builds), name)[-1]
        left.append(
            replace(oldest, version="16.0.13801.20468", label="2102", published=oldest.published - timedelta(580))
        )
    return left, set(names[:1])
