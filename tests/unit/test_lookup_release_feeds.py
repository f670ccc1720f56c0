# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup against a CDN whose feeds change, evaluated by Ansible's own templating."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins import loader
from ansible.template import Templar, trust_as_template

from ansible_collections.officefleet.c2r.plugins.filter import bulletin as bulletin_filter
from ansible_collections.officefleet.c2r.plugins.lookup import release as plugin
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import authenticode
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _release_answers
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import NEWEST

NAME = "officefleet.c2r.release"
SMALL: dict[str, Any] = {"languages": ("en-us",), "proofing": (), "payload_bytes": 1000, "language_bytes": 1000}
OLD = Build("Current", "16.0.20131.20206", "2606", NEWEST - timedelta(days=30), **SMALL)
MIDDLE = Build("Current", "16.0.20228.20190", "2607", NEWEST - timedelta(days=8), **SMALL)
NEW = Build("Current", "16.0.20326.20100", "2608", NEWEST, **SMALL)
NEXT = Build("Current", "16.0.20326.20112", "2608", NEWEST, **SMALL)
OTHER = Build("SemiAnnual", "16.0.19127.20752", "2508", NEWEST - timedelta(days=8), **SMALL)
BUILDS = (OLD, MIDDLE, NEW, OTHER)


@dataclass
class Controller:
    """Templates the lookup with one memory and no cache, unless told otherwise."""

    cdn: LabCdn
    home: Path

    def options(self, **options: Any) -> dict[str, Any]:
        kept = {"feeds": str(self.home / "feeds"), "cache_dir": str(self.home / "cache"), "cache_ttl": 0}
        lab = {
            "source": self.cdn.release_history_url,
            "cdn_url": self.cdn.url,
            "trust_anchors": [str(self.cdn.anchors)],
        }
        return {**lab, **kept, **options}

    def query(self, *channels: str, **options: Any) -> list[Any]:
        variables = {"channels": list(channels), "options": self.options(**options)}
        template = f"{{{{ query('{NAME}', *channels, **options) }}}}"
        found: list[Any] = Templar(DataLoader(), variables=variables).template(trust_as_template(template))
        return found

    def lookup(self, channel: str = "Current", **options: Any) -> Any:
        (found,) = self.query(channel, **options)
        return found

    def error(self, *channels: str, **options: Any) -> str:
        with pytest.raises(AnsibleError) as error:
            self.query(*(channels or ("Current",)), **options)
        text = str(error.value)
        return text[text.index("source:") :] if "source:" in text else text

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted((self.home / "feeds").glob("*.json"))]


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the plugin as Ansible's loader does; that loader cannot find what pytest has imported before it."""
    documented = yaml.safe_load(plugin.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", NAME, documented)  # type: ignore[no-untyped-call]  # Ansible's

    def get(name: str, **_given: Any) -> plugin.LookupModule:
        assert name == NAME
        lookup = plugin.LookupModule()
        lookup._load_name = NAME
        return lookup

    monkeypatch.setattr(loader.lookup_loader, "get", get)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), BUILDS) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> Iterator[LabCdn]:
    """The module's lab with its first builds listed and the newest of them offered to everyone."""
    yield shared
    shared.faults.clear()
    shared.next_feed(BUILDS)
    shared.offer(NEW)


