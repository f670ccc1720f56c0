# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role distribution_point: what the real web servers answer with the configuration that the role writes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ansible_collections.officefleet.c2r.tests.lab.distribution_point import PROGRAMS, DistributionPoint, program

CHANNEL = "MonthlyEnterprise"
OLD, NEW = "16.0.20131.20206", "16.0.20228.20190"
STREAM = bytes(range(256)) * 12_000  # about 3 MB
LONG_AGO = 1_700_000_000
FOLDER = f"{CHANNEL}/{NEW}/office/data"


def image(library: Path, version: str) -> None:
    data = library / CHANNEL / version / "office" / "data"
    (data / version).mkdir(parents=True)
    (data / "v64.cab").write_bytes(version.encode())
    (data / version / "stream.x64.x-none.dat").write_bytes(STREAM)
    (data.parents[1] / "manifest.json").write_text(f'{{"version": "{version}"}}')
    for path in data.rglob("*.*"):
        os.utime(path, (LONG_AGO, LONG_AGO))  # a date within the last minute is too weak a validator for Apache


def move_current(library: Path, version: str) -> None:
    """As the library does it: one rename."""
    link = library / CHANNEL / "new"
    link.symlink_to(version)
    link.rename(library / CHANNEL / "current")


def readable_home() -> tempfile.TemporaryDirectory[str]:
    """The server gives root up where it has it, and pytest's own directories are for their owner alone."""
    folder = tempfile.TemporaryDirectory(prefix="officefleet-point-")
    Path(folder.name).chmod(0o755)
    return folder


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def server(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if program(name) is None:
        pytest.skip(f"{' or '.join(PROGRAMS[name])} is not installed (dev/setup_servers.sh)")
    return name


@pytest.fixture
def point(server: str) -> Iterator[DistributionPoint]:
    """One that nothing is configured on."""
    with readable_home() as home:
        yield DistributionPoint(server, Path(home))


@pytest.fixture(scope="module")
def served(server: str) -> Iterator[DistributionPoint]:
    """One that serves two images, and things beside them that are nobody's business."""
    with readable_home() as home:
        point = DistributionPoint(server, Path(home))
        for version in (OLD, NEW):
            image(point.library, version)
        move_current(point.library, NEW)
        for private in (".staging/MonthlyEnterprise-16.0.1.2/v64.cab", "Private/v64.cab"):
            path = point.library / private
            path.parent.mkdir(parents=True)
            path.write_text("not for clients")
        (point.library / "Current").mkdir()
        (point.library / "Current" / "current").symlink_to("16.0.9.9")  # leads nowhere
        done = point.play()
        assert done.returncode == 0, done.stdout
        assert "changed=2" in done.stdout
        with point.serving():
            yield point


@pytest.mark.parametrize(
    "path",
    [
        f"/office/{FOLDER}/v64.cab",
        f"/office/{CHANNEL}/{NEW}/Office/Data/V64.CAB",
        f"/OFFICE/MONTHLYENTERPRISE/{NEW}/OFFICE/DATA/V64.CAB",
        f"/Office/monthlyenterprise/{NEW}/oFFICE/dATA/v64.Cab",
        f"/office/{CHANNEL}/Current/Office/Data/v64.cab",
        f"/office/{CHANNEL}/{NEW}/%4Fffice/Data/%5664.cab",
    ],
)
def test_names_are_found_in_every_spelling(served: DistributionPoint, path: str) -> None:
    answer = requests.get(f"http://127.0.0.1:{served.port}{path}", timeout=10)
    assert answer.status_code == 200
    assert answer.content == NEW.encode()
    head = requests.head(f"http://127.0.0.1:{served.port}{path}", timeout=10)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(NEW)), b"")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/office",
        "/office/",
        f"/office/{CHANNEL}",
        f"/office/{CHANNEL}/",
        f"/office/{CHANNEL}/{NEW}/office/data/",
        f"/office/{CHANNEL}/{NEW}/office",
        f"/office/{FOLDER}/absent.cab",
        f"/office/{FOLDER}/v64.cab/x",
        f"/office/{CHANNEL}/16.0.1.2/office/data/v64.cab",
        "/office/SemiAnnual/16.0.1.2/office/data/v64.cab",
        "/office/Current/current/office/data/v64.cab",
        "/office/.staging/MonthlyEnterprise-16.0.1.2/v64.cab",
        "/office/.STAGING/MonthlyEnterprise-16.0.1.2/v64.cab",
        f"/office/{CHANNEL}/../.staging/MonthlyEnterprise-16.0.1.2/v64.cab",
        f"/office/{CHANNEL}/%2e%2e/.staging/MonthlyEnterprise-16.0.1.2/v64.cab",
        f"/office/{CHANNEL}/%2e%2e%2fPrivate/v64.cab",
        "/office/Private/v64.cab",
        "/etc/server.conf",
        f"/office/{CHANNEL}/../../../../etc/passwd",
        f"/office/{FOLDER}/v64.cab%3fx",
    ],
)
def test_what_is_absent_or_not_for_clients_is_404(served: DistributionPoint, path: str) -> None:
    url = f"http://127.0.0.1:{served.port}"
    with requests.Session() as session:
        asked = session.prepare_request(requests.Request("GET", url))
        asked.url = url + path  # as it is: the library would tidy it up
        answer = session.send(asked, allow_redirects=False, timeout=10)
    assert answer.status_code in ({400, 404} if "/../.." in path else {404})  # above the root: no path at all
    assert b"not for clients" not in answer.content
    assert "31536000" not in answer.headers.get("Cache-Control", "")  # tomorrow it may be there


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE"])
def test_nothing_but_reading_is_allowed(served: DistributionPoint, method: str) -> None:
    answer = requests.request(method, f"{served.url}/{FOLDER}/v64.cab", timeout=10, data=b"x")
    assert answer.status_code in {400, 403, 405, 501}
    assert (served.library / FOLDER / "v64.cab").read_bytes() == NEW.encode()


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 2000), ("bytes=3000000-", 3_000_000, None), ("bytes=-7", -7, None)],
)
def test_ranges(served: DistributionPoint, asked: str, start: int, end: int | None) -> None:
    url = f"{served.url}/{FOLDER}/{NEW}/Stream.x64.x-none.DAT"
    answer = requests.get(url, headers={"Range": asked}, timeout=10)
    part = STREAM[start:end]
    first = start % len(STREAM)
    assert answer.status_code == 206
    assert answer.content == part
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(STREAM)}"


