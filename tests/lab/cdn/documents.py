# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML documents inside the CDN's cabinets: release history, ofl lists, version descriptors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from ansible_collections.officefleet.c2r.tests.lab.cdn.build import Build, newest_first
from ansible_collections.officefleet.c2r.tests.lab.cdn.channels import CHANNELS, Channel
from ansible_collections.officefleet.c2r.tests.lab.cdn.languages import LANGUAGES, Language

BOM_AND_DECLARATION = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n'
OLDEST_OS_BUILD = "16.0.12527.22286"  # what Available@Build of every live v64.cab names, whatever the channel offers


def release_history(builds: tuple[Build, ...]) -> bytes:
    """ReleaseHistory.xml with the channels that have builds; the highest version is the one and only Latest."""
    published = max((build.published for build in builds), default=datetime.now(UTC))
    root = ElementTree.Element("ReleaseHistory", PublishedDate=f"{published.astimezone(UTC):%m/%d/%Y %H:%M}")
    for channel in CHANNELS:
        listed = newest_first(builds, channel.name)
        if not listed or not channel.history_name:
            continue
        names = {"Name": channel.history_name, "ID": channel.name, "DisplayName": channel.display_name}
        element = ElementTree.SubElement(root, "UpdateChannel", names)
        for index, build in enumerate(listed):
            attributes = {
                "Latest": "True" if index == 0 else "False",
                "Version": build.label,
                "LegacyVersion": build.version,
                "Build": build.version.removeprefix("16.0."),
                "PubTime": _publication_time(build.published),
            }
            ElementTree.SubElement(element, "Update", attributes)
    return BOM_AND_DECLARATION + text(root)


def _publication_time(moment: datetime) -> str:
    """ISO with Z and, like the real ones, up to three digits of fraction without trailing zeros."""
    text = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def ofl_list(root_url: str, bits: str) -> bytes:
    """o365client_64bit.xml (bits "64") or o365client_32bit.xml (bits "32") of ofl.cab 1.10; root_url is ".../pr"."""
    root = ElementTree.Element("UpdateFiles", version="1.10")
    root.append(ElementTree.Comment(" Branch Information "))
    for channel in CHANNELS:
        for branch in channel.branches:
            ElementTree.SubElement(root, "baseURL", branch=branch, URL=f"{root_url}/{channel.guid}")
    root.append(ElementTree.Comment(" Language neutral files"))
    for attributes in _ofl_neutral(bits):
        ElementTree.SubElement(root, "File", attributes)
    for language in LANGUAGES.values():
        if language.in_ofl:
            root.append(ElementTree.Comment(f"  {language.culture} "))
            for attributes in _ofl_language(language, bits):
                ElementTree.SubElement(root, "File", attributes)
    return BOM_AND_DECLARATION + text(root)


def _ofl_neutral(bits: str) -> Iterator[dict[str, str]]:
    versioned = {"name": f"v{bits}_%version%.cab", "relativePath": "/office/data/", "language": "0"}
    yield {"name": versioned["name"], "rename": f"v{bits}.cab", "relativePath": "/office/data/", "language": "0"}
    yield versioned
    # 64-bit Windows needs the x64 client also for a 32-bit Office.
    cabinets = [f"s{bits}0.cab", f"i{bits}0.cab", *(["i640.cab"] if bits == "32" else [])]
    for name in cabinets:
        yield _ofl_file(name, "0")
    yield _ofl_stream(f"s{bits}0.cab", f"stream.{_platform(bits)}.x-none", "0")


def _ofl_language(language: Language, bits: str) -> Iterator[dict[str, str]]:
    lcid, kind = language.lcid, {"languageType": language.type}
    if language.type == "core":
        for client in (bits, "64") if bits == "32" else (bits,):
            yield _ofl_file(f"i{client}{lcid}.cab", lcid) | kind
    yield _ofl_file(f"s{bits}{lcid}.cab", lcid) | kind
    yield _ofl_stream(f"s{bits}{lcid}.cab", f"stream.{_platform(bits)}.{language.culture}", lcid) | kind


def _ofl_file(name: str, lcid: str) -> dict[str, str]:
    return {"name": name, "relativePath": "/office/data/%version%/", "language": lcid}


def _ofl_stream(cabinet: str, stream: str, lcid: str) -> dict[str, str]:
    hashed = {"name": f"{stream}.dat", "hashLocation": f"{cabinet}/{stream}.hash", "hashAlgo": "Sha256"}
    return hashed | _ofl_file(f"{stream}.dat", lcid)


def _platform(bits: str) -> str:
    return "x64" if bits == "64" else "x86"


