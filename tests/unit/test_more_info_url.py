# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MoreInfoURLs as Microsoft writes them, and as nobody should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.officefleet.c2r.plugins.filter import more_info_url as plugin
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import more_info_url
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError

LINK = "http://go.microsoft.com/fwlink/?LinkId=626090"
OFL = "http://officecdn.microsoft.com/pr/wsus/ofl.cab"
# Both out of Microsoft's documentation
OLD = f"{LINK}&Ver=16.0.8326.2096&Branch=Current&Arch=64&XMLVer=1.4&xmlPath={OFL}&xmlFile=O365Client_64bit.xml"
SERVICE = "https://config.office.com/api/filelist?Channel=Insiders&Version=16.0.12527.21104&Arch=64&AllLanguages=True"
NEW_START = f"{LINK}&Ver=16.0.12527.21104&Branch=Insiders&Arch=64&XMLVer=1.6&xmlPath={OFL}&xmlFile=O365Client_64bit.xml"
NEW = f"{NEW_START}& ServicePath={SERVICE}"

read: Callable[..., dict[str, Any]] = plugin.FilterModule().filters()["more_info_url"]


def test_the_old_form() -> None:
    assert read(OLD) == {
        "channel": "Current",
        "version": "16.0.8326.2096",
        "architecture": "x64",
        "branch": "Current",
        "xml_version": "1.4",
        "xml_path": OFL,
        "xml_file": "o365client_64bit.xml",
        "service_path": None,
    }


def test_the_form_with_an_address_nested_in_it() -> None:
    found = read(NEW)
    assert (found["channel"], found["branch"]) == ("CurrentPreview", "Insiders")
    assert (found["version"], found["architecture"]) == ("16.0.12527.21104", "x64")
    assert found["service_path"] == SERVICE
    assert (found["xml_path"], found["xml_version"]) == (OFL, "1.6")


@pytest.mark.parametrize(
    "url",
    [
        f"{NEW_START}&ServicePath={SERVICE}",
        f"{NEW_START}&%20ServicePath={SERVICE}",
        f"{NEW_START}&+servicepath= {SERVICE}",
        f"{NEW_START}&ServicePath={quote(SERVICE, safe='')}",
        f"{LINK}&ServicePath={quote(SERVICE, safe='')}{NEW_START.removeprefix(LINK)}",
        f"{LINK.partition('?')[0]}?ServicePath={quote(SERVICE, safe='')}&{NEW_START.partition('?')[2]}",
        NEW.replace("&", "&amp;"),
        f"  {NEW}\n",
        NEW.replace("Ver=", "VER=").replace("Branch=", "branch=").replace("xmlFile=", "XMLFILE="),
        NEW.replace("xmlFile=", "mlFile="),
        NEW.replace("&Ver=", "& Ver = ").replace("&xmlPath=", "&%20xmlPath="),
        NEW.replace("O365Client_64bit.xml", "O365Client_64bit"),
        NEW.replace("O365Client_64bit.xml", "o365client_64BIT.XML"),
        NEW.replace("Branch=Insiders", "Branch=FirstReleaseCurrent"),
        NEW.replace("Branch=Insiders&Arch=64", "Branch=Insiders&Arch=x64"),
        NEW.replace(f"xmlPath={OFL}", f"xmlPath={quote(OFL, safe='')}"),
    ],
)
def test_every_spelling_means_the_same(url: str) -> None:
    assert {**read(url), "branch": "Insiders"} == read(NEW)


@pytest.mark.parametrize(
    ("branch", "channel"),
    [
        ("InsiderFast", "BetaChannel"),
        ("Insiders", "CurrentPreview"),
        ("Monthly", "Current"),
        ("Targeted", "SemiAnnualPreview"),
        ("Broad", "SemiAnnual"),
        ("deferred", "SemiAnnual"),
        ("MonthlyEnterprise", "MonthlyEnterprise"),
        ("PerpetualVL2024", "PerpetualVL2024"),
    ],
)
def test_a_branch_is_a_channel_by_any_of_its_names(branch: str, channel: str) -> None:
    assert read(OLD.replace("Branch=Current", f"Branch={branch}"))["channel"] == channel


@pytest.mark.parametrize("arch", ["32", "x86", "X86"])
def test_32_bit(arch: str) -> None:
    found = read(OLD.replace("Arch=64", f"Arch={arch}").replace("_64bit", "_32bit"))
    assert (found["architecture"], found["xml_file"]) == ("x86", "o365client_32bit.xml")


def test_an_address_without_lists_is_enough_for_the_build() -> None:
    found = read(OLD.partition("&XMLVer")[0])
    assert (found["version"], found["xml_path"], found["xml_file"], found["service_path"]) == (
        "16.0.8326.2096",
        None,
        None,
        None,
    )
    assert read(f"{LINK}&ServicePath={SERVICE}")["version"] == "16.0.12527.21104"


