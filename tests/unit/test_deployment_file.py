# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file: what it becomes, and what is refused, with the line, the key, the value and the remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.manifest import Manifest
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import reading
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.model import Gates, Hook, SlowLink, StopError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.moments import (
    ASAP,
    Moment,
    moment,
    seconds,
    span,
)
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments.problems import FileProblemsError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._windows import Exclusion

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VERSION = "16.0.20228.20190"
#: The lines of a deployment that is right; a test adds its own from line 7 on.
HEAD = f"""\
deployments:
  - name: broad
    channel: MonthlyEnterprise
    version: "{VERSION}"
    rings: [pilot, all]
    sources: [{{url: "http://office.example.com"}}]
"""


def indented(text: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in text.splitlines())


def read(text: str, **options: Any) -> reading.DeploymentFile:
    return reading.read(text, NOW, **options)


def only(text: str, **options: Any) -> Any:
    """Read a file with the one deployment and more lines of it."""
    (deployment,) = read(indented(text), **options).deployments
    return deployment


def told(text: str, **options: Any) -> list[str]:
    """Give the problems of a file, without the file's name."""
    with pytest.raises(FileProblemsError) as failed:
        read(text, **options)
    lines = [str(problem) for problem in failed.value.problems]
    assert str(failed.value) == "\n".join(f"deployments.yml:{line}" for line in lines)
    return lines


def refused(text: str, *says: str, line: int = 7, **options: Any) -> None:
    """Demand that more lines of the one deployment are refused with exactly one error, at a line, that says this."""
    (problem,) = [each for each in told(indented(text), **options) if ": warning: " not in each]
    assert problem.startswith(f"{line}: "), problem
    for words in says:
        assert words in problem


# What it becomes


def test_the_least_a_deployment_needs() -> None:
    deployment = only("")
    assert (deployment.name, deployment.channel, deployment.version) == ("broad", "MonthlyEnterprise", VERSION)
    assert [ring.group for ring in deployment.rings] == ["pilot", "all"]
    assert deployment.sources[0].image("Current", VERSION) == f"http://office.example.com/Current/{VERSION}"
    assert deployment.active
    # nothing is closed, enforced, brought back or taken over that was not asked for
    assert (deployment.apps.close, deployment.force_app_shutdown, deployment.after_deadline) == ("never", False, "wait")
    assert (deployment.deadline, deployment.available_from) == (None, ASAP)
    for allowed in ("allow_downgrade", "take_over", "cdn_allowed", "halted"):
        assert getattr(deployment, allowed) is False
    assert deployment.min_free_disk is None
    assert (deployment.restart.servers, deployment.restart.workstations) == ("report", "report")
    assert (deployment.retries.max_attempts, deployment.retries.retry_delay) == (3, 3600)


def test_values_become_typed() -> None:
    deployment = only(
        """\
bulletin: MS26-12-O365-MonthlyEnterprise
gates: {ring_success: 90, stop_on: [{domain: win32, code: "0x70"}]}
clock: local
available_from: "2026-12-01 08:00"
deadline: "2026-12-15T18:00:00Z"
windows: [{days: [sunday, saturday], start: "22:00", end: "04:00"}]
exclusions: ["2026-12-24", "2026-12-31..2027-01-06"]
apps: {defer: 2, wait: 90m}
notice: {text: Save}
hooks: [{url: "env:HOOK", events: [start]}]
retries: {max_attempts: 5, retry_delay: 2h}
min_free_disk: 800M
"""
    )
    assert deployment.gates == Gates(90, 90, 86400, (StopError("win32", "112"),))
    assert deployment.available_from == Moment(datetime(2026, 12, 1, 8), "local")
    assert deployment.deadline == Moment(datetime(2026, 12, 15, 18), "utc")
    assert deployment.windows[0].days == ("saturday", "sunday")
    assert (deployment.windows[0].start, deployment.windows[0].end) == (22 * 60, 28 * 60)
    assert deployment.exclusions[1] == Exclusion(date(2026, 12, 31), date(2027, 1, 6))
    assert (deployment.apps.defer, deployment.apps.wait) == (2, 5400)
    assert (deployment.notice.text, deployment.notice.title) == ("Save", "Office update")
    assert deployment.hooks == (Hook("env:HOOK", ("start",)),)
    assert (deployment.retries.max_attempts, deployment.retries.retry_delay) == (5, 7200)
    assert deployment.min_free_disk == 800_000_000


def test_a_deployment_without_a_version_is_not_approved() -> None:
    for version in ("version:", "version: null", "halted: false"):
        (deployment,) = read(HEAD.replace(f'version: "{VERSION}"', version)).deployments
        assert (deployment.version, deployment.active) == (None, False)


def test_short_versions_and_other_names_of_channels_are_completed() -> None:
    (deployment,) = read(HEAD.replace(VERSION, "20228.20190").replace("MonthlyEnterprise", "MEC")).deployments
    assert (deployment.version, deployment.channel) == (VERSION, "MonthlyEnterprise")


