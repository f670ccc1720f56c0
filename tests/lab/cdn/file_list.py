# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of the file list API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.officefleet.c2r.tests.lab.cdn.build import Build
from ansible_collections.officefleet.c2r.tests.lab.cdn.languages import LANGUAGES, Language

NEUTRAL = "0"
BITS = {"x64": "64", "x86": "32"}


@dataclass(frozen=True)
class Entry:
    """One file of a list: its name on the CDN, the name it gets in an image, and where its hash lies."""

    source: str
    name: str
    lcid: str = NEUTRAL
    language_type: str | None = None
    hash_location: str | None = None


def file_list(
    base_url: str, channel: str, version: str, build: Build | None, cultures: Iterable[str], architecture: str = "x64"
) -> bytes:
    """The answer for these cultures of a build; build None gives the real service's list with an empty version.

    base_url is the channel's, "http://.../pr/<guid>". Cultures that the build does not have are left out.
    """
    if build is None:
        version = ""
        entries = list(_neutral(version, architecture))
        languages: list[Language] = []
    else:
        published = build.languages + build.proofing
        languages = [LANGUAGES[culture] for culture in published if culture in set(cultures)]
        entries = list(_neutral(version, architecture))
        entries += [entry for language in languages for entry in _of_language(language, architecture)]
    answer = {
        "version": version,
        "channel": channel,
        "architecture": "x32" if architecture == "x86" else architecture,  # so the real service calls it
        "baseUrl": base_url,
        "lcids": ",".join(language.lcid for language in languages),
        "files": [_file(entry, base_url, version) for entry in entries],
    }
    return json.dumps(answer, indent=1).encode()


def _neutral(version: str, architecture: str) -> Iterator[Entry]:
    bits = BITS[architecture]
    versioned = f"v{bits}_{version}.cab"
    yield Entry(versioned, f"v{bits}.cab")
    yield Entry(versioned, versioned)
    clients = ("32", "64") if bits == "32" else ("64",)  # 64-bit Windows needs the x64 client also for a 32-bit Office
    for client in clients:
        for name in (f"a{client}0_exp.cab", f"i{client}0.cab", f"i{client}0.cab.cat"):
            yield Entry(name, name)
    yield Entry(f"s{bits}0.cab", f"s{bits}0.cab")
    if bits == "64":
        yield Entry("sa640.cab", "sa640.cab")
        yield from _stream("sa640.cab", "stream.x64.x-none.arm64x")
    yield from _stream(f"s{bits}0.cab", f"stream.{architecture}.x-none")


def _of_language(language: Language, architecture: str) -> Iterator[Entry]:
    lcid, kind, bits = language.lcid, language.type, BITS[architecture]
    if kind == "core":
        for client in ("32", "64") if bits == "32" else ("64",):
            yield Entry(f"i{client}{lcid}.cab", f"i{client}{lcid}.cab", lcid, kind)
    yield Entry(f"s{bits}{lcid}.cab", f"s{bits}{lcid}.cab", lcid, kind)
    stream = f"stream.{architecture}.{language.culture}"
    yield from _stream(f"s{bits}{lcid}.cab", stream, lcid, kind)
    yield Entry(f"sp{bits}{lcid}.cab", f"sp{bits}{lcid}.cab", lcid, "proofingonly")
    yield from _stream(f"sp{bits}{lcid}.cab", f"{stream}.proof", lcid, "proofingonly")


def _stream(cabinet: str, stream: str, lcid: str = NEUTRAL, kind: str | None = None) -> Iterator[Entry]:
    yield Entry(f"{stream}.dat", f"{stream}.dat", lcid, kind, f"{cabinet}/{stream}.hash")
    yield Entry(f"{stream}.dat.cat", f"{stream}.dat.cat", lcid, kind)


def _file(entry: Entry, base_url: str, version: str) -> dict[str, str]:
    folder = "/office/data/" if entry.source.startswith("v") else f"/office/data/{version}/"
    # With an empty version the real service repeats the slash in relativePath but not in url.
    url_folder = folder.replace("//", "/")
    file = {"url": f"{base_url}{url_folder}{entry.source}", "name": entry.name, "relativePath": folder}
    if entry.hash_location is not None:
        file |= {"hashLocation": entry.hash_location, "hashAlgorithm": "Sha256"}
    file["lcid"] = entry.lcid
    if entry.language_type is not None:
        file["languageType"] = entry.language_type
    return file
