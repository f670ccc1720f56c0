# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, `image` leaves clients whole images only, and the next run goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from ansible_collections.officefleet.c2r.tests.resilience import clients_view
from ansible_collections.officefleet.c2r.tests.resilience.gated_cdn import GatedCdn
from ansible_collections.officefleet.c2r.tests.resilience.workplace import CHANNEL, NEW, OLD, Workplace

MOMENTS = int(os.environ.get("OFFICEFLEET_KILLS", "100"))
FEWER = max(MOMENTS // 5, 1)  # where there is less to hit
BOTH = ["en-us", "de-de"]
AT_ONCE = (os.cpu_count() or 1) + 1

Workplaces = list[Workplace]


@pytest.fixture(scope="module")
def workplaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplaces]:
    """One for each of those that work at the same time."""
    with ExitStack() as stack:
        homes = [tmp_path_factory.mktemp("workplace") for _ in range(AT_ONCE)]
        yield [Workplace(stack.enter_context(GatedCdn(home / "cdn", (OLD, NEW))), home) for home in homes]


def at_all(moments: int, workplaces: Workplaces, prepare: Callable[[Workplace], Any], one: Callable[..., None]) -> None:
    """Call one(workplace, what prepare gave for it, fraction) for fractions uniform between 0 and 1."""
    work: Queue[float] = Queue()
    for number in range(moments):
        work.put((number + 0.5) / moments)

    def go_on(workplace: Workplace) -> None:
        prepared = prepare(workplace)
        with suppress(Empty):
            while True:
                one(workplace, prepared, work.get_nowait())

    with ThreadPoolExecutor(len(workplaces)) as pool:
        for done in [pool.submit(go_on, workplace) for workplace in workplaces]:
            done.result()


def nothing_is_left(library: Path) -> bool:
    """Tell whether nothing in the staging area takes room."""
    return not [path for path in (library / ".staging").iterdir() if path.is_dir()]


def test_killed_at_any_byte_of_a_new_image(workplaces: Workplaces) -> None:
    kept_of_parts: list[int] = []

    def reference(workplace: Workplace) -> tuple[int, dict[str, str]]:
        workplace.fresh()
        workplace.finish()
        return workplace.cdn.gate.delivered, workplace.urls()

    def one(workplace: Workplace, reference: tuple[int, dict[str, str]], fraction: float) -> None:
        total, urls = reference
        workplace.fresh()
        workplace.kill_after(int(total * fraction))
        assert clients_view.problems(workplace.library) == []
        assert clients_view.images(workplace.library) == {}
        verified, in_parts = workplace.verified(), workplace.in_parts(urls)
        verified.pop("v64.cab", None)  # a copy, which nobody fetches
        workplace.forget()

        result = workplace.finish()
        assert clients_view.problems(workplace.library) == []
        assert list(clients_view.images(workplace.library)) == [NEW.version]
        assert workplace.fetched().isdisjoint(verified)
        assert workplace.cdn.gate.delivered <= total - sum(verified.values()) - in_parts
        assert result["bytes_reused"] == sum(verified.values()) + in_parts
        assert nothing_is_left(workplace.library)
        kept_of_parts.append(in_parts)

    at_all(MOMENTS, workplaces, reference, one)
    assert len(kept_of_parts) == MOMENTS
    assert max(kept_of_parts) > NEW.payload_bytes // 4


def test_killed_at_any_byte_of_a_language_that_is_added(workplaces: Workplaces) -> None:
    def reference(workplace: Workplace) -> tuple[Path, int]:
        workplace.fresh()
        workplace.finish()
        template = workplace.keep()
        workplace.fresh(template)
        workplace.finish(languages=BOTH)
        return template, workplace.cdn.gate.delivered

    def one(workplace: Workplace, reference: tuple[Path, int], fraction: float) -> None:
        template, added = reference
        before = clients_view.images(template)
        workplace.fresh(template)
        workplace.kill_after(int(added * fraction), languages=BOTH)
        assert clients_view.problems(workplace.library) == []
        assert clients_view.images(workplace.library) == before
        verified = {*workplace.verified(), *workplace.urls()}
        workplace.forget()

        workplace.finish(languages=BOTH)
        assert clients_view.problems(workplace.library) == []
        assert sorted(clients_view.images(workplace.library)[NEW.version]["languages"]) == sorted(BOTH)
        assert workplace.fetched().isdisjoint(verified)
        assert nothing_is_left(workplace.library)

    at_all(FEWER, workplaces, reference, one)


@pytest.mark.parametrize(
    "options",
    [{}, {"languages": BOTH, "current": True, "keep": 1}],
    ids=["a new image", "a language added, current moved, a version pruned"],
)
def test_killed_before_a_step_on_the_file_system(workplaces: Workplaces, options: dict[str, Any]) -> None:
    """Between the last byte and the end: publishing, exchanging, the alias, pruning."""

    def reference(workplace: Workplace) -> tuple[Path | None, int]:
        workplace.fresh()
        template = None
        if options:
            workplace.finish(OLD, current=True)
            workplace.finish()
            template = workplace.keep()
            workplace.fresh(template)
        return template, workplace.kill_at(0, **options)

    def one(workplace: Workplace, reference: tuple[Path | None, int], fraction: float) -> None:
        template, steps = reference
        workplace.fresh(template)
        # The later half: the earlier ones are of files that come, as above. Their number varies a little.
        workplace.kill_at(int(steps * (0.5 + 0.47 * fraction)), **options)
        assert clients_view.problems(workplace.library) == []
        assert set(clients_view.images(workplace.library)) >= ({NEW.version} if options else set())

        workplace.finish(**options, verify=True)  # which tidies up in any case: it has to hold the lock
        assert clients_view.problems(workplace.library) == []
        image = clients_view.images(workplace.library)
        assert list(image) == [NEW.version]
        if options:
            assert sorted(image[NEW.version]["languages"]) == sorted(BOTH)
            assert (workplace.library / CHANNEL / "current").readlink() == Path(NEW.version)
        assert nothing_is_left(workplace.library)

    at_all(FEWER, workplaces, reference, one)