def test_sources_keep_their_limits() -> None:
    text = HEAD.replace(
        '[{url: "http://office.example.com"}]',
        r"""
      - url: \\server\office\
        groups: [site]
        max_active: 5
        group_limits: {branch: 2}
        slow_link: {groups: [vpn], rule: skip}""",
    )
    (source,) = read(text).deployments[0].sources
    assert source.url == r"\\server\office"
    assert source.image("Current", VERSION) == rf"\\server\office\Current\{VERSION}"
    assert (source.groups, source.max_active, source.group_limits) == (("site",), 5, {"branch": 2})
    assert source.slow_link == SlowLink(("vpn",), "skip", 1)


def test_a_ring_may_have_gates_and_a_date_of_its_own() -> None:
    text = HEAD.replace(
        "[pilot, all]",
        "[{group: pilot, gates: {soak_time: 3d}}, {group: all, available_from: 2026-12-07}]\n"
        "    gates: {ring_success: 80}",
    )
    pilot, broad = read(text).deployments[0].rings
    assert (pilot.gates.soak_time, pilot.gates.ring_success) == (3 * 86400, 80)
    assert (broad.gates.soak_time, broad.available_from) == (86400, Moment(datetime(2026, 12, 7)))


def test_a_deadline_may_be_counted_from_the_beginning() -> None:
    deployment = only("available_from: 2026-12-01T08:00\ndeadline: +2w")
    assert deployment.deadline == Moment(datetime(2026, 12, 15, 8))
    refused("deadline: +2w", "deadline: '+2w'", "available_from")


def test_no_deadline_and_one_at_once() -> None:
    for none in ("none", "null", ""):
        assert only(f"deadline: {none}").deadline is None
    assert only("deadline: asap").deadline == ASAP


def test_expedite_shortens_soak_and_deadline() -> None:
    deployment = only(
        "deadline: 2026-12-15\nexpedite: {reason: CVE, approved_by: anna, second_approver: bela, soak_time: 2h, "
        "deadline: 2026-12-01}"
    )
    assert deployment.effective_gates(deployment.rings[0]).soak_time == 7200
    assert deployment.effective_deadline == Moment(datetime(2026, 12, 1))
    assert deployment.deadline == Moment(datetime(2026, 12, 15))
    text = HEAD.replace("[pilot, all]", "[{group: pilot, gates: {soak_time: 1h}}, all]")
    shorter = "    expedite: {reason: CVE, approved_by: anna, second_approver: bela, soak_time: 2h}\n"
    (expedited,) = read(text + shorter).deployments
    assert [expedited.effective_gates(ring).soak_time for ring in expedited.rings] == [3600, 7200]
    plain = only("deadline: 2026-12-15")
    assert plain.effective_gates(plain.rings[0]) == plain.rings[0].gates
    assert plain.effective_deadline == plain.deadline


# Moments


def test_moments_by_the_clock_of_the_host() -> None:
    local = moment("2026-12-01T08:00", "local")
    at_six = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
    assert local.reached(at_six, 120)
    assert not local.reached(at_six, 60)
    assert not moment("2026-12-01T08:00Z", "local").reached(at_six, 120)
    assert ASAP.reached(at_six, -720)
    assert not local.passed_everywhere(datetime(2026, 12, 1, 19, 59, tzinfo=UTC))
    assert local.passed_everywhere(datetime(2026, 12, 1, 20, 0, tzinfo=UTC))
    assert local.earliest() == datetime(2026, 11, 30, 18, 0, tzinfo=UTC)
    assert local.surely_before(Moment(local.at + timedelta(minutes=1), "local"))
    assert not local.surely_before(Moment(local.at + timedelta(hours=12)))
    assert local.surely_before(Moment(local.at + timedelta(hours=12, minutes=1)))


def test_spans() -> None:
    assert [seconds(text) for text in ("90m", "36h", "7d", "2w")] == [5400, 129600, 604800, 1209600]
    assert [span(length) for length in (5400, 129600, 604800, 0, 86400)] == ["90m", "36h", "1w", "0m", "1d"]


# Where it stands


TEMPLATED = f"""\
templates:
  base:
    channel: Current
    rings:
      - pilot
      - group: all
    gates:
      soak_time: 2d
      ring_success: 80
    sources: [{{url: "http://a.example.com"}}]
    notice: {{text: Soon}}
  careful:
    template: base
    gates:
      ring_success: 100
deployments:
  - name: one
    template: careful
    gates: {{ring_coverage: 50}}
    version: "{VERSION}"
  - name: two
    template: base
    rings: [other]
    notice:
    channel: MonthlyEnterprise
"""

#: Instead of a name: what a deployment needs without a template.
CHANNEL_AND_RINGS = "name: one\n    channel: Current\n    cdn_allowed: true\n    rings: [pilot]"


