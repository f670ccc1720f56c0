# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interrupted transfer: what the next run finds, uses, and does not believe."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_transfer
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.extents import Extents
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Patience
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http_ranges import Validator
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.part_file import FileState, PartFile, kept
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader, Fetched
from ansible_collections.officefleet.c2r.tests.lab.cdn.server import Server

SEGMENT, CHUNK = 1 << 16, 1 << 14
BODY = random.Random(1).randbytes(32 * SEGMENT + 1000)
NEWER = random.Random(2).randbytes(len(BODY))
SHA256 = hashlib.sha256(BODY).hexdigest()
QUICK = Patience(attempts=3, pause=0.01, connect=2.0, read=5.0)
PATH = "/office/data/stream.dat"
PROGRAM = f"""
import os, signal, sys, threading
from pathlib import Path
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import file_transfer, transfer
file_transfer.SEGMENT, file_transfer.CHUNK = {SEGMENT}, {CHUNK}
total, lock = 0, threading.Lock()
def count(number):
    global total
    with lock:
        total += number
        if total >= int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
transfer.Downloader("cdn_url", connections=4, on_bytes=count).fetch(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_transfer, "SEGMENT", SEGMENT)
    monkeypatch.setattr(file_transfer, "CHUNK", CHUNK)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file on the server."""
    made = tmp_path / "www" / PATH.lstrip("/")
    made.parent.mkdir(parents=True)
    made.write_bytes(BODY)
    return made


@pytest.fixture
def server(tmp_path: Path, file: Path) -> Iterator[Server]:
    assert file.exists()
    made = Server()
    made.tree.mount("", tmp_path / "www")
    made.start()
    yield made
    made.close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}{PATH}"