def build_descriptor(build: Build, channel: Channel) -> bytes:
    """VersionDescriptor.xml of v64_<version>.cab: the build itself, offered to everyone; no BOM, no declaration."""
    root = ElementTree.Element("Version")
    _available(root, build.version, build.version)
    ElementTree.SubElement(root, "Throttle", Value="1000")
    _requirements(root, build)
    ElementTree.SubElement(root, "DeliveryMechanism", FFNRoot=channel.guid)
    _products(root, build)
    return text(root)


def live_descriptor(build: Build, channel: Channel) -> bytes:
    """VersionDescriptor.xml of the channel's live v64.cab: Available is the oldest system's build, not the latest."""
    root = ElementTree.Element("Version")
    _available(root, OLDEST_OS_BUILD, build.version)
    _requirements(root, build)
    _products(root, build)
    ElementTree.SubElement(root, "DeliveryMechanism", FFNRoot=channel.guid)
    available = ElementTree.SubElement(root, "AvailableBuilds")
    ElementTree.SubElement(available, "AvailableBuild", RestrictionType="Default", Version=build.version)
    ElementTree.SubElement(available, "AvailableBuild", RestrictionType="OS", Value="7", Version=OLDEST_OS_BUILD)
    ElementTree.SubElement(root, "Throttle", Value=str(build.throttle))
    ElementTree.SubElement(root, "LKG", Value=OLDEST_OS_BUILD)
    ElementTree.SubElement(root, "CreatedTimeUtc", Value=f"{build.published.astimezone(UTC):%m/%d/%Y %H:%M}")
    ElementTree.SubElement(root, "ExpiredBuilds")
    return BOM_AND_DECLARATION + text(root)


def master_descriptor(version: str, culture_type: str, platform: str) -> bytes:
    """MasterDescriptor.<culture>.xml of an s cabinet without its applications; culture_type "Full", platform "x64"."""
    root = ElementTree.Element("descriptor", version=version)
    properties = ElementTree.SubElement(root, "Properties")
    for name, value in (
        ("PackageVersion", version),
        ("PackagePlatform", platform),
        ("CultureProductType", culture_type),
    ):
        ElementTree.SubElement(properties, "Property", name=name, value=value)
    return BOM_AND_DECLARATION + text(root)


def _available(root: ElementTree.Element, offered: str, client: str) -> None:
    attributes = {"Build": offered, "I320Hash": "", "I640Hash": "", "I320Version": client, "I640Version": client}
    ElementTree.SubElement(root, "Available", attributes)
    ElementTree.SubElement(root, "SecurityFixes", LastBuild="")


def _requirements(root: ElementTree.Element, build: Build) -> None:
    """What a host needs: as Microsoft's own say it, but for languages and products."""
    ElementTree.SubElement(root, "RequiredClientVersion", Build=build.min_client)
    ElementTree.SubElement(root, "MinUpgradeBuild", Build="16.0.0.0")
    if build.min_os is None:
        return
    required = ElementTree.SubElement(root, "Prereq")
    ElementTree.SubElement(required, "MinOSVersion", Build=build.min_os, FailMessage="NoMinOS")
    ElementTree.SubElement(
        required, "PreRelease", Build="15.0.4419.1000", OnDemand="False", FailMessage="PreReleaseFound"
    )
    ElementTree.SubElement(required, "MinClientVersion", Build=build.min_client, FailMessage="ClientUpdateRequired")
    ElementTree.SubElement(required, "MinBootstrapperVersion", Build="16.0.0.0", FailMessage="NewBootstrapperRequired")
    ElementTree.SubElement(required, "DiskSpace", SysDrive="50000000", OnDemand="False", FailMessage="NoDiskSpace")
    ElementTree.SubElement(required, "DiskSpace", UserDrive="100000000", ClickToRun="False", FailMessage="NoDiskSpace")


def _products(
    root: ElementTree.Element, build: Build, names: Sequence[str] = ("O365ProPlusRetail", "O365BusinessRetail")
) -> None:
    products = ElementTree.SubElement(root, "ProductReleaseIds")
    for name in names:
        product = ElementTree.SubElement(products, "ProductReleaseId", Name=name)
        if build.min_os is not None:
            required = ElementTree.SubElement(product, "PreReq")  # spelled so here, and Prereq above
            ElementTree.SubElement(required, "MinOSVersion", Build=build.min_os, FailMessage="NoMinOS")


def text(root: ElementTree.Element) -> bytes:
    """The element indented by two spaces, lines ended by CRLF."""
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode").replace("\n", "\r\n").encode()