def test_templates_are_merged_key_by_key_and_lists_replaced() -> None:
    one, two = read(TEMPLATED).deployments
    assert one.gates == Gates(100, 50, 2 * 86400)
    assert two.gates == Gates(80, 90, 2 * 86400)
    assert [[ring.group for ring in each.rings] for each in (one, two)] == [["pilot", "all"], ["other"]]
    assert (one.channel, two.channel) == ("Current", "MonthlyEnterprise")
    assert one.notice is not None
    assert two.notice is None


def test_every_value_knows_its_line_also_one_of_a_template() -> None:
    file = read(TEMPLATED)
    assert file.where("one", "gates", "soak_time") == 8
    assert file.where("one", "gates", "ring_success") == 15
    assert file.where("one", "gates", "ring_coverage") == 19
    assert file.where("one", "rings", 1, "group") == 6
    assert file.where("one", "rings", 1, "gates") == 6  # written nowhere
    assert file.where("two", "rings", 0) == 23
    assert file.where("two", "windows") == 21
    with pytest.raises(InputError, match="Did you mean 'two'"):
        file.where("tow")


def test_templates_that_do_not_exist_turn_in_circles_or_are_not_used() -> None:
    unknown = TEMPLATED.replace("template: careful", "template: carefull").replace("name: one", CHANNEL_AND_RINGS)
    assert told(unknown) == [
        "12: warning: templates.careful: no deployment uses this template.",
        "21: deployments[one].template: there is no template 'carefull'. Did you mean 'careful'?",
    ]
    circle = TEMPLATED.replace("    channel: Current\n", "    channel: Current\n    template: careful\n")
    problems = told(circle)
    assert len(problems) == 2
    assert "4: templates.base.template: the template 'careful' builds on this one in turn" in problems[0]
    assert "14: templates.careful.template: the template 'base' builds on this one in turn" in problems[1]
    warnings = read(TEMPLATED.replace("template: careful", "template: base")).warnings
    assert [str(each) for each in warnings] == ["12: warning: templates.careful: no deployment uses this template."]


def test_a_template_may_not_build_on_itself() -> None:
    text = "templates:\n  a:\n    template: a\n    channel: Current\n    rings: [all]\n    cdn_allowed: true\n"
    problems = told(text + "deployments:\n  - name: one\n    template: a\n")
    assert problems == ["3: templates.a.template: the template 'a' builds on this one in turn. Break the circle."]


def test_a_deployment_without_channel_or_rings_says_where_they_may_stand() -> None:
    problems = told("deployments:\n  - name: one\n    cdn_allowed: true\n")
    assert len(problems) == 2
    assert problems[0].startswith("2: deployments[one]: channel is missing, here and in its template")
    assert problems[1].startswith("2: deployments[one]: rings is missing, here and in its template")


