# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup by itself, and in real plays."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError

from ansible_collections.officefleet.c2r.plugins.lookup import release as plugin
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import TransferError
from ansible_collections.officefleet.c2r.tests.unit import signing

NAME = "officefleet.c2r.release"
PUBLISHED = datetime.now(UTC) - timedelta(days=3)  # a feed whose newest builds are months old is held
UPDATE = (
    '<Update Latest="{}" Version="2608" LegacyVersion="16.0.{}" Build="{}" '
    f'PubTime="{PUBLISHED:%Y-%m-%dT%H:%M:%SZ}" />'
)
XML = f"""<?xml version="1.0" encoding="utf-8"?>
<ReleaseHistory PublishedDate="{PUBLISHED:%m/%d/%Y %H:%M}">
  <UpdateChannel Name="Current" ID="Current" DisplayName="Current Channel">
    {UPDATE.format("True", "20326.20100", "20326.20100")}
    {UPDATE.format("False", "20228.20190", "20228.20190")}
  </UpdateChannel>
  <UpdateChannel Name="MonthlyEnterprise" ID="MonthlyEnterprise" DisplayName="Monthly Enterprise Channel">
    {UPDATE.format("True", "20228.20188", "20228.20188")}
  </UpdateChannel>
</ReleaseHistory>
""".encode("utf-8-sig")
URL = "https://cdn.example/releasehistory.cab"


class Feed:
    """A release history by a lab authority, as files and behind URL."""

    def __init__(self, folder: Path) -> None:
        root = signing.issue("lab root")
        signer = signing.issue("lab signer", root, uses=[signing.CODE_SIGNING])
        self.anchors = folder / "anchors.pem"
        self.anchors.write_bytes(root.pem)
        self.cabinet = folder / "releasehistory.cab"
        unsigned = signing.cabinet({"ReleaseHistory.xml": XML})
        self.cabinet.write_bytes(signing.sign(unsigned, folder, [signer]))
        self.unsigned = folder / "other.cab"
        self.unsigned.write_bytes(unsigned)
        self.xml = folder / "ReleaseHistory.xml"
        self.xml.write_bytes(XML)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return Feed(tmp_path_factory.mktemp("feed"))


@pytest.fixture
def release(feed: Feed, tmp_path: Path) -> Callable[..., list[str]]:
    """The lookup with the lab's anchors and a cache of its own; takes terms and options."""

    def run(*terms: Any, **options: Any) -> list[str]:
        kept = {"cache_dir": str(tmp_path / "cache"), "feeds": str(tmp_path / "feeds")}
        options = {"trust_anchors": [str(feed.anchors)], **kept, **options}
        # what Ansible's loader does with a plugin's documentation
        documented = yaml.safe_load(plugin.DOCUMENTATION)["options"]
        define = constants.config.initialize_plugin_configuration_definitions
        define("lookup", NAME, documented)  # type: ignore[no-untyped-call]  # Ansible's
        lookup = plugin.LookupModule()
        lookup._load_name = NAME
        return lookup.run(list(terms), {}, **options)

    return run


