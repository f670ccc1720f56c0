# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: the module `image`, and aria2c with openssl on the same files."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.officefleet.c2r.plugins.modules import image as image_module
from ansible_collections.officefleet.c2r.tests.lab.cdn import Build

CONNECTIONS = 8


@dataclass(frozen=True)
class Ours:
    """The module `image`; everything lands below `home`."""

    home: Path
    build: Build
    file_list: Path
    anchors: Path

    @property
    def library(self) -> Path:
        """Where the image goes."""
        return self.home / "library"

    @property
    def manifest(self) -> Path:
        """What says which files the image has."""
        return self.library / self.build.channel / self.build.version / "manifest.json"

    def options(self, cdn_url: str) -> dict[str, object]:
        """Give the module's options."""
        return {
            "channel": self.build.channel,
            "version": self.build.version,
            "languages": list(self.build.languages),
            "library": str(self.library),
            "cdn_url": cdn_url,
            "file_list_url": str(self.file_list),
            "trust_anchors": [str(self.anchors)],
        }

    def by_ansible(self, cdn_url: str) -> Sequence[str]:
        """Give the command as a user runs it."""
        return ansible("officefleet.c2r.image", "-a", json.dumps(self.options(cdn_url)))

    def alone(self, cdn_url: str) -> Sequence[str]:
        """Give the module's own process."""
        arguments = self.home / "arguments.json"
        arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": self.options(cdn_url)}))
        return (sys.executable, "-m", image_module.__name__, str(arguments))

    def payload(self) -> list[Path]:
        """Give the image's files, without the manifest."""
        files = json.loads(self.manifest.read_text())["files"]
        return [self.manifest.parent / file["path"] for file in files]

    def urls(self) -> list[str]:
        """Give the paths of what was fetched on the server, each once."""
        files = json.loads(self.manifest.read_text())["files"]
        return sorted({urlsplit(file["url"]).path for file in files})

    def clear(self) -> None:
        """Remove what a run left."""
        shutil.rmtree(self.library, ignore_errors=True)


def ansible(module: str, *arguments: str) -> Sequence[str]:
    """Give the command that runs a module on this machine."""
    return ("ansible", "localhost", "-m", module, "-e", f"ansible_python_interpreter={sys.executable}", *arguments)


@dataclass(frozen=True)
class Theirs:
    """aria2c, then openssl on what it fetched."""

    home: Path
    paths: Sequence[str]

    @property
    def folder(self) -> Path:
        """Where the files go."""
        return self.home / "aria2"

    def commands(self, server: str, *, files_at_once: int, hashed: bool) -> list[Sequence[str]]:
        """Give the commands: as many files at once, up to 8 connections for each."""
        if not shutil.which("aria2c") or not shutil.which("openssl"):
            raise LookupError("aria2c and openssl are needed; sh dev/setup_servers.sh installs them")
        listed = self.home / "aria2.txt"
        lines = [f"{server}{path}\n out={number}-{Path(path).name}\n" for number, path in enumerate(self.paths)]
        listed.write_text("".join(lines))
        # By default it gives each connection 20 MB at least; one file alone has all 8, however small it is.
        smallest = ("-k1M",) if files_at_once == 1 else ()
        # Not its default, prealloc, which writes every file twice: of all, this made it fastest here.
        fetch = [
            *("aria2c", "-x8", "-s8", f"-j{files_at_once}", "--file-allocation=falloc", "--quiet", "--no-conf"),
            *smallest,
            *("-d", str(self.folder), "-i", str(listed)),
        ]
        names = [str(self.folder / f"{number}-{Path(path).name}") for number, path in enumerate(self.paths)]
        return [fetch, ["openssl", "dgst", "-sha256", *names]] if hashed else [fetch]

    def clear(self) -> None:
        """Remove what a run left."""
        shutil.rmtree(self.folder, ignore_errors=True)


def environment(home: Path) -> Mapping[str, str]:
    """Give one that knows nothing of the machine's proxies and Ansible's configuration."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**kept, "ANSIBLE_HOME": str(home / ".ansible"), "ANSIBLE_NOCOLOR": "1", "HOME": str(home)}