# What is refused, value by value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("windws: []", ["deployments[broad].windws: there is no such key", "Did you mean 'windows'?"]),
        ("after-deadline: wait", ["Did you mean 'after_deadline'?"]),
        ("xyzzy: 1", ["there is no such key", "Valid are name, template"]),
        ("gates: {soak_tme: 1d}", ["gates.soak_tme", "Did you mean 'soak_time'?"]),
        ("gates: {soak_time: 36}", ["gates.soak_time: 36 is a whole number", '"36h"', "quotes"]),
        ("gates: {soak_time: 1.5d}", ["'1.5d' is not a span of time", '"36h"']),
        ("gates: {ring_success: 101}", ["ring_success: 101 is not between 0 and 100"]),
        ("gates: {ring_success: 95%}", ["ring_success: '95%' is text, not a whole number"]),
        ("gates: {stop_on: [{domain: win32, code: soon}]}", ["stop_on[0]", "'soon'", "'0x80070005'"]),
        ("gates: {stop_on: [{domain: win32}]}", ["stop_on[0]: code is missing", "0x80070005"]),
        ("gates: 95", ["gates: 95 is a whole number, not a mapping"]),
        ("halted: yes", ["halted: 'yes' is text, not true or false", "Write true."]),
        ("halted: off", ["Write false."]),
        ("after_deadline: forse", ["after_deadline: 'forse' is not known", "Did you mean 'force'?"]),
        ("clock: host", ["clock: 'host' is not known", "utc, local"]),
        ("deadline: tomorrow", ["deadline: 'tomorrow' is not a date and time", "2026-12-15T18:00"]),
        ("deadline: 2026-02-30", ["deadline: '2026-02-30' is no date and time that there is"]),
        ("available_from: 2026-12-01T08:00+01:00", ["available_from: '2026-12-01T08:00+01:00' is not a date and time"]),
        (
            "windows: [{days: [fri], start: '22:00', end: '04:00'}]",
            ["windows[0].days[0]: 'fri'", "Did you mean 'friday'?"],
        ),
        ("windows: [{days: [friday], start: 25:00, end: '04:00'}]", ["windows[0].start: '25:00' is not a time of day"]),
        ("windows: [{days: [friday], start: '22:00'}]", ["windows[0]: end is missing", "'22:00'"]),
        ("windows: [{start: '22:00', end: '04:00'}]", ["windows[0]: give exactly one of days, nth", "none of them"]),
        ("windows: [{days: [friday], always: true}]", ["days and always"]),
        (
            "windows: [{days: [friday], start: '02:00', end: '03:00'}]",
            ["windows[0].end: 02:00 to 03:00", "Make it longer"],
        ),
        (
            "windows: [{nth: 2, weekday: friday, start: '22:00', end: '04:00'}]",
            ["windows[0].nth: 2 is not known", "second"],
        ),
        ("exclusions: [24.12.2026]", ["exclusions[0]: '24.12.2026' is not a date", "2026-12-20..2027-01-06"]),
        ("exclusions: ['2027-01-06..2026-12-20']", ["exclusions[0]: '2027-01-06..2026-12-20' ends before"]),
        ("exclusions: 2026-12-24", ["exclusions: '2026-12-24' is text, not a list"]),
        ("apps: {close: always}", ["apps.close: 'always' is not known", "never, after_deadline"]),
        ("notice: {title: Soon}", ["notice: text is missing", "Office is updated tonight"]),
        ("hooks: [{url: 'https://x.example.com/?key=1', events: [start]}]", ["hooks[0].url", "name of a variable"]),
        ("hooks: [{url: 'env:HOOK', events: [begin]}]", ["hooks[0].events[0]: 'begin' is not known", "start"]),
        ("hooks: [{url: 'env:HOOK', events: [start], token: s3cret}]", ["hooks[0].token", "env:HOOK_TOKEN"]),
        ("hooks: [{url: 'env:HOOK', events: []}]", ["hooks[0].events: the list is empty", "start"]),
        ("restart: {servers: always}", ["restart.servers: 'always' is not known", "report"]),
        ("retries: {max_attempts: 0}", ["retries.max_attempts: 0 is not between 1 and 100"]),
        ("expedite: {reason: CVE, approved_by: anna}", ["expedite: second_approver is missing"]),
        ("bulletin: [a]", ["bulletin: […] is a list, not the name of a bulletin"]),
        ("min_free_disk: 5", ["min_free_disk: 5 is a whole number, not a size on disk", '"5G"', "quotes"]),
        ("min_free_disk: 5GB", ["min_free_disk: '5GB' is not a size on disk", '"800M"']),
        ("pin_until: soon", ["pin_until: 'soon' is not a date and time", "2027-01-31"]),
        ("exclusions: !vault x", ["exclusions: !vault is not supported", "environment variable"]),
        ("exclusions: !!python/object x", ["the tag !!python/object is not supported"]),
        ("retries: {max_attempts: !!int many}", ["max_attempts: 'many' is no !!int"]),
        ("exclusions: *dates", ["exclusions: the alias *dates is not taken", "template"]),
        ("<<: {halted: true}", ["merges of YAML are not taken", "template"]),
        ("? [a]\n: 1", ["a key has to be text"]),
    ],
)
def test_a_value_that_does_not_fit(text: str, says: list[str]) -> None:
    refused(text, *says)


@pytest.mark.parametrize(
    ("line", "text", "says"),
    [
        (2, HEAD.replace("name: broad", "name: bröad"), ["deployments[bröad].name: 'bröad' is not a name"]),
        (2, HEAD.replace("name: broad", "halted: true"), ["deployments[0]: name is missing"]),
        (
            3,
            HEAD.replace("MonthlyEnterprise", "Monthly Enterprize"),
            ["channel: 'Monthly Enterprize' is not an update channel"],
        ),
        (4, HEAD.replace(f'"{VERSION}"', "20228.20190"), ["version: 20228.2019 is a number", "quotes", VERSION]),
        (4, HEAD.replace(VERSION, "2611"), ["version: '2611' is not a build", VERSION]),
        (4, HEAD.replace(VERSION, "latest"), ["version: 'latest' is not a build"]),
        (5, HEAD.replace("[pilot, all]", "[]"), ["rings: the list is empty", "pilot"]),
        (5, HEAD.replace("[pilot, all]", "[5]"), ["rings[0]: 5 is a whole number"]),
        (5, HEAD.replace("[pilot, all]", "[{gates: {}}]"), ["rings[0]: group is missing"]),
        (5, HEAD.replace("[pilot, all]", "[pilot, pilot]"), ["rings[1]: 'pilot' is a ring already, in line 5"]),
        (
            6,
            HEAD.replace("http://office", "ftp://office"),
            ["sources[0].url: 'ftp://office.example.com' is not an http(s) URL"],
        ),
        (6, HEAD.replace("//office", "//u:p4ss@office"), ["sources[0].url: the URL holds a user name or a password"]),
        (1, "deployment: []", ["deployment: there is no such key. Did you mean 'deployments'?"]),
        (1, "- name: broad", ["file", "a list, not the deployments"]),
        (1, "", ["file: it is empty"]),
        (1, "$ANSIBLE_VAULT;1.1;AES256\n6162", ["file: it is encrypted"]),
        (3, "deployments:\n  - name: a\n   channel: b\n", ["file: it is no YAML"]),
        (2, "deployments:\n\t- name: a\n", ["file: it is no YAML", "Indent with spaces."]),
        (2, "deployments: []\n---\nmore: 1\n", ["it is no YAML"]),
        (2, "deployments: []\n# \x07", ["the character"]),
        (1, "deployments: " + "[" * 5000, ["nested too deeply"]),
    ],
)
def test_a_file_that_does_not_fit(line: int, text: str, says: list[str]) -> None:
    problems = told(text)
    assert problems[0].startswith(f"{line}: "), problems
    for words in says:
        assert words in problems[0]