@pytest.fixture
def fetched(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every URL that was fetched; each gives the signed cabinet."""
    urls: list[str] = []

    def get(url: str, *, option: str, timeout: float = 30) -> bytes:
        assert (option, timeout) == ("source", 30)
        urls.append(url)
        return {"xml": feed.xml, "other.cab": feed.unsigned}.get(url.rpartition("/")[2], feed.cabinet).read_bytes()

    monkeypatch.setattr(http, "get", get)
    return urls


def test_each_channel_gives_its_latest_build(release: Callable[..., list[str]], feed: Feed) -> None:
    assert release("Current", "monthlyenterprise", "Monthly", source=str(feed.cabinet)) == [
        "16.0.20326.20100",
        "16.0.20228.20188",
        "16.0.20326.20100",
    ]


@pytest.mark.parametrize("build", ["20228.20190", "16.0.20228.20190"])
def test_a_listed_build_is_given_in_full(build: str, release: Callable[..., list[str]], feed: Feed) -> None:
    assert release("Current", build=build, source=str(feed.cabinet)) == ["16.0.20228.20190"]


def test_a_local_xml_needs_no_signature(release: Callable[..., list[str]], feed: Feed) -> None:
    assert release("Current", source=str(feed.xml), trust_anchors=[]) == ["16.0.20326.20100"]


@pytest.mark.parametrize(
    ("terms", "options", "text"),
    [
        (["Curent"], {}, r"^channel: 'Curent' .*MonthlyEnterprise"),
        ([], {}, "^channel: none is given"),
        ([5], {}, "^channel: 5 is not a text"),
        (["SemiAnnual"], {}, r"^channel: 'SemiAnnual' .* lists Current, MonthlyEnterprise"),
        (["Current"], {"build": "20326.1"}, r"^build: '20326\.1' .*16\.0\.20326\.20100, 16\.0\.20228\.20190"),
        (["Current", "MonthlyEnterprise"], {"build": "20326.20100"}, r"^build: .* channel MonthlyEnterprise"),
        (["Current"], {"build": 20228.20190}, r"^build: 20228\.2019 is a float, not text, .*write it in quotes"),
        (["Current"], {"build": 16}, r"^build: 16 is a int, not text"),
        (["Current"], {"build": "latest"}, "^build: 'latest' is not an Office version"),
        (["Current"], {"source": "/nonexistent.cab"}, r"^source: '/nonexistent\.cab' cannot be read"),
        (["Current"], {"source": "ftp://127.0.0.1/x.cab"}, "^source: .* neither an http"),
        (["Current"], {"trust_anchors": []}, "lab signer, .* not trusted"),
        (["Current"], {"trust_anchors": ["/nonexistent.pem"]}, r"^trust_anchors: '/nonexistent\.pem' cannot be read"),
    ],
)
def test_wrong_input_is_named(
    terms: list[Any], options: dict[str, Any], text: str, release: Callable[..., list[str]], feed: Feed
) -> None:
    with pytest.raises(AnsibleLookupError, match=text):
        release(*terms, **{"source": str(feed.cabinet), **options})


def test_an_unsigned_cabinet_is_refused(release: Callable[..., list[str]], feed: Feed) -> None:
    with pytest.raises(AnsibleLookupError, match=r"other\.cab carries no signature"):
        release("Current", source=str(feed.unsigned))


def test_an_xml_from_a_url_is_refused(release: Callable[..., list[str]], fetched: list[str], tmp_path: Path) -> None:
    with pytest.raises(AnsibleLookupError, match=r"^source: .* not a cabinet, so its signature cannot be verified"):
        release("Current", source="https://cdn.example/xml")
    assert fetched
    assert not (tmp_path / "cache").exists()


def test_what_was_verified_is_fetched_once(
    release: Callable[..., list[str]], fetched: list[str], tmp_path: Path
) -> None:
    assert release("Current", source=URL) == release("Current", source=URL) == ["16.0.20326.20100"]
    assert fetched == [URL]
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert release("Current", source=URL + "?other") == ["16.0.20326.20100"]
    assert fetched == [URL, URL + "?other"]


def test_what_is_not_verified_is_not_kept(
    release: Callable[..., list[str]], fetched: list[str], tmp_path: Path
) -> None:
    with pytest.raises(AnsibleLookupError, match=r"bad_signature: .*carries no signature"):
        release("Current", source="https://cdn.example/other.cab")
    assert fetched
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "feeds").exists()


def test_zero_keeps_nothing(release: Callable[..., list[str]], fetched: list[str], tmp_path: Path) -> None:
    for _run in range(2):
        release("Current", source=URL, cache_ttl=0)
    assert len(fetched) == 2
    assert not (tmp_path / "cache").exists()
    with pytest.raises(AnsibleLookupError, match=r"^cache_ttl: -1 is negative"):
        release("Current", source=URL, cache_ttl=-1)


@pytest.mark.parametrize("age", [3601, -60], ids=["old", "from the future"])
def test_an_entry_out_of_time_is_fetched_again(
    age: int, release: Callable[..., list[str]], fetched: list[str], tmp_path: Path
) -> None:
    release("Current", source=URL)
    entry = next((tmp_path / "cache").iterdir())
    os.utime(entry, (time.time() - age, time.time() - age))
    release("Current", source=URL)
    assert len(fetched) == 2
    assert list((tmp_path / "cache").iterdir()) == [entry]


def test_the_cache_is_not_trusted(
    release: Callable[..., list[str]], fetched: list[str], tmp_path: Path, feed: Feed
) -> None:
    release("Current", source=URL)
    entry = next((tmp_path / "cache").iterdir())
    for content in (XML, feed.unsigned.read_bytes(), feed.cabinet.read_bytes()[:-9], b""):
        entry.write_bytes(content)
        assert release("Current", source=URL) == ["16.0.20326.20100"]
        assert entry.read_bytes() == feed.cabinet.read_bytes()
    assert len(fetched) == 5
    with pytest.raises(AnsibleLookupError, match="not trusted"):  # what other anchors vouched for
        release("Current", source=URL, trust_anchors=[])


def test_a_cache_that_cannot_be_written_stops_nothing(
    release: Callable[..., list[str]], fetched: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert release("Current", source=URL, cache_dir=str(tmp_path / "file" / "cache")) == ["16.0.20326.20100"]
    assert fetched == [URL]
    assert "cache_dir" in capsys.readouterr().err


def test_a_failed_transfer_is_said_plainly(release: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, *, option: str, timeout: float = 30) -> bytes:
        raise TransferError(f"{option}: {url} cannot be fetched ({timeout})")

    monkeypatch.setattr(http, "get", get)
    with pytest.raises(AnsibleLookupError, match=rf"^source: {URL} cannot be fetched"):
        release("Current", source=URL)


def play(folder: Path, expression: str) -> subprocess.CompletedProcess[str]:
    """Run a play that writes what the expression gives to `answer`."""
    task = {
        "ansible.builtin.copy": {
            "content": f"{{{{ ({expression}) | to_json }}}}",
            "dest": str(folder / "answer"),
            "mode": "0600",
        }
    }
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    environment = {**os.environ, "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(playbook)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_in_a_play(feed: Feed, tmp_path: Path) -> None:
    feeds = f"feeds='{tmp_path / 'feeds'}'"
    options = f"source='{feed.cabinet}', trust_anchors=['{feed.anchors}'], {feeds}"
    several = f"query('{NAME}', 'MonthlyEnterprise', 'Current', {options})"
    done = play(tmp_path, f"{several} + query('{NAME}', 'Current', source='{feed.xml}', {feeds})")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "answer").read_text()) == ["16.0.20228.20188", "16.0.20326.20100", "16.0.20326.20100"]


def test_in_a_play_an_error_is_clear(feed: Feed, tmp_path: Path) -> None:
    done = play(tmp_path, f"lookup('{NAME}', 'Current', source='{feed.cabinet}', feeds='{tmp_path}')")
    assert done.returncode != 0
    assert "CN=lab signer, O=unit tests, which is not trusted" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "answer").exists()


def test_the_documentation_renders() -> None:
    done = subprocess.run(
        ["ansible-doc", "-t", "lookup", "--json", NAME], capture_output=True, text=True, check=True, timeout=60
    )
    documented = json.loads(done.stdout)[NAME]
    assert set(documented["doc"]["options"]) == {
        "_terms",
        "source",
        "build",
        "offset",
        "all",
        "version",
        "min_age",
        "fully_rolled_out",
        "max_wait",
        "details",
        "history",
        "feeds",
        "accept",
        "stale_after",
        "cdn_url",
        "trust_anchors",
        "cache_dir",
        "cache_ttl",
    }
    assert yaml.safe_load(documented["examples"])
    assert documented["return"]["_raw"]["elements"] == "raw"
