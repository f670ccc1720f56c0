# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels, feeds and offers on Microsoft's own files: OFFICEFLEET_CDN_SAMPLES names the folder. Skipped without it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    authenticode,
    cabinet,
    channels,
    file_list,
    known_withdrawals,
    release_history,
    version_descriptor,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError, SignatureError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import FeedHeldError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_review import Admitted, Gatekeeper
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_store import FeedStore
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_choice import Choices, Wish

SAMPLES = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES") or "no-samples")
FEEDS = SAMPLES / "feeds"
METADATA = SAMPLES / "metadata-2026-08"
HISTORIES = [*sorted(FEEDS.glob("*.cab")), *sorted(SAMPLES.rglob("releasehistory*.cab"))]

NOW = datetime(2026, 8, 21, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="OFFICEFLEET_CDN_SAMPLES does not name a folder with Microsoft's files"
)


def history(path: Path) -> release_history.ReleaseHistory:
    return release_history.parse(cabinet.read_member(path, release_history.MEMBER))


def sample(start: str) -> Path:
    return next(FEEDS.glob(f"{start}*.cab"))


# Channels


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name)
def test_name_and_id_of_every_feed_mean_the_same_channel(path: Path) -> None:
    root = etree.fromstring(cabinet.read_member(path, release_history.MEMBER))
    for node in root.iterchildren("UpdateChannel"):
        assert channels.find(node.get("Name") or "") == channels.find(node.get("ID") or "")


def test_every_branch_of_ofl_is_known_by_name_and_url() -> None:
    for path in SAMPLES.rglob("ofl*.cab"):
        root = etree.fromstring(cabinet.read_member(path, file_list.OFL_MEMBERS["x64"]))
        branches = {node.get("branch") or "": node.get("URL") or "" for node in root.iterchildren("baseURL")}
        assert len(branches) >= 8
        for branch, url in branches.items():
            assert channels.find(branch) == channels.find(url)


def test_every_name_of_office_releases_is_known() -> None:
    for entry in json.loads((METADATA / "OfficeReleases_2024-12-15.json").read_text(encoding="utf-8-sig")):
        names = [entry["channel"], entry["channelId"], *entry["alternateNames"]]
        urls = {release["cdnBaseUrl"] for release in entry["officeVersions"]}
        assert {channels.find(name).name for name in (*names, *urls)} == {entry["channelId"]}


def test_every_channel_is_in_the_release_data_by_its_guid() -> None:
    listed = {entry["FFN"] for entry in json.loads((METADATA / "C2RReleaseData").read_text(encoding="utf-8-sig"))}
    assert {channel.guid for channel in channels.CHANNELS} <= listed


# Feeds that Microsoft published by mistake


class Controller:
    """Asks for channels of feeds in turn, with one memory, an hour after each was published."""

    def __init__(self, folder: Path) -> None:
        self.store = FeedStore(folder)
        self.warnings: list[str] = []
        self.anchors = authenticode.TrustAnchors.microsoft()

    def admit(self, feed: str, *asked: str, accept: tuple[str, ...] = ()) -> Admitted:
        path = sample(feed)
        now = history(path).published + timedelta(hours=1)
        keeper = Gatekeeper(self.store, self.anchors, frozenset(accept), timedelta(days=90), now, self.warnings.append)
        return keeper.admit(path.read_bytes(), path.name, [channels.find(name) for name in asked])

    def latest(self, feed: str, channel: str, **options: Any) -> str:
        admitted = self.admit(feed, channel, **options)
        return admitted.choices(channels.find(channel), merge=False).choose(Wish(), NOW)[0].release.build

    def held(self, feed: str, *asked: str, accept: tuple[str, ...] = ()) -> set[tuple[str, str]]:
        """What holds the feed, asked twice; what others are compared with may not change by it."""
        before = self.accepted()
        found = []
        for _asking in range(2):
            with pytest.raises(FeedHeldError) as error:
                self.admit(feed, *asked, accept=accept)
            assert self.accepted() == before
            found.append({(each.gate, each.channel) for each in error.value.held})
        assert found[0] == found[1]
        assert any(kept.history.published == history(sample(feed)).published for kept in self.store.read())
        return found[0]

    def accepted(self) -> dict[str, frozenset[str]]:
        return {kept.name: kept.accepted for kept in self.store.read() if kept.accepted}


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    return Controller(tmp_path / "feeds")