def test_secrets_are_not_repeated() -> None:
    for text in (
        HEAD.replace("http://office", "ftp://u:p4ss@office"),
        HEAD.replace("http://office", "http://u:p4ss@office"),
        indented("hooks: [{url: 'https://u:p4ss@hook.example.com', events: [start]}]"),
        indented("hooks: [{url: 'https://hook.example.com/?key=p4ss', events: [start]}]"),
    ):
        assert "p4ss" not in "".join(told(text))


def test_a_key_given_twice_names_both_lines() -> None:
    refused("halted: true\nclock: utc\nhalted: false", "deployments[broad].halted", "stands in line 7 already", line=9)


def test_all_problems_are_told_at_once_and_sorted_by_line() -> None:
    problems = told(
        indented("gates: {soak_time: 1}\nwindws: []\ndeadline: 2026-01-01\nafter_deadline: apply\nclock: moon")
    )
    assert [int(problem.partition(":")[0]) for problem in problems] == [7, 8, 9, 11]


def test_what_is_wrong_already_is_not_taken_for_missing() -> None:
    refused("deadline: tomorow\nafter_deadline: apply", "deadline")
    problems = told(HEAD.replace("http://office", "ftp://office"))
    assert len(problems) == 1


def test_an_inherited_value_does_not_take_the_place_of_a_wrong_one() -> None:
    text = TEMPLATED.replace("    channel: Current\n", "    channel: Current\n    deadline: 2026-12-01\n")
    wrong = "name: one\n    deadline: tomorow\n    available_from: 2026-12-02\n"
    (problem,) = told(text.replace("name: one\n", wrong))
    assert "deployments[one].deadline: 'tomorow'" in problem


def test_warnings_are_sorted_by_line() -> None:
    text = TEMPLATED.replace("template: careful", "template: base")
    text += f"    pin_until: 2026-11-01\n    bulletin: MS26-11-O365-X\n    version: {VERSION}\n"
    assert [warning.line for warning in read(text, fresh=()).warnings] == [12, 26, 27]


def test_what_yaml_libraries_take_for_equal_is_not() -> None:
    refused("windows: [{always: 1}]", "windows[0].always: 1 is not known")
    refused('bulletin: "MS26\\n"', "bulletin: 'MS26\\n' is not the name")
    attempts = only("retries: {max_attempts: 5.0}").retries.max_attempts
    assert (attempts, type(attempts)) == (5, int)


def test_names_are_unique() -> None:
    problems = told(HEAD + HEAD.partition("\n")[2].replace("[pilot, all]", "[other]"))
    assert any("7: deployments[broad].name: 'broad' stands in line 2 already" in each for each in problems)


