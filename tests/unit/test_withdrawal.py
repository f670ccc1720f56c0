# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout finds out about its build: from the feeds that are kept, and from a CDN that may not be there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore, KeptFeed
from ansible_collections.officefleet.c2r.plugins.plugin_utils import _deployment_rules, _rollout_plan, _withdrawal
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployment import Deployment
from ansible_collections.officefleet.c2r.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import NEWEST

SMALL: dict[str, Any] = {"languages": ("en-us",), "proofing": (), "payload_bytes": 1000, "language_bytes": 1000}
OLD = Build("Current", "16.0.20131.20206", "2606", NEWEST - timedelta(days=30), **SMALL)
MIDDLE = Build("Current", "16.0.20228.20190", "2607", NEWEST - timedelta(days=8), **SMALL)
NEW = Build("Current", "16.0.20326.20100", "2608", NEWEST, **SMALL)
NEXT = Build("Current", "16.0.20326.20112", "2608", NEWEST, **SMALL)
OTHER = Build("SemiAnnual", "16.0.19127.20752", "2508", NEWEST - timedelta(days=8), **SMALL)
BUILDS = (OLD, MIDDLE, NEW, OTHER)
NOBODY = "http://127.0.0.1:9/releasehistory.cab"  # the port "discard", where nothing listens
DEPLOYMENT = Deployment("monthly", NEW.version, "http://library.example/x", channel="Current")


class Controller:
    """Plans runs of one deployment. Nothing is cached, so each run fetches the feed."""

    def __init__(self, cdn: LabCdn, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cdn, self.home = cdn, home
        monkeypatch.setattr(_withdrawal, "CACHE_TTL", 0)

    def plan(self, ignored: str | None = None, **given: Any) -> tuple[str | None, tuple[str, ...]]:
        """Give why the plan stops its deployment, and its warnings."""
        known = {
            "release_history": self.cdn.release_history_url,
            "feeds": str(self.home / "feeds"),
            "cache": str(self.home / "cache"),
            "trust_anchors": [str(self.cdn.anchors)],
            "refresh_feeds": "auto",
        }
        before = FleetPlan(DEPLOYMENT, ignore_withdrawn=ignored)
        after = _withdrawal.judged(before, {**known, **given}, datetime.now(UTC), "officefleet_")
        assert replace(after.deployment, schedule=DEPLOYMENT.schedule) == DEPLOYMENT
        over_the_wire = json.loads(json.dumps(_deployment_rules.dumped(after.deployment)))
        assert _deployment_rules.loaded(over_the_wire) == after.deployment
        return after.deployment.schedule.withdrawn, after.warnings

    def feeds(self) -> int:
        return len(list((self.home / "feeds").glob("*.cab")))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), BUILDS) as lab:
        yield lab


