# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long and how often servers are asked: back-off, Retry-After, stalls, a rate of our own; what an answer is of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_ranges import ContentRange, Validator
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.rate_limit import RateLimit

URL = "http://cdn.invalid/file"


def pauses(errors: list[http.PassingError], patience: http.Patience) -> list[float]:
    """The seconds that are waited when attempts fail so, one after the other."""
    waited: list[float] = []
    left = iter(errors)

    def attempt() -> None:
        for error in left:
            raise error

    http.patiently(attempt, URL, "cdn_url", patience, waited.append)
    return waited


def test_pauses_double_and_no_two_clients_have_the_same() -> None:
    runs = [pauses([http.PassingError("busy")] * 9, http.Patience(attempts=10, pause=1.0)) for _run in range(20)]
    for run in runs:
        for full, pause in zip([1, 2, 4, 8, 16, 32, 60, 60, 60], run, strict=True):
            assert full / 2 <= pause <= full
    assert len({run[0] for run in runs}) > 1


def test_retry_after_is_kept_up_to_a_bound() -> None:
    patience = http.Patience(attempts=10, pause=0.1, retry_after=50.0)
    assert pauses([http.PassingError("busy", retry_after=after) for after in (20.0, 1e9)], patience) == [20.0, 50.0]
    assert pauses([http.PassingError("busy", retry_after=0.01)], patience)[0] >= 0.05


def test_an_attempt_that_brought_much_is_forgiven() -> None:
    patience = http.Patience(attempts=2, pause=1.0)
    assert max(pauses([http.PassingError("cut off", gained=True)] * 20, patience)) <= 1.0
    with pytest.raises(TransferError, match="2 attempts failed"):
        pauses([http.PassingError("cut off", gained=True), http.PassingError("cut off")], patience)


class Said:
    """An answer with headers alone, or with a body that comes as the test wants."""

    def __init__(self, status: int = 200, read: Callable[[int], bytes] = bytes, **headers: str) -> None:
        self.status = status
        self.reason = "Said"
        self.headers: http.Headers = {name.replace("_", "-"): text for name, text in headers.items()}
        self.read = read


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7", 7, 7),
        (" 7 ", 7, 7),
        pytest.param(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 1800, 3600, id="in an hour"),
        pytest.param(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0, 0, id="an hour ago"),
        ("-7", 0, 0),
        ("soon", 0, 0),
        ("Mon, 99 Foo 2024", 0, 0),
        ("", 0, 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, low: float, high: float) -> None:
    for status in (503, 429):
        with pytest.raises(http.PassingError) as caught:
            http.check_status(Said(status, Retry_After=text), URL, "cdn_url")
        assert low <= caught.value.retry_after <= high


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def test_a_server_that_drips_is_left(clock: Clock) -> None:
    def drip(_size: int) -> bytes:
        clock.pass_by(1)
        return bytes(99)

    watch = http.StallWatch(http.Patience(read=10.0, slowest=100))
    for _second in range(9):
        watch.read(Said(read=drip), 1000)
    with pytest.raises(http.PassingError, match="sent 990 bytes in 10 seconds"):
        watch.read(Said(read=drip), 1000)


def test_a_server_that_was_fast_once_is_not_trusted_for_ever(clock: Clock) -> None:
    sizes = iter([10**9] + [1] * 100)

    def tire(_size: int) -> bytes:
        clock.pass_by(1)
        return bytes(min(next(sizes), 100_000))

    watch = http.StallWatch(http.Patience(read=10.0, slowest=100))
    for _second in range(19):
        watch.read(Said(read=tire), 1000)
    with pytest.raises(http.PassingError):
        watch.read(Said(read=tire), 1000)


def test_time_between_reads_is_our_own(clock: Clock) -> None:
    watch = http.StallWatch(http.Patience(read=10.0, slowest=100))
    for _hour in range(100):
        assert watch.read(Said(read=lambda _size: b"."), 1000) == b"."
        clock.pass_by(3600)


def test_a_rate_is_kept_by_all_together(clock: Clock) -> None:
    limit = RateLimit(1000)
    waits: list[float] = []
    for size in (500, 500, 1000):  # three threads at the same moment
        limit.pay(size, waits.append)
    assert waits == pytest.approx([0.5, 1.0, 2.0])
    clock.pass_by(10)
    limit.pay(100, waits.append)  # what was not used is gone
    assert waits[-1] == pytest.approx(0.1)
    assert limit.portion(1 << 20) == 125
    assert RateLimit(3).portion(1 << 20) == 1


def test_without_a_rate_nobody_waits() -> None:
    waits: list[float] = []
    RateLimit(None).pay(1 << 40, waits.append)
    assert waits == []
    assert RateLimit(None).portion(1 << 20) == 1 << 20


DATE, LATER = "Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:01 GMT"


@pytest.mark.parametrize(
    ("etag", "date", "if_range"),
    [('"a"', DATE, '"a"'), ('W/"a"', DATE, DATE), ('W/"a"', "", ""), ("", DATE, DATE), ("", "", ""), ("a", "", "")],
)
def test_only_what_vouches_for_each_byte_goes_into_if_range(etag: str, date: str, if_range: str) -> None:
    assert Validator(etag, date).if_range == if_range


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (('"a"', DATE), ('"a"', LATER), False),  # the tag decides
        (('"a"', DATE), ('"b"', DATE), True),
        (('"a"', DATE), ("", ""), False),
        (('"a"', DATE), ("", LATER), True),
        (('W/"a"', DATE), ('W/"b"', DATE), True),
        (("", DATE), ("", LATER), True),
        (("", DATE), ("", DATE), False),
    ],
)
def test_states_that_contradict(one: tuple[str, str], other: tuple[str, str], expected: bool) -> None:
    assert Validator(*one).contradicts(Validator(*other)) is expected
    assert Validator(*other).contradicts(Validator(*one)) is expected


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("bytes 0-9/100", "10", ContentRange(0, 10, 100)),
        ("Bytes 90-99/100", "", ContentRange(90, 100, 100)),
        ("bytes 0-9/100", "11", None),
        ("bytes 0-9/*", "10", None),
        ("bytes 0-9/" + "9" * 5000, "10", None),
        ("bytes 0-9/100", "9" * 5000, ContentRange(0, 10, 100)),
        ("bytes 9-0/100", "", None),
        ("bytes 0-100/100", "", None),
        ("lines 0-9/100", "10", None),
        ("", "10", None),
    ],
)
def test_a_content_range_that_makes_no_sense_is_none(text: str, length: str, expected: ContentRange | None) -> None:
    assert ContentRange.of(Said(Content_Range=text, Content_Length=length).headers) == expected
