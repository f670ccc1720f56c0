# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages to the users of a host: what is asked of the module user_notice, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Notice

SHOWN = 8 * 3600  #: seconds that a message without a question stays
RESTART = Notice("The update of Office is complete once Windows has been restarted. Please restart when it suits you.")


def options(deployment: Deployment, kind: str) -> dict[str, Any]:
    """Give the options of user_notice for a message of this kind: "ask", "inform" or "restart"."""
    notice = deployment.notice or RESTART
    if kind == "ask":
        return {"title": notice.title, "text": notice.text, "buttons": "ok_postpone", "seconds": notice.seconds}
    text = RESTART.text if kind == "restart" else notice.text
    return {"title": notice.title, "text": text, "seconds": SHOWN, "wait": False}


def patience(asked: Mapping[str, Any]) -> float:
    """Give the seconds that users have for their answer to a message with these options."""
    return float(asked["seconds"]) if asked.get("wait", True) else 0.0


def consent(answer: Mapping[str, Any], kind: str) -> bool:
    """Tell whether everybody who is signed in agreed. Nobody there to ask, or no answer, is no consent."""
    sessions = answer.get("sessions") or []
    return kind == "ask" and bool(sessions) and all(session.get("answer") == "ok" for session in sessions)
