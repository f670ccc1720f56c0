# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every release history that was seen, kept in a directory: the CDN forgets builds within weeks.

Of each feed there is the cabinet as it was signed, and a record beside it: what it lists, and for which channels it
was accepted. Several processes may use one directory: files are written aside and renamed, records are changed under a
lock. Records decide what a feed is compared with; whoever takes a build from a kept feed verifies its cabinet again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import version
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import FeedError, InputError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.feed_gates import Baseline
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.release_history import Release, ReleaseHistory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

SCHEMA = 1


@dataclass(frozen=True)
class Override:
    """A gate that was overridden by its name."""

    gate: str
    channel: str  #: name; "" for the feed as a whole
    at: datetime  #: UTC


@dataclass(frozen=True)
class KeptFeed:
    """One feed."""

    digest: str  #: SHA-256 of the cabinet, lower-case hex
    history: ReleaseHistory
    source: str  #: where it was first seen, without secrets
    seen: datetime  #: UTC; when it was first seen
    accepted: frozenset[str] = frozenset()  #: channels for which it passed the gates or was accepted by name
    overrides: tuple[Override, ...] = ()

    @property
    def name(self) -> str:
        """Give what its files are called, without their ending: in the order in which feeds were published."""
        return f"{self.history.published:%Y%m%dT%H%MZ}-{self.digest[:16]}"

    def overridden(self, gate: str, channel: str) -> bool:
        """Tell whether the gate was overridden for the channel ("": the whole feed)."""
        return any((each.gate, each.channel) == (gate, channel) for each in self.overrides)


class FeedStore:
    """The feeds in one directory, which is made when the first one is kept. OSError for disk trouble."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> tuple[KeptFeed, ...]:
        """Give all feeds, the one published first first; FeedError for a record that cannot be read."""
        try:
            names = [path.name for path in self._directory.iterdir()]  # glob takes an unreadable directory for empty
        except (FileNotFoundError, NotADirectoryError):
            return ()
        feeds = []
        for name in sorted(name for name in names if name.endswith(".json")):
            with suppress(FileNotFoundError):  # removed by somebody meanwhile
                feeds.append(_from_json(self._directory / name))
        return tuple(feeds)

    def keep(self, cabinet: bytes, history: ReleaseHistory, source: str, now: datetime) -> KeptFeed:
        """Give the feed's record, made and written if it was not seen before."""
        feed = KeptFeed(hashlib.sha256(cabinet).hexdigest(), history, source, now)
        record, copy = self._path(feed, "json"), self._path(feed, "cab")
        if not (record.exists() and copy.exists()):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                if not copy.exists():
                    self._write(copy, cabinet)
                if not record.exists():  # the record comes last: a feed that has one had its cabinet
                    self._write(record, _to_json(feed))
        return _from_json(record)

    def accept(self, feed: KeptFeed, channels: Collection[str], overrides: Sequence[Override] = ()) -> KeptFeed:
        """Add channels and overrides to what the feed's record has by now; give the record."""
        with self._locked():
            known = _from_json(self._path(feed, "json"))
            added = [each for each in overrides if not known.overridden(each.gate, each.channel)]
            changed = replace(
                known, accepted=known.accepted | frozenset(channels), overrides=(*known.overrides, *added)
            )
            if changed != known:
                self._write(self._path(feed, "json"), _to_json(changed))
            return changed

    def cabinet(self, feed: KeptFeed) -> Path:
        """Give where the feed's cabinet lies."""
        return self._path(feed, "cab")

    def _path(self, feed: KeptFeed, ending: str) -> Path:
        return self._directory / f"{feed.name}.{ending}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._directory, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                # As readable as the lock is by the umask: whoever shares the directory has to read it.
                os.fchmod(handle, stat.S_IMODE((self._directory / ".lock").stat().st_mode))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def baseline(feeds: Sequence[KeptFeed]) -> Baseline | None:
    """Give what the next feed is compared with; None if no feed was accepted yet. `feeds` as read() gives them."""
    accepted = [feed for feed in feeds if feed.accepted]
    if not accepted:
        return None
    return Baseline(accepted[-1].history, {name: feed.history for feed in accepted for name in feed.accepted})


def _to_json(feed: KeptFeed) -> bytes:
    document = {
        "schema": SCHEMA,
        "published": feed.history.published.isoformat(),
        "sha256": feed.digest,
        "source": feed.source,
        "seen": feed.seen.isoformat(),
        "accepted": sorted(feed.accepted),
        "overrides": [
            {"gate": each.gate, "channel": each.channel, "at": each.at.isoformat()} for each in feed.overrides
        ],
        "channels": {
            name: [[each.build, each.version, each.published.isoformat(), each.latest] for each in listed]
            for name, listed in feed.history.channels.items()
        },
    }
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _from_json(path: Path) -> KeptFeed:
    data = path.read_bytes()
    try:
        document: dict[str, Any] = json.loads(data)
        if document["schema"] != SCHEMA:
            raise ValueError(f"it has schema {document['schema']}, not {SCHEMA}")
        channels = {
            name: tuple(_release(*fields) for fields in listed) for name, listed in document["channels"].items()
        }
        overrides = tuple(
            Override(_text(each["gate"]), _text(each["channel"]), _moment(each["at"])) for each in document["overrides"]
        )
        feed = KeptFeed(
            _text(document["sha256"]),
            ReleaseHistory(_moment(document["published"]), channels),
            _text(document["source"]),
            _moment(document["seen"]),
            frozenset(_text(name) for name in document["accepted"]),
            overrides,
        )
        if not re.fullmatch(r"[0-9a-f]{64}", feed.digest) or path.name != f"{feed.name}.json":
            raise ValueError("its name is not that of the feed in it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError) as error:
        raise FeedError(
            f"feeds: {str(path)!r} cannot be read as the record of a feed ({error}). What it accepted is not known: "
            "remove it together with the cabinet beside it, or restore both."
        ) from error
    return feed


def _release(build: str, label: str, published: str, latest: bool) -> Release:
    if not isinstance(latest, bool):
        raise TypeError(f"{latest!r} is not a truth value")
    return Release(version.full(build), _text(label), _moment(published), latest)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment
