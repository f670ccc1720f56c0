# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: a deployment that the file takes, and not a character else changed but `halted`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.rolling_back import Rollback, roll_back

NOW = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)
OLDEST, OLDER, VERSION = "16.0.20026.20000", "16.0.20131.20206", "16.0.20228.20190"
TEXT = f"""\
templates:
  standard:
    channel: MonthlyEnterprise
    rings: [pilot, {{group: early, available_from: "2026-10-03T06:00", gates: {{soak_time: 2d}}}}, broad]
    apps: {{close: after_deadline, defer: 1}}
    after_deadline: force
    sources: [{{url: "http://office.example.com"}}]
deployments:
  - name: october
    template: standard
    version: "{OLDEST}"
    halted: true
    deadline: "2026-10-15"
  - name: november
    template: standard
    version: "{OLDER}"
    halted: true
    deadline: "2026-11-15"

  - name: december   # this one is bad
    template: standard
    version: "{VERSION}"
    bulletin: MS26-12-O365-MonthlyEnterprise
    available_from: "2026-12-01"
    deadline: +2w    # for all
    windows:
      - {{days: [monday], start: "22:00", end: "04:00"}}   # nights
    notice:
      text: |
        Office goes back.
        Please save your work.

  # servers have their own
  - name: servers
    channel: SemiAnnual
    version: "{OLDER}"
    rings: [rds]
    cdn_allowed: true
"""


def back(text: str = TEXT, name: str = "december", **options: Any) -> Rollback:
    return roll_back(text, name, options.pop("pin_until", "2027-01-31"), NOW, **options)


def test_the_way_back_is_a_deployment_behind_the_old_one() -> None:
    found = back()
    new = found.deployment
    assert (new.name, new.version, found.approved_in) == ("december back to 20131.20206", OLDER, "november")
    assert (new.allow_downgrade, str(new.pin_until), new.deadline, new.after_deadline) == (
        True,
        "2027-01-31 00:00 UTC",
        None,
        "wait",
    )
    assert (new.apps.close, new.apps.defer, new.bulletin) == ("never", 1, None)
    assert [ring.group for ring in new.rings] == ["pilot", "early", "broad"]
    assert new.rings[1].gates.soak_time == 2 * 86400
    assert new.rings[1].available_from == new.rings[0].available_from, "dates were those of the way there"
    old = reading.read(TEXT, NOW, fresh=()).deployment("december")
    assert (new.windows, new.notice, new.sources) == (old.windows, old.notice, old.sources)
    file = reading.read(found.text, NOW, fresh=())
    assert [each.name for each in file.deployments] == ["october", "november", "december", new.name, "servers"]
    assert file.deployment("december").halted


def test_nothing_else_of_the_text_changes() -> None:
    before, after = TEXT.split("\n"), back().text.split("\n")
    kept = iter(after)
    assert all(line in kept for line in before), "every line is there, in its order"
    added = list(after)
    for line in before:
        added.remove(line)
    assert added[0] == "    halted: true"
    assert {line.strip() for line in added} >= {"allow_downgrade: true", "- name: december back to 20131.20206"}


def test_windows_line_ends_and_a_file_without_an_end_stay() -> None:
    text = TEXT[: TEXT.index("\n    notice:")].replace("\n", "\r\n")
    after = back(text).text
    assert after.count("\n") == after.count("\r\n")
    assert reading.read(after, NOW, fresh=()).deployments[-1].allow_downgrade