@pytest.mark.parametrize(
    ("month", "channel", "withdrawn", "before"),
    [
        ("2022-07", "Current", "16.0.15330.20196", "16.0.15225.20288"),
        ("2024-07", "SemiAnnual", "16.0.17328.20452", "16.0.16731.20738"),
    ],
)
def test_a_withdrawn_build_holds_the_channel_until_accepted(
    month: str, channel: str, withdrawn: str, before: str, controller: Controller
) -> None:
    assert controller.latest(f"{month}-a", channel) == withdrawn
    assert controller.held(f"{month}-b", channel) == {("latest_lowered", channel)}
    assert controller.held(f"{month}-b", "CurrentPreview", channel) == {("latest_lowered", channel)}
    assert controller.held(f"{month}-b", channel, accept=("latest_stale", "feed_shrunk")) == {
        ("latest_lowered", channel)
    }
    assert controller.latest(f"{month}-a", channel) == withdrawn
    assert controller.latest(f"{month}-b", channel, accept=("latest_lowered",)) == before
    assert controller.latest(f"{month}-b", channel) == before  # once was enough
    override = controller.store.read()[-1].overrides[0]
    assert (override.gate, override.channel) == ("latest_lowered", channel)
    assert override.at == history(sample(f"{month}-b")).published + timedelta(hours=1)
    assert controller.store.read()[-1].accepted == set(history(sample(f"{month}-b")).channels)


@pytest.mark.parametrize(
    ("month", "channel", "withdrawn", "before"),
    [
        ("2022-07", "Current", "16.0.15330.20196", "16.0.15225.20288"),
        ("2024-07", "SemiAnnual", "16.0.17328.20452", "16.0.16731.20738"),
    ],
)
def test_a_withdrawn_build_is_not_chosen_again(
    month: str, channel: str, withdrawn: str, before: str, controller: Controller
) -> None:
    known = channels.find(channel)
    controller.admit(f"{month}-a", channel)
    controller.admit(f"{month}-b", channel, accept=("latest_lowered",))
    assert controller.latest(f"{month}-a", channel) == before  # an older feed, out of some cache
    for feed in ("a", "b"):
        admitted = controller.admit(f"{month}-{feed}", channel)
        assert [each.release.build for each in admitted.withdrawn(known)] == [withdrawn]
        for merge in (False, True):
            choices = admitted.choices(known, merge)
            assert withdrawn not in [release.build for release in choices.candidates()]
            with pytest.raises(
                InputError, match=rf"^build: '{withdrawn}' was withdrawn from channel {channel}: the feed"
            ):
                choices.choose(Wish(build=withdrawn), NOW)


def test_a_build_is_withdrawn_also_if_nobody_accepted_the_feed_that_showed_it(controller: Controller) -> None:
    """Whoever waited for the next feed, as the error advises, may not get the withdrawn build out of the history."""
    current = channels.find("Current")
    controller.admit("2022-07-a", "Current")
    controller.held("2022-07-b", "Current")
    assert controller.latest("2022-07-a", "Current") == "16.0.15330.20196"  # as long as nothing is chosen anew
    admitted = controller.admit("2022-11-a", "Current")
    assert [each.release.build for each in admitted.withdrawn(current)] == ["16.0.15330.20196"]
    choices = admitted.choices(current, merge=True)
    old_enough = Wish(min_age=timedelta(days=140))
    assert choices.choose(old_enough, admitted.history.published)[0].release.build == "16.0.15225.20288"
    with pytest.raises(InputError, match="was withdrawn from channel Current"):
        choices.choose(Wish(build="16.0.15330.20196"), NOW)