def killed(server: Server, url: str, target: Path, after: int) -> None:
    """Let a process fetch and be killed as soon as it has counted so many bytes, while all its threads are at work."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, url, str(target), str(after)], check=False)
    assert done.returncode == -signal.SIGKILL
    server.ranges.clear()
    server.requests.clear()


def noted(target: Path) -> list[tuple[int, int]]:
    """What the journal says, as (start, end)."""
    _header, *lines = target.with_name(target.name + ".part.journal").read_text().splitlines()
    pairs = [line.split() for line in lines if line]
    return [(int(start), int(start) + int(length)) for start, length in pairs]


def asked(server: Server) -> list[tuple[int, int]]:
    found = [re.fullmatch(r"bytes=(\d+)-(\d+)", text) for text in server.ranges]
    return [(int(match[1]), int(match[2]) + 1) for match in found if match]


@pytest.mark.parametrize("after", [1, len(BODY) // 3, len(BODY) - 4 * SEGMENT])
def test_after_a_kill_nothing_is_fetched_again(server: Server, url: str, tmp_path: Path, after: int) -> None:
    target = tmp_path / "file"
    killed(server, url, target, after)
    assert not target.exists()
    part = target.with_name("file.part").read_bytes()
    for start, end in noted(target):
        assert part[start:end] == BODY[start:end]
    there = Extents()
    for start, end in noted(target):
        there.add(start, end)
    assert there.total >= after
    assert kept(target, url) == there.total
    count: list[int] = []
    fetched = Downloader("cdn_url", QUICK, on_bytes=count.append).fetch(url, target)
    assert fetched == Fetched(len(BODY), SHA256, reused=there.total)
    assert target.read_bytes() == BODY
    assert list(tmp_path.glob("file*")) == [target]
    assert sum(count) == len(BODY) - there.total
    gaps = list(there.gaps(len(BODY)))
    assert {request.status for request in server.requests} == {206}
    assert all(any(first <= start and end <= last for first, last in gaps) for start, end in asked(server))


def test_a_run_may_be_killed_again_and_again(server: Server, url: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    before = 0
    for _run in range(4):
        killed(server, url, target, len(BODY) // 8)
        now = kept(target, url)
        assert now >= before + len(BODY) // 8
        before = now
    assert Downloader("cdn_url", QUICK).fetch(url, target) == Fetched(len(BODY), SHA256, reused=before)


def interrupted(url: str, target: Path, error: type[BaseException] = KeyboardInterrupt) -> int:
    """Fetch a part in this process; give how many bytes were counted."""
    count: list[int] = []
    downloader = Downloader("cdn_url", QUICK, connections=2, on_bytes=count.append)

    def end(_number: int) -> None:
        while sum(count) < 10 * SEGMENT:
            pass
        raise error

    jobs = [lambda _: downloader.fetch(url, target), end]
    with pytest.raises(error):
        downloader.each(lambda number: jobs[number](number), range(2))
    return sum(count)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_keeps_what_was_counted(
    server: Server, url: str, tmp_path: Path, error: type[BaseException]
) -> None:
    server.pace.bytes_per_second = 4_000_000
    counted = interrupted(url, tmp_path / "file", error)
    assert 10 * SEGMENT <= counted < len(BODY)
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file") == Fetched(len(BODY), SHA256, reused=counted)


@pytest.mark.parametrize("body", [NEWER, NEWER[:1000], NEWER * 2], ids=["same size", "shorter", "longer"])
def test_a_file_that_changed_between_the_runs_is_fetched_whole(
    server: Server, file: Path, url: str, tmp_path: Path, body: bytes
) -> None:
    server.pace.bytes_per_second = 4_000_000
    interrupted(url, tmp_path / "file")
    server.pace.bytes_per_second = None
    file.write_bytes(body)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    count: list[int] = []
    fetched = Downloader("cdn_url", QUICK, on_bytes=count.append).fetch(url, tmp_path / "file")
    assert fetched == Fetched(len(body), hashlib.sha256(body).hexdigest())
    assert (tmp_path / "file").read_bytes() == body
    assert sum(count) == len(body)


def test_a_file_that_is_whole_needs_no_server(server: Server, url: str, tmp_path: Path) -> None:
    """Killed between the last byte and the name."""
    prepared(tmp_path / "file", url, server)
    part_of(tmp_path / "file", url).write(0, BODY)
    server.close()
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file") == Fetched(len(BODY), SHA256, reused=len(BODY))


def prepared(target: Path, url: str, server: Server) -> None:
    """Begin a part of the file as it is on the server."""
    found = PartFile(target, url)
    status = server.tree.find(PATH)
    assert status is not None
    changed = status.stat()
    etag = f'"{changed.st_mtime_ns:x}-{changed.st_size:x}"'
    found.begin(FileState(len(BODY), Validator(etag)))
    found.close()


def part_of(target: Path, url: str) -> PartFile:
    """Open what was prepared."""
    found = PartFile(target, url)
    assert found.resume() is not None
    return found


def test_a_part_of_a_file_of_another_size_is_not_continued(server: Server, url: str, tmp_path: Path) -> None:
    prepared(tmp_path / "file", url, server)
    part = part_of(tmp_path / "file", url)
    part.write(0, BODY[:SEGMENT])
    part.close()
    with pytest.raises(TransferError, match=rf"has {len(BODY)} bytes there instead of {len(BODY) + 1}\."):
        Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file", size=len(BODY) + 1)


def test_a_part_with_holes_gets_just_those(server: Server, url: str, tmp_path: Path) -> None:
    prepared(tmp_path / "file", url, server)
    part = part_of(tmp_path / "file", url)
    for start, end in [(100, 200), (300, 3 * SEGMENT), (20 * SEGMENT, 25 * SEGMENT), (len(BODY) - 10, len(BODY))]:
        part.write(start, BODY[start:end])
    present = part.present
    part.close()
    assert Downloader("cdn_url", QUICK).fetch(url, tmp_path / "file") == Fetched(len(BODY), SHA256, reused=present)
    ranges = sorted(asked(server))
    assert ranges[:3] == [(0, 100), (200, 300), (3 * SEGMENT, 4 * SEGMENT)]
    assert sum(end - start for start, end in ranges) == len(BODY) - present


def test_what_is_there_is_hashed_while_the_rest_is_fetched(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first range is asked for before the end of what is there could have been hashed."""
    prepared(tmp_path / "file", url, server)
    part_of(tmp_path / "file", url).write(0, BODY[: 30 * SEGMENT])
    read = PartFile.read

    def waiting(self: PartFile, position: int, buffer: memoryview) -> int:
        deadline = time.monotonic() + 10
        while position > SEGMENT and not server.ranges and time.monotonic() < deadline:
            time.sleep(0.01)
        assert position <= SEGMENT or server.ranges
        return read(self, position, buffer)

    monkeypatch.setattr(PartFile, "read", waiting)
    assert Downloader("cdn_url", QUICK, connections=1).fetch(url, tmp_path / "file").sha256 == SHA256


