# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take ansible-core's own scripts and this machine's directories out of a recorded payload.

The form stays: what is taken out leaves its length behind, encoded as the original was.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

SEPARATOR = "\0\0\0\0"
LONGEST_VALUE = 200  #: of a setting in the older manifest; what is longer there is an encoded script
_ENCODED_COMMAND = re.compile(r"(-EncodedCommand\s+)([A-Za-z0-9+/]+=*)")


def elide_command_line(line: str, has_stdin: bool) -> str:
    """Return a command line whose innermost -EncodedCommand is elided when it only starts what stdin holds.

    A script without input is kept: a decoder has to recognise it.
    """
    match = _ENCODED_COMMAND.search(line)
    if not match:
        return line
    script = base64.b64decode(match[2]).decode("utf-16-le")
    inner = elide_command_line(script, has_stdin)
    if inner == script and not _ENCODED_COMMAND.search(script) and has_stdin:
        inner = elided(script)
    encoded = base64.b64encode(inner.encode("utf-16-le")).decode()
    return line[: match.start()] + match[1] + encoded + line[match.end() :]


def elide_stdin(data: bytes) -> str:
    """Return a payload with its separators, the manifest's form and the task's arguments as they were."""
    if not data:
        return ""
    parts = data.decode().split(SEPARATOR)
    parts[0] = _elide_bootstrap(parts[0])
    space = parts[1][: len(parts[1]) - len(parts[1].lstrip())] if len(parts) > 1 else ""
    if len(parts) > 1:
        parts[1] = space + json.dumps(_elide_manifest(json.loads(parts[1])))
    return SEPARATOR.join(parts)


def elided(text: str) -> str:
    """Return what stands for a text that was taken out."""
    return f"<elided: {len(text)} characters>"


def _elide_bootstrap(text: str) -> str:
    """The first part is a script (2.16 to 2.18), or JSON around a script."""
    try:
        document = json.loads(text)
    except ValueError:
        return elided(text)
    document["script"] = elided(document["script"])
    return json.dumps(document, ensure_ascii=True) + text[len(text.rstrip()) :]


def _elide_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    if "scripts" in manifest:
        for script in manifest["scripts"].values():
            script["script"] = _elide_encoded(script["script"])
            script["path"] = f"<elided>/{script['path'].rsplit('/', 1)[-1]}"
        return manifest
    for key in ("powershell_modules", "csharp_utils"):
        manifest[key] = {name: _elide_encoded(body) for name, body in manifest[key].items()}
    for key, value in manifest.items():
        if isinstance(value, str) and len(value) > LONGEST_VALUE and key != "module_entry":  # that module is ours
            manifest[key] = _elide_encoded(value)
    return manifest


def _elide_encoded(body: str) -> str:
    return base64.b64encode(elided(base64.b64decode(body).decode()).encode()).decode()