def test_a_range_continues_only_the_same_file(served: DistributionPoint) -> None:
    url = f"{served.url}/{FOLDER}/{NEW}/stream.x64.x-none.dat"
    whole = requests.get(url, timeout=10)
    assert whole.content == STREAM
    assert whole.headers["Accept-Ranges"] == "bytes"
    for validator in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        answer = requests.get(url, headers={"Range": "bytes=10-19", "If-Range": validator}, timeout=10)
        assert (answer.status_code, answer.content) == (206, STREAM[10:20])
    for validator in ('"another"', "Mon, 01 Jan 2001 00:00:00 GMT"):
        answer = requests.get(url, headers={"Range": "bytes=10-19", "If-Range": validator}, timeout=10)
        assert (answer.status_code, len(answer.content)) == (200, len(STREAM))
    unchanged = requests.get(url, headers={"If-None-Match": whole.headers["ETag"]}, timeout=10)
    assert unchanged.status_code == 304


def test_a_range_behind_the_end(served: DistributionPoint) -> None:
    url = f"{served.url}/{FOLDER}/{NEW}/stream.x64.x-none.dat"
    answer = requests.get(url, headers={"Range": f"bytes={len(STREAM)}-"}, timeout=10)
    assert answer.status_code == 416
    assert answer.headers.get("Content-Range", "") in {f"bytes */{len(STREAM)}", ""}  # Apache leaves it out


def test_an_images_files_may_be_kept_what_can_change_may_not(served: DistributionPoint) -> None:
    def headers(path: str) -> tuple[str, str]:
        answer = requests.get(f"{served.url}/{path}", timeout=10)
        assert answer.status_code == 200
        age = re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])
        assert age is not None
        return answer.headers["Content-Type"], age[1]

    assert headers(f"{CHANNEL}/{NEW}/Office/Data/V64.cab") == ("application/octet-stream", "31536000")
    assert headers(f"{FOLDER}/{NEW}/stream.x64.x-none.dat") == ("application/octet-stream", "31536000")
    assert headers(f"{CHANNEL}/{NEW}/manifest.json") == ("application/json", "0")
    assert headers(f"{CHANNEL}/current/office/data/v64.cab") == ("application/octet-stream", "0")
    assert headers(f"{CHANNEL}/current/office/data/{NEW}/stream.x64.x-none.dat") == ("application/octet-stream", "0")


def test_current_moves_between_requests_and_not_within_one(served: DistributionPoint) -> None:
    current = f"{served.url}/{CHANNEL}/current"
    try:
        with requests.get(f"{current}/office/data/{NEW}/stream.x64.x-none.dat", stream=True, timeout=10) as begun:
            assert begun.status_code == 200
            head = begun.raw.read(1000)
            move_current(served.library, OLD)
            assert requests.get(f"{current}/manifest.json", timeout=10).json() == {"version": OLD}
            assert requests.get(f"{current}/office/data/V64.CAB", timeout=10).content == OLD.encode()
            assert head + begun.raw.read() == STREAM
    finally:
        move_current(served.library, NEW)
    assert requests.get(f"{current}/manifest.json", timeout=10).json() == {"version": NEW}


def test_an_image_published_while_serving_is_there_at_once(served: DistributionPoint) -> None:
    url = f"{served.url}/semiannual/16.0.1.2/manifest.json"
    assert requests.get(url, timeout=10).status_code == 404
    published = served.library / "SemiAnnual" / "16.0.1.2" / "manifest.json"
    published.parent.mkdir(parents=True)
    published.write_text("{}")
    assert requests.get(url, timeout=10).status_code == 200


def test_a_second_run_changes_nothing(served: DistributionPoint) -> None:
    done = served.play()
    assert done.returncode == 0
    assert "changed=0" in done.stdout


def test_check_mode_writes_nothing(point: DistributionPoint) -> None:
    done = point.play("--check", "--diff")
    assert done.returncode == 0, done.stdout
    assert "changed=2" in done.stdout
    assert str(point.library) in done.stdout  # in the difference
    assert list(point.config.parent.iterdir()) == []


def test_a_configuration_that_the_server_cannot_read_does_not_take_the_place_of_one_it_can(
    point: DistributionPoint,
) -> None:
    assert point.play().returncode == 0
    before = point.config.read_text()
    done = point.play(distribution_point_extra_config="Nonsense = (")
    assert done.returncode != 0
    assert "failed to validate" in done.stdout, done.stdout
    assert point.config.read_text() == before
    with point.serving():
        assert requests.get(point.url, timeout=10).status_code == 404


def test_another_prefix(point: DistributionPoint) -> None:
    image(point.library, NEW)
    assert point.play(officefleet_url_prefix="/").returncode == 0
    with point.serving():
        answer = requests.get(f"http://127.0.0.1:{point.port}/{FOLDER}/V64.cab", timeout=10)
    assert answer.content == NEW.encode()
    assert "31536000" in answer.headers["Cache-Control"]