class TestJournal:
    URL = "http://cdn.invalid/file"
    STATE = FileState(1000, Validator('"one"', "Mon, 01 Jan 2024 00:00:00 GMT"))

    def begun(self, target: Path) -> PartFile:
        part = PartFile(target, self.URL)
        part.begin(self.STATE)
        return part

    def test_it_knows_state_and_bytes(self, tmp_path: Path) -> None:
        part = self.begun(tmp_path / "file")
        part.write(500, bytes(200))
        part.write(0, bytes(10))
        part.close()
        again = PartFile(tmp_path / "file", self.URL)
        assert again.resume() == self.STATE
        assert again.gaps(1000) == [(10, 500), (700, 1000)]

    def test_no_line_comes_before_its_bytes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """So it may be killed at any moment."""
        part = self.begun(tmp_path / "file")
        body = BODY[:1000]
        write = os.write
        told: list[bytes] = []

        def checked(descriptor: int, data: bytes) -> int:
            start, length = (int(number) for number in data.split())
            assert part.path.read_bytes()[start : start + length] == body[start : start + length]
            told.append(data)
            return write(descriptor, data)

        monkeypatch.setattr(os, "write", checked)
        part.write(600, body[600:700])
        part.write(0, body[:100])
        assert told == [b"600 100\n", b"0 100\n"]

    def test_bytes_that_were_not_all_written_are_not_noted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        part = self.begun(tmp_path / "file")
        write = os.pwrite

        def small(descriptor: int, data: memoryview, position: int) -> int:
            if position >= 30:
                raise OSError(28, "No space left on device")
            return write(descriptor, data[:10], position)

        monkeypatch.setattr(os, "pwrite", small)
        part.write(0, bytes(30))
        with pytest.raises(OSError, match="No space"):
            part.write(20, bytes(20))
        part.close()
        assert kept(tmp_path / "file", self.URL) == 30

    def test_cut_off_anywhere_it_never_says_too_much(self, tmp_path: Path) -> None:
        part = self.begun(tmp_path / "file")
        for start in (640, 120, 7):
            part.write(start, bytes(100))
        part.close()
        journal = tmp_path / "file.part.journal"
        text = journal.read_bytes()
        truth = {*range(640, 740), *range(120, 220), *range(7, 107)}
        for size in range(len(text) + 1):
            journal.write_bytes(text[:size])
            again = PartFile(tmp_path / "file", self.URL)
            if again.resume() is not None:
                missing = {byte for start, end in again.gaps(1000) for byte in range(start, end)}
                assert set(range(1000)) - missing <= truth
                again.write(900, bytes(10))  # and what comes next is not joined to what was cut off
                again.close()
                third = PartFile(tmp_path / "file", self.URL)
                third.resume()
                assert third.present == 1000 - len(missing) + 10
                third.close()
        assert size == len(text)

    def test_lines_without_their_bytes_are_not_believed(self, tmp_path: Path) -> None:
        """As after a power cut."""
        part = self.begun(tmp_path / "file")
        part.write(0, bytes(500))
        part.close()
        os.truncate(part.path, 499)
        assert PartFile(tmp_path / "file", self.URL).resume() is None

    @pytest.mark.parametrize(
        ("name", "value"), [("url", "http://cdn.invalid/other"), ("size", 400), ("size", "many"), ("etag", None)]
    )
    def test_a_journal_of_something_else_is_of_no_use(self, tmp_path: Path, name: str, value: object) -> None:
        part = self.begun(tmp_path / "file")
        part.write(0, bytes(500))
        part.close()
        journal = tmp_path / "file.part.journal"
        head, rest = journal.read_text().split("\n", 1)
        header = {**json.loads(head), name: value, "last_modified": ""}
        if value is None:
            header["etag"] = 'W/"weak"'
        journal.write_text(f"{json.dumps(header)}\n{rest}")
        assert PartFile(tmp_path / "file", self.URL).resume() is None
        assert kept(tmp_path / "file", self.URL) == 0

    def test_a_part_or_a_journal_alone_is_of_no_use(self, tmp_path: Path) -> None:
        part = self.begun(tmp_path / "file")
        part.write(0, bytes(500))
        part.close()
        part.path.rename(tmp_path / "away")
        assert PartFile(tmp_path / "file", self.URL).resume() is None
        (tmp_path / "away").rename(part.path)
        (tmp_path / "file.part.journal").unlink()
        assert PartFile(tmp_path / "file", self.URL).resume() is None

    def test_beginning_anew_forgets_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A kill between the two must not leave an old journal over an empty part."""
        self.begun(tmp_path / "file").write(0, bytes(500))
        original = os.open

        def killed_at(*_arguments: object) -> int:
            assert not (tmp_path / "file.part.journal").exists()
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "open", killed_at)
        with pytest.raises(KeyboardInterrupt):
            PartFile(tmp_path / "file", self.URL).begin(self.STATE)
        monkeypatch.setattr(os, "open", original)
        assert PartFile(tmp_path / "file", self.URL).resume() is None

    def test_secrets_stay_out(self, tmp_path: Path) -> None:
        PartFile(tmp_path / "file", "http://me:secret@cdn.invalid/file?sig=secret").begin(self.STATE)
        assert "secret" not in (tmp_path / "file.part.journal").read_text()

    def test_it_is_on_disk_before_it_has_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        part = self.begun(tmp_path / "file")
        flush = os.fsync

        def flushed(descriptor: int) -> None:
            assert not (tmp_path / "file").exists()
            flush(descriptor)
            done.append(descriptor)

        done: list[int] = []
        monkeypatch.setattr(os, "fsync", flushed)
        part.publish()
        assert len(done) == 1
        assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_extents_are_what_a_set_of_bytes_is() -> None:
    numbers = random.Random(3)
    for _case in range(200):
        extents, truth = Extents(), set[int]()
        for _step in range(12):
            start = numbers.randrange(40)
            end = start + numbers.randrange(1, 12)
            extents.add(start, end)
            truth |= set(range(start, end))
            assert extents.total == len(truth)
            assert extents.end == max(truth) + 1
            gaps = list(extents.gaps(60))
            assert {byte for first, last in gaps for byte in range(first, last)} == set(range(60)) - truth
            assert all(first < last for first, last in gaps)
            for position in range(60):
                assert extents.reach(position) == min(set(range(position, 61)) - truth)
