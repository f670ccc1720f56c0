# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approving a version: one line of the text changes, and whatever else would change is refused."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.approving import Approval, approve
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VERSION = "16.0.20228.20190"
OLDER = "16.0.20131.20154"
TEXT = """\
# what runs this month
templates:
  standard: {cdn_allowed: true, channel: Current, rings: [pilot, all]}

deployments:
  -   name:   "broad"   # the big one
      template: standard
      deadline:  +14d    # two weeks
      available_from: 2026-12-01

  - name: other
    channel: SemiAnnual     # servers
    version:
    rings:
    - lab     # first
    - group: rest_of_lab   # then
      gates: {soak_time: 2d}
    - {group: last}
    cdn_allowed: true
  - {name: flow, channel: MonthlyEnterprise, rings: [x], cdn_allowed: true}
"""


def approved(name: str = "broad", version: str = VERSION, text: str = TEXT, **options: Any) -> Approval:
    return approve(text, name, version, NOW, **options)


def changed(before: str, after: str) -> list[tuple[str, str]]:
    """Give the lines that differ, old and new, where a line that was put in has no old one."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) == len(new):
        return [(one, other) for one, other in zip(old, new, strict=True) if one != other]
    place = next(place for place, line in enumerate(new) if place >= len(old) or line != old[place])
    assert old == new[:place] + new[place + 1 :], "one line came in"
    return [("", new[place])]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("broad", [("", f'      version: "{VERSION}"')]),
        ("other", [("    version:", f'    version: "{VERSION}"')]),
        (
            "flow",
            [
                (
                    "  - {name: flow, channel: MonthlyEnterprise, rings: [x], cdn_allowed: true}",
                    f'  - {{name: flow, version: "{VERSION}", channel: MonthlyEnterprise, rings: [x], '
                    "cdn_allowed: true}",
                )
            ],
        ),
    ],
)
def test_one_line_changes_and_no_other(name: str, lines: list[tuple[str, str]]) -> None:
    approval = approved(name)
    assert changed(TEXT, approval.text) == lines
    assert reading.read(approval.text, NOW).deployment(name).version == VERSION


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("version:", f'version: "{VERSION}"'),
        ("version:   # not yet", f'version: "{VERSION}"   # not yet'),
        ("version: null  # not yet", f'version: "{VERSION}"  # not yet'),
        ("version: ~", f'version: "{VERSION}"'),
        (f"version: '{OLDER}'   # October", f"version: '{VERSION}'   # October"),
        (f"version: {OLDER}", f'version: "{VERSION}"'),
        (f'version:   "{OLDER}"', f'version:   "{VERSION}"'),
        (f'"version" : "{OLDER}"', f'"version" : "{VERSION}"'),
    ],
)
def test_the_way_it_is_written_is_kept(written: str, becomes: str) -> None:
    text = TEXT.replace("    version:\n", f"    {written}\n")
    approval = approved("other", text=text, replace=True)
    assert approval.text == text.replace(f"    {written}\n", f"    {becomes}\n")


def test_line_breaks_of_windows_and_a_last_line_without_one() -> None:
    text = TEXT.replace("\n", "\r\n")
    assert approved(text=text).text == approved().text.replace("\n", "\r\n")
    last = "deployments:\n  - channel: Current\n    rings: [all]\n    cdn_allowed: true\n    name: broad"
    approval = approved(text=last)
    assert approval.text == f'{last}\n    version: "{VERSION}"'
    assert "\\ No newline at end of file" in approval.diff


def test_letters_beyond_ascii_and_a_byte_order_mark_do_not_move_the_place() -> None:
    text = "\ufeff# Ä ö 日本 🙂\n" + TEXT.replace("# the big one", "# größte 🙂")
    assert (
        approved(text=text).text.replace("\ufeff# Ä ö 日本 🙂\n", "").replace("größte 🙂", "the big one")
        == approved().text
    )


def test_the_diff_is_one_that_patch_takes(tmp_path: Path) -> None:
    approval = approved("other", ring_dates={"lab": "2026-12-01"})
    (tmp_path / "deployments.yml").write_text(TEXT)
    assert approval.diff.startswith("--- a/deployments.yml\n+++ b/deployments.yml\n@@")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=approval.diff, text=True, check=True)
    assert (tmp_path / "deployments.yml").read_text() == approval.text


def test_the_same_version_again_changes_nothing() -> None:
    once = approved().text
    assert approved(text=once) == Approval(once, "")
    assert approved(text=once, version="20228.20190") == Approval(once, "")


def test_another_version_needs_to_be_asked_for() -> None:
    pinned = approved(version=OLDER).text
    with pytest.raises(InputError) as refused:
        approved(text=pinned)
    for words in ("version: 'broad' is pinned to", OLDER, VERSION, "deployments.yml:7", "Set replace to true"):
        assert words in str(refused.value)
    assert approved(text=pinned, replace=True).text == approved().text


def test_dates_of_rings() -> None:
    dates = {"lab": "2026-12-01T06:00", "rest_of_lab": "2026-12-03", "last": "2026-12-05"}
    approval = approved("other", ring_dates=dates)
    expected = (
        TEXT.replace("    version:\n", f'    version: "{VERSION}"\n')
        .replace("- lab     # first", '- {group: lab, available_from: "2026-12-01T06:00"}     # first')
        .replace("# then\n", '# then\n      available_from: "2026-12-03"\n')
        .replace("{group: last}", '{group: last, available_from: "2026-12-05"}')
    )
    assert approval.text == expected
    later = approved("other", text=approval.text, ring_dates={"lab": "2026-12-02"})
    assert later.text == approval.text.replace("2026-12-01T06:00", "2026-12-02")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "brod"}, ["deployment: there is no 'brod'", "Did you mean 'broad'?"]),
        ({"version": "latest"}, ["version: 'latest' is not an Office version"]),
        ({"name": "other", "ring_dates": {"labb": "2026-12-01"}}, ["ring_dates: 'other' has no ring 'labb'", "'lab'"]),
        ({"ring_dates": {"pilot": "2026-12-01"}}, ["ring_dates: the rings of 'broad' are those of its template"]),
        (
            {"name": "other", "ring_dates": {"lab": "soon"}},
            ["ring_dates: 'soon' is no date and time", "2026-12-01T08:00"],
        ),
        ({"name": "other", "ring_dates": {"lab": '2026-12-01"}, halted: {'}}, ["ring_dates:"]),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        approved(**options)
    for words in says:
        assert words in str(refused.value)


def test_dates_of_rings_may_be_dates_of_yaml() -> None:
    dates = approved("other", ring_dates={"lab": date(2026, 12, 1), "last": datetime(2026, 12, 5, 6, 30)})
    assert dates.text == approved("other", ring_dates={"lab": "2026-12-01", "last": "2026-12-05 06:30:00"}).text
    with pytest.raises(InputError, match="'20261201' is no"):
        approved("other", ring_dates={"lab": 20261201})
    with pytest.raises(FileProblemsError, match="2025-12-01 00:00 UTC has passed, it would begin at once"):
        approved("other", ring_dates={"lab": "2025-12-01"})


def test_a_value_over_several_lines_is_left_to_people() -> None:
    text = TEXT.replace("    version:\n", f"    version: >-\n      {OLDER}\n    # about the rings\n")
    with pytest.raises(InputError, match="'other' is written cannot be edited safely"):
        approved("other", text=text, replace=True)


def test_a_file_with_problems_is_not_touched() -> None:
    with pytest.raises(FileProblemsError, match=r"deployments.yml:7: .*templat: there is no such key"):
        approved(text=TEXT.replace("template: standard", "templat: standard"))


def test_the_approval_itself_is_checked() -> None:
    """Overlaps with what is active, dates of the deployment that have passed, images that are not there."""
    both = TEXT.replace("template: standard", f"template: standard\n      version: {OLDER}")
    both = both.replace("channel: SemiAnnual", "channel: Current")
    with pytest.raises(FileProblemsError, match=r"is in 'broad'|are in 'broad'"):
        approved("other", text=both)
    passed = TEXT.replace("deadline:  +14d", "deadline:  2026-11-01").replace("      available_from: 2026-12-01\n", "")
    with pytest.raises(FileProblemsError, match="has passed"):
        approved(text=passed)
    assert approved("other", text=passed), "another's deadline"
    with pytest.raises(FileProblemsError, match="there is no image"):
        approve(
            TEXT.replace("cdn_allowed: true, ", "sources: [{url: http://a}], "),
            "broad",
            VERSION,
            NOW,
            manifest=lambda *_: None,
        )


@pytest.mark.parametrize(
    "text",
    [
        "deployments:\n  - name: >-\n      broad\n    channel: Current\n    rings: [all]\n    cdn_allowed: true\n",
        "deployments:\n  - name:\n      broad\n    channel: Current\n    rings: [all]\n    cdn_allowed: true\n",
        "deployments: [\n  {name: broad,\n  channel: Current, rings: [all], cdn_allowed: true}]\n",
        "deployments:\n-\n  name: broad\n  channel: Current\n  rings: [all]\n  cdn_allowed: true\n",
        "deployments:\n- cdn_allowed: true\n  channel: Current\n  rings: [all]\n  name: broad\n# the end\n",
        "{deployments: [{name: broad, channel: Current, rings: [all], cdn_allowed: true, version: }]}",
        "{deployments: [{name: broad, channel: Current, rings: [all], cdn_allowed: true, version}]}",
        'deployments:\n- {"name":"broad","version":null,"channel":"Current","rings":["all"],"cdn_allowed":true}\n',
    ],
)
def test_odd_layouts_come_out_right_or_are_refused(text: str) -> None:
    assert reading.read(text, NOW).deployment("broad")
    try:
        after = approved(text=text).text
    except InputError as error:
        assert "by hand" in str(error) or "no YAML" in str(error)  # noqa: PT017 # either way is fine
    else:
        assert reading.read(after, NOW).deployment("broad").version == VERSION