@pytest.mark.parametrize(
    ("month", "channel", "gone", "listed", "noticed"),
    [
        ("2022-07", "Current", "16.0.15330.20196", "2022-07-03", "2022-07-06"),
        ("2024-07", "SemiAnnual", "16.0.17328.20452", "2024-07-20", "2024-07-20"),
    ],
)
def test_a_rollout_believes_in_a_withdrawal_before_anybody_accepted_it(
    month: str, channel: str, gone: str, listed: str, noticed: str, controller: Controller
) -> None:
    controller.admit(f"{month}-a", channel)
    assert known_withdrawals.of_channel(controller.store.read(), channel) == ()
    controller.held(f"{month}-b", channel)
    (found,) = known_withdrawals.of_channel(controller.store.read(), channel)
    assert (found.release.build, f"{found.listed:%Y-%m-%d}", f"{found.gone:%Y-%m-%d}") == (gone, listed, noticed)
    others = set(history(sample(f"{month}-b")).channels) - {channel}
    assert not any(known_withdrawals.of_channel(controller.store.read(), other) for other in others)
    controller.admit(f"{month}-b", channel, accept=("latest_lowered",))
    assert known_withdrawals.of_channel(controller.store.read(), channel) == (found,)


def test_garbage_withdraws_nothing_from_a_rollout_either(controller: Controller) -> None:
    controller.admit("2022-11-a", *EVERY_CHANNEL)
    controller.held(GARBAGE, *EVERY_CHANNEL)
    assert not any(known_withdrawals.of_channel(controller.store.read(), name) for name in EVERY_CHANNEL)
    controller.admit("2022-11-c", *EVERY_CHANNEL)
    assert not any(known_withdrawals.of_channel(controller.store.read(), name) for name in EVERY_CHANNEL)


def test_the_garbage_feed_withdraws_nothing(controller: Controller) -> None:
    controller.admit("2022-11-a", *EVERY_CHANNEL)
    controller.held(GARBAGE, *EVERY_CHANNEL)
    admitted = controller.admit("2022-11-c", *EVERY_CHANNEL)
    assert [admitted.withdrawn(channels.find(name)) for name in EVERY_CHANNEL] == [()] * len(EVERY_CHANNEL)


def test_a_lower_latest_is_accepted_until_a_later_feed_is(controller: Controller) -> None:
    """Some edge of the CDN may still serve the feed that was accepted for a while."""
    controller.admit("2022-07-a", "Current")
    assert controller.latest("2022-07-b", "Current", accept=("latest_lowered",)) == "16.0.15225.20288"
    assert controller.latest("2022-11-a", "Current") == "16.0.15726.20202"
    assert controller.held("2022-07-b", "Current") == {("latest_lowered", "Current")}


def test_a_feed_of_the_future_is_refused_and_not_kept(controller: Controller) -> None:
    feed = sample("2022-07-a")
    for days, known in ((2, 0), (1, 1)):
        now = history(feed).published - timedelta(days=days)
        keeper = Gatekeeper(controller.store, controller.anchors, frozenset(), timedelta(days=90), now, print)
        if not known:
            with pytest.raises(FeedError, match="published 2022-07-03 15:05 UTC, and here it is 2022-07-01 15:05 UTC"):
                keeper.admit(feed.read_bytes(), "early", [channels.find("Current")])
        else:
            keeper.admit(feed.read_bytes(), "early", [channels.find("Current")])
        assert len(controller.store.read()) == known


