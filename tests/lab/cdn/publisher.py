# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the CDN serves into a directory: one tree per channel, feeds beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ansible_collections.officefleet.c2r.tests.lab.cdn import cabinets, documents, service
from ansible_collections.officefleet.c2r.tests.lab.cdn.authority import Authority
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import Build, newest_first
from ansible_collections.officefleet.c2r.tests.lab.cdn.channels import CHANNELS, Channel
from ansible_collections.officefleet.c2r.tests.lab.cdn.file_list import BITS
from ansible_collections.officefleet.c2r.tests.lab.cdn.languages import LANGUAGES
from ansible_collections.officefleet.c2r.tests.lab.cdn.payload import block, write_payload

PROOFING_BYTES = 64 << 10
SMALL_BYTES = 4 << 10  # stands for members whose content nobody reads here: .db, .man.dat, .cat, programs


class Publisher:
    """Writes builds and feeds below root (the CDN's "/"), cabinets signed by the authority."""

    def __init__(self, root: Path, authority: Authority, url: str) -> None:
        self._root = root
        self._authority = authority
        self._url = url
        self._unsigned: list[tuple[bytes, Path, datetime]] = []

    def publish(self, builds: tuple[Build, ...]) -> None:
        """Write everything; signing, the slow part, on every core."""
        for build in builds:
            self._build(build)
        for channel in CHANNELS:
            for build in newest_first(builds, channel.name)[:1]:
                descriptor = documents.live_descriptor(build, channel)
                for architecture in build.architectures:
                    self._version_cabinet(build, f"v{BITS[architecture]}.cab", descriptor)
        self._feeds(builds)
        self._sign_all()

    def add(self, build: Build) -> None:
        """Write one more build while the CDN is served; neither a feed nor the live v64.cab names it yet."""
        self._build(build)
        self._sign_all()

    def offer(self, build: Build, moment: datetime) -> None:
        """Replace the live v64.cab of the build's channel by one that offers this build as it says, signed then."""
        descriptor = documents.live_descriptor(build, _channel(build))
        for architecture in build.architectures:
            self._version_cabinet(replace(build, published=moment), f"v{BITS[architecture]}.cab", descriptor)
        self._sign_all()

    def release_history(self, xml: bytes, published: datetime) -> None:
        """Replace the release history."""
        path = self._root / "pr" / "wsus" / "releasehistory.cab"
        self._unsigned.append((cabinets.cabinet({"ReleaseHistory.xml": xml}, published), path, published))
        self._sign_all()

    def _sign_all(self) -> None:
        unsigned, self._unsigned = self._unsigned, []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._sign, *zip(*unsigned, strict=True)))

    def _build(self, build: Build) -> None:
        clients = ("64", "32") if "x86" in build.architectures else ("64",)  # a 32-bit Office takes the x64 client too
        cultures = build.languages + build.proofing
        for bits in clients:
            for name in (f"a{bits}0_exp.cab", f"i{bits}0.cab"):
                self._cabinet(build, name, {"placeholder.bin": block(f"{build.version}/{name}", 0, SMALL_BYTES)})
            self._write(build, f"i{bits}0.cab.cat", _catalog(build, f"i{bits}0.cab"))
            for language in (LANGUAGES[culture] for culture in cultures):
                if language.type == "core":
                    self._cabinet(build, f"i{bits}{language.lcid}.cab", {"placeholder.txt": b""})
        for architecture in build.architectures:
            self._architecture(build, architecture, cultures)
        if "x64" in build.architectures:
            self._stream(build, "sa640.cab", "stream.x64.x-none.arm64x", build.language_bytes)

    def _architecture(self, build: Build, architecture: str, cultures: tuple[str, ...]) -> None:
        """What an architecture has to itself: its descriptor and its streams."""
        bits = BITS[architecture]
        descriptor = documents.build_descriptor(build, _channel(build))
        self._version_cabinet(build, f"v{bits}_{build.version}.cab", descriptor)
        self._stream(build, f"s{bits}0.cab", f"stream.{architecture}.x-none", build.payload_bytes)
        for culture in cultures:
            lcid = LANGUAGES[culture].lcid
            self._stream(build, f"s{bits}{lcid}.cab", f"stream.{architecture}.{culture}", build.language_bytes)
            self._stream(build, f"sp{bits}{lcid}.cab", f"stream.{architecture}.{culture}.proof", PROOFING_BYTES)

    def _stream(self, build: Build, cabinet: str, stream: str, size: int) -> None:
        """One stream and the cabinet that holds its hash."""
        path = self._folder(build) / f"{stream}.dat"
        # The seed leaves the channel out: the same build has the same bytes in every channel.
        digest = write_payload(path, f"{build.version}/{path.name}", size)
        _date(path, build.published)
        catalog = _catalog(build, path.name)
        self._write(build, f"{path.name}.cat", catalog)
        _stream, platform, culture = stream.split(".", 2)
        kind = "Proof" if culture.endswith(".proof") else "Full"
        members = {
            f"MasterDescriptor.{culture}.xml": documents.master_descriptor(build.version, kind, platform),
            f"{stream}.dat.cat": catalog,
            f"{stream}.db": block(f"{build.version}/{stream}.db", 0, SMALL_BYTES),
            f"{stream}.hash": cabinets.stream_hash(digest),
            f"{stream}.man.dat": block(f"{build.version}/{stream}.man.dat", 0, SMALL_BYTES),
        }
        if cabinet in ("s640.cab", "s320.cab"):
            members[f"i{cabinet[1:-4]}.c2rx.hash"] = cabinets.c2rx_hash(digest)
        self._cabinet(build, cabinet, members)

    def _cabinet(self, build: Build, name: str, members: Mapping[str, bytes]) -> None:
        stem = name.removesuffix(".cab")
        members = {**members, f"{stem}.hash": cabinets.cabinet_hash(build.version)}
        self._unsigned.append((cabinets.cabinet(members, build.published), self._folder(build) / name, build.published))

    def _version_cabinet(self, build: Build, name: str, descriptor: bytes) -> None:
        members = {"VersionDescriptor.xml": descriptor, f"{name[:3]}.hash": cabinets.cabinet_hash(build.version)}
        path = self._folder(build).parent / name
        self._unsigned.append((cabinets.cabinet(members, build.published), path, build.published))

    def _feeds(self, builds: tuple[Build, ...]) -> None:
        folder = self._root / "pr" / "wsus"
        folder.mkdir(parents=True)
        dates = [build.published for build in builds]
        latest = max(dates)
        history = {"ReleaseHistory.xml": documents.release_history(builds)}
        self._unsigned.append((cabinets.cabinet(history, latest), folder / "releasehistory.cab", latest))
        lists = {f"o365client_{bits}bit.xml": documents.ofl_list(f"{self._url}/pr", bits) for bits in ("32", "64")}
        skus = {"SKUS.XML": service.skus_xml(latest)}
        self._unsigned.append((cabinets.cabinet(skus, latest), folder / "skus.cab", latest))
        frozen = min(dates)
        self._unsigned.append((cabinets.cabinet(lists, frozen), folder / "ofl.cab", frozen))

    def _write(self, build: Build, name: str, data: bytes) -> None:
        path = self._folder(build) / name
        path.write_bytes(data)
        _date(path, build.published)

    def _folder(self, build: Build) -> Path:
        folder = self._root / "pr" / _channel(build).guid / "office" / "data" / build.version
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _sign(self, data: bytes, path: Path, published: datetime) -> None:
        unsigned = path.with_name(f"{path.name}.unsigned")
        unsigned.write_bytes(data)
        signed = path.with_name(f"{path.name}.signed")
        self._authority.sign(unsigned, signed, published)
        unsigned.unlink()
        _date(signed, published)
        signed.replace(path)  # a client gets the one or the other, never a part


def _channel(build: Build) -> Channel:
    for channel in CHANNELS:
        if channel.name == build.channel:
            return channel
    known = ", ".join(channel.name for channel in CHANNELS)
    raise ValueError(f"Build.channel {build.channel!r} is none of {known}")


def _catalog(build: Build, name: str) -> bytes:
    """Stands for a security catalogue; it is not one: no client here opens it."""
    return block(f"{build.version}/{name}.cat", 0, SMALL_BYTES)


def _date(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
