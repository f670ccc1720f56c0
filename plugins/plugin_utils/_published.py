# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which channel and when a build was published, out of what the lookup C(release) gives."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError


def published_for(release: Any, option: str) -> tuple[channels.Channel, datetime]:
    """Read the fields C(channel) and C(published) of one build; InputError names `option`."""
    if not isinstance(release, dict) or not {"channel", "published"} <= set(release):
        raise InputError(
            f"{option}: {str(release)[:200]!r} is no build with channel and published, as the lookup "
            "officefleet.c2r.release gives them with details=true."
        )
    channel = channels.find(str(release["channel"]), option)
    published = release["published"]
    if not isinstance(published, datetime):
        try:
            # Python before 3.11 reads neither a Z nor Microsoft's fractions of one or two digits.
            published = datetime.fromisoformat(re.sub(r"\.[0-9]+", "", str(published)).replace("Z", "+00:00"))
        except ValueError as error:
            raise InputError(
                f"{option}: published is {str(published)[:100]!r}, which is no moment such as '2026-08-18T21:05:15Z'."
            ) from error
    return channel, published if published.tzinfo else published.replace(tzinfo=timezone.utc)