# Beyond the schema


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("deadline: 2026-11-20T08:00", ["deadline: 2026-11-20 08:00 UTC has passed", "later"], 7),
        ("pin_until: 2026-11-20", ["pin_until: 2026-11-20 00:00 UTC has passed", "remove"], 7),
        (
            "deadline: 2026-12-01\navailable_from: 2026-12-02",
            ["available_from: 2026-12-02 00:00 UTC is after", "line 7"],
            8,
        ),
        ("after_deadline: apply", ["after_deadline: apply needs a deadline"], 7),
        ("deadline: asap\nafter_deadline: force", ["force closes applications", "apps: {close: after_deadline}"], 8),
        (
            "apps: {close: after_deadline}",
            ["apps.close: after_deadline closes nothing while after_deadline is wait"],
            7,
        ),
        (
            "available_from: 2026-11-20",
            ["available_from: 2026-11-20 00:00 UTC has passed", "begin at once", "asap"],
            7,
        ),
        (
            "available_from: 2026-12-10\npin_until: 2026-12-09",
            ["pin_until: 2026-12-09 00:00 UTC is before the deployment is available, 2026-12-10 00:00 UTC"],
            8,
        ),
        ("expedite: {reason: x, approved_by: a, second_approver: b}", ["expedite: it shortens nothing"], 7),
        (
            "expedite: {reason: x, approved_by: a, second_approver: b, deadline: 2025-12-01}",
            ["expedite.deadline: 2025-12-01 00:00 UTC has passed"],
            7,
        ),
        (
            "available_from: 2026-12-02\nexpedite: {reason: x, approved_by: a, second_approver: b, "
            "deadline: 2026-12-01}",
            ["available_from: 2026-12-02 00:00 UTC is after the deadline, 2026-12-01 00:00 UTC (line 8)"],
            7,
        ),
        ("allow_downgrade: true", ["going back needs pin_until"], 7),
        (
            "expedite: {reason: x, approved_by: ANNA, second_approver: ' Anna ', soak_time: 2h}",
            ["second_approver: ' Anna ' is the first"],
            7,
        ),
        (
            "expedite: {reason: x, approved_by: a, second_approver: b, soak_time: 1d}",
            ["soak_time: 1d shortens nothing"],
            7,
        ),
        (
            "deadline: 2026-12-01\nexpedite: {reason: x, approved_by: a, second_approver: b, deadline: 2026-12-01}",
            ["expedite.deadline: 2026-12-01 00:00 UTC is not before"],
            8,
        ),
        ("bulletin: MS26-12-O365-Current", ["bulletin", "channel Current", VERSION, "MonthlyEnterprise (line 3)"], 7),
        (
            "windows: [{days: [friday], start: '22:00', end: '04:00'}]\nexclusions: [2026-11-01..2027-10-31, "
            "2027-11-01..2028-10-31, 2028-11-01..2029-10-31, 2029-11-01..2030-10-31]",
            ["windows: no window ever opens"],
            7,
        ),
    ],
)
def test_what_contradicts_itself(text: str, says: list[str], line: int) -> None:
    refused(text, *says, line=line)


def test_a_ring_that_opens_after_the_deadline() -> None:
    text = HEAD.replace("all]", "{group: all, available_from: 2026-12-02}]") + "    deadline: 2026-12-01\n"
    assert told(text) == [
        "5: deployments[broad].rings[all].available_from: 2026-12-02 00:00 UTC is after the deadline, 2026-12-01 00:00 "
        "UTC (line 7)."
    ]


def test_a_deadline_as_soon_as_possible_begins_when_the_deployment_is_available() -> None:
    deployment = only("available_from: 2026-12-02\ndeadline: asap\nafter_deadline: apply")
    assert (deployment.deadline, deployment.available_from) == (ASAP, Moment(datetime(2026, 12, 2)))


def test_the_deadline_of_expedite_is_one() -> None:
    expedite = "expedite: {reason: x, approved_by: a, second_approver: b, deadline: 2026-12-01}"
    assert only(f"after_deadline: apply\n{expedite}").effective_deadline == Moment(datetime(2026, 12, 1))


def test_rings_without_a_host_are_told() -> None:
    (problem,) = told(HEAD.replace("[pilot, all]", "[all, pilot]"))
    assert problem.startswith("5: deployments[broad].rings[1]: no host is left for it behind 'all', in line 5")
    groups = {"all": ["pc1", "pc2"], "pilot": [], "early": ["pc1"], "late": ["pc1"]}
    text = HEAD.replace("[pilot, all]", "[pilot, early, late, all]")
    assert [f"{each.option}: {each.text}" for each in read(text, groups=groups).warnings] == [
        "deployments[broad].rings[0]: the group has no hosts, so nothing is waited for before the next ring opens.",
        "deployments[broad].rings[2]: all of its hosts are in rings before it, so nothing is waited for before the "
        "next ring opens.",
    ]
    assert read(text, groups=groups, sliced=True).warnings == (), "other slices have hosts of them"
    assert read(text.replace("channel:", "halted: true\n    channel:"), groups=groups).warnings == ()


def test_a_pin_that_ends_soon_is_reported() -> None:
    (warning,) = read(indented("pin_until: 2026-12-05T11:00"), fresh=()).warnings
    assert (warning.line, warning.option) == (7, "deployments[broad].pin_until")
    assert "less than 14 days away" in warning.text
    assert read(indented("pin_until: 2026-12-05T13:00"), fresh=()).warnings == ()
    assert read(indented("pin_until: 2026-11-20\nhalted: true"), fresh=()).warnings == ()


def test_a_deployment_needs_a_source_or_the_cdn() -> None:
    without = "".join(line for line in HEAD.splitlines(keepends=True) if "sources" not in line)
    (problem,) = told(without)
    assert problem.startswith("2: deployments[broad]: there is no source")
    assert read(without + "    cdn_allowed: true\n").deployments[0].cdn_allowed


def test_time_that_passes_does_not_stop_what_runs() -> None:
    text = indented("deadline: 2026-11-20T08:00\npin_until: 2026-11-20")
    file = read(text, fresh=())
    assert [(warning.line, warning.warning) for warning in file.warnings] == [(8, True)]
    assert len(told(text, fresh=("broad",))) == 2
    assert read(indented("deadline: asap")).warnings == ()