def test_a_memory_that_cannot_be_read_stops_everything(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    controller.admit("2022-07-a", "Current")

    def fail(_path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(FeedError, match=r"^feeds: what was accepted earlier cannot be read, .*Permission denied"):
        controller.admit("2022-07-b", "Current")


def test_others_do_not_wait_for_a_channel_they_do_not_use(controller: Controller) -> None:
    """Nor does the lowered channel become the measure because somebody else asked."""
    controller.admit("2022-07-a", "Current")
    assert controller.latest("2022-07-b", "MonthlyEnterprise") == "16.0.15128.20280"
    assert controller.held("2022-07-b", "Current") == {("latest_lowered", "Current")}


GARBAGE = "2022-11-b"
EVERY_CHANNEL = (
    "CurrentPreview",
    "Current",
    "SemiAnnualPreview",
    "SemiAnnual",
    "PerpetualVL2019",
    "PerpetualVL2021",
    "MonthlyEnterprise",
)


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
def test_the_garbage_feed_is_held_for_everyone(channel: str, controller: Controller) -> None:
    right = controller.latest("2022-11-a", channel)
    whole = {("feed_shrunk", ""), ("empty_channel", "PerpetualVL2019")}
    assert whole <= controller.held(GARBAGE, channel)
    assert controller.latest("2022-11-a", channel) == right
    assert controller.latest("2022-11-c", channel) == right


def test_the_garbage_feed_says_what_is_wrong_with_each_channel(controller: Controller) -> None:
    controller.admit("2022-11-a", *EVERY_CHANNEL)
    assert controller.held(GARBAGE, *EVERY_CHANNEL) == {
        ("feed_shrunk", ""),
        ("empty_channel", "PerpetualVL2019"),
        ("latest_lowered", "CurrentPreview"),
        ("latest_lowered", "SemiAnnualPreview"),
        ("latest_stale", "SemiAnnualPreview"),
        ("latest_lowered", "SemiAnnual"),
        ("latest_stale", "PerpetualVL2021"),
        ("latest_lowered", "MonthlyEnterprise"),
        ("latest_stale", "MonthlyEnterprise"),
    }


@pytest.mark.parametrize("channel", EVERY_CHANNEL)
def test_the_garbage_feed_is_held_without_any_memory(channel: str, controller: Controller) -> None:
    assert ("empty_channel", "PerpetualVL2019") in controller.held(GARBAGE, channel)


def test_each_gate_of_the_garbage_feed_has_to_be_accepted_by_its_name(controller: Controller) -> None:
    controller.admit("2022-11-a", "MonthlyEnterprise")
    gates = ("feed_shrunk", "empty_channel", "latest_lowered", "latest_stale")
    for left_out in gates:
        accept = tuple(gate for gate in gates if gate != left_out)
        assert {gate for gate, _channel in controller.held(GARBAGE, "MonthlyEnterprise", accept=accept)} == {left_out}
    assert controller.latest(GARBAGE, "MonthlyEnterprise", accept=gates) == "16.0.15028.20228"
    # It is the measure for what was asked and accepted, and for nothing else
    assert controller.store.read()[-1].accepted == {"MonthlyEnterprise", "PerpetualVL2019"}
    assert controller.latest("2022-11-c", "MonthlyEnterprise") == "16.0.15629.20258"


def test_who_accepts_garbage_accepts_it_for_the_channel_asked_for(controller: Controller) -> None:
    controller.admit("2022-11-a", "Current")
    assert controller.latest(GARBAGE, "Current", accept=("feed_shrunk", "empty_channel")) == "16.0.15831.20072"
    assert controller.store.read()[-1].accepted == {"Current", "PerpetualVL2019"}
    assert controller.latest("2022-11-c", "SemiAnnual") == "16.0.14931.20806"


def test_every_other_feed_passes_and_is_the_measure_for_all_its_channels(controller: Controller) -> None:
    for feed in ("2022-07-a", "2022-11-a", "2022-11-c", "2024-07-a"):
        admitted = controller.admit(feed, "SemiAnnual", "BetaChannel")  # the latter is in none
        assert admitted.own is not None
        assert admitted.own.accepted == set(admitted.history.channels)
    assert controller.warnings == []


def test_an_old_feed_that_is_accepted_is_the_measure_for_all_its_channels(controller: Controller) -> None:
    """Brought to a network by hand, say: its age is no fault of the feed."""
    keeper = Gatekeeper(
        controller.store,
        controller.anchors,
        frozenset({"latest_stale"}),
        timedelta(90),
        NOW,
        controller.warnings.append,
    )
    admitted = keeper.admit(sample("2022-07-a").read_bytes(), "old", [channels.find("Current")])
    assert admitted.own is not None
    assert admitted.own.accepted == set(admitted.history.channels)
    assert [(each.gate, each.channel) for each in admitted.own.overrides] == [("latest_stale", "Current")]


def test_a_flipped_bit_holds_a_feed_and_nothing_of_it_is_kept(controller: Controller) -> None:
    data = bytearray(sample("2022-11-c").read_bytes())
    data[100] ^= 1
    problem = None
    try:
        authenticode.verify(bytes(data), controller.anchors, "flipped")
    except SignatureError as error:
        problem = error
    assert problem is not None
    keeper = Gatekeeper(
        controller.store, controller.anchors, frozenset(), timedelta(90), NOW, controller.warnings.append
    )
    with pytest.raises(FeedHeldError, match="bad_signature: flipped is not what was signed") as held:
        keeper.admit(bytes(data), "flipped", [channels.find("Current")], problem)
    assert [each.gate for each in held.value.held] == ["bad_signature"]
    assert controller.store.read() == ()


def test_a_build_of_a_kept_feed_is_given_and_its_cabinet_verified_again(controller: Controller) -> None:
    current = channels.find("Current")
    controller.admit("2022-07-a", "Current")
    controller.admit("2022-11-a", "Current")
    admitted = controller.admit("2022-11-c", "Current")
    choices = admitted.choices(current, merge=True)
    assert [each.build for each in choices.candidates()] == [
        "16.0.15726.20202",
        "16.0.15726.20174",
        "16.0.15330.20196",
        "16.0.15225.20288",
    ]
    release = choices.choose(Wish(offset=2), NOW)[0].release
    source, published = admitted.origin(current, release)
    assert Path(source).read_bytes() == sample("2022-07-a").read_bytes()
    assert published == history(sample("2022-07-a")).published
    for data, text in (
        (sample("2022-11-a").read_bytes(), r" .* is not the one that was accepted\. Remove"),
        (b"MSCF", " .* cannot be used"),
    ):
        Path(source).write_bytes(data)
        with pytest.raises(FeedError, match=f"^feeds: the kept feed{text}"):
            controller.admit("2022-11-c", "Current").origin(current, release)


# What a channel offers


@pytest.mark.parametrize(
    ("path", "build", "throttle"),
    [
        ("metadata-2026-08/live-Current-v64.cab", "16.0.20326.20100", 250),
        ("v64-throttle/Current_16.0.20228.20190_throttle10.cab", "16.0.20228.20190", 10),
        ("v64-throttle/Current_16.0.20228.20190_throttle1000.cab", "16.0.20228.20190", 1000),
    ],
)
def test_the_live_v64_says_what_is_offered_to_how_many(path: str, build: str, throttle: int) -> None:
    xml = cabinet.read_member(SAMPLES / path, version_descriptor.MEMBER)
    offer = version_descriptor.parse(xml, channels.find("Current"))
    assert offer == version_descriptor.Offer(build, throttle, frozenset({"16.0.19929.20164"}))
    with pytest.raises(FeedError, match="not of channel SemiAnnual"):
        version_descriptor.parse(xml, channels.find("SemiAnnual"))


def test_the_v64_of_a_build_offers_nothing() -> None:
    for path in sorted((SAMPLES / "build-17928").glob("v??_*.cab")):
        xml = cabinet.read_member(path, version_descriptor.MEMBER)
        with pytest.raises(FeedError, match="names 0 builds"):
            version_descriptor.parse(xml, channels.find("Current"))


def test_a_throttled_build_waits() -> None:
    """On 2026-08-20 a quarter of the clients were offered the build that was listed as the latest for two days."""
    listed = history(METADATA / "releasehistory.cab")
    current = channels.find("Current")
    choices = Choices("Current", listed.releases(current), listed.latest(current), {})
    live = cabinet.read_member(METADATA / "live-Current-v64.cab", version_descriptor.MEMBER)
    offer = version_descriptor.parse(live, current)
    wish = Wish(max_wait=timedelta(days=14))
    (choice,) = choices.choose(wish, listed.published, offer)
    assert (choice.release.build, choice.throttle) == ("16.0.20228.20190", None)
    assert choice.note == "16.0.20326.20100 is offered to 250 of 1000 clients: 16.0.20228.20190 is given instead"
    (later,) = choices.choose(wish, listed.published + timedelta(days=12), offer)
    assert (later.release.build, later.throttle, later.note) == ("16.0.20326.20100", 250, "")
