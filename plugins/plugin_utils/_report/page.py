# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page: no script, no outside resource, everything escaped."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.states import GROUPS, state_of
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report.summary import Summary, action, natural

TEMPLATE = "report.html.j2"
HISTORY = 10  #: transitions of a host that are shown; all fifty of thousands would be a page of tens of megabytes
_GENERATED = re.compile(r'<time id="generated"[^<]*</time>')


def render(summary: Summary, generated: datetime) -> str:
    """Return the page. `generated` (UTC) is the only part that does not come from the records."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, action=action, state=state_of, breakable=breakable)
    hosts = sorted((*summary.attention, *summary.others), key=lambda record: (natural(record.host), record.host))
    return environment.get_template(TEMPLATE).render(
        summary=summary,
        hosts=hosts,
        numbers={record.host: number for number, record in enumerate(hosts, 1)},
        several=len(summary.deployments) > 1,
        groups=GROUPS,
        numeric=("Hosts",),
        generated=generated,
        shown=HISTORY,
    )


def same_but_for_time(page: str, other: str) -> bool:
    """Tell whether two pages say the same, whenever they were generated."""
    return _GENERATED.sub("", page) == _GENERATED.sub("", other)


def percent(value: float) -> str:
    """Return a percentage with a space that does not break, such as "99.6 %"."""
    return f"{value:g}\u00a0%"


def breakable(text: str, after: str = "._-") -> Markup:
    """Return text as HTML that may also be broken after one of these characters, and is copied unchanged."""
    marks = re.escape(after)
    return Markup("<wbr>").join(re.findall(f"[^{marks}]*[{marks}]+|[^{marks}]+", text))
