# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated CDN as tests use it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from ansible_collections.officefleet.c2r.tests.lab.cdn import later_feed, service
from ansible_collections.officefleet.c2r.tests.lab.cdn.authority import Authority
from ansible_collections.officefleet.c2r.tests.lab.cdn.build import DEFAULT_BUILDS, Build, newest_first
from ansible_collections.officefleet.c2r.tests.lab.cdn.channels import channel_named
from ansible_collections.officefleet.c2r.tests.lab.cdn.faults import PathFaults
from ansible_collections.officefleet.c2r.tests.lab.cdn.file_list import file_list
from ansible_collections.officefleet.c2r.tests.lab.cdn.languages import LANGUAGES
from ansible_collections.officefleet.c2r.tests.lab.cdn.publisher import Publisher
from ansible_collections.officefleet.c2r.tests.lab.cdn.server import Request, Server

FILE_LIST_PATHS = ("/api/filelist", "/releases/v1.0/filelist")


class LabCdn:
    """Publishes the builds below `directory` and serves them on 127.0.0.1 while the context lasts.

    The directory may hold other things but no earlier lab CDN: FileExistsError. It is left behind for inspection.
    """

    def __init__(self, directory: Path, builds: Sequence[Build] = DEFAULT_BUILDS) -> None:
        self._directory = directory
        self._builds = tuple(builds)
        self._listed = self._builds  # in the release history
        self._feed_published = max(build.published for build in self._builds)
        self._server = Server()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.anchors = directory / "authority" / "anchors.pem"  #: PEM of the lab's root, there once started

    def __enter__(self) -> Self:
        try:
            root = self._directory / "www"
            root.mkdir(parents=True)
            self._publisher = Publisher(root, self._authority(), self.url)
            self._publisher.publish(self._builds)
            self._server.tree.mount("", root)
            for path in FILE_LIST_PATHS:
                self._server.answers[path] = self._file_list
                self._server.answers[f"{path}/skus"] = lambda _query: service.skus_json()
                self._server.answers[f"{path}/channels"] = lambda _query: service.channels_json(self.url, self._builds)
            self._server.start()
        except BaseException:
            self._server.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    def _authority(self) -> Authority:
        """With a signer that was valid when the builds were published, no longer."""
        dates = [build.published for build in self._builds]
        slack = timedelta(days=1)
        return Authority(self.anchors.parent, signs_from=min(dates) - slack, signs_until=max(dates) + slack)

    @property
    def faults(self) -> PathFaults:
        """What goes wrong for which path; set by tests at any time."""
        return self._server.faults

    @property
    def requests(self) -> list[Request]:
        """Every request so far as (method, path, status), in the order of the answers."""
        return self._server.requests

    @property
    def bytes_per_second(self) -> float | None:
        """Rate of all file bodies together; None is as fast as it goes."""
        return self._server.pace.bytes_per_second

    @bytes_per_second.setter
    def bytes_per_second(self, rate: float | None) -> None:
        self._server.pace.bytes_per_second = rate

    @property
    def release_history_url(self) -> str:
        """The lab's releasehistory.cab."""
        return f"{self.url}/pr/wsus/releasehistory.cab"

    @property
    def ofl_url(self) -> str:
        """The lab's ofl.cab."""
        return f"{self.url}/pr/wsus/ofl.cab"

    @property
    def skus_url(self) -> str:
        """The lab's skus.cab."""
        return f"{self.url}/pr/wsus/skus.cab"

    @property
    def file_list_url(self) -> str:
        """The lab's file list API."""
        return f"{self.url}{FILE_LIST_PATHS[-1]}"

    def serve(self, root: str, directory: Path, *, any_case: bool = True) -> str:
        """Serve the directory read-only below root ("/library"); returns its URL.

        Names are found in any case, as on Windows, or only as they are, as most web servers on Linux do.
        """
        self._server.tree.mount(root, directory, any_case=any_case)
        return self.library_url(root)

    def publish(self, build: Build) -> None:
        """Publish one more build: its files, its place in the next release history, and the offer of it."""
        self._publisher.add(build)
        self._builds += (build,)
        self.next_feed((*self._listed, build))
        self.offer(build)

    def withdraw(self, build: Build) -> None:
        """Take a build out of the next release history and offer the one below it; its files stay."""
        self.next_feed([listed for listed in self._listed if listed != build])
        for newest in newest_first(self._listed, build.channel)[:1]:
            self.offer(newest)

    def publish_garbage(self) -> None:
        """Publish what Microsoft did on 2022-11-28, validly signed. next_feed() with the builds mends it."""
        self.next_feed(*later_feed.garbage(self._listed))

    def next_feed(self, builds: Sequence[Build], empty: Collection[str] = ()) -> datetime:
        """Publish a release history of exactly these builds, a minute after the last one; give when it was published.

        Channels named in `empty` are in it without builds.
        """
        self._listed = tuple(builds)
        self._feed_published += timedelta(minutes=1)
        xml = later_feed.release_history(builds, self._feed_published, empty)
        self._publisher.release_history(xml, self._feed_published)
        return self._feed_published

    def offer(self, build: Build, throttle: int | None = None) -> None:
        """Have the live v64.cab of its channel offer the build, to so many clients of 1000 if given."""
        offered = build if throttle is None else replace(build, throttle=throttle)
        self._publisher.offer(offered, self._feed_published)

    def library_url(self, root: str = "/library") -> str:
        """The URL of a directory given to serve()."""
        return f"{self.url}{root.rstrip('/')}"

    def path(self, build: Build, name: str) -> str:
        """The URL path of one of the build's files by its bare name, for faults and assertions."""
        channel = channel_named(build.channel)
        if channel is None:
            raise ValueError(f"Build.channel {build.channel!r} is unknown")
        folder = "" if name.startswith("v") else f"{build.version}/"
        return f"/pr/{channel.guid}/office/data/{folder}{name}"

    def _file_list(self, query: Mapping[str, list[str]]) -> bytes:
        """One answer of the API; what is unknown gets a list with an empty version."""
        name = query.get("channel", [""])[0]
        architecture = {"64": "x64", "32": "x86"}.get(asked := query.get("arch", ["x64"])[0].casefold(), asked)
        channel = channel_named(name)
        base_url = f"{self.url}/pr/{channel.guid if channel else ''}"
        published = tuple(build for build in self._builds if architecture in build.architectures)
        listed = newest_first(published, channel.name) if channel else []
        version = query.get("version", [listed[0].version if listed else ""])[0]
        build = next((build for build in listed if build.version == version), None)
        if query.get("alllanguages", [""])[0].casefold() == "true":
            cultures = list(LANGUAGES)
        else:
            cultures = [culture.casefold() for culture in query.get("lid", [])]
        return file_list(base_url, channel.name if channel else name, version, build, cultures, architecture)