def test_a_local_deadline_has_passed_when_it_has_passed_everywhere() -> None:
    """It is noon in UTC, and midnight 12 hours behind."""
    assert only("clock: local\ndeadline: 2026-11-21T00:01").deadline is not None
    refused("clock: local\ndeadline: 2026-11-21T00:00", "has passed", line=8)


def test_a_deadline_before_every_window_is_a_warning() -> None:
    window = "windows: [{nth: first, weekday: friday, start: '22:00', end: '04:00'}]"
    (warning,) = read(indented(f"deadline: 2026-12-01\n{window}")).warnings
    assert (warning.line, warning.option) == (8, "deployments[broad].windows")
    assert read(indented(f"deadline: 2026-12-05\n{window}")).warnings == ()


def test_a_bulletin_of_an_unknown_channel_is_a_warning() -> None:
    for name in ("MS26-12-O365-Quarterly", "KB5002138"):
        (warning,) = read(indented(f"bulletin: {name}")).warnings
        assert "not compared" in warning.text
        assert name in warning.text
    assert read(indented("bulletin: MS26-12-O365-MONTHLY-ENTERPRISE")).warnings == ()
    assert read(indented("bulletin: O365-16-1110")).warnings == ()


TWO = """\
deployments:
  - {name: one, channel: Current, version: "16.0.20228.20190", rings: [pilot, broad], cdn_allowed: true}
  - name: two
    channel: Current
    version: "16.0.20326.20100"
    cdn_allowed: true
    rings:
      - lab
      - %s
"""


def test_two_active_deployments_may_not_claim_the_same_hosts() -> None:
    assert told(TWO % "pilot") == [
        "9: deployments[two].rings[1]: the group 'pilot' is in 'one' (line 2) already, which is for Current, too. "
        "Halt or remove one of the two deployments."
    ]
    assert "9: deployments[two].rings[1]: 'all' holds hosts that are in 'one' (line 2) already" in told(TWO % "all")[0]
    inactive = (
        (TWO % "pilot").replace('version: "16.0.20326.20100"', "version:"),
        (TWO % "pilot").replace("rings:\n", "halted: true\n    rings:\n"),
        (TWO % "pilot").replace("    channel: Current", "    channel: MonthlyEnterprise"),
        TWO % "other",
    )
    for text in inactive:
        assert len(read(text).deployments) == 2


def test_overlaps_are_found_by_host_where_the_inventory_is_known() -> None:
    groups = {"pilot": ["pc1", "pc2"], "broad": ["pc3"], "lab": ["pc4"], "other": ["pc3", "pc5"], "apart": ["pc6"]}
    (problem,) = told(TWO % "other", groups=groups)
    assert "9: deployments[two].rings[1]: pc3 of 'other' is, by the group 'broad', in 'one' (line 2) already" in problem
    assert read(TWO % "apart", groups=groups)


def test_groups_have_to_be_in_the_inventory() -> None:
    groups = {"pilots": ["pc1"], "site_lyon": ["pc1"]}
    text = HEAD.replace('.com"', '.com", groups: [site_lion], group_limits: {paris: 1}')
    problems = told(text, groups=groups)
    assert [problem.partition(".")[2] for problem in problems] == [
        "rings[0]: 'pilot' is not a group of the inventory. Did you mean 'pilots'?",
        "sources[0].group_limits.paris: 'paris' is not a group of the inventory. Valid are pilots, site_lyon.",
        "sources[0].groups[0]: 'site_lion' is not a group of the inventory. Did you mean 'site_lyon'?",
    ]


def test_a_source_has_one_limit() -> None:
    text = (TWO % "other").replace("cdn_allowed: true}", "sources: [{url: 'http://a', max_active: 5}]}")
    text = text.replace("    cdn_allowed: true", "    sources:\n      - url: http://a/\n        max_active: 6")
    (problem,) = told(text)
    assert problem.startswith(
        "8: deployments[two].sources[0].max_active: 6 hosts at once, and 5 for the same source in line 2"
    )
    limits = "max_active: %d, group_limits: {pilot: %d}, slow_link: {groups: [vpn], rule: trickle, max_active: %d}"
    text = (TWO % "other").replace("cdn_allowed: true}", f"sources: [{{url: 'http://a', {limits % (9, 2, 1)}}}]}}")
    for given, option in (((9, 3, 1), "group_limits.pilot: 3"), ((9, 2, 4), "slow_link.max_active: 4")):
        both = text.replace("    cdn_allowed: true", f"    sources: [{{url: http://a/, {limits % given}}}]")
        (problem,) = told(both)
        assert f"sources[0].{option} hosts at once" in problem


# Images


def image(channel: str = "MonthlyEnterprise", version: str = VERSION) -> Manifest:
    return Manifest(channel, version, ("x64",), ("en-us",), "2026-11-20T10:00:00Z", ())