def test_rings_and_version_can_be_chosen() -> None:
    found = back(rings=["early"], version=OLDEST.removeprefix("16.0."), new_name="early back")
    assert [ring.group for ring in found.deployment.rings] == ["early"]
    assert (found.deployment.name, found.deployment.version, found.approved_in) == ("early back", OLDEST, "october")
    assert back(version="16.0.20100.1").approved_in is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "decembr"}, "Did you mean 'december'?"),
        ({"name": "october"}, "version: no other deployment in the file has an earlier version"),
        ({"version": VERSION}, f"version: {VERSION} is not earlier than {VERSION}"),
        ({"version": "16.0.20326.20100"}, "is not earlier than"),
        ({"version": "last"}, "version: 'last' is not an Office version"),
        ({"rings": ["pilt"]}, "rings: 'december' has no ring 'pilt'. Did you mean 'pilot'?"),
        ({"pin_until": "2026-12-01"}, "pin_until: 2026-12-01 00:00 UTC has passed"),
        ({"pin_until": "31.1.2027"}, "pin_until: '31.1.2027' is no date, such as 2027-01-31"),
        ({"pin_until": "asap"}, "pin_until: 'asap' is no date"),
        ({"new_name": "no/name"}, "'no/name' is not a name"),
        ({"manifest": lambda *_: None}, f"there is no image MonthlyEnterprise {OLDER}"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as refused:
        back(**options)
    assert says in str(refused.value)


def test_a_version_that_was_gone_back_from_is_not_gone_back_to() -> None:
    """December went back to November, and now January is bad, too."""
    text = back().text.replace("allow_downgrade: true\n", "allow_downgrade: true\n    halted: true\n")
    january = "  - name: january\n    template: standard\n    version: 16.0.20326.20100\n    deadline: 2027-01-15\n"
    text = text.replace("  # servers have", f"{january}\n  # servers have")
    assert back(text, "january").deployment.version == OLDER
    assert back(text, "january", version=VERSION).approved_in == "december", "whoever names it means it"


def test_a_name_that_would_be_too_long_is_shortened_and_one_that_is_taken_refused() -> None:
    name = "x" * 60
    assert back(TEXT.replace("december", name), name).deployment.name == f"{'x' * 44} back to 20131.20206"
    with pytest.raises(InputError, match=r"name: 'november' is in the file already \(deployments.yml:14\)"):
        back(new_name="november")


def test_comments_behind_the_last_key_stay_with_the_old_deployment() -> None:
    text = TEXT[: TEXT.index("    notice:")] + "    # mind the exclusions\n" + TEXT[TEXT.index("\n  # servers") :]
    after = back(text).text
    assert after.index("# mind the exclusions") < after.index("- name: december back") < after.index("# servers")


def test_a_file_with_problems_is_not_added_to() -> None:
    with pytest.raises(FileProblemsError, match="there is no such key"):
        back(TEXT.replace("deadline: +2w", "deadlin: +2w"))


def test_a_change_that_would_reach_further_is_refused() -> None:
    text = TEXT[: TEXT.index("\n\n  # servers")]
    assert text.endswith("save your work."), "a line break behind it would be one of the notice"
    with pytest.raises(InputError, match="cannot be edited safely"):
        back(text)


@pytest.mark.parametrize(
    "text",
    [
        f"deployments: [{{name: a, channel: Current, rings: [all], cdn_allowed: true, version: {VERSION}}}]\n",
        f"deployments:\n- {{name: a, channel: Current, rings: [all], cdn_allowed: true, version: {VERSION}}}\n",
        f"deployments:\n-\n  name: a\n  channel: Current\n  rings: [all]\n  cdn_allowed: true\n  version: {VERSION}\n",
        f"deployments:\n- name: a\n  channel: Current\n  rings: [all]\n  cdn_allowed: true\n  version: {VERSION}",
        f"deployments:\n- version: {VERSION}\n  channel: Current\n  rings: [all]\n  cdn_allowed: true\n  name: a\n#\n",
        f"deployments:\n- name: a\n  channel: Current\n  rings:\n  - all\n  cdn_allowed: true\n  version: {VERSION}\n"
        "  notice:\n",
    ],
)
def test_odd_layouts_come_out_right_or_are_refused(text: str) -> None:
    try:
        found = back(text, "a", version=OLDER)
    except InputError as error:
        assert "by hand" in str(error)  # noqa: PT017 # either way is fine
    else:
        assert found.deployment.version == OLDER
        assert reading.read(found.text, NOW, fresh=()).deployment("a").halted