def test_languages_may_be_named_one_by_one() -> None:
    service = SERVICE.replace("AllLanguages=True", "Lid=en-us&Lid=de-de")
    assert read(f"{NEW_START}&ServicePath={service}")["service_path"] == service


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "it is no http"),
        ("16.0.8326.2096", "it is no http"),
        (OLD.replace("http://go", "ftp://go"), "it is no http"),
        (OLD.replace("http://go", "http://[go"), "it is no http"),
        (OLD.replace("http://go.microsoft.com", "http://me:secret@go.microsoft.com"), "it has a user in its address"),
        (OLD.replace("Ver=16.0.8326.2096&", "").replace("XMLVer=1.4&", ""), "it has no Ver"),
        (OLD.replace("Branch=Current&", ""), "it has no Branch"),
        (OLD.replace("Arch=64&", ""), "it has no Arch"),
        (OLD.replace("Branch=Current", "Branch=Fabrikam"), "'Fabrikam' is not an update channel"),
        (OLD.replace("Ver=16.0.8326.2096", "Ver=latest"), "'latest' is not an Office version"),
        (OLD.replace("Arch=64", "Arch=arm"), "its Arch is 'arm'"),
        (OLD.replace("_64bit", "_32bit"), "its xmlFile is 'O365Client_32bit.xml'"),
        (OLD.replace("O365Client_64bit.xml", "../x.xml"), "its xmlFile is"),
        (f"{OLD}&Arch=32", "arch='64' and arch='32'"),
        # the two addresses contradict each other
        (NEW.replace("Version=16.0.12527.21104", "Version=16.0.12527.1"), "Ver='16.0.12527.21104', but Version="),
        (NEW.replace("Channel=Insiders", "Channel=Current"), "Branch='Insiders', but Channel='Current'"),
        (NEW.replace("Arch=64&All", "Arch=32&All"), "Arch='64', but Arch='32'"),
        # hosts that are not Microsoft's
        (OLD.replace("officecdn.microsoft.com", "officecdn.microsoft.com.example"), "its xmlPath leads to"),
        (OLD.replace("officecdn.microsoft.com", "xofficecdn.microsoft.com"), "its xmlPath leads to"),
        (OLD.replace("officecdn.microsoft.com", "officecdn.microsoft.com:8080"), r"microsoft\.com:8080'"),
        (OLD.replace("officecdn.microsoft.com", "officecdn.microsoft.com@example.com"), "its xmlPath has a user"),
        (OLD.replace("officecdn.microsoft.com", "example.com%5c@officecdn.microsoft.com"), "its xmlPath"),
        (OLD.replace(OFL, "file:///etc/passwd"), "its xmlPath is no http"),
        (OLD.replace(OFL, "//officecdn.microsoft.com/pr/wsus/ofl.cab"), "its xmlPath is no http"),
        (OLD.replace(OFL, r"\\server\share\ofl.cab"), "its xmlPath is no http"),
        (OLD.replace("go.microsoft.com", "go.microsoft.com\\x"), "it is no http"),
        (NEW.replace("config.office.com", "config.office.com.example"), "its ServicePath leads to"),
        (NEW.replace("https://config.office.com", "https://me:secret@config.office.com"), "its ServicePath has a user"),
        (NEW.replace("https://config.office.com", "gopher://config.office.com"), "its ServicePath is no http"),
        (NEW.replace("https://config.office.com", "https://config.office.com\\@example.com"), "its ServicePath is no"),
        (f"{NEW} and more", "its ServicePath is no http"),
    ],
)
def test_what_is_none_or_leads_elsewhere_is_refused(url: str, text: str) -> None:
    with pytest.raises(InputError, match=rf"^more_info_url: .*{text}") as caught:
        more_info_url.parse(url)
    assert "secret" not in str(caught.value)
    with pytest.raises(AnsibleFilterError, match=r"^officefleet\.c2r\.more_info_url: more_info_url: "):
        read(url)


def test_a_host_of_ones_own_has_to_be_named_with_its_port() -> None:
    own = OLD.replace("officecdn.microsoft.com", "Lists.example.com:8080")
    assert read(own, allowed_hosts=["lists.EXAMPLE.com:8080"])["xml_path"].startswith("http://Lists.example.com:8080/")
    for hosts in (["lists.example.com"], ["example.com"], []):
        with pytest.raises(AnsibleFilterError, match=r"leads to 'lists\.example\.com:8080'"):
            read(own, hosts)
    with pytest.raises(AnsibleFilterError, match=r"leads to 'officecdn\.microsoft\.com'"):
        read(OLD, ["lists.example.com"])
    assert read(OLD.replace(".com/pr", ".com:80/pr"))["version"] == "16.0.8326.2096"  # the usual port


@pytest.mark.parametrize(
    ("value", "hosts", "text"),
    [
        (None, None, "None is a NoneType"),
        (OLD, "example.com", "allowed_hosts: 'example.com'"),
        (OLD, [5], "list of host"),
    ],
)
def test_what_is_no_text_is_refused(value: Any, hosts: Any, text: str) -> None:
    with pytest.raises(AnsibleFilterError, match=text):
        read(value, hosts)


def test_the_documentation_names_what_there_is() -> None:
    documentation = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    assert list(documentation["RETURN"]["_value"]["contains"]) == list(read(NEW))
    for host in more_info_url.ALLOWED_HOSTS:
        assert f"C({host})" in str(documentation["DOCUMENTATION"]["options"]["allowed_hosts"]["description"])
