# Copyright (c) 2026, officefleet.c2r contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment file on the controller, and a change of it that is proposed: shown, written beside it, or into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import InputError
from ansible_collections.officefleet.c2r.plugins.plugin_utils._deployments import files
from ansible_collections.officefleet.c2r.plugins.plugin_utils._report import publish

PATCHES = (".patch", ".diff")  #: endings of an output that gets the patch and not the whole text


def read(path: str) -> str:
    """Give the text of the file with its own line ends; InputError names the option `deployments`."""
    return files.read_text(path, "deployments", newline="")


def shown_name(path: str) -> str:
    """Give the name that messages and patches have: from the top of its Git repository, so that git apply finds it."""
    file = Path(path).expanduser().resolve()
    top = next((folder for folder in file.parents if (folder / ".git").exists()), file.parent)
    return file.relative_to(top).as_posix()


def proposed(path: str, text: str, diff: str, *, output: str | None, write: bool, check_mode: bool) -> dict[str, Any]:
    """Write what is asked for and give the result's `changed`, `diff` and `written`. InputError names the option."""
    if output and _same(Path(output), Path(path)):
        raise InputError(
            f"output: {output!r} is the deployment file itself, which stays as it is. Name another file for the "
            "proposal, such as proposal.patch."
        )
    wanted: dict[Path, tuple[str, str]] = {}
    if output and diff:
        wanted[Path(output).expanduser()] = ("output", diff if output.endswith(PATCHES) else text)
    if write and diff:
        wanted[Path(path).expanduser()] = ("deployments", text)
    written = []
    for place, (option, content) in wanted.items():
        try:
            if publish.read_present(place) == content:
                continue
            written.append(str(place))
            if not check_mode:
                publish.publish(place, content)
        except publish.DestError as error:
            raise InputError(option + str(error).removeprefix("dest")) from error
    return {"changed": bool(written), "written": written, "diff": {"prepared": diff}}


def _same(one: Path, other: Path) -> bool:
    try:
        return one.expanduser().samefile(other.expanduser())
    except OSError:
        return False