def test_an_image_that_no_source_has_is_refused() -> None:
    asked = []

    def manifest(url: str, channel: str, version: str) -> Manifest | None:
        asked.append((url, channel, version))
        return None

    (problem,) = told(HEAD, manifest=manifest)
    assert asked == [("http://office.example.com", "MonthlyEnterprise", VERSION)]
    assert problem.startswith(
        "6: deployments[broad].sources[0].url: there is no image MonthlyEnterprise 16.0.20228.20190"
    )
    assert "Stage it first" in problem
    assert len(read(HEAD, manifest=manifest, fresh=()).warnings) == 1
    assert len(read(indented("cdn_allowed: true"), manifest=manifest).warnings) == 1
    assert read(HEAD, manifest=lambda *_: image()).warnings == ()
    unapproved = HEAD.replace(f'"{VERSION}"', "")
    assert read(unapproved, manifest=manifest).warnings == ()


def test_one_source_of_two_without_the_image_is_a_warning() -> None:
    text = HEAD.replace('"}]', '"}, {url: "http://b"}]')
    (warning,) = read(text, manifest=lambda url, *_: None if url == "http://b" else image()).warnings
    assert warning.option == "deployments[broad].sources[1].url"


def test_an_image_of_another_version_and_one_out_of_reach() -> None:
    assert "is one of Current" in told(HEAD, manifest=lambda *_: image("Current"))[0]

    def unreachable(*_: str) -> Manifest | None:
        raise TransferError("source: http://office.example.com does not answer.")

    assert (
        "cannot be looked at: source: http://office.example.com does not answer." in told(HEAD, manifest=unreachable)[0]
    )


# Waivers

WAIVERS = """\
waivers:
  - host: pc042
    reason: the add-in of payroll
    owner: payroll
    expires: 2026-11-21
  - group: lab
    reason: audit
    owner: risk
    expires: "2026-11-20"
"""


def test_waivers_hold_up_to_the_end_of_their_last_day() -> None:
    file = reading.read_waivers(WAIVERS, NOW)
    (waiver,) = file.waivers
    assert (waiver.host, waiver.reason, waiver.owner) == ("pc042", "the add-in of payroll", "payroll")
    (warning,) = file.warnings
    assert str(warning).startswith("9: warning: waivers[lab].expires: it has expired, risk answers for it")
    earlier = reading.read_waivers(WAIVERS, NOW - timedelta(days=1))
    assert [each.group for each in earlier.waivers] == [None, "lab"]
    assert earlier.warnings == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WAIVERS.replace("host:", "hosts:"), ["2: waivers[0]", "give exactly one of host, group"]),
        (WAIVERS.replace("  - group: lab", "  - group: lab\n    host: pc1"), ["6: waivers[lab]", "host and group"]),
        (WAIVERS.replace("    owner: risk\n", ""), ["6: waivers[lab]: owner is missing"]),
        (WAIVERS.replace("2026-11-21", "never"), ["5: waivers[pc042].expires: 'never' is not a date"]),
        (WAIVERS.replace("2026-11-21", "2026-11-31"), ["5: waivers[pc042].expires: '2026-11-31' is no date"]),
        (WAIVERS.replace("group: lab", "host: pc042"), ["6: waivers[pc042].host: 'pc042' stands in line 2 already"]),
        (WAIVERS.replace("    reason: audit\n", "    resaon: audit\n"), ["Did you mean 'reason'?"]),
    ],
)
def test_waivers_that_are_none(text: str, says: list[str]) -> None:
    with pytest.raises(FileProblemsError, match=r"waivers\.yml:") as refused:
        reading.read_waivers(text, NOW)
    for words in says:
        assert words in str(refused.value)


def test_a_waiver_for_a_host_that_nobody_knows_is_told() -> None:
    groups = {"all": ["PC042", "pc1"], "lab": []}
    (stranger, _expired) = reading.read_waivers(WAIVERS, NOW, groups=groups).warnings
    assert str(stranger) == (
        "2: warning: waivers[pc042].host: 'pc042' is not in the inventory, so it holds for nobody. Did you mean "
        "'PC042'?"
    )
    gone = reading.read_waivers(WAIVERS, NOW, groups={"all": ["web"], "lab": []}).warnings[0]
    assert gone.text.endswith("holds for nobody. Correct or remove it.")
    assert len(reading.read_waivers(WAIVERS, NOW, groups=groups, sliced=True).warnings) == 1
    assert len(reading.read_waivers(WAIVERS, NOW, groups={"all": ["pc042"], "lab": []}).warnings) == 1


def test_the_group_of_a_waiver_has_to_be_in_the_inventory() -> None:
    with pytest.raises(FileProblemsError, match=r"'lab' is not a group of the inventory. Did you mean 'labs'"):
        reading.read_waivers(WAIVERS, NOW, groups={"labs": []})
