# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's own cabinets name the version they belong to, and are held to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import build_identity
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

BUILD = Path(os.environ.get("OFFICEFLEET_CDN_SAMPLES", "absent")) / "build-17928"
VERSION = "16.0.17928.20148"

pytestmark = pytest.mark.skipif(not BUILD.is_dir(), reason="Microsoft's own files are not at OFFICEFLEET_CDN_SAMPLES")


@pytest.mark.parametrize("name", ["s640.cab", "s641033.cab", "sp641033.cab", f"v64_{VERSION}.cab"])
def test_a_real_cabinet_names_its_version(name: str) -> None:
    build_identity.check(BUILD / name, VERSION)
    with pytest.raises(FeedError, match=rf"^{name} is signed, but its \w+\S* is that of version '{VERSION}', not of "):
        build_identity.check(BUILD / name, "16.0.17928.20149")


def test_the_live_descriptor_of_a_channel_is_no_builds() -> None:
    """The live v64.cab offers 16.0.20326.20100 but names the build for the oldest Windows."""
    live = BUILD.parent / "metadata-2026-08" / "live-Current-v64.cab"
    with pytest.raises(FeedError, match=r"version '16\.0\.12527\.22286', not of '16\.0\.20326\.20100'"):
        build_identity.check(live, "16.0.20326.20100")
