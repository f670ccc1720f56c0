# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import hash_file
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError

SHA256 = "0123456789ABCDEF" * 4
MD5 = "0123456789ABCDEF" * 2


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (SHA256.encode("utf-16-le"), SHA256),  # stream.*.hash
        (f"\ufeff{SHA256}\r\n".encode("utf-16-le"), SHA256),  # i640.c2rx.hash
        (f"\ufeff{MD5}\r\n16.0.20326.20100\r\n".encode("utf-16-le"), MD5),  # v64.hash
        (MD5.encode("ascii"), MD5),  # Office 15
    ],
)
def test_all_known_forms_are_read(data: bytes, digest: str) -> None:
    assert hash_file.parse(data) == digest.lower()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        SHA256[:-1].encode("utf-16-le"),
        (SHA256 + "0").encode("utf-16-le"),
        SHA256.replace("0", "G").encode("utf-16-le"),
        SHA256.encode("utf-16-le")[:-1],
        f"16.0.1.2\r\n{SHA256}".encode("utf-16-le"),
        b"<html>blocked</html>",
        bytes(range(128, 256)),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(FeedError, match="hash file"):
        hash_file.parse(data)


def test_the_version_is_in_the_second_line() -> None:
    assert hash_file.version(f"\ufeff{MD5}\r\n16.0.20326.20100\r\n".encode("utf-16-le")) == "16.0.20326.20100"
    assert hash_file.version(SHA256.encode("utf-16-le")) is None
    assert hash_file.version(f"{MD5}\r\n".encode("ascii")) is None
