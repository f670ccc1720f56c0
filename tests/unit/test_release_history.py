# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import channels, release_history
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError, RequirementError

CURRENT = channels.find("Current")


def update(
    build: str, *, latest: str = "False", legacy: str | None = None, published: str = "2026-08-18T21:05:15Z"
) -> str:
    legacy = f"16.0.{build}" if legacy is None else legacy
    return f'<Update Latest="{latest}" Version="2608" LegacyVersion="{legacy}" Build="{build}" PubTime="{published}" />'


def feed(*updates: str, identity: str = 'Name="Current" ID="Current"', more: str = "", start: str = "") -> bytes:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\r\n{start}<ReleaseHistory PublishedDate="08/20/2026 23:11">\r\n'
        f'<UpdateChannel {identity} DisplayName="Current Channel">{"".join(updates)}</UpdateChannel>{more}'
        "</ReleaseHistory>"
    )
    return b"\xef\xbb\xbf" + text.encode()


def test_a_release_is_read() -> None:
    history = release_history.parse(feed(update("20326.20100", latest="True", published="2026-08-18T17:41:52.84Z")))
    assert history.published == datetime(2026, 8, 20, 23, 11, tzinfo=UTC)  # month first
    assert history.channels == {
        "Current": (
            release_history.Release(
                build="16.0.20326.20100",
                version="2608",
                published=datetime(2026, 8, 18, 17, 41, 52, 840000, tzinfo=UTC),
                latest=True,
            ),
        )
    }


def test_builds_are_ordered_as_numbers_not_by_time_or_text() -> None:
    history = release_history.parse(
        feed(update("9330.2073", published="2026-09-01T00:00:00Z"), update("20326.20100"), update("20326.9"))
    )
    assert [release.build for release in history.channels["Current"]] == [
        "16.0.20326.20100",
        "16.0.20326.9",
        "16.0.9330.2073",
    ]


def test_a_build_that_is_listed_twice_is_one() -> None:
    twice = [update("20326.20100"), update("20326.20100", latest="True"), update("20228.1"), update("20228.1")]
    listed = release_history.parse(feed(*twice)).channels["Current"]
    assert [(release.build, release.latest) for release in listed] == [
        ("16.0.20326.20100", True),
        ("16.0.20228.1", False),
    ]


@pytest.mark.parametrize(
    ("updates", "latest"),
    [
        ([update("2001.1"), update("1001.1", latest="True")], "16.0.1001.1"),  # Microsoft's mark wins
        ([update("1001.1"), update("2001.1")], "16.0.2001.1"),  # no mark
        (
            [update("1001.1", latest="True"), update("2001.1", latest="true"), update("3001.1")],
            "16.0.2001.1",
        ),  # two marks
    ],
)
def test_latest(updates: list[str], latest: str) -> None:
    assert release_history.parse(feed(*updates)).latest(CURRENT).build == latest


@pytest.mark.parametrize(
    ("identity", "channel"),
    [
        ('Name="InsiderSlow" ID="CurrentPreview"', "CurrentPreview"),
        ('Name="InsiderSlow" ID="Insiders"', "CurrentPreview"),  # 2018
        ('Name="Current" ID="Monthly"', "Current"),
        ('Name="Deferred" ID="SemiAnnualPreview"', "SemiAnnualPreview"),  # the ID wins
        ('Name="FirstReleaseDeferred"', "SemiAnnualPreview"),
        ('Name="Current" ID="Fabrikam"', "Current"),  # as in 2019 and 2020, when IDs were renamed and Names were not
        ('Name="Fabrikam" ID="Fabrikam"', None),
    ],
)
def test_channels_are_told_by_their_id(identity: str, channel: str | None) -> None:
    history = release_history.parse(feed(update("1001.1"), identity=identity))
    assert list(history.channels) == ([channel] if channel else [])


def test_an_unknown_channel_may_look_as_it_likes() -> None:
    more = '<UpdateChannel Name="New" ID="New"><Update Build="x" /></UpdateChannel><Other />'
    assert list(release_history.parse(feed(update("1001.1"), more=more)).channels) == ["Current"]


def node(identity: str, build: str) -> str:
    return f'<UpdateChannel {identity} DisplayName="x">{update(build)}</UpdateChannel>'


def test_a_name_is_not_taken_where_another_has_the_id() -> None:
    for nodes in (
        (node('Name="Current" ID="New"', "9001.1"), node('Name="Monthly" ID="Current"', "1001.1")),
        (node('Name="Monthly" ID="Current"', "1001.1"), node('Name="Current" ID="New"', "9001.1")),
    ):
        history = release_history.parse(feed(identity='ID="SemiAnnual"', more="".join(nodes)))
        assert history.latest(CURRENT).build == "16.0.1001.1"


def test_an_empty_channel_has_no_latest() -> None:
    with pytest.raises(FeedError, match=r"2026-08-20 23:11 UTC lists no build .* Current"):
        release_history.parse(feed()).latest(CURRENT)


def test_a_channel_without_history_is_named_with_those_that_have_one() -> None:
    history = release_history.parse(feed(update("1001.1")))
    with pytest.raises(InputError, match=r"^channel: 'BetaChannel' .* lists Current"):
        history.latest(channels.find("BetaChannel"))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not XML",
        b"<html/>",
        b"<ReleaseHistory/>",
        feed(update("20326.20100"))[:-20],
        feed(update("20326.20100")).replace(b"08/20/2026", b"20/08/2026"),
        feed(update("20326.20100", legacy="16.0.20326.20101")),
        feed(update("20326.20100", legacy="")),
        feed(update("16.0.20326.20100", legacy="16.0.20326.20100")),
        feed(update("20326")),
        feed(update("20326.x")),
        feed(update("1001.1", published="8/18/2026 5:41:52 PM")),
        feed(update("1001.1", published="2026-13-18T21:05:15Z")),
        feed(update("1001.1", published="")),
        feed(update("1001.1"), more='<UpdateChannel ID="Monthly" />'),  # one channel twice
        feed('<Update Latest="True" />'),
    ],
)
def test_a_feed_that_is_not_sound_is_refused(xml: bytes) -> None:
    with pytest.raises(FeedError, match="release history"):
        release_history.parse(xml)


@pytest.mark.parametrize(
    "start",
    [
        '<!DOCTYPE ReleaseHistory [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE ReleaseHistory SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE ReleaseHistory [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
    ],
)
def test_document_types_and_entities_are_refused(start: str) -> None:
    with pytest.raises(FeedError, match="document type"):
        release_history.parse(feed(update("1001.1"), start=start))


def test_an_entity_is_not_even_read(tmp_path: Path) -> None:
    """Its file would not parse; that nobody notices shows that nobody looked."""
    (tmp_path / "secret").write_text("<secret>")
    start = f'<!DOCTYPE ReleaseHistory [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    with pytest.raises(FeedError, match="document type"):
        release_history.parse(feed(update("1001.1") + "&e;", start=start))


def test_a_missing_library_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(RequirementError, match="pip install lxml"):
        release_history.parse(feed())