@pytest.fixture
def controller(shared: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    """A controller whose first run saw the build listed."""
    controller = Controller(shared, tmp_path, monkeypatch)
    assert controller.plan(refresh_feeds="always") == (None, ())
    assert controller.feeds() == 1
    yield controller
    shared.faults.clear()
    shared.next_feed(BUILDS)


def test_a_build_that_is_gone_stops_its_deployment_until_it_is_back(controller: Controller) -> None:
    before = controller.cdn.next_feed((*BUILDS, replace(OTHER, version="16.0.19127.20760")))
    assert controller.plan() == (None, ())
    after = controller.cdn.next_feed((OLD, MIDDLE, OTHER))
    reason, warnings = controller.plan()
    assert reason == (
        f"{NEW.version} was withdrawn: seen in Current on {before:%Y-%m-%d %H:%M} UTC, "
        f"no longer on {after:%Y-%m-%d %H:%M} UTC"
    )
    (warning,) = warnings
    assert warning.startswith(f"{reason}. Nothing new begins with 'monthly'; what runs goes on.")
    assert "officefleet.c2r.rollback" in warning
    assert controller.plan(refresh_feeds="never") == (reason, warnings), "it is remembered"
    assert controller.plan(release_history=NOBODY)[0] == reason
    controller.cdn.next_feed((MIDDLE, NEXT, OTHER))
    assert controller.plan() == (reason, warnings), "a higher build does not mend it"
    controller.cdn.next_feed((NEW, NEXT, OTHER))
    assert controller.plan() == (None, ())


def test_it_goes_on_for_a_reason_that_somebody_gave(controller: Controller) -> None:
    assert controller.plan("nobody has Access") == (None, ())
    controller.cdn.withdraw(NEW)
    stopped, (warning,) = controller.plan("nobody has Access")
    assert stopped is None
    assert warning.startswith(f"{NEW.version} was withdrawn: ")
    assert warning.endswith("'monthly' goes on all the same (ignore_withdrawn): nobody has Access")


def test_what_is_kept_is_read_once(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[FeedStore] = []
    read = FeedStore.read

    def counted(store: FeedStore) -> tuple[KeptFeed, ...]:
        reads.append(store)
        return read(store)

    monkeypatch.setattr(FeedStore, "read", counted)
    for refresh in ("auto", "always", "never"):
        controller.cdn.next_feed((*BUILDS, NEXT))
        assert controller.plan(refresh_feeds=refresh) == (None, ())
        assert len(reads) == 1
        reads.clear()


def test_garbage_stops_nothing(controller: Controller) -> None:
    controller.cdn.publish_garbage()
    assert controller.plan() == (None, ())
    assert controller.feeds() == 2, "it was seen"
    controller.cdn.next_feed(())
    assert controller.plan()[0] is None


def test_without_the_cdn_it_goes_on_with_one_warning(controller: Controller) -> None:
    unsure = f"Whether {NEW.version} was withdrawn is known only as far as the release histories go that are kept. "
    for source in (NOBODY, str(controller.home / "none.cab")):
        stopped, (warning,) = controller.plan(release_history=source)
        assert stopped is None
        assert warning.startswith(f"{unsure}The release history: ")
        assert source in warning
        assert warning.endswith("Where it cannot be looked at, set officefleet_refresh_feeds: never.")
        assert controller.plan(release_history=source, refresh_feeds="never") == (None, ())
    controller.cdn.withdraw(NEW)
    stopped, (warning,) = controller.plan(trust_anchors=[])
    assert stopped is None, "what nobody trusts says nothing"
    assert warning.startswith(unsure)
    assert controller.feeds() == 1


def test_a_controller_that_never_saw_the_build_listed_asks_nobody(controller: Controller) -> None:
    nothing = str(controller.home / "nothing")
    assert controller.plan(feeds=nothing, release_history=NOBODY) == (None, ())
    stopped, warnings = controller.plan(feeds=nothing, release_history=NOBODY, refresh_feeds="always")
    assert (stopped, len(warnings)) == (None, 1)
    controller.cdn.next_feed((OLD, MIDDLE, OTHER))
    assert controller.plan(feeds=nothing, refresh_feeds="always") == (None, ()), "what was never listed is not missed"
    assert controller.plan(feeds=nothing, release_history=NOBODY) == (None, ())


def test_what_cannot_be_remembered_is_believed_all_the_same(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FeedStore, "keep", full)
    controller.cdn.withdraw(NEW)
    assert str(controller.plan()[0]).startswith(f"{NEW.version} was withdrawn: ")
    assert controller.plan(refresh_feeds="never") == (None, ())


def test_feeds_that_cannot_be_read_are_told(controller: Controller) -> None:
    record = next((controller.home / "feeds").glob("*.json"))
    record.write_text("{")
    stopped, (warning,) = controller.plan()
    assert stopped is None
    unknown = f"Whether {NEW.version} was withdrawn is not known. "
    assert warning.startswith(f"{unknown}feeds: {str(record)!r} cannot be read")


def test_the_options_are_those_of_the_lookup() -> None:
    needed = {"channel": "Current", "version": NEW.version, "source": r"\\files\office", "records": "/srv/records"}
    options = _rollout_plan.typed({**needed, "cache": "", "feeds": "", "release_history": ""}, "officefleet_")
    names = ("release_history", "feeds", "cache", "trust_anchors", "refresh_feeds")
    home = Path("~/.cache/officefleet.c2r").expanduser()
    found = _withdrawal.Feeds.of(*(options[name] for name in names))
    assert (found.source, found.directory, Path(found.cache_dir).expanduser()) == (
        _withdrawal.SOURCE,
        home / "feeds",
        home,
    )
    with pytest.raises(InputError, match="officefleet_refresh_feeds: 'yes' is not one of auto, always, "):
        _rollout_plan.typed({**needed, "refresh_feeds": "yes"}, "officefleet_")
    with pytest.raises(InputError, match="officefleet_ignore_withdrawn: with officefleet_deployments "):
        _rollout_plan.typed({"records": "/x", "deployments": "/y", "ignore_withdrawn": "why"}, "officefleet_")
