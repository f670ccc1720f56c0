# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user reads when staging is refused: the one option that is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import cabinet
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import CdnError, FeedError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Outcome
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn, cabinets
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build("MonthlyEnterprise", "16.0.20228.20190", languages=("en-us",), payload_bytes=3000, language_bytes=3000)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


@pytest.fixture
def cdn(shared: LabCdn) -> LabCdn:
    shared.faults.clear()
    return shared


def stage(cdn: LabCdn, library: Path, **changes: Any) -> Outcome:
    return staged.stage(staged.options(cdn, BUILD, library, **changes))


def refusal(cdn: LabCdn, library: Path, kind: type[CdnError], **changes: Any) -> str:
    with pytest.raises(kind) as caught:
        stage(cdn, library, **changes)
    return str(caught.value)


def test_a_list_of_the_other_form_is_a_matter_of_file_list(cdn: LabCdn, tmp_path: Path) -> None:
    text = refusal(cdn, tmp_path, InputError, file_list="ofl", file_list_url=cdn.file_list_url)
    assert text.startswith(
        f"file_list: 'ofl' reads a cabinet such as ofl.cab, but file_list_url {cdn.file_list_url} is"
    )
    assert text.endswith("set file_list: api.")
    text = refusal(cdn, tmp_path, InputError, file_list="api", file_list_url=cdn.ofl_url)
    assert text.startswith(
        f"file_list: 'api' reads an answer of the file list API, but file_list_url {cdn.ofl_url} is a"
    )
    assert text.endswith("set file_list: ofl.")


@pytest.mark.parametrize("address", ["http://[::1/filelist", "http://127.0.0.1:port/"])
@pytest.mark.parametrize("form", ["api", "ofl"])
def test_an_address_that_is_none_is_laid_to_its_option(cdn: LabCdn, tmp_path: Path, form: str, address: str) -> None:
    text = refusal(cdn, tmp_path, CdnError, file_list=form, file_list_url=address)
    assert text.startswith(f"file_list_url: {address} ")


def test_a_file_that_the_cdn_lacks_is_laid_to_one_option(cdn: LabCdn, tmp_path: Path) -> None:
    cdn.faults[cdn.path(BUILD, "i640.cab")] = "missing"
    text = refusal(cdn, tmp_path, InputError)
    assert text.startswith(
        f"version: {BUILD.version} of channel MonthlyEnterprise is not on the CDN, or not all of it: "
    )
    assert "cdn_url: " not in text


def test_a_hash_that_is_no_sha256_verifies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cabinets, "stream_hash", lambda digest: digest[:32].encode("utf-16-le"))
    with LabCdn(tmp_path / "cdn", (BUILD,)) as cdn:
        text = refusal(cdn, tmp_path / "library", FeedError)
        holders = [f"{cdn.url}{cdn.path(BUILD, name)}" for name in ("s640.cab", "s641033.cab", "sa640.cab")]
    assert any(text.startswith(f"cdn_url: {url} is not used: its stream.x64.") for url in holders)
    assert ", which is no SHA-256; " in text
    assert "/.staging/" not in text


def test_a_cabinet_without_the_hash_is_named_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cabinets, "stream_hash", lambda _digest: b"nothing of use")
    with LabCdn(tmp_path / "cdn", (BUILD,)) as cdn:
        text = refusal(cdn, tmp_path / "library", FeedError)
    assert text.startswith("cdn_url: http://")
    assert ".cab is not used: A hash file does not begin with a digest" in text
    assert str(tmp_path) not in text


def test_a_cabinet_that_cannot_be_read_is_named_by_its_address(
    cdn: LabCdn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cabinet, "MAX_MEMBER", 10)
    text = refusal(cdn, tmp_path / "library", FeedError)
    assert text.startswith(f"cdn_url: {cdn.url}/pr/")
    assert ".staging" not in text