@pytest.fixture
def controller(cdn: LabCdn, tmp_path: Path, warnings: list[str]) -> Controller:
    assert warnings == []
    return Controller(cdn, tmp_path)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is warned of."""
    texts: list[str] = []
    monkeypatch.setattr(_release_answers.display, "warning", texts.append)
    return texts


def test_each_option_leads_to_its_build(controller: Controller) -> None:
    for options, build in (
        ({}, NEW),
        ({"offset": 1}, MIDDLE),
        ({"offset": "2"}, OLD),
        ({"version": "2607"}, MIDDLE),
        ({"version": 2607}, MIDDLE),  # a number that loses nothing
        ({"build": "20131.20206"}, OLD),
        ({"min_age": "7d"}, MIDDLE),
        ({"min_age": "2w"}, OLD),
        ({"fully_rolled_out": True}, NEW),
        ({"history": True, "offset": 1}, MIDDLE),
    ):
        assert controller.lookup(**options) == build.version, options
    assert controller.query("Current", "SemiAnnual", "monthly") == [NEW.version, OTHER.version, NEW.version]


def test_what_a_survey_leaves_empty_is_not_asked_for(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    (controller.home / "work").mkdir()
    monkeypatch.chdir(controller.home / "work")
    empty = dict.fromkeys(("build", "version", "offset", "min_age", "max_wait", "accept", "feeds", "details"), "")
    assert controller.lookup("Current", **empty) == NEW.version
    assert list((controller.home / "work").iterdir()) == []
    assert len(list((controller.home / "cache" / "feeds").glob("*.cab"))) == 1


def test_details(controller: Controller) -> None:
    first, second = controller.query("Monthly", "Broad", details=True)
    published = max(record["published"] for record in controller.records())
    assert first == {
        "build": "20326.20100",
        "full": "16.0.20326.20100",
        "version": "2608",
        "channel": "Current",
        "display_name": "Current Channel",
        "published": f"{NEW.published:%Y-%m-%dT%H:%M:%SZ}",
        "age_days": (datetime.now(UTC) - NEW.published).days,
        "latest": True,
        "throttle": None,
        "source": controller.cdn.release_history_url,
        "feed_published": published.replace("+00:00", "Z"),
        "withdrawn": [],
    }
    assert (second["channel"], second["full"]) == ("SemiAnnual", OTHER.version)
    behind = controller.lookup(
        details=True, offset=1, source=controller.cdn.release_history_url.replace("//", "//u:p@")
    )
    assert (behind["full"], behind["latest"], behind["source"]) == (MIDDLE.version, False, first["source"])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"version": 20326.20100}, r"version: 20326\.201 is a float, not text"),
        ({"version": True}, r"version: True is a bool, not text"),
        ({"build": 20326.20100}, r"build: 20326\.201 is a float, not text"),
        ({"all": True, "offset": 1}, "offset: it cannot be combined with all"),
        ({"ofset": 1}, r"ofset: the lookup has no such option\. Its options are accept, all, build"),
        ({"accept": [5]}, "accept: '5' is not a gate"),
        ({"cache_ttl": -1}, "cache_ttl: -1 is negative"),
        ({"offset": 1, "min_age": "7d"}, "offset: it cannot be combined with min_age"),
        ({"max_wait": "7d"}, "max_wait: it belongs to fully_rolled_out"),
        ({"max_wait": "soon", "fully_rolled_out": True}, "max_wait: 'soon' is not a span of time"),
        ({"min_age": 7}, "min_age: '7' is not a span of time"),
        ({"stale_after": "never"}, "stale_after: 'never' is not a span"),
        ({"accept": "latest_lowered, everything"}, "accept: 'everything' is not a gate"),
    ],
)
def test_wrong_options_are_named_before_anything_is_fetched(
    options: dict[str, Any], text: str, controller: Controller
) -> None:
    controller.cdn.requests.clear()
    with pytest.raises(AnsibleError, match=text):
        controller.lookup(**options)
    assert controller.cdn.requests == []


def test_a_withdrawn_build_is_held_then_accepted_once_and_never_given(
    controller: Controller, warnings: list[str]
) -> None:
    assert controller.lookup() == NEW.version
    before = controller.records()
    controller.cdn.withdraw(NEW)
    for _asking in range(2):
        error = controller.error()
        assert f"latest_lowered: Latest of channel Current is {MIDDLE.version}, and in the feed of" in error
        assert f"it was {NEW.version}" in error
        assert error.endswith("accept: [latest_lowered].")
        assert [record for record in controller.records() if record["accepted"]] == before
    assert controller.lookup("SemiAnnual") == OTHER.version  # nobody there has to wait
    assert controller.lookup(accept="latest_lowered") == MIDDLE.version
    record = controller.records()[-1]
    assert [(each["gate"], each["channel"]) for each in record["overrides"]] == [("latest_lowered", "Current")]
    assert datetime.now(UTC) - datetime.fromisoformat(record["overrides"][0]["at"]) < timedelta(minutes=5)

    warnings.clear()
    assert controller.lookup(history=True) == controller.lookup() == MIDDLE.version  # without accept
    assert all(f"Microsoft withdrew {NEW.version} from channel Current" in text for text in warnings)
    assert len(warnings) == 2
    assert controller.lookup(details=True)["withdrawn"] == [NEW.version]
    assert controller.query("SemiAnnual", details=True)[0]["withdrawn"] == []
    assert f"build: '{NEW.version}' was withdrawn from channel Current" in controller.error(build=NEW.version)

    controller.cdn.next_feed((*BUILDS[:2], NEXT, OTHER))
    warnings.clear()
    assert controller.lookup() == NEXT.version
    assert controller.lookup(history=True, offset=1) == MIDDLE.version  # past it, too
    assert warnings == []  # the channel has passed it
    assert controller.lookup(details=True)["withdrawn"] == [NEW.version]


def test_garbage_is_held_for_everyone_until_it_is_mended(controller: Controller) -> None:
    assert controller.query("Current", "SemiAnnual") == [NEW.version, OTHER.version]
    controller.cdn.publish_garbage()
    for channel in ("Current", "SemiAnnual"):
        assert "feed_shrunk: it lists 1 builds, and the feed of" in controller.error(channel)
        assert "empty_channel: it lists no build at all for channel Current, and the feed of" in controller.error(
            channel
        )
    controller.cdn.next_feed(BUILDS)
    assert controller.query("Current", "SemiAnnual") == [NEW.version, OTHER.version]


def test_a_held_feed_is_not_cached_and_a_cached_one_is_judged_again(controller: Controller) -> None:
    cached: dict[str, Any] = {"cache_ttl": 3600}
    controller.cdn.publish_garbage()
    assert "empty_channel" in controller.error(**cached)
    controller.cdn.next_feed(BUILDS)
    assert controller.lookup(**cached) == NEW.version  # at once
    controller.cdn.next_feed((*BUILDS, NEXT))
    assert controller.lookup() == NEXT.version  # another controller, with the same memory and a cache of its own
    controller.cdn.requests.clear()
    assert "latest_lowered" in controller.error(**cached)
    assert controller.cdn.requests == []


def test_a_build_that_is_no_longer_listed_is_in_the_history(controller: Controller) -> None:
    controller.lookup()
    controller.cdn.next_feed((MIDDLE, NEW, OTHER))
    assert "history: true adds" in controller.error(build=OLD.version)
    found = controller.lookup(build=OLD.version, history=True, details=True)
    assert (found["full"], found["latest"]) == (OLD.version, False)
    assert found["published"] == f"{OLD.published:%Y-%m-%dT%H:%M:%SZ}"
    again = replace(OLD, published=OLD.published + timedelta(days=1))  # listed once more, under another date
    for builds in ((again, MIDDLE, NEW, OTHER), (MIDDLE, NEW, OTHER)):
        controller.cdn.next_feed(builds)
        controller.lookup()
    found = controller.lookup(build=OLD.version, history=True, details=True)
    assert found["published"] == f"{again.published:%Y-%m-%dT%H:%M:%SZ}"
    kept = Path(found["source"])
    assert kept.parent == controller.home / "feeds"
    assert controller.lookup(min_age="2w", history=True) == OLD.version
    kept.write_bytes(kept.read_bytes()[:-1])
    assert "feeds: the kept feed" in controller.error(build=OLD.version, history=True)


def test_all_builds_that_were_ever_listed(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    controller.cdn.next_feed((*BUILDS, NEXT))
    assert controller.query("Current", all=True) == [NEXT.version, NEW.version, MIDDLE.version, OLD.version]
    controller.cdn.next_feed((NEW, NEXT, OTHER))
    assert controller.query("Current", all=True) == [NEXT.version, NEW.version]
    verified = []
    verify = authenticode.verify

    def counting(data: bytes, anchors: authenticode.TrustAnchors, name: str) -> object:
        verified.append(name)
        return verify(data, anchors, name)

    monkeypatch.setattr(authenticode, "verify", counting)
    found = controller.query("Current", "SemiAnnual", all=True, history=True, details=True)
    assert [(each["channel"], each["full"]) for each in found] == [
        ("Current", NEXT.version),
        ("Current", NEW.version),
        ("Current", MIDDLE.version),
        ("Current", OLD.version),
        ("SemiAnnual", OTHER.version),
    ]
    bulletin = f"MS{OLD.published:%y-%m}-O365-CURRENT"
    meant = [each["full"] for each in bulletin_filter.bulletin(bulletin, found)["builds"]]
    assert OLD.version in meant
    assert controller.query("Current", all=True, history=True, min_age="2w") == [OLD.version]
    assert len(verified) == 4  # in either run what is listed now, and once the kept feed that two builds are from


def test_a_held_feed_gives_nothing_to_the_history(controller: Controller) -> None:
    controller.lookup()
    controller.cdn.next_feed((replace(NEXT, version="16.0.20000.1"), OTHER))
    assert "latest_lowered" in controller.error()
    controller.cdn.next_feed(BUILDS)
    assert "is not listed" in controller.error(build="16.0.20000.1", history=True)


def test_a_build_on_its_way_is_left_until_everyone_is_offered_it(controller: Controller, warnings: list[str]) -> None:
    wish: dict[str, Any] = {"fully_rolled_out": True}
    controller.cdn.offer(NEW, throttle=250)
    assert controller.lookup(**wish) == MIDDLE.version
    assert warnings == [
        f"{NAME}: {NEW.version} is offered to 250 of 1000 clients: {MIDDLE.version} is given instead.",
    ]
    assert controller.lookup(**wish, max_wait="1d") == NEW.version
    assert controller.lookup(**wish, max_wait="1d", details=True)["throttle"] == 250
    controller.cdn.offer(NEW)
    assert controller.lookup(**wish, details=True)["throttle"] == 1000
    warnings.clear()
    controller.cdn.offer(MIDDLE)
    assert controller.lookup(**wish) == MIDDLE.version
    assert (
        f"latest build of channel Current is {NEW.version}, while the live v64.cab offers {MIDDLE.version}"
        in warnings[0]
    )


def test_the_live_v64_is_verified_and_cached(controller: Controller) -> None:
    live = controller.cdn.path(NEW, "v64.cab")
    controller.cdn.requests.clear()
    for _run in range(2):
        assert controller.lookup(fully_rolled_out=True, cache_ttl=3600) == NEW.version
    assert [path for _method, path, _status in controller.cdn.requests].count(live) == 1
    controller.cdn.faults[live] = "flip"
    assert "v64.cab does not tell what is rolled out: " in controller.error(fully_rolled_out=True)
    controller.cdn.faults[live] = "missing"
    assert "cdn_url: " in controller.error(fully_rolled_out=True)
    assert controller.lookup() == NEW.version  # nobody asked for it


def test_the_v64_of_a_build_is_not_taken_for_the_live_one(controller: Controller) -> None:
    www = controller.cdn.anchors.parent.parent / "www"
    own = (www / controller.cdn.path(NEW, f"v64_{NEW.version}.cab").lstrip("/")).read_bytes()
    (www / controller.cdn.path(NEW, "v64.cab").lstrip("/")).write_bytes(own)
    assert "names 0 builds for systems in general" in controller.error(fully_rolled_out=True)


def test_a_signature_that_does_not_hold_is_a_gate_too(controller: Controller) -> None:
    error = controller.error(trust_anchors=[])
    assert "bad_signature: " in error
    assert error.endswith("accept: [bad_signature].")
    assert controller.records() == []
    assert controller.lookup(trust_anchors=[], accept=["bad_signature"]) == NEW.version
    assert controller.lookup(trust_anchors=[]) == NEW.version  # this one is accepted
    controller.cdn.next_feed(BUILDS)
    assert "bad_signature: " in controller.error(trust_anchors=[])  # the next one is not


def test_an_old_feed_is_held(controller: Controller) -> None:
    assert controller.lookup() == NEW.version
    assert "latest_stale: Latest of channel Current" in controller.error(stale_after="2d")
    assert controller.lookup(stale_after="2d", accept=["latest_stale"]) == NEW.version
    assert controller.lookup(stale_after="2d") == NEW.version
    assert "latest_stale: Latest of channel SemiAnnual" in controller.error("SemiAnnual", stale_after="2d")


def test_a_memory_that_cannot_be_written_is_a_warning(controller: Controller, warnings: list[str]) -> None:
    (controller.home / "file").write_text("")
    feeds = str(controller.home / "file" / "feeds")
    assert controller.lookup(feeds=feeds) == NEW.version
    assert any("feeds: this run's release history cannot be remembered" in text for text in warnings)
    controller.cdn.withdraw(NEW)
    assert controller.lookup(feeds=feeds) == MIDDLE.version  # nothing to compare it with


def test_a_bare_xml_is_judged_and_not_remembered(controller: Controller) -> None:
    assert controller.lookup() == NEW.version
    records = controller.records()
    xml = controller.home / "ReleaseHistory.xml"
    update = 'Version="2607" LegacyVersion="16.0.{0}" Build="{0}" PubTime="' + f'{NEWEST:%Y-%m-%dT%H:%M:%SZ}" />'
    builds = [
        f'<Update Latest="{latest}" {update.format(build)}' for latest, build in (("True", "3.1"), ("False", "2.1"))
    ]
    node = (
        '<UpdateChannel ID="{}">'
        + "".join(builds).replace("3.1", "3000.1").replace("2.1", "2000.1")
        + "</UpdateChannel>"
    )
    xml.write_text(
        f'<ReleaseHistory PublishedDate="{NEWEST:%m/%d/%Y %H:%M}">{node.format("Current")}{node.format("SemiAnnual")}'
        "</ReleaseHistory>"
    )
    assert "latest_lowered" in controller.error(source=str(xml))
    assert controller.lookup(source=str(xml), accept="latest_lowered") == "16.0.3000.1"
    assert controller.records() == records
    assert "latest_lowered" in controller.error(source=str(xml))


def test_in_a_play_a_held_feed_is_accepted_from_the_command_line(controller: Controller) -> None:
    options = controller.options(accept="{{ accept_feed | default([]) }}")
    expression = f"{{{{ query('{NAME}', 'Current', **options) }}}}"
    task = {"ansible.builtin.copy": {"content": expression, "dest": str(controller.home / "answer"), "mode": "0600"}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"options": options}, "tasks": [task]}
    (controller.home / "play.yml").write_text(yaml.safe_dump([play]))
    environment = {**os.environ, "ANSIBLE_HOME": str(controller.home / "ansible"), "ANSIBLE_LOCALHOST_WARNING": "false"}

    def run(*more: str) -> tuple[int, str]:
        command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(controller.home / "play.yml"), *more]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    controller.lookup()
    controller.cdn.withdraw(NEW)
    status, output = run()
    assert status != 0
    assert "accept: [latest_lowered]." in output
    assert "Traceback" not in output
    status, output = run("-e", "accept_feed=latest_lowered")
    assert status == 0
    assert f"Microsoft withdrew {NEW.version} from channel" in " ".join(output.split())
    assert json.loads((controller.home / "answer").read_text()) == [MIDDLE.version]
    assert controller.lookup() == MIDDLE.version
