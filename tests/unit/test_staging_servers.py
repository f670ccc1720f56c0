# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging from servers that do not behave."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import image_result
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.http import Patience
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.image_request import ImageRequest
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.progress import Progress
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.staging import Staging
from ansible_collections.officefleet.c2r.plugins.modules import image as image_module
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build, LabCdn
from ansible_collections.officefleet.c2r.tests.lab.probe import http_probe
from ansible_collections.officefleet.c2r.tests.unit import staged

BUILD = Build(
    "MonthlyEnterprise", "16.0.20228.20190", languages=("en-us",), payload_bytes=300_000, language_bytes=70_000
)


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCdn]:
    with LabCdn(tmp_path_factory.mktemp("cdn"), (BUILD,)) as lab:
        yield lab


def request(cdn: LabCdn, library: Path | str, **changes: Any) -> ImageRequest:
    return ImageRequest.from_options(staged.options(cdn, BUILD, library, **changes))


def test_a_cdn_that_never_answers_is_given_up_before_the_patience_for_files(cdn: LabCdn, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are accepted, and that is all
        asked = request(cdn, tmp_path, cdn_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        run = Staging(asked, Progress(), Patience(read=30.0), brief=Patience(2, pause=0.01, connect=1.0, read=0.2))
        began = time.monotonic()
        with pytest.raises(
            TransferError, match=r"^cdn_url: http://127\.0\.0\.1:\S+ cannot be fetched, 2 attempts fail"
        ):
            run.run()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("library", ["office", "", "~nosuchuser/office", "./office", "/srv/of\0fice"])
def test_a_library_has_an_absolute_path(cdn: LabCdn, library: str) -> None:
    with pytest.raises(
        InputError, match=r"^library: .* is not an absolute path; give one such as /srv/office\.$"
    ) as said:
        request(cdn, library)
    assert repr(library) in str(said.value)


@pytest.mark.parametrize("behind", ["?sig=secret", "/?", "#secret", "/#"])
def test_nothing_comes_behind_the_address_of_the_cdn(cdn: LabCdn, tmp_path: Path, behind: str) -> None:
    with pytest.raises(InputError, match=r"^cdn_url: the address .* leave them out\. The default is https://") as said:
        request(cdn, tmp_path, cdn_url=f"http://me:secret@cdn{behind}")
    assert "secret" not in str(said.value)


def test_user_and_password_reach_the_server_and_nothing_that_is_kept(cdn: LabCdn, tmp_path: Path) -> None:
    asked = request(cdn, tmp_path, cdn_url=cdn.url.replace("http://", "http://fleet:secret@"))
    run = Staging(asked, Progress())
    foretold = run.run(check_mode=True)
    assert foretold.plan is not None
    assert all("fleet:secret@" in download.url for download in foretold.plan.downloads)
    done = run.run()
    manifest = (run.path / "manifest.json").read_text()
    told = [json.dumps(image_result.of(outcome, run.path, BUILD.version, None)) for outcome in (foretold, done)]
    for text in (manifest, *told):
        assert f'"{cdn.url}/pr/' in text
        assert "secret" not in text


def test_neither_ansible_nor_the_systems_log_gets_a_secret(cdn: LabCdn, tmp_path: Path) -> None:
    """With -vvv, and in older versions in every result, Ansible shows the options; and the system logs them."""
    program = (
        "import runpy, sys\n"
        "from ansible.module_utils import basic\n"
        "basic.AnsibleModule.log = lambda _self, msg, log_args=None: print(msg, log_args, file=sys.stderr)\n"
        f"runpy.run_module({image_module.__name__!r}, run_name='__main__')\n"
    )
    address = cdn.url.replace("http://", "http://someone:secret1@")
    given = staged.options(cdn, BUILD, tmp_path, cdn_url=address, file_list_url=f"{cdn.file_list_url}?code=secret2")
    changes: dict[str, Any]
    for changes, status in (({}, 0), ({"keep": 0}, 1), ({"current": "perhaps"}, 1)):
        arguments = {"ANSIBLE_MODULE_ARGS": {**given, **changes, "_ansible_inject_invocation": True}}
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        result = json.loads(done.stdout)
        assert result["invocation"]["module_args"]["cdn_url"] == cdn.url
        assert result["invocation"]["module_args"]["file_list_url"] == cdn.file_list_url
        assert "current" in changes or f"cdn_url={cdn.url} " in done.stderr
        assert not [word for word in ("someone", "secret") if word in done.stdout + done.stderr]


def test_an_image_works_behind_a_web_server_that_minds_case(cdn: LabCdn, tmp_path: Path) -> None:
    """As far as Office asks in lower case: all names in an image are."""
    run = Staging(request(cdn, tmp_path), Progress())
    image = run.run().image
    assert image is not None
    source = f"{cdn.serve('/strict', tmp_path, any_case=False)}/{BUILD.channel}/{BUILD.version}"
    assert http_probe(source, BUILD.version, "x64", ["EN-us"]) == 0
    for file in image.files:
        assert requests.head(f"{source}/{file.path}", timeout=5).headers["Content-Length"] == str(file.size)
        assert file.path == file.path.lower()
    assert requests.head(f"{source}/Office/Data/v64.cab", timeout=5).status_code == 404
